"""TFLite files of builtin operators, run by LiteRT before they are handed over."""

from kerasgen import checks, durable
from kerasgen.export import sidecar
from kerasgen.export import signatures as _signatures
from kerasgen.export.conversion import convert
from kerasgen.export.running import runner
from kerasgen.export.traces import traced
from kerasgen.export.verification import (
    BOUNDS,
    BoundExceeded,
    Report,
    bound_of,
    milliseconds,
    verify,
)

_INTEGERS = ("int8", "uint8")
# What files of a kind have if it is asked for, and why not otherwise.
_LEFT_OUT: dict[str | None, dict[str, str]] = {
    "int8": {"elbo": "it repeats encoder and decoder, and eight bits blur nats; name it"}
}


def tflite(
    model,
    path,
    quantize=None,
    signatures=None,
    seed=1,
    calibration=None,
    bound=None,
    batch_size: int | None = 1,
    io=None,
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
            weights and activations, with float32 inputs and outputs unless `io` is given.
        signatures: names of those to export, without which there is an error; by default all, in
            quantized files those that agree with the model, in int8 ones without `elbo`, and the
            report says what is left out.
        seed: a positive integer, of `sample_seeded`.
        calibration: for "int8", representative images, with labels as `(images, labels)` for a
            conditional model; by default the model's own samples, or, where it does not sample,
            noise, which shows a classifier of photographs few of the values that it meets.
        bound: largest error against Keras to accept, for every element; by default
            `BOUNDS[quantize]`, which also bounds the mean.
        batch_size: examples of every call; None leaves it free.
        io: "int8" or "uint8", for quantize="int8": the type of inputs and outputs in place of
            float32, for programs without floats; `facts` has each one's scale and zero point.

    Returns:
        A `Report`.

    Raises:
        RuntimeError: another backend than TensorFlow, or a conversion that fails.
        ValueError: a model that cannot be exported, bad arguments, or an error above the bound.

    After any error `path` is as it was.

    >>> tflite(kerasgen.zoo.load("gmm_ring"), "ring.tflite", signatures=["sample"]).batch_size
    1
    """
    path, bound = checks.path("path", path), bound_of(_checked(quantize, calibration, io), bound)
    checks.positive("seed", seed)
    _signatures.check_batch(batch_size)
    if path.is_dir():
        raise ValueError(f"Expected a path of a file. Received: {path}, a folder. Name a file.")
    chosen = signatures_of(model, signatures, seed, batch_size)
    data = calibration_data(model, calibration)
    with traced(model, chosen, batch_size) as trace:
        whole = quantize is None or signatures is not None
        return from_trace(trace, path, quantize, whole, bound, data, io)


def signatures_of(model, names=None, seed=1, batch_size=None):
    """What a file of a batch size has: the model's signatures, or those named, and
    `sample_seeded` where it is free.

    >>> "sample_seeded" in signatures_of(kerasgen.families.Mixture([2], num_components=3))
    True
    """
    chosen = _signatures.of(model, names)
    if batch_size is None and (sample := chosen.get("sample")) and "noise" in sample.inputs:
        chosen["sample_seeded"] = _seeded(sample, seed)
    return chosen


def _write(trace, path, quantize, bound, data, io, chosen, left_out):
    """Writes some signatures of a trace, and returns the report."""
    model, _, batch_size, source = trace
    with durable.placed(path) as temporary:
        examples = trace.examples(chosen, data) if quantize == "int8" else None
        convert(source, temporary, chosen, quantize, examples, batch_size or 1, io)
        facts = sidecar.describe(model, chosen, temporary, quantize, left_out)
        if io is not None:
            _check_integers(facts["signatures"])
        run, size = runner(temporary), temporary.stat().st_size
        errors = verify(model, chosen, run, bound, batch_size, data)
        times = milliseconds(model, chosen, run, batch_size)
    sidecar.put_beside(facts, path)
    return Report(path, size, quantize, *errors, bound, times, batch_size, left_out)


def _check_integers(signatures):
    """Refuses signatures whose inputs or outputs TFLite left in float32."""
    reasons = {}
    for name, told in signatures.items():
        both = told["inputs"] | told["outputs"]
        if kept := [key for key, tensor in both.items() if tensor["dtype"] == "float32"]:
            reasons[name] = f"{', '.join(kept)} cannot be whole numbers"
    if reasons:
        raise BoundExceeded(
            f"Expected integer inputs and outputs. Received: {reasons}, which TFLite computes in "
            "float32. Nothing was written. Leave these signatures out with signatures=, or drop "
            "io=.",
            reasons,
        )


def from_trace(trace, path, quantize=None, whole=True, bound=None, data=None, io=None):
    """The report of a TFLite file of a trace; other arguments as of `tflite`.

    Args:
        whole: whether all signatures must be in it. Otherwise those that fail are left out. Where
            the converter ends, which does not say over which one, those that are drawn pixel by
            pixel are, whose loop it is.
        data: for "int8", `(examples, condition)` to measure ranges on.

    >>> import pathlib
    >>> from kerasgen.export.traces import traced
    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> sample = signatures_of(model, ["sample"], batch_size=1)
    >>> with traced(model, sample, batch_size=1) as trace:
    ...     from_trace(trace, pathlib.Path("sample.tflite"), "float16").quantize
    'float16'
    """
    bound = bound or BOUNDS[quantize]
    if whole:
        return _write(trace, path, quantize, bound, data, io, trace.signatures, {})
    loops, unasked = trace.model.autoregressive_signatures, _LEFT_OUT.get(quantize, {})
    left_out = {name: why for name, why in unasked.items() if name in trace.signatures}
    chosen = {name: each for name, each in trace.signatures.items() if name not in left_out}
    while True:
        try:
            return _write(trace, path, quantize, bound, data, io, chosen, left_out)
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


def _checked(quantize, calibration, io):
    modes = [mode for mode in BOUNDS if mode != "saved_model"]
    if quantize not in modes:
        raise ValueError(f"Expected quantize to be one of {modes}. Received: quantize={quantize!r}")
    if calibration is not None and quantize != "int8":
        raise ValueError(
            f"Expected calibration= with quantize='int8' only. Received: quantize={quantize!r}. "
            "Drop it."
        )
    if io is not None and (io not in _INTEGERS or quantize != "int8"):
        raise ValueError(
            f"Expected io to be one of {_INTEGERS}, with quantize='int8'. Received: io={io!r}, "
            f"quantize={quantize!r}. Drop io=, or add quantize='int8'."
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


def calibration_data(model, calibration):
    """Checked `(images, labels)`, or None.

    >>> calibration_data(kerasgen.families.Mixture([2], num_components=3), None) is None
    True
    """
    if calibration is None:
        return None
    images, labels = calibration if isinstance(calibration, tuple) else (calibration, None)
    return model.check(images, labels)
