"""Closeness in what a trained network sees, where pixels apart are best told by their average.

A code that leaves details open is decoded to the mean of all pictures that it may stand for, which
is smooth. Distances between features of a network ask for one that looks like the picture (Johnson
and others 2016, arXiv 1603.08155; Zhang and others 2018, arXiv 1801.03924, here with no weights of
their own).
"""

from typing import Any

from keras import ops

from kerasgen import fitting
from kerasgen.checks.arguments import Part, Weight
from kerasgen.loss import Loss
from kerasgen.networks.stack import Stack
from kerasgen.objectives.bounds import ELBO
from kerasgen.registration import register


@register
class Perceptual(ELBO):
    """The ELBO, and how differently a network sees x and the mean of p(x | z).

    The term `perceptual`: of the network's last features at each resolution, brought to length 1 at
    every position, the squared distance, 0 to 4, averaged over positions and summed over
    resolutions. With it the loss is no bound on -log p(x).

    Args:
        network: of `kerasgen.networks`, images to features. Training leaves it as it is; its
            weights come by `training: {start_from: {objective.network: "NAME:encoder"}}`.
        weight: of the term.
        beta, warmup_steps, num_samples, warmup: as of `ELBO`.

    Raises:
        ValueError: a network of none of `kerasgen.networks` in a row of layers; a model is built
            with it whose examples the network does not take, or sees no positions of.

    >>> from kerasgen import networks
    >>> objective = Perceptual(networks.PooledEncoder((4, 6)), weight=100.0)
    >>> x = np.random.default_rng(0).uniform(size=(3, 8, 8, 1)).astype("float32")
    >>> objective.distance(x, x).numpy()
    array([0., 0., 0.], dtype=float32)
    """

    def __init__(self, network: Part[Stack], weight: Weight, **kwargs: Any):
        super().__init__(**kwargs)
        network.trainable = False
        self.network = network
        self.weight = weight

    def build_for(self, event):
        fitting.features(self.network, event, "objective's network")
        if not self.network.grids(event.symbolic()):
            raise ValueError(
                "Expected a network of images for Perceptual, with features at positions. "
                f"Received: {type(self.network).__name__} for {event!r}."
            )
        super().build_for(event)

    def term_names(self, bottleneck):
        return (*super().term_names(bottleneck), "perceptual")

    def loss(self, model, x, condition=None, training=False):
        """-log p(x | z), the bottleneck's terms, each `[B]` in nats, and the distance `[B]`."""
        code = model.code(x, condition, self.num_samples, training)
        likelihood = model.decode(code.z, condition, training)
        log_likelihood = ops.mean(self.log_likelihood(likelihood, x), axis=0)
        terms, weights = self._weighed(log_likelihood, code.terms, code.weights, training)
        means = ops.unstack(likelihood.mean(), self.num_samples)
        distance = sum(self.distance(x, mean) for mean in means) / self.num_samples
        return Loss(terms | {"perceptual": distance}, weights | {"perceptual": self.weight})

    def distance(self, x, y):
        """How differently the network sees images x and y `[B, h, w, C]`, `[B]`, 0 to 4 for each
        resolution."""
        seen = zip(self.network.grids(x), self.network.grids(y), strict=True)
        apart = [ops.sum((_unit(a) - _unit(b)) ** 2, axis=-1) for a, b in seen]
        return sum(ops.mean(each, axis=(1, 2)) for each in apart)


def _unit(h):
    """Features `[B, h, w, F]` of length 1 at each position."""
    h = ops.cast(h, "float32")
    return h * ops.rsqrt(ops.sum(h**2, axis=-1, keepdims=True) + 1e-8)
