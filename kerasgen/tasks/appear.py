"""How an image comes about that an autoregressive model draws."""

from typing import Any

import numpy as np
from keras import ops

from kerasgen import checks, plot

_FRAMES = 56  # at most, and one that stays


def appear(samples: Any, patch_size: int = 1, pause: int = 20) -> list[np.ndarray]:
    """Frames in which samples of an autoregressive model appear in the order of their pixels.

    Args:
        samples: `[n, height, width, channels]` in [0, 1].
        patch_size: side of the patches that the model draws at once.
        pause: frames that show the whole.

    Returns:
        Pictures for `kerasgen.plot.animate`; what is not yet drawn is grey.

    >>> len(appear(np.zeros((4, 4, 4, 1)), patch_size=2, pause=1))  # 0 to 4 patches, and the pause
    6
    """
    checks.positive("patch_size", patch_size)
    if type(pause) is not int or pause:  # 0 is none
        checks.positive("pause", pause)
    whole = plot.grid(samples)
    samples = ops.convert_to_numpy(samples)
    if any(side % patch_size for side in samples.shape[1:3]):
        raise ValueError(
            "Expected a patch_size that divides the sides of the samples. "
            f"Received: patch_size={patch_size} and shape {samples.shape}."
        )
    rows, columns = (side // patch_size for side in samples.shape[1:3])
    count = rows * columns
    order = np.arange(count).reshape(rows, columns)
    order = order.repeat(patch_size, axis=0).repeat(patch_size, axis=1)
    drawn = np.linspace(0, count, min(_FRAMES, count) + 1).round().astype(int)
    frames = [plot.grid(np.where((order < count)[..., None], samples, 0.5)) for count in drawn[:-1]]
    return [*frames, whole, *[whole] * pause]
