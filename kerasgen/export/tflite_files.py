"""TFLite files of builtin operators, run by LiteRT before they are handed over."""

import pathlib

from kerasgen import checks, durable
from kerasgen.export import signatures as _signatures
from kerasgen.export.conversion import convert, convert_apart, convertible
from kerasgen.export.saved_models import archive
from kerasgen.export.verification import (
    BOUNDS,
    BoundExceeded,
    Report,
    bound_of,
    milliseconds,
    verify,
)

_CALIBRATION_EXAMPLES = 100


def tflite(model, path, quantize=None, signatures=None, seed=1, calibration=None, bound=None):
    """Writes a TFLite file of builtin operators with a free batch size, checked by the LiteRT
    interpreter.

    Beside the SavedModel's signatures it has `sample_seeded`, which draws its own noise and returns
    it too. The seed is part of the file: every interpreter that opens the file repeats the same
    draws, and successive calls of one interpreter continue them. Where draws must differ between
    devices, use `sample` and give it noise.

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
    path, bound = pathlib.Path(path), bound_of(_checked(quantize, calibration), bound)
    checks.positive("seed", seed)
    if path.is_dir():
        raise ValueError(
            f"Expected the path of a file. Received: {path}, which is a folder. Add a file name."
        )
    chosen = _signatures.of(model, signatures)
    if (sample := chosen.get("sample")) and "noise" in sample.inputs:
        chosen["sample_seeded"] = _seeded(sample, seed)
    data = _calibration_data(model, calibration)
    with durable.placed(path) as temporary:
        source = temporary.with_suffix(".saved_model")
        with convertible():
            archive(chosen, source)
        if quantize == "int8":
            convert_apart(source, temporary, _examples(model, chosen, data))
        else:
            convert(source, temporary, chosen, quantize)
        run, size = _interpreter(temporary), temporary.stat().st_size
        errors = verify(model, chosen, run, bound)
        return Report(path, size, quantize, *errors, bound, milliseconds(model, chosen, run))


def _checked(quantize, calibration):
    modes = [mode for mode in BOUNDS if mode != "saved_model"]
    if quantize not in modes:
        raise ValueError(f"Expected quantize to be one of {modes}. Received: quantize={quantize!r}")
    if calibration is not None and quantize != "int8":
        raise ValueError(
            f"Expected calibration= with quantize='int8' only. Received: quantize={quantize!r}. "
            "Drop it."
        )
    return quantize


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


def _calibration_data(model, calibration):
    """Checked `(images, labels)`, or None."""
    if calibration is None:
        return None
    images, labels = calibration if isinstance(calibration, tuple) else (calibration, None)
    return model.check(images, labels)


def _examples(model, chosen, data):
    """What full-integer conversion measures ranges on: inputs of every signature."""
    n = _CALIBRATION_EXAMPLES if data is None else len(data[0])
    return {name: _signatures.draw(model, each, n, 0, data) for name, each in chosen.items()}


def _interpreter(path):
    """What a file gives, as a function of a signature's name and its named inputs."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))

    def run(name, inputs):
        try:
            return interpreter.get_signature_runner(name)(**inputs)
        except RuntimeError as error:  # a quantized divisor of 0, say
            raise BoundExceeded(
                f"Expected a file that LiteRT runs. Received: {error} in {name!r}. Nothing was "
                "written. Leave the signature out with signatures=, or quantize in another way.",
                [name],
            ) from error

    return run
