"""A family that kerasgen does not have: what somebody writes who has another idea of p(x).

p(x) = product over pixels of Bernoulli(x_i; sigmoid(w_i))
"""

from keras import ops

from kerasgen import fitting, likelihoods
from kerasgen.abilities import Samples, Scores
from kerasgen.model import GenerativeModel, Loss
from kerasgen.registration import register


@register
class IndependentPixels(Samples, Scores, GenerativeModel):
    """Pixels that know nothing of each other.

    Args:
        event: `[height, width, channels]`.
    """

    def __init__(self, event, **kwargs):
        super().__init__(event, terms=("nll",), **kwargs)
        self.likelihood = likelihoods.Bernoulli().build_for(self.event)
        self.logits = self.add_weight(name="logits", shape=self.event_shape, initializer="zeros")
        self.built = True

    def _pixels(self, n):
        return self.likelihood.distribution(ops.repeat(ops.expand_dims(self.logits, 0), n, axis=0))

    def loss_terms(self, x, condition=None, training=False):
        return Loss({"nll": -self._log_prob(x, condition)})

    def _log_prob(self, x, condition):
        return self._pixels(ops.shape(x)[0]).log_prob(x)

    def _sample(self, n, seed, condition, *, sharp=False):
        pixels = self._pixels(n)
        return ops.round(pixels.mean()) if sharp else pixels.sample(seed=seed)

    def export_signatures(self):
        def log_prob(**tensors):
            return {"log_prob": self._log_prob(*self.unpacked(tensors))}

        def sample(noise):
            return self.event.unpack(
                ops.cast(noise < ops.convert_to_tensor(self.logits), "float32")
            )

        return {
            "log_prob": (log_prob, self.event.tensors()),
            "sample": (sample, {"noise": fitting.noise_tensor(self.event_shape)}),
        }
