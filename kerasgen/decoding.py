"""How a category is drawn from logits by a uniform number; tokens by temperature, top-k,
nucleus.
"""

import dataclasses
import math

from keras import ops

from kerasgen import checks
from kerasgen.registration import register

_NEVER = -1e30


def uniform(noise):
    """A number uniform on (0, 1] of two standard normal ones, a and b: exp(-(a^2 + b^2) / 2).

    For exported files, into which all randomness enters as normal numbers, here in the last axis.

    >>> float(uniform(ops.zeros(2)))
    1.0
    """
    return ops.exp(-ops.sum(ops.square(noise), axis=-1) / 2)


def pick(logits, uniform):
    """The category `[...]`, int32, that the inverse cumulative distribution of `[..., K]` has at
    `uniform` `[...]`.

    >>> logits = ops.log(ops.array([[0.5, 0.25, 0.25]] * 3))
    >>> pick(logits, ops.array([0.4, 0.6, 0.9])).numpy().tolist()
    [0, 1, 2]
    """
    below = ops.cumsum(ops.softmax(logits), axis=-1)
    # In parts of the last sum, so that rounding leads to no category of probability 0 behind it.
    return ops.sum(
        ops.cast(uniform[..., None] * below[..., -1:] >= below[..., :-1], "int32"), axis=-1
    )


@register
@dataclasses.dataclass(frozen=True)
class Sampler:
    """A way to draw tokens from logits. Numbers but top_k may be scalar tensors, which nobody
    checks.

    Args:
        temperature: above 0; divides the logits: 1 draws from the model, less sharpens, and near 0
            the likeliest token is drawn.
        top_k: draw among the k most likely tokens, or None for all.
        top_p: draw among the fewest tokens that have at least this probability together, in (0, 1],
            or None for all (Holtzman and others, The Curious Case of Neural Text Degeneration,
            2020, arXiv 1904.09751).
        guidance: by how much a condition counts: None as it was learned, 0 not at all, above 1
            exaggerated (Ho and Salimans, Classifier-Free Diffusion Guidance, arXiv 2207.12598).

    Raises:
        ValueError: an argument outside its range.

    Example:

    >>> sampler = Sampler(temperature=0.5, top_k=1)
    >>> int(sampler(keras.ops.array([[0.0, 3.0, 1.0]]), keras.ops.array([0.9]))[0])
    1
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None
    guidance: float | None = None

    def __post_init__(self):
        given = {name: value for name, value in vars(self).items() if not ops.is_tensor(value)}
        checks.above_zero("temperature", given.get("temperature", 1.0))
        if self.top_k is not None:
            checks.positive("top_k", self.top_k)
        top_p, guidance = given.get("top_p"), given.get("guidance")
        if top_p is not None and checks.above_zero("top_p", top_p) > 1:
            raise ValueError(
                f"Expected top_p to be a number in (0, 1], or None. Received: top_p={top_p!r}"
            )
        is_number = isinstance(guidance, (int, float)) and 0 <= guidance < math.inf
        if guidance is not None and not is_number:
            raise ValueError(
                f"Expected guidance to be a number of at least 0. Received: guidance={guidance!r}"
            )

    def __call__(self, logits, uniform):
        """Tokens `[B, ...]` int32.

        Args:
            logits: `[B, ..., K]`; with guidance `[2 B, ..., K]`, given the condition and then
                without.
            uniform: numbers uniform on [0, 1), `[B, ...]`.
        """
        logits = ops.cast(logits, "float32")
        if self.guidance is not None:
            given, free = ops.split(logits, 2)
            logits = free + self.guidance * (given - free)
        logits = logits / self.temperature
        if self.top_k is not None and self.top_k < logits.shape[-1]:
            least = ops.top_k(logits, self.top_k)[0][..., -1:]
            logits = ops.where(logits < least, _NEVER, logits)
        if self.top_p is not None:
            probabilities = ops.softmax(logits)
            largest_first = ops.flip(ops.sort(probabilities, axis=-1), axis=-1)
            needed = ops.cumsum(largest_first, axis=-1) - largest_first < self.top_p
            least = ops.min(ops.where(needed, largest_first, 1.0), axis=-1, keepdims=True)
            logits = ops.where(probabilities < least, _NEVER, logits)
        return pick(logits, uniform)
