"""What the distributions share."""

from typing import Any

from keras import ops

from kerasgen.backend import tfd


class Distribution(tfd.Distribution):
    """Base of the distributions: TFP's, of what does not vary here.

    Args:
        dtype: of the event.
        parameters: the constructor's arguments, by which TFP copies a distribution.
        name: of the distribution.
        reparameterized: whether a gradient passes through samples.

    >>> from kerasgen.distributions import DiscretizedNormal
    >>> DiscretizedNormal(np.zeros(3), np.ones(3)).reparameterization_type
    <Reparameterization Type: NOT_REPARAMETERIZED>
    """

    def __init__(
        self, dtype: Any, parameters: dict[str, Any], name: str, reparameterized: bool = False
    ):
        kinds = tfd.NOT_REPARAMETERIZED, tfd.FULLY_REPARAMETERIZED
        super().__init__(
            dtype=dtype,
            reparameterization_type=kinds[reparameterized],
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )


class LocationScale(Distribution):
    """Numbers whose distributions have a location and a scale.

    Args:
        loc, scale: tensors of one shape, the batch shape.
        parameters, name, reparameterized: as of `Distribution`.

    >>> from kerasgen.distributions import DiscretizedNormal
    >>> DiscretizedNormal(ops.zeros(3), ops.ones(3)).batch_shape
    TensorShape([3])
    """

    def __init__(
        self,
        loc: Any,
        scale: Any,
        parameters: dict[str, Any],
        name: str,
        reparameterized: bool = False,
    ):
        self.loc = loc
        self.scale = scale
        super().__init__(loc.dtype, parameters, name, reparameterized)

    def _batch_shape(self):
        return self.loc.shape

    def _batch_shape_tensor(self):
        return ops.shape(self.loc)

    def _event_shape(self):
        return ()

    def _event_shape_tensor(self):
        return ops.zeros((0,), "int32")
