"""Pictures in motion, as GIF files."""

import pathlib

import numpy as np


def animate(frames, path, seconds=0.1):
    """Writes frames to an animated GIF that repeats without end.

    Args:
        frames: pictures `[height, width, 3]` in [0, 1], such as `kerasgen.plot.grid` returns, all of one shape.
        path: of the file to write.
        seconds: that every frame is shown; GIF counts in hundredths.

    Returns:
        The path.

    Raises:
        ValueError: no frames, frames of different shapes or not of three channels, seconds below 0.02.
    """
    from PIL import Image

    shapes = {np.shape(frame) for frame in frames}
    if len(shapes) != 1 or any(len(shape) != 3 or shape[-1] != 3 for shape in shapes):
        raise ValueError(
            f"Expected frames of one shape [height, width, 3]. Received: {len(frames)} frames, shapes {sorted(shapes)}."
        )
    if not seconds >= 0.02:
        raise ValueError(f"Expected at least 0.02 seconds a frame: players slow down others. Received: {seconds!r}")
    images = [Image.fromarray(np.round(255 * np.clip(frame, 0, 1)).astype("uint8")) for frame in frames]
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    images[0].save(path, format="GIF", save_all=True, append_images=images[1:], duration=round(1000 * seconds), loop=0)
    return path
