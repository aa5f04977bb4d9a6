"""An exported file is compared with its Keras model, signature by signature, before it is handed over."""

import pathlib
from typing import NamedTuple

import numpy as np

from kerasgen.export import signatures as _signatures

# Largest error allowed by format. The error is that of the worst element of any output, in units of the output's
# largest value or of 1, whichever is larger: absolute for pixels, relative for an ELBO of -90 nats.
BOUNDS = {"saved_model": 1e-4, None: 1e-4, "float16": 1e-2, "dynamic": 0.2, "int8": 0.4}
BATCH_SIZES = (1, 16)


class Report(NamedTuple):
    """What was written, and how far it is from the Keras model.

    Attributes:
        path: of the file, or of the SavedModel's folder.
        size: in bytes.
        quantize: "saved_model", None, "float16", "dynamic" or "int8".
        errors: largest error by signature, in units of the largest output or of 1, whichever is larger.
        bound: that no error exceeds.
    """

    path: pathlib.Path
    size: int
    quantize: str | None
    errors: dict[str, float]
    bound: float

    def __str__(self):
        errors = ", ".join(f"{name} {error:.1e}" for name, error in self.errors.items())
        return f"{self.size / 1000:,.0f} kB, largest error against Keras: {errors} (bound {self.bound:g})"


def verify(model, signatures, run, bound):
    """The largest error by signature of an exported file.

    Args:
        run: `run(name, inputs) -> outputs`, what the file gives for named NumPy arrays.
        bound: the largest error allowed.

    Raises:
        ValueError: an error above the bound, or that is not a number.
    """
    errors = {}
    for name, signature in signatures.items():
        errors[name] = 0.0
        for n in BATCH_SIZES:
            inputs = _signatures.draw(model, signature, n, seed=n)
            outputs = run(name, inputs)
            expected = signature.expected(inputs, outputs)
            if outputs.keys() != expected.keys():
                raise ValueError(f"Expected outputs {sorted(expected)} of {name!r}. Received: {sorted(outputs)}.")
            errors[name] = max([errors[name], *(_error(outputs[key], expected[key]) for key in expected)])
    wrong = {name: f"{error:.3g}" for name, error in errors.items() if not error <= bound}
    if wrong:
        raise ValueError(
            f"Expected the exported model to agree with Keras within {bound:g}. Received: errors {wrong}. Nothing was "
            "written. Leave these signatures out with signatures=, quantize less, or allow more with bound=."
        )
    return errors


def _error(output, expected):
    if output.shape != expected.shape:
        return np.inf
    error = np.max(np.abs(output - expected)) / max(1.0, np.max(np.abs(expected)))
    return float(error) if np.isfinite(error) else np.inf
