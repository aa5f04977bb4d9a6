"""Drawing examples, and the rest of examples that are known in part."""

import inspect
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgen import backend, checks, machine
from kerasgen.abilities.base import Ability
from kerasgen.batches import in_blocks, joined, padded_blocks


class Samples(Ability):
    """Draws examples. The block: `_sample(n, seed, condition, *, ...) -> [n, *event]`.

    Its keyword-only arguments are the family's own ways to draw.

    >>> model = kerasgen.zoo.load("gmm_ring")
    >>> isinstance(model, Samples), model.sample(4, seed=0).shape
    (True, TensorShape([4, 2]))
    """

    method = "sample"
    absence = "There is no prior to draw from."
    samples_at_once = 128  # of each block with a seed of its own: part of what a seed means
    num_seeds = 1  # of a block; `_sample` gets a list where it is more
    guidance = 1.0  # by how much a condition counts, unless a call says otherwise

    def sample(
        self,
        n: int,
        condition: Any = None,
        seed: int | None = None,
        progress: bool = False,
        **ways: Any,
    ) -> Any:
        """Draws `n` examples, `[n, *event_shape]`, within the event's range.

        Args:
            n: number of examples.
            condition: of each example `[n, ...]`, or one for all, of a conditional model.
            seed: an integer for repeatable draws, None for fresh ones.
            progress: show a progress bar.
            **ways: how this family draws: see `sampling_ways`, and the family's own page.

        Raises:
            ValueError: n below 1 or beyond the machine's memory, a missing or wrong condition, a
                way that the family does not know.
        """
        return self.event.clip(self._drawn("_sample", n, condition, seed, progress, ways))

    def _drawn(self, name, n, condition, seed, progress, ways):
        n = self._fitting(checks.positive("n", n))
        seeds = backend.draws(checks.seed(seed))
        condition = self._requested(n, condition, seeds)
        static, moving = self._check_ways(ways)
        draw = self._compiled(name, **static)
        from rich.progress import Progress  # not with the package, which imports quickly

        drawn = []
        with Progress(disable=not progress) as bar:
            task = bar.add_task("samples", total=n)
            for rows, full, given in padded_blocks(n, self.samples_at_once, condition):
                of_block = [backend.next_seed(seeds) for _ in range(self.num_seeds)]
                seed = of_block if self.num_seeds > 1 else of_block[0]
                block = draw(full, seed, given, **moving)
                drawn.append(keras.tree.map_structure(lambda x, rows=rows: x[:rows], block))
                bar.advance(task, rows)
        return joined(drawn)

    def _fitting(self, n):
        """n, where the examples and a copy of them fit the machine's memory."""
        most = machine.memory() // (2 * 4 * self.event.size)
        if 0 < most < n:
            raise ValueError(
                f"Expected n of at most {most}: half of this machine's memory. Received: n={n}. "
                "Draw them in parts, each with a seed of its own, and store each."
            )
        return n

    def _requested(self, n, condition, seeds):
        """The condition of every example that is to be drawn."""
        return self.condition.request(n, condition)

    @classmethod
    def sampling_ways(cls) -> dict[str, Any]:
        """The family's own ways to draw, and what each is by default."""
        parameters = inspect.signature(cls._sample).parameters.values()
        return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}

    def _check_ways(self, ways):
        """Ways that a compiled block is made for, and numbers that it takes as tensors."""
        known = self.sampling_ways()
        if unknown := sorted(ways.keys() - known.keys()):
            raise ValueError(
                f"Expected ways to draw that {type(self).__name__} has, of {sorted(known)}. "
                f"Received: {', '.join(unknown)}. Drop it."
            )
        ways = self.check_sampling(**known | ways)
        moving = {name: value for name, value in ways.items() if isinstance(value, float)}
        static = {name: value for name, value in ways.items() if name not in moving}
        return static, {name: ops.convert_to_tensor(value) for name, value in moving.items()}

    def check_sampling(self, **ways: Any) -> dict[str, Any]:
        """The ways to draw, checked; numbers that may differ from call to call as floats."""
        return ways

    def exported_ways(self) -> dict[str, Any]:
        """How `sample` of an exported file draws: the ways that are not None."""
        ways = self.check_sampling(**self.sampling_ways())
        return {name: value for name, value in ways.items() if value is not None}

    @property
    def shows_means(self) -> bool:
        """Whether pictures of samples show means of the likelihood, where a draw would be noise."""
        return False

    def shown_samples(self, n: int, condition=None, seed: int | None = None):
        """Samples as they are shown, and as judges see them."""
        return self.sample(n, condition, seed, **({"mean": True} if self.shows_means else {}))


class Completes(Samples):
    """Draws the rest of images of which some pixels are kept.

    The block: `_complete(seed, image, mask, condition, *, ...) -> [n, *event_shape]`; its ways are
    those of `sample`. `in_turn(n, condition)` lets the caller draw, see `AutoregressiveModel`.

    >>> isinstance(kerasgen.zoo.load("pixelrnn_mnist"), Completes)
    True
    """

    method = "complete"
    absence = "It does not draw pixels in turn: AutoregressiveModel does."

    def complete(self, image, mask, condition=None, seed=None, n=None, **ways: Any):
        """Draws the pixels of images that a mask leaves open, `[n, *event_shape]`.

        Args:
            image: images `[n, *event_shape]`, or one `event_shape` for all.
            mask: bool `[n, height, width]`, or one `[height, width]` for all, True where the pixels
                of the image are kept. The others are drawn given the pixels before them in raster
                order, kept ones included: a completion of the upper part of an image is exact; a
                pixel kept further down cannot change those before it.
            condition, seed, **ways: as of `sample`.
            n: number of draws of one image; otherwise as many as there are images.

        Raises:
            ValueError: another shape of images or mask, kept pixels that the event refuses.
        """
        image, mask = np.asarray(image), np.asarray(mask)
        image = image[None] if image.shape == self.event_shape else image
        n = checks.positive("n", len(image) if n is None else n)
        grid = self.event_shape[:2]
        if mask.dtype != bool or mask.shape not in (grid, (n, *grid)) or len(image) not in (1, n):
            raise ValueError(
                f"Expected images of shape {self.event_shape}, one or n={n}, and a mask of bool "
                f"and shape {grid} or {(n, *grid)}. Received: images {image.shape}, mask "
                f"{mask.dtype} {mask.shape}."
            )
        mask = np.broadcast_to(mask[..., None], (n, *self.event_shape))
        image = self.event.check(np.where(mask, np.broadcast_to(image, mask.shape), 0))
        condition = self.condition.request(n, condition)
        static, moving = self._check_ways(ways)
        block = self._compiled("_complete", **static)
        seeds = backend.draws(checks.seed(seed))
        return in_blocks(
            lambda *rows: block(backend.next_seed(seeds), *rows, **moving),
            n,
            self.samples_at_once,
            image,
            ops.convert_to_tensor(mask),
            condition,
        )
