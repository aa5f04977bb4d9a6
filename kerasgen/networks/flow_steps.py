"""Steps of flows: layers with `forward(u, context)` and `inverse(z, context)`."""

import math
from typing import Any

import keras
import numpy as np
from keras import layers, ops

_UNBENT = math.log(math.e - 1)  # where softplus is 1, so that a step starts near the identity
_HALVINGS = 30  # of an interval in which the inverse of a planar map is sought


class Coupling(layers.Layer):
    """Half of the units move and stretch by amounts that the other half and a context tell.

        z = kept u + (1 - kept) (exp(s) u + t),     s, t functions of kept u and the context

    At first s and t are 0, and |s| stays below 1 (Dinh and others 2017, arXiv 1605.08803,
    equations 7 to 9).

    Args:
        kept: `[size]` of 0 and 1; 1 marks what stays.
        hidden: width of the hidden layer.

    >>> coupling = Coupling(kept=(1, 0), hidden=8)
    >>> coupling.build((None, 5))  # two units and a context of three numbers
    >>> u, context = np.array([[1.0, 2.0]], "float32"), np.zeros((1, 3), "float32")
    >>> z, log_slope = coupling.inverse(coupling.forward(u, context), context)
    >>> bool(np.allclose(z, u))
    True
    """

    def __init__(self, kept: tuple[int, ...], hidden: int, **kwargs: Any):
        super().__init__(dtype="float32", **kwargs)
        self.kept = np.array(kept, "float32")
        self.hidden_layer = keras.layers.Dense(hidden, "relu", dtype="float32")
        self.amounts = keras.layers.Dense(
            2 * len(kept), kernel_initializer="zeros", dtype="float32"
        )

    def build(self, input_shape):
        *batch, _ = input_shape
        self.hidden_layer.build(input_shape)
        self.amounts.build((*batch, self.hidden_layer.units))
        self.built = True

    def _log_scale_and_shift(self, u, context):
        known = _beside(self.kept * u, context)
        log_scale, shift = ops.split(self.amounts(self.hidden_layer(known)), 2, axis=-1)
        return (1 - self.kept) * ops.tanh(log_scale), (1 - self.kept) * shift

    def forward(self, u: Any, context: Any):
        """z `[..., size]` of u and a context `[..., C]`."""
        log_scale, shift = self._log_scale_and_shift(u, context)
        return ops.exp(log_scale) * u + shift

    def inverse(self, z: Any, context: Any) -> tuple[Any, Any]:
        """The u that leads to z, and log dz/du of each unit, both `[..., size]`."""
        log_scale, shift = self._log_scale_and_shift(z, context)
        return ops.exp(-log_scale) * (z - shift), log_scale


class Autoregression(layers.Layer):
    """Every unit moves and stretches by amounts that those before it and a context tell.

        z_i = exp(s_i) u_i + t_i,     s_i, t_i functions of z_1, ..., z_{i-1} and the context

    The functions are one network whose weights are masked (Germain and others, MADE, 2015, arXiv
    1502.03509). At first s and t are 0, and |s| stays below 1.

    Args:
        size: number of units.
        hidden: width of the two hidden layers.
        backwards: the last unit is the first.

    >>> step = Autoregression(size=2, hidden=8)
    >>> step.build((None, 2))
    >>> u = np.array([[1.0, 2.0]], "float32")
    >>> bool(np.allclose(step.forward(u, np.zeros((1, 0), "float32")), u))
    True
    """

    def __init__(self, size: int, hidden: int, backwards: bool = False, **kwargs: Any):
        super().__init__(dtype="float32", **kwargs)
        order = np.arange(size)[::-1] if backwards else np.arange(size)
        # The number of units, of those in a row, that what stands in a place may know.
        self.known = [order + 1, *[np.arange(hidden) % max(size - 1, 1) + 1] * 2, np.tile(order, 2)]

    def build(self, input_shape):
        context = input_shape[-1] - len(self.known[0])
        self.known[0] = np.concatenate([self.known[0], np.zeros(context, int)])  # which all know
        self.kernels, self.biases, self.masks = [], [], []
        for number, (before, after) in enumerate(zip(self.known, self.known[1:])):
            self.masks.append((before[:, None] <= after).astype("float32"))
            shape, is_last = self.masks[-1].shape, number == len(self.known) - 2
            start = "zeros" if is_last else "glorot_uniform"
            kernel = {"name": f"kernel_{number}", "shape": shape, "initializer": start}
            self.kernels.append(self.add_weight(**kernel))
            bias = {"name": f"bias_{number}", "shape": shape[1:], "initializer": "zeros"}
            self.biases.append(self.add_weight(**bias))
        self.built = True

    def _log_scale_and_shift(self, z, context):
        h = _beside(z, context)
        for kernel, bias, mask in zip(self.kernels[:-1], self.biases, self.masks):
            h = ops.relu(ops.matmul(h, kernel * mask) + bias)
        h = ops.matmul(h, self.kernels[-1] * self.masks[-1]) + self.biases[-1]
        log_scale, shift = ops.split(h, 2, axis=-1)
        return ops.tanh(log_scale), shift

    def forward(self, u: Any, context: Any):
        """z `[..., size]` of u and a context `[..., C]`: each pass makes one more unit right."""
        z = ops.zeros_like(u)
        for _ in range(u.shape[-1]):
            log_scale, shift = self._log_scale_and_shift(z, context)
            z = ops.exp(log_scale) * u + shift
        return z

    def inverse(self, z: Any, context: Any) -> tuple[Any, Any]:
        """The u that leads to z, and log dz/du of each unit, both `[..., size]`."""
        log_scale, shift = self._log_scale_and_shift(z, context)
        return ops.exp(-log_scale) * (z - shift), log_scale


