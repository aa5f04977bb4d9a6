"""What keeps a critic's slope in bounds, which the Wasserstein distance asks for and other divergences gain from.

Each one adds a penalty to the critic's loss, or constrains its weights after every step; a model takes any number of
them. Spectral normalisation (Miyato and others 2018, arXiv 1802.05957) is a part of the network instead: see
`normalization="spectral"` of the critics in `kerasgen.networks`.
"""

import keras
from keras import ops

from kerasgen import backend, checks
from kerasgen.registration import register


class Regularizer:
    """Base of the regularizers.

    - `terms(critic, real, fake, share) -> {name: [B]}`, added to the critic's terms. `critic` gives scores `[B]` of
      examples `[B, *event_shape]`; `share` `[B]` is uniform on [0, 1].
    - `names`: of those terms.
    - `weight`: of those terms in the critic's loss.
    - `constrain(variables)`, called with the critic's trainable variables after each of its steps.
    - `check(critic)` raises a ValueError where the critic is none that it can act on.
    """

    names = ()
    weight = 1.0

    def terms(self, critic, real, fake, share):
        return {}

    def constrain(self, variables):
        pass

    def check(self, critic):
        pass


@register
class GradientPenalty(Regularizer):
    """(|grad V(x)| - 1)^2 at points between data and samples (Gulrajani and others 2017, arXiv 1704.00028, equation 3).

    Args:
        weight: lambda of the paper.

    Raises:
        ValueError: a weight that is not above 0; by `check`, a critic with batch normalisation, where a score depends
            on the other examples too (section 4, No critic batch normalization).
    """

    names = ("gradient_penalty",)

    def __init__(self, weight=10.0):
        self.weight = checks.above_zero("weight", weight)

    def check(self, critic):
        if any(isinstance(layer, keras.layers.BatchNormalization) for layer in critic._flatten_layers()):
            raise ValueError(
                "Expected a critic that scores each example by itself beside a GradientPenalty. Received: one with "
                "batch normalization. Give it normalization='layer'."
            )

    def terms(self, critic, real, fake, share):
        share = ops.reshape(share, (-1, *[1] * (len(real.shape) - 1)))
        gradient = backend.input_gradient(critic, real + share * (fake - real))
        squares = ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape))))
        norm = ops.sqrt(squares + 1e-12)  # whose gradient at 0 is infinite
        return {"gradient_penalty": ops.square(norm - 1)}


@register
class WeightClipping(Regularizer):
    """Clips every weight of the critic to [-limit, limit] (Arjovsky and others 2017, arXiv 1701.07875, algorithm 1).

    The slope is then bounded, by what depends on the network: distances are comparable within a run only.

    Raises:
        ValueError: a limit that is not above 0.
    """

    def __init__(self, limit=0.01):
        self.limit = checks.above_zero("limit", limit)

    def constrain(self, variables):
        for variable in variables:
            variable.assign(ops.clip(variable, -self.limit, self.limit))
