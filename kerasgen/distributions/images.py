"""Images whose channels, or pixels, depend on each other."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from kerasgen.backend import tfd
from kerasgen.distributions.base import Distribution


class ImageDistribution(Distribution):
    """Images of independent pixels, whose channels depend on each other.

    Args:
        likelihood: scores pixels by `pixel_log_prob(params, x)`, draws them by
            `draw(params, uniform)` and may say their means by `pixel_mean(params)`.
        params: `[..., *space, P]`.
        event_shape: `[*space, C]`.
        name: of the distribution.

    >>> likelihood = kerasgen.likelihoods.JointCategorical(2)  # 2 levels of 3 channels
    >>> likelihood = likelihood.build_for(kerasgen.events.Image(4, 4, 3))
    >>> ImageDistribution(likelihood, ops.zeros((5, 4, 4, 8)), (4, 4, 3)).sample(seed=(0, 1)).shape
    TensorShape([5, 4, 4, 3])
    """

    def __init__(
        self,
        likelihood: Any,
        params: Any,
        event_shape: Sequence[int],
        name: str = "ImageDistribution",
    ):
        parameters = dict(locals())
        self.likelihood = likelihood
        self.params = params
        self.shape = tuple(event_shape)
        super().__init__(params.dtype, parameters, name)

    def _batch_shape(self):
        return self.params.shape[: -len(self.shape)]

    def _batch_shape_tensor(self):
        return ops.shape(self.params)[: -len(self.shape)]

    def _event_shape(self):
        return self.shape

    def _event_shape_tensor(self):
        return ops.convert_to_tensor(self.shape, dtype="int32")

    def _log_prob(self, x):
        space = tuple(range(1 - len(self.shape), 0))
        return ops.sum(self.likelihood.pixel_log_prob(self.params, x), axis=space)

    def _mean(self):
        return self.likelihood.pixel_mean(self.params)

    def _sample_n(self, n, seed=None):
        shape = (n, *ops.shape(self.params)[:-1], self.likelihood.num_uniforms(self.shape[-1]))
        uniform = tfd.Uniform().sample(shape, seed=seed)
        params = ops.broadcast_to(self.params, (*shape[:-1], self.params.shape[-1]))
        return self._draw(params, uniform)

    def _draw(self, params, uniform):
        return self.likelihood.draw(params, uniform)


class AutoregressiveImageDistribution(ImageDistribution):
    """Images whose pixels depend on those before them, too.

    Args:
        likelihood: gives pixels `given(params, x)` the distribution that each has given those
            before it, and draws images by `draw_images(params, uniform)`.
        params, event_shape: as of `ImageDistribution`.

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(2, channels=4, num_blocks=1, head_channels=4)
    >>> likelihood = likelihoods.Autoregressive(network, likelihoods.Bernoulli())
    >>> likelihood = likelihood.build_for(kerasgen.events.Image(4, 4, 1))
    >>> images = AutoregressiveImageDistribution(likelihood, ops.zeros((5, 4, 4, 3)), (4, 4, 1))
    >>> images.log_prob(ops.zeros((5, 4, 4, 1))).shape
    TensorShape([5])
    """

    def _log_prob(self, x):
        return self.likelihood.given(self.params, x).log_prob(x)

    def _draw(self, params, uniform):
        images = self.likelihood.draw_images(_flat(params), _flat(uniform))
        return ops.reshape(images, (*ops.shape(params)[:-3], *self.shape))

    def _mean(self):
        """The mean of every pixel given the image in which each takes its median.

        It is a picture of what the parameters ask for. The mean over all images has no closed form.
        """
        shape = (*ops.shape(self.params)[:-1], self.likelihood.num_uniforms(self.shape[-1]))
        return self.likelihood.given(
            self.params, self._draw(self.params, ops.full(shape, 0.5))
        ).mean()


def _flat(x):
    """`[..., H, W, C]` as `[B, H, W, C]`."""
    return ops.reshape(x, (-1, *x.shape[-3:]))
