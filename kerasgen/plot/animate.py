"""Pictures in motion, as GIF files."""

import pathlib
from collections.abc import Sequence

import numpy as np

from kerasgen import checks, durable


def animate(
    frames: Sequence[np.ndarray], path: str | pathlib.Path, seconds: float = 0.1
) -> pathlib.Path:
    """Writes frames to an animated GIF that repeats without end.

    Args:
        frames: pictures `[height, width, 3]` in [0, 1], such as `kerasgen.plot.grid` returns, all
            of one shape.
        path: of the file to write.
        seconds: that every frame is shown; GIF counts in hundredths.

    Returns:
        The path.

    Raises:
        ValueError: no frames, frames of different shapes or not of three channels, seconds below
            0.02.

    >>> import tempfile
    >>> frames = [np.full((8, 8, 3), grey) for grey in (0.0, 0.5, 1.0)]
    >>> animate(frames, tempfile.mkdtemp() + "/grey.gif").name
    'grey.gif'
    """
    from PIL import Image

    frames = checks.several("frames", frames)
    shapes = {np.shape(frame) for frame in frames}
    if len(shapes) != 1 or any(len(shape) != 3 or shape[-1] != 3 for shape in shapes):
        raise ValueError(
            "Expected frames of one shape [height, width, 3]. "
            f"Received: {len(frames)} frames, shapes {sorted(shapes)}."
        )
    if not 0.02 <= checks.above_zero("seconds", seconds) < 600:
        raise ValueError(
            "Expected 0.02 to 600 seconds a frame: players slow down shorter ones. "
            f"Received: {seconds!r}"
        )
    levels = [np.round(255 * np.clip(frame, 0, 1)).astype("uint8") for frame in frames]
    first, *others = map(Image.fromarray, levels)
    timing = {"duration": round(1000 * seconds), "loop": 0}
    with durable.placed(path) as new:
        first.save(new, format="GIF", save_all=True, append_images=others, **timing)
    return pathlib.Path(path)
