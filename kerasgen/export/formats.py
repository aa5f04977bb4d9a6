"""The files: SavedModel folders and TFLite files."""

import contextlib
import inspect
import os
import pathlib
import subprocess
import sys
import tempfile
from unittest import mock

import keras
import numpy as np

from kerasgen import checks
from kerasgen.export import signatures as _signatures
from kerasgen.export.verification import BOUNDS, Bound, BoundExceeded, Report, milliseconds, verify

_CALIBRATION_EXAMPLES = 100


def saved_model(model, folder, signatures=None, bound=None):
    """Writes a SavedModel with a free batch size that TensorFlow alone can load.

    It is `tf.saved_model.load(folder).encode(images)`, or `.signatures["encode"](images=images)`
    with names; so is what `tensorflow_hub.load` gives. `keras.layers.TFSMLayer(folder,
    call_endpoint="encode")` takes signatures of one input.

    Args:
        model: a model that lists `export_signatures()`, on the TensorFlow backend.
        folder: to write, with its parents; a SavedModel that is there is replaced once the new one
            is verified.
        signatures: names of those to export; all by default.
        bound: largest error against Keras to accept, for every element; by default
            `BOUNDS["saved_model"]`, which also bounds the mean.

    Returns:
        A `Report`.

    Raises:
        RuntimeError: another backend than TensorFlow.
        ValueError: a model that cannot be exported, a folder with other content, or an error above
            the bound; `folder` is then as it was.
    """
    chosen = _signatures.of(model, signatures)
    folder, bound = (
        pathlib.Path(folder),
        BOUNDS["saved_model"] if bound is None else Bound(bound, bound, bound),
    )
    replaceable = folder.is_dir() and (
        (folder / "saved_model.pb").is_file() or not any(folder.iterdir())
    )
    if folder.exists() and not replaceable:
        raise ValueError(
            f"Expected a new folder or a SavedModel to replace. Received: {folder}. Name another."
        )
    import tensorflow as tf

    with _written_whole(folder) as temporary:
        _archive(chosen, temporary)
        loaded = tf.saved_model.load(str(temporary)).signatures

        def run(name, inputs):
            outputs = loaded[name](**{key: tf.constant(value) for key, value in inputs.items()})
            return {key: value.numpy() for key, value in outputs.items()}

        errors, mean_errors = verify(model, chosen, run, bound)
        times = milliseconds(model, chosen, run)
        size = sum(file.stat().st_size for file in temporary.rglob("*") if file.is_file())
    return Report(folder, size, "saved_model", errors, mean_errors, bound, times)


def tflite(model, path, quantize=None, signatures=None, seed=1, calibration=None, bound=None):
    """Writes a TFLite file of builtin operators with a free batch size, checked by the LiteRT
    interpreter.

    Beside the SavedModel's signatures it has `sample_seeded`, which draws its own noise and returns
    it too. The seed is
    part of the file: every interpreter that opens the file repeats the same draws, and successive
    calls of one interpreter continue them. Where draws must differ between devices, use `sample`
    and give it noise.

    Args:
        model: a model that lists `export_signatures()`, on the TensorFlow backend.
        path: of the file; one that is there is replaced once the new one is verified.
        quantize: None: float32; "float16": half the size; "dynamic": int8 weights; "int8": int8
            weights and activations, with float32 inputs and outputs.
        signatures: names of those to export; all by default.
        seed: a positive integer, of `sample_seeded`.
        calibration: for "int8", representative images, with labels as `(images, labels)` for a
            conditional model; by default the model's own samples.
        bound: largest error against Keras to accept, for every element; by default
            `BOUNDS[quantize]`, which also bounds the mean.

    Returns:
        A `Report`.

    Raises:
        RuntimeError: another backend than TensorFlow, or a conversion that fails.
        ValueError: a model that cannot be exported, bad arguments, or an error above the bound.

    After any error `path` is as it was.
    """
    modes = [mode for mode in BOUNDS if mode != "saved_model"]
    if quantize not in modes:
        raise ValueError(f"Expected quantize to be one of {modes}. Received: quantize={quantize!r}")
    if calibration is not None and quantize != "int8":
        raise ValueError(
            f"Expected calibration= with quantize='int8' only. Received: quantize={quantize!r}. "
            "Drop it."
        )
    checks.positive("seed", seed)
    chosen = _signatures.of(model, signatures)
    path, bound = (
        pathlib.Path(path),
        BOUNDS[quantize] if bound is None else Bound(bound, bound, bound),
    )
    if path.is_dir():
        raise ValueError(
            f"Expected the path of a file. Received: {path}, which is a folder. Add a file name."
        )
    if (sample := chosen.get("sample")) and "noise" in sample.inputs:
        chosen["sample_seeded"] = _seeded(chosen["sample"], seed)
    data = _calibration_data(model, calibration)
    with _written_whole(path) as temporary:
        source = temporary.with_suffix(".saved_model")
        with _convertible():
            _archive(chosen, source)
        if quantize == "int8":
            n = _CALIBRATION_EXAMPLES if data is None else len(data[0])
            examples = {
                name: _signatures.draw(model, signature, n, 0, data)
                for name, signature in chosen.items()
            }
            _convert_apart(source, temporary, examples)
        else:
            _convert(source, temporary, chosen, quantize)
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(str(temporary))

        def run(name, inputs):
            try:
                return interpreter.get_signature_runner(name)(**inputs)
            except RuntimeError as error:  # a quantized divisor of 0, say
                raise BoundExceeded(
                    f"Expected a file that LiteRT runs. Received: {error} in {name!r}. Nothing was "
                    "written. Leave the "
                    "signature out with signatures=, or quantize in another way.",
                    [name],
                ) from error

        errors, mean_errors = verify(model, chosen, run, bound)
        times = milliseconds(model, chosen, run)
        size = temporary.stat().st_size
    return Report(path, size, quantize, errors, mean_errors, bound, times)


