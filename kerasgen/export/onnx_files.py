"""ONNX files, one a signature, run by onnxruntime before they are handed over."""

import importlib.util
import subprocess
import sys

from kerasgen import checks, durable
from kerasgen.export import signatures as _signatures
from kerasgen.export.saved_models import archive
from kerasgen.export.verification import BoundExceeded, Report, bound_of, milliseconds, verify

_LIBRARIES = ("tf2onnx", "onnxruntime")
_OPSET = 18


def onnx(model, folder, signatures=None, bound=None, batch_size=None):
    """Writes an ONNX file of each signature, `folder/decode.onnx`.

    Args:
        model: a model that lists `export_signatures()`, on the TensorFlow backend.
        folder: to write, with its parents; one of ONNX files only is replaced once the new ones are
            verified.
        signatures: names of those to export, without which there is an error; by default those that
            convert and agree with the model, and the report says what is left out.
        bound: largest error against Keras to accept, for every element; by default
            `BOUNDS["saved_model"]`, which also bounds the mean.
        batch_size: examples of every call; None leaves it free.

    Returns:
        A `Report`.

    Raises:
        RuntimeError: another backend than TensorFlow, tf2onnx or onnxruntime missing, or a
            conversion that fails.
        ValueError: a model that cannot be exported, a folder with other content, or an error above
            the bound.

    After any error `folder` is as it was.

    >>> onnx(kerasgen.zoo.load("gmm_ring"), "ring", signatures=["density"])
    Traceback (most recent call last):
    ValueError: Expected signatures among ['sample', ...]. Received: ['density'].
    """
    if lacking := [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]:
        raise RuntimeError(
            f"Expected tf2onnx and onnxruntime. Received: no {lacking[0]}. "
            "pip install 'kerasgen[onnx]' brings them."
        )
    _signatures.check_batch(batch_size)
    chosen = _signatures.of(model, signatures)
    folder, bound = checks.path("folder", folder), bound_of("saved_model", bound)
    if folder.exists() and not (
        folder.is_dir() and all(file.suffix == ".onnx" for file in folder.iterdir())
    ):
        raise ValueError(
            f"Expected a new folder or one of ONNX files. Received: {folder}. Name another."
        )
    with durable.placed(folder) as temporary:
        temporary.mkdir()
        source = temporary.with_suffix(".saved_model")
        archive(chosen, source, batch_size)
        found, left_out = {}, {}
        for name, signature in chosen.items():
            file = temporary / f"{name}.onnx"
            try:
                _convert(source, name, file)
                alone = {name: signature}
                found[name] = verify(model, alone, _runner(temporary), bound, batch_size)
            except (BoundExceeded, RuntimeError) as error:
                if signatures is not None or len(left_out) + 1 == len(chosen):
                    raise
                left_out[name] = getattr(error, "reasons", {name: "not converted"})[name]
                file.unlink(missing_ok=True)
        return _report(model, chosen, folder, temporary, found, left_out, bound, batch_size)


def _report(model, chosen, folder, temporary, found, left_out, bound, batch_size):
    errors, means = ({name: each[side][name] for name, each in found.items()} for side in (0, 1))
    kept = {name: chosen[name] for name in found}
    times = milliseconds(model, kept, _runner(temporary), batch_size)
    size = sum(file.stat().st_size for file in temporary.iterdir())
    return Report(folder, size, "onnx", errors, means, bound, times, batch_size, left_out)


def _convert(source, name, file):
    """Writes the ONNX file of a signature of the SavedModel `source`, in a process of its own."""
    options = ["--signature_def", name, "--output", file, "--opset", str(_OPSET)]
    command = [sys.executable, "-m", "tf2onnx.convert", "--saved-model", source, *options]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode or not file.exists():
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise RuntimeError(
            f"Expected tf2onnx to convert the signature {name!r}. Received: {reason[:300]}. "
            "Leave it out with signatures=."
        )


def _runner(folder):
    """What the files give, as a function of a signature's name and its named inputs."""
    import onnxruntime

    sessions = {}

    def session(name):
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors
        return onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options)

    def run(name, inputs):
        try:
            if name not in sessions:
                sessions[name] = session(name)
            names = [output.name for output in sessions[name].get_outputs()]
            given = {each.name: inputs[each.name] for each in sessions[name].get_inputs()}
            return dict(zip(names, sessions[name].run(names, given)))
        except Exception as error:  # onnxruntime's own types, with the trace of a graph
            reason = str(error).strip().splitlines()[0][:200]
            raise BoundExceeded(
                f"Expected a file that onnxruntime runs. Received: {reason} in {name!r}. Nothing "
                "was written. Leave the signature out with signatures=.",
                {name: "onnxruntime does not run it"},
            ) from error

    return run
