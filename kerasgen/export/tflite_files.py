"""TFLite files of builtin operators, run by LiteRT before they are handed over."""

import functools

from kerasgen import checks, durable
from kerasgen.export import sidecar
from kerasgen.export import signatures as _signatures
from kerasgen.export.conversion import convert, convertible
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
# What files of a kind have if it is asked for, and why not otherwise.
_LEFT_OUT = {"int8": {"elbo": "it repeats encoder and decoder, and eight bits blur nats; name it"}}


def tflite(
    model,
    path,
    quantize=None,
    signatures=None,
    seed=1,
    calibration=None,
    bound=None,
    batch_size: int | None = 1,
):
    """Writes a TFLite file of builtin operators, checked by the LiteRT interpreter, and beside it,
    in FILE.json, what programs must know of it, which is in its metadata too: see `facts`.

    Files of one batch size run everywhere: LiteRT in browsers and on graphics processors refuses a
    free one. A file with a free batch size has, beside the SavedModel's signatures,
    `sample_seeded`, which draws its own noise and returns it too, the same in every interpreter
    that opens the file. Where draws must differ between devices, use `sample` and give it noise.

    Args:
        model: a model that lists `export_signatures()`, on the TensorFlow backend.
        path: of the file; one that is there is replaced once the new one is verified.
        quantize: None: float32; "float16": half the size; "dynamic": int8 weights; "int8": int8
            weights and activations, with float32 inputs and outputs.
        signatures: names of those to export, without which there is an error; by default all, in
            quantized files those that agree with the model, in int8 ones without `elbo`, and the
            report says what is left out.
        seed: a positive integer, of `sample_seeded`.
        calibration: for "int8", representative images, with labels as `(images, labels)` for a
            conditional model; by default the model's own samples.
        bound: largest error against Keras to accept, for every element; by default
            `BOUNDS[quantize]`, which also bounds the mean.
        batch_size: examples of every call; None leaves it free.

    Returns:
        A `Report`.

    Raises:
        RuntimeError: another backend than TensorFlow, or a conversion that fails.
        ValueError: a model that cannot be exported, bad arguments, or an error above the bound.

    After any error `path` is as it was.

    >>> tflite(kerasgen.zoo.load("gmm_ring"), "ring.tflite", signatures=["sample"]).batch_size
    1
    """
    path, bound = checks.path("path", path), bound_of(_checked(quantize, calibration), bound)
    checks.positive("seed", seed)
    _signatures.check_batch(batch_size)
    if path.is_dir():
        raise ValueError(f"Expected a path of a file. Received: {path}, a folder. Name a file.")
    chosen = _signatures.of(model, signatures)
    if batch_size is None and (sample := chosen.get("sample")) and "noise" in sample.inputs:
        chosen["sample_seeded"] = _seeded(sample, seed)
    data = _calibration_data(model, calibration)
    write = functools.partial(_write, model, path, quantize, data, bound, batch_size)
    if quantize is None or signatures is not None:
        return write(chosen, {})
    unasked = _LEFT_OUT.get(quantize, {})
    return _without_what_fails(write, chosen, model.autoregressive_signatures, unasked)


def _write(model, path, quantize, data, bound, batch_size, chosen, left_out):
    """Writes some signatures, and returns the report."""
    with durable.placed(path) as temporary:
        source = temporary.with_suffix(".saved_model")
        with convertible():
            archive(chosen, source, batch_size)
        examples = _examples(model, chosen, data, batch_size) if quantize == "int8" else None
        convert(source, temporary, chosen, quantize, examples, batch_size or 1)
        facts = sidecar.describe(model, chosen, temporary, quantize, left_out)
        run, size = _interpreter(temporary), temporary.stat().st_size
        errors = verify(model, chosen, run, bound, batch_size)
        times = milliseconds(model, chosen, run, batch_size)
    sidecar.put_beside(facts, path)
    return Report(path, size, quantize, *errors, bound, times, batch_size, left_out)


def _without_what_fails(write, chosen, loops, unasked):
    """The report of as many signatures as can be written, without those that nobody asked for.

    Where the converter ends, which does not say over which one, those that are drawn pixel by
    pixel are left out, whose loop it is.
    """
    left_out = {name: why for name, why in unasked.items() if name in chosen}
    chosen = {name: each for name, each in chosen.items() if name not in left_out}
    while True:
        try:
            return write(chosen, left_out)
        except BoundExceeded as error:
            wrong, failure = error.reasons, error
        except RuntimeError as error:
            wrong = {name: "not converted" for name in chosen if name.startswith(loops)}
            failure = error
        left_out |= wrong
        rest = {name: each for name, each in chosen.items() if name not in left_out}
        if len(rest) in (0, len(chosen)):
            raise failure
        chosen = rest


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


def _examples(model, chosen, data, batch_size):
    """What full-integer conversion measures ranges on: whole batches for every signature."""
    size = batch_size or 1
    n = _CALIBRATION_EXAMPLES if data is None else len(data[0])
    if n < size:
        raise ValueError(
            f"Expected calibration= of at least {size} examples, one batch. Received: {n}."
        )
    if data is not None:
        data = tuple(part if part is None else part[: n - n % size] for part in data)
    n -= n % size
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
                {name: "LiteRT does not run it"},
            ) from error

    return run