def every_format(model, folder):
    """Writes the SavedModel and the TFLite file of every kind into `folder`, and returns their
    reports.

    Quantized files do without the signatures that would disagree with the model, or not run; where
    the converter ends, which does not say over which one, without those that are drawn in turn,
    whose loop it is.
    """
    folder = pathlib.Path(folder)
    reports = [saved_model(model, folder / "saved_model"), tflite(model, folder / "float32.tflite")]
    for quantize in [format for format in BOUNDS if format not in ("saved_model", None)]:
        signatures = list(_signatures.of(model))
        while signatures:
            try:
                reports.append(tflite(model, folder / f"{quantize}.tflite", quantize, signatures))
                break
            except BoundExceeded as error:
                wrong = {
                    name.removesuffix("_seeded") for name in error.signatures
                }  # which goes with `sample`
                signatures = [name for name in signatures if name not in wrong]
            except RuntimeError:
                others = [
                    name
                    for name in signatures
                    if not name.startswith(model.autoregressive_signatures)
                ]
                signatures = others if len(others) < len(signatures) else []
    return reports


@contextlib.contextmanager
def _written_whole(path):
    """Yields a temporary path beside `path`; what is there at the end moves to `path`, and nothing
    after an error.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as workshop:
        new = pathlib.Path(workshop, path.name)
        yield new
        if path.is_dir():  # a folder can take the place of an empty one only
            os.replace(path, pathlib.Path(workshop, "replaced"))
        os.replace(new, path)


def _archive(signatures, folder):
    """Writes the signatures as a SavedModel with the variables that they use."""
    import tensorflow as tf

    archive = keras.export.ExportArchive()
    for name, signature in signatures.items():
        specs = [
            tf.TensorSpec(
                () if each is _signatures.COUNT else (None, *each.shape), each.dtype, name=key
            )
            for key, each in signature.inputs.items()
        ]
        archive.add_endpoint(name, _named(signature), specs)
    archive.write_out(str(folder), verbose=False)


def _named(signature):
    """The signature's function with its inputs as parameters, from which TensorFlow takes names."""
    names = list(signature.inputs)

    def function(*args, **kwargs):
        return signature.function(**dict(zip(names, args)), **kwargs)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    function.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])
    return function


def _seeded(sample, seed):
    """The signature that draws the noise of `sample` by a builtin random operator."""
    import tensorflow as tf

    noise_shape = sample.inputs["noise"].shape
    condition = {name: each for name, each in sample.inputs.items() if name != "noise"}

    def draw(count, condition):
        noise = tf.random.normal((count, *noise_shape), seed=seed)
        return {"noise": noise, **sample.function(noise, **condition)}

    if not condition:
        inputs = {"count": _signatures.COUNT}
        return _signatures.Signature(lambda count: draw(count, {}), inputs, sample.function)

    def from_condition(**given):
        return draw(tf.shape(next(iter(given.values())))[0], given)

    return _signatures.Signature(from_condition, condition, sample.function)


@contextlib.contextmanager
def _convertible():
    """Traces two operators as others, which survive the conversion.

    TFLite has no softplus and computes log(exp(x) + 1), which overflows past 88: the
    log-probability of an image under confident logits was wrong by thousands of nats, with no
    error. And full-integer files misread the scale of what
    one_hot gives: 1 became 3.3 and 0 became -3.9.
    """
    import tensorflow as tf
    from tensorflow.python.ops import gen_array_ops, gen_nn_ops

    def softplus(features, name=None):
        return tf.maximum(features, 0.0) + tf.math.log1p(tf.exp(-tf.abs(features)))

    def one_hot(indices, depth, on_value, off_value, axis=-1, name=None):
        hit = tf.equal(tf.expand_dims(indices, axis), tf.range(tf.cast(depth, indices.dtype)))
        return tf.where(hit, on_value, off_value)

    with (
        mock.patch.object(gen_nn_ops, "softplus", softplus),
        mock.patch.object(gen_array_ops, "one_hot", one_hot),
    ):
        yield


def _calibration_data(model, calibration):
    """Checked `(images, labels)`, or None."""
    if calibration is None:
        return None
    images, labels = calibration if isinstance(calibration, tuple) else (calibration, None)
    return model.check(images, labels)


def _convert(source, path, names, quantize):
    from kerasgen.export.convert import convert

    try:
        path.write_bytes(convert(source, names, quantize))
    except (
        Exception
    ) as error:  # the converter raises its own types, whose messages run over hundreds of lines
        raise RuntimeError(_conversion_failed(names, str(error))) from error


def _convert_apart(source, path, examples):
    """Full-integer conversion in another process, since a fault of the calibration ends its
    process.
    """
    from kerasgen.export import convert

    archive = source.with_suffix(".npz")
    np.savez(
        archive,
        **{
            f"{name}|{key}": value
            for name, inputs in examples.items()
            for key, value in inputs.items()
        },
    )
    command = [sys.executable, convert.__file__, source, path, archive]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise RuntimeError(
            _conversion_failed(examples, f"{done.stderr}\nexit status {done.returncode}")
        )


def _conversion_failed(names, message):
    lines = message.strip().splitlines()
    telling = (
        "error: failed while converting",
        "TF Select ops",
        "Custom ops",
    )  # the signature, and what TFLite lacks
    reason = " ".join(
        [line.strip() for line in lines if any(text in line for text in telling)] or lines[-1:]
    )[:300]
    return (
        f"Expected TFLite to convert the signatures {list(names)}. Received: {reason}. "
        "Leave the one that it cannot convert out with signatures=."
    )
