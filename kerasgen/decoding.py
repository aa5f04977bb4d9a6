"""How a category is drawn from logits by a uniform number, and a token with temperature, top-k and nucleus."""

from keras import ops

from kerasgen import checks

_NEVER = -1e30


def uniform(noise):
    """A number uniform on (0, 1] of two standard normal ones, a and b, in the last axis: exp(-(a^2 + b^2) / 2).

    For exported files, into which all randomness enters as normal numbers.
    """
    return ops.exp(-ops.sum(ops.square(noise), axis=-1) / 2)


def pick(logits, uniform):
    """The category `[...]`, int32, that the inverse cumulative distribution of `[..., K]` has at `uniform` `[...]`."""
    below = ops.cumsum(ops.softmax(logits), axis=-1)
    # In parts of the last sum, so that rounding leads to no category of probability 0 behind it.
    return ops.sum(ops.cast(uniform[..., None] * below[..., -1:] >= below[..., :-1], "int32"), axis=-1)


def draw(logits, uniform, temperature=1.0, top_k=None, top_p=None):
    """Tokens `[...]` int32.

    Args:
        logits: `[..., K]`.
        uniform: numbers uniform on [0, 1), `[...]`.
        temperature: divides the logits, before all else.
        top_k: draw among the k most likely tokens, or None for all.
        top_p: draw among the fewest tokens that have at least this probability together, or None for all (Holtzman and
            others, The Curious Case of Neural Text Degeneration, 2020, arXiv 1904.09751).
    """
    logits = ops.cast(logits, "float32") / temperature
    if top_k is not None and top_k < logits.shape[-1]:
        logits = ops.where(logits < ops.top_k(logits, top_k)[0][..., -1:], _NEVER, logits)
    if top_p is not None:
        probabilities = ops.softmax(logits)
        largest_first = ops.flip(ops.sort(probabilities, axis=-1), axis=-1)
        needed = ops.cumsum(largest_first, axis=-1) - largest_first < top_p
        least = ops.min(ops.where(needed, largest_first, 1.0), axis=-1, keepdims=True)
        logits = ops.where(probabilities < least, _NEVER, logits)
    return pick(logits, uniform)


def check(temperature, top_k=None, top_p=None):
    """Raises a ValueError for a temperature that is not positive, k below 1 or p outside (0, 1]."""
    checks.above_zero("temperature", temperature)
    if top_k is not None:
        checks.positive("top_k", top_k)
    if top_p is not None and checks.above_zero("top_p", top_p) > 1:
        raise ValueError(f"Expected top_p to be a number in (0, 1], or None. Received: top_p={top_p!r}")
