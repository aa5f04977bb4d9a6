"""Split strings as TensorFlow Datasets writes them: "train[:50%]+test[-100:]"."""

from kerasgen import checks


def parse(split, sizes):
    """The slices that a split string stands for, as `[(name, start, stop), ...]`.

    Args:
        split: names joined by "+", each with or without a slice in examples or in percent.
        sizes: number of examples by the name of a split.

    Raises:
        ValueError: an unknown name, anything that is not a slice, or one beyond the examples.

    Example:
        >>> parse("train[:50%]+test[-100:]", {"train": 600, "test": 300})
        [('train', 0, 300), ('test', 200, 300)]
    """
    slices = []
    for name, *ends in checks.split(split):
        if name not in sizes:
            raise ValueError(
                f"Expected split to be one of {dict(sizes)}, or a slice such as 'train[:100]' or "
                f"'train[90%:]'. Received: split={split!r}"
            )
        start, stop = (
            _position(end, default, sizes[name], split) for end, default in zip(ends, ("0", "100%"))
        )
        slices.append((name, start, max(start, stop)))
    return slices


def _position(text, default, size, split):
    text = text or default
    position = round(int(text[:-1]) * size / 100) if text.endswith("%") else int(text)
    if abs(position) > size:
        raise ValueError(f"Expected a slice of {size} examples. Received: split={split!r}")
    return position + size if position < 0 else position
