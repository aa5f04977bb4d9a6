"""Signatures of a model, traced once for TFLite files of every kind."""

import contextlib
import pathlib
import tempfile
from typing import Any, NamedTuple

from kerasgen.export import signatures as _signatures
from kerasgen.export.conversion import convertible
from kerasgen.export.saved_models import archive

_CALIBRATION_EXAMPLES = 100


class Trace(NamedTuple):
    """Signatures as a SavedModel that TFLite's converter reads.

    Attributes:
        model: whose signatures they are.
        signatures: by name.
        batch_size: examples of every call; None where it is free.
        folder: of the SavedModel.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> with traced(model, _signatures.of(model), 1) as trace:
    ...     (trace.folder / "saved_model.pb").exists()
    True
    """

    model: Any
    signatures: dict[str, _signatures.Signature]
    batch_size: int | None
    folder: pathlib.Path

    def examples(self, names, data=None):
        """What full-integer conversion measures ranges on: whole batches for every signature of
        `names`, of `(examples, condition)`, by default the model's own samples.
        """
        size, chosen = self.batch_size or 1, {name: self.signatures[name] for name in names}
        n = _CALIBRATION_EXAMPLES if data is None else len(data[0])
        if n < size:
            raise ValueError(
                f"Expected calibration= of at least {size} examples, one batch. Received: {n}."
            )
        n -= n % size
        if data is None:
            data = _signatures.examples(self.model, chosen, n, seed=0)
        else:
            data = tuple(part if part is None else part[:n] for part in data)
        return {
            name: _signatures.draw(self.model, each, n, 0, data) for name, each in chosen.items()
        }


@contextlib.contextmanager
def traced(model, signatures, batch_size=None):
    """A `Trace` of a model's signatures, within which its folder exists.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> with traced(model, _signatures.of(model, ["sample"]), 4) as trace:
    ...     trace.examples(["sample"])["sample"]["noise"].shape
    (100, 4)
    """
    with tempfile.TemporaryDirectory() as folder:
        trace = Trace(model, signatures, batch_size, pathlib.Path(folder, "saved_model"))
        with convertible():
            archive(signatures, trace.folder, batch_size)
        yield trace
