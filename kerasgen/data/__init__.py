"""Data sets as batches of float32 images `[B, H, W, C]` in [0, 1], or of points in the plane `[B, 2]`.

`load` reads any image set of TensorFlow Datasets (TFDS), the embedded `digits`, or one of `toys`, `shapes` or `scenes`,
into a `tf.data.Dataset`. `save_npz` writes a set to one file, which `from_npz` reads without TensorFlow. Importing this
package imports neither library.
"""

from kerasgen.data.arrays import ArrayBatches, from_npz, save_npz
from kerasgen.data.pipeline import load
from kerasgen.data.sources import size

__all__ = ["ArrayBatches", "from_npz", "load", "save_npz", "size"]
