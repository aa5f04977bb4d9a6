"""How an image comes about that is drawn one pixel after the other."""

import numpy as np
from keras import ops

from kerasgen import checks, plot

_FRAMES = 56  # at most, and one that stays


def appear(samples, patch_size=1, pause=20):
    """Frames in which samples of an autoregressive model appear in the order in which they were drawn.

    Args:
        samples: `[n, height, width, channels]` in [0, 1].
        patch_size: side of the patches that the model draws at once.
        pause: frames that show the whole.

    Returns:
        List of pictures, for `kerasgen.plot.animate`; what is not yet drawn is grey.
    """
    checks.positive("patch_size", patch_size)
    samples = ops.convert_to_numpy(samples)
    rows, columns = (side // patch_size for side in samples.shape[1:3])
    order = np.arange(rows * columns).reshape(rows, columns).repeat(patch_size, axis=0).repeat(patch_size, axis=1)
    drawn = np.linspace(0, rows * columns, min(_FRAMES, rows * columns) + 1).round().astype(int)
    frames = [plot.grid(np.where((order < count)[..., None], samples, 0.5)) for count in drawn]
    return frames + frames[-1:] * pause
