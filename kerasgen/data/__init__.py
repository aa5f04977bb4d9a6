"""Data sets in batches: images float32 `[B, H, W, C]` in [0, 1], points, series, tokens.

`open` reads a split of a set by its name, or of a file, as a `Source`: one of `catalog`, embedded,
computed or of TensorFlow Datasets (TFDS). `Source.batches` makes `Batches` of it and `load` a
`tf.data.Dataset`; with one seed both are the same on every backend. `save_npz` writes arrays to a
file and `export_npz` a set that has a name; `folder`, `table` and `text` make a file of one's own
pictures, CSV files and lines of text; `from_npz` reads any of them without TensorFlow. Importing
this package imports neither TensorFlow nor TFDS.
"""

from kerasgen.data.batching import Batches
from kerasgen.data.loading import from_npz, load, open, size
from kerasgen.data.npz import export_npz, save_npz
from kerasgen.data.pictures import folder
from kerasgen.data.source import Source
from kerasgen.data.tables import table
from kerasgen.data.texts import text

__all__ = [
    "Batches",
    "Source",
    "export_npz",
    "folder",
    "from_npz",
    "load",
    "open",
    "save_npz",
    "size",
    "table",
    "text",
]
