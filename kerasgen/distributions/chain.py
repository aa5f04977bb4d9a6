"""Chains of normals: vectors in parts, each part normal given those before it."""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any

from keras import ops

from kerasgen.backend import tfd
from kerasgen.batches import parted
from kerasgen.distributions.base import Distribution


class Chain(Distribution):
    """Vectors in parts, z = (z_1, ..., z_L), each part normal given those before it.

        p(z) = product over l of N(z_l; mean_l(z_1..z_{l-1}), diag(scale_l(z_1..z_{l-1})^2))

    Args:
        first: the independent normals of z_1, batch shape `[B]` or `[]`.
        conditionals: for each further part, a function of the parts before it, `[..., B, D]`, to
            independent normals of batch shape `[..., B]`.
        sizes: of all parts.
        name: of the distribution.

    >>> normal = tfd.MultivariateNormalDiag
    >>> walk = Chain(normal([0.0], [1.0]), [lambda z: normal(z, [1.0])], sizes=(1, 1))
    >>> walk.from_noise(ops.array([[2.0, 3.0]])).numpy()
    array([[2., 5.]], dtype=float32)
    """

    def __init__(
        self,
        first: Any,
        conditionals: Sequence[Callable[[Any], Any]],
        sizes: Sequence[int],
        name: str = "Chain",
    ):
        parameters = dict(locals())
        self.first = first
        self.conditionals = conditionals
        self.sizes = sizes
        super().__init__(first.dtype, parameters, name, reparameterized=True)

    def _batch_shape(self):
        return self.first.batch_shape

    def _batch_shape_tensor(self):
        return self.first.batch_shape_tensor()

    def _event_shape(self):
        return (sum(self.sizes),)

    def _event_shape_tensor(self):
        return ops.convert_to_tensor([sum(self.sizes)], dtype="int32")

    def parts(self, z: Any) -> Iterable[tuple[Any, Any]]:
        """`(z_l, its distribution given the parts before it)` for every l."""
        yield z[..., : self.sizes[0]], self.first
        start = self.sizes[0]
        for conditional, size in zip(self.conditionals, self.sizes[1:]):
            yield z[..., start : start + size], conditional(z[..., :start])
            start += size

    def in_turn(self) -> Generator[tuple[slice, Any], Any, None]:
        """Yields `(place, normal)` of each part in the order in which they are drawn, and is sent
        the part `[..., B, size]`; z has it at `place`.
        """
        normal, z, start = self.first, [], 0
        for conditional, size in zip((*self.conditionals, None), self.sizes):
            z.append((yield slice(start, start + size), normal))
            start += size
            if conditional:
                normal = conditional(ops.concatenate(z, axis=-1))

    def from_noise(self, noise: Any):
        """The z that standard normal noise `[..., B, sum(sizes)]` leads to.

        Zeros lead along the means.
        """
        normal, z, start = self.first, [], 0
        for conditional, size in zip((*self.conditionals, None), self.sizes):
            z.append(normal.mean() + normal.stddev() * noise[..., start : start + size])
            start += size
            if conditional:
                normal = conditional(ops.concatenate(z, axis=-1))
        return ops.concatenate(z, axis=-1)

    def _log_prob(self, z):
        return sum(normal.log_prob(part) for part, normal in self.parts(z))

    def _sample_n(self, n, seed=None):
        shape = (n, *ops.shape(self.first.mean())[:-1], sum(self.sizes))
        return self.from_noise(tfd.Normal(0.0, 1.0).sample(shape, seed=seed))

    def _mean(self):
        """The means of the parts, each given the means before it.

        It is not the mean of z unless the chain is linear.
        """
        return self.from_noise(self._zeros())[0]

    def _stddev(self):
        """The scales of the parts, each given the means before it."""
        parts = self.parts(self.from_noise(self._zeros()))
        scales = [normal.stddev() + ops.zeros_like(part) for part, normal in parts]
        return ops.concatenate(scales, axis=-1)[0]

    def _zeros(self):
        """Noise of zeros, with a leading axis, which the layers in `conditionals` want."""
        first = ops.zeros_like(self.first.mean())[None]
        return ops.concatenate([first[..., :1]] * sum(self.sizes), axis=-1)


class Flipped(Chain):
    """A `Chain` whose vectors hold its last part first.

    It compares with a chain that runs the other way.

    >>> normal = tfd.MultivariateNormalDiag
    >>> walk = Flipped(normal([0.0], [1.0]), [lambda z: normal(z, [1.0])], sizes=(1, 1))
    >>> walk.from_noise(ops.array([[3.0, 2.0]])).numpy()
    array([[5., 2.]], dtype=float32)
    """

    def parts(self, z: Any) -> Iterable[tuple[Any, Any]]:
        """As of the chain, its last part first."""
        return reversed(list(super().parts(self._flip(z, self.sizes[::-1]))))

    def in_turn(self) -> Generator[tuple[slice, Any], Any, None]:
        """As of the chain; its first part stands last in z."""
        turns, end, part = super().in_turn(), sum(self.sizes), None
        for _ in self.sizes:
            place, normal = turns.send(part)
            part = yield slice(end - place.stop, end - place.start), normal

    def from_noise(self, noise: Any):
        """The z that standard normal noise, its parts in the order of z, leads to."""
        return self._flip(super().from_noise(self._flip(noise, self.sizes[::-1])), self.sizes)

    def _flip(self, z, sizes):
        return ops.concatenate(parted(z, sizes)[::-1], axis=-1)