class Plane(layers.Layer):
    """z = u + d tanh(w u + b), a step across the plane w u + b = 0.

    The direction d is bent so that w d > -1, without which there is no inverse (Rezende and Mohamed
    2015, appendix A.1). d, w and b are linear in the context.

    Args:
        size: of u.

    >>> plane = Plane(size=2)
    >>> plane.build((None, 2))
    >>> u, nothing = np.array([[1.0, 2.0]], "float32"), np.zeros((1, 0), "float32")
    >>> bool(np.allclose(plane.inverse(plane.forward(u, nothing), nothing)[0], u, atol=1e-5))
    True
    """

    def __init__(self, size: int, **kwargs: Any):
        super().__init__(dtype="float32", **kwargs)
        self.size = size
        self.told = layers.Dense(2 * size + 1, use_bias=False, dtype="float32")

    def build(self, input_shape):
        some = keras.initializers.RandomNormal(stddev=0.3)
        own = {"name": "own", "shape": (2 * self.size + 1,), "initializer": some}
        self.own = self.add_weight(**own)
        if input_shape[-1] > self.size:  # a product of nothing ends some programs of TensorFlow
            self.told.build((*input_shape[:-1], input_shape[-1] - self.size))
        self.built = True

    def _plane(self, context):
        """w, d and b of `[..., size]` and `[..., 1]`, and w d."""
        parameters = ops.convert_to_tensor(self.own)
        if self.told.built:
            parameters = parameters + self.told(context)
        w, d, b = ops.split(parameters, (self.size, 2 * self.size), axis=-1)
        product = ops.sum(w * d, axis=-1, keepdims=True)
        squared = ops.sum(ops.square(w), axis=-1, keepdims=True) + 1e-6
        enough = ops.softplus(product + _UNBENT) - 1  # above -1, and 0 where the product is 0
        return w, d + (enough - product) * w / squared, b

    def forward(self, u: Any, context: Any):
        """z `[..., size]` of u and a context `[..., C]`."""
        w, d, b = self._plane(context)
        return u + d * ops.tanh(ops.sum(w * u, axis=-1, keepdims=True) + b)

    def inverse(self, z: Any, context: Any) -> tuple[Any, Any]:
        """The u that leads to z, and log |dz/du|, shared evenly by the units.

        With a = w u it is the root of a + w d tanh(a + b) = w z, found by halving an interval, and
        one step of Newton's, through which gradients pass.
        """
        w, d, b = self._plane(context)
        target = ops.sum(w * z, axis=-1, keepdims=True)
        slope = ops.sum(w * d, axis=-1, keepdims=True)
        fixed = [ops.stop_gradient(each) for each in (target, slope, b)]
        a = _root(*fixed)
        rise = 1 + fixed[1] * (1 - ops.square(ops.tanh(a + fixed[2])))
        a = a - (a + slope * ops.tanh(a + b) - target) / rise
        log_det = ops.log(1 + slope * (1 - ops.square(ops.tanh(a + b))))
        u = z - d * ops.tanh(a + b)
        return u, ops.broadcast_to(log_det / self.size, ops.shape(u))


def _root(target, slope, b):
    """The a at which a + slope tanh(a + b) = target; slope above -1."""
    low, high = target - ops.abs(slope), target + ops.abs(slope)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_below = middle + slope * ops.tanh(middle + b) < target
        low, high = ops.where(is_below, middle, low), ops.where(is_below, high, middle)
    return (low + high) / 2


def _beside(x, context):
    """Units `[..., size]` and the context, in the last axis."""
    context = ops.broadcast_to(context, (*ops.shape(x)[:-1], context.shape[-1]))
    return ops.concatenate((x, context), axis=-1)
