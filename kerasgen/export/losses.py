"""What formats lose, in the model's own figures.

File and model are given the same held-out examples and the same noise. A figure is that of a
signature, whatever the family: nats where it tells likelihoods, right answers where it classifies,
tokens that changed where it tokenizes, the error of its reconstructions, and, where there is none
of these, the Fréchet distance of its samples from the examples.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from kerasgen.export import signatures as _signatures
from kerasgen.export.running import runner
from kerasgen.export.verification import in_batches
from kerasgen.metrics.features import VALUES
from kerasgen.metrics.figure import Figure
from kerasgen.metrics.frechet import Moments, frechet_distance

EXAMPLES = 200
GOALS = {"float16": 0.1, "dynamic": 2.0, "int8": 2.0}  # largest loss, in per cent of a figure
SHARE = 30.0  # of an int8 file of a model above `LARGE`, in per cent of the float32 one
LARGE = 1_000_000  # bytes of that
_DRAWN = 20  # of signatures in which one element decides those after it
_TINY = 1e-6


class Study(NamedTuple):
    """What figures are measured on.

    Attributes:
        examples, condition: held out, condition None where there is none; examples None for the
            model's own samples.
        labels: of their classes, None where they are not known.
        features: function of examples to what the Fréchet distance is measured on.

    >>> Study(np.zeros((200, 2))).condition is None
    True
    """

    examples: Any
    condition: Any = None
    labels: Any = None
    features: Callable[[Any], np.ndarray] = VALUES


class Loss(NamedTuple):
    """A figure of a model, and by how many per cent of it those of files are worse.

    Attributes:
        signature: that it is a figure of.
        figure: of the model.
        worse: per cent by which a file's figure is worse, by format; negative where it is better.

    >>> Loss("log_prob", Figure(80.0, "nats"), {"int8": 0.5}).worse["int8"]
    0.5
    """

    signature: str
    figure: Figure
    worse: dict[str | None, float]


def of_files(model, reports, study) -> list[Loss]:
    """The losses of the TFLite files among what `every_format` returned.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> reports = kerasgen.export.every_format(model, "formats")
    >>> (loss,) = of_files(model, reports, Study(np.zeros((200, 2))))
    >>> loss.worse["float16"] < GOALS["float16"]
    True
    """
    files = [each for each in reports if each.path.is_file()]
    runs = {each.quantize: (runner(each.path), each.errors.keys()) for each in files}
    return losses(model, _signatures.of(model), runs, study, files[0].batch_size)


def short(reports, found) -> list[str]:
    """What of the goals the files of a model fall short of, in words, and beside an int8
    file's loss the dynamic one's: weights, and activations rounded by the ranges of each call.

    >>> worse = {"float16": 0.01, "dynamic": 0.1, "int8": 2.5}
    >>> short([], [Loss("log_prob", Figure(80.0, "nats"), worse)])
    ['int8: log_prob worse by 2.5 % (goal 2 %), with ranges of each call 0.1 %']
    """
    lines = [
        f"{format}: {loss.signature} worse by {worse:.2g} % (goal {GOALS[format]:g} %)"
        + (f", with ranges of each call {alone:.2g} %" if format == "int8" and alone else "")
        for loss in found
        for alone in [loss.worse.get("dynamic")]
        for format, worse in loss.worse.items()
        if worse > GOALS.get(format, np.inf)
    ]
    large = any(each.quantize is None and each.size > LARGE for each in reports)
    share = shares(reports).get("int8", 0.0)
    if large and share > SHARE:
        lines.append(f"int8: {share:.1f} % of the size of float32 (goal {SHARE:g} %)")
    return lines


def shares(reports) -> dict[str | None, float]:
    """The size of each file in per cent of that of the float32 one, by format.

    >>> shares([])
    {}
    """
    size = next((each.size for each in reports if each.quantize is None), None)
    return {each.quantize: 100 * each.size / size for each in reports if each.path.is_file()}


def losses(model, signatures, files, study, batch_size=1) -> list[Loss]:
    """The losses of files of a model.

    Args:
        signatures: those of the model, by name.
        files: `run(name, inputs) -> outputs` of each format and the names of its signatures,
            `{"int8": (run, ["decode"])}`.
        study: what they are measured on.
        batch_size: examples of a call of the files; None where it is free.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> known = _signatures.of(model)
    >>> run = lambda name, inputs: known[name].expected(inputs, {})  # a file without any error
    >>> found = losses(model, known, {None: (run, ["log_prob"])}, Study(np.zeros((200, 2))))
    >>> [(loss.signature, loss.figure.unit, abs(loss.worse[None])) for loss in found]
    [('log_prob', 'nats', 0.0)]
    """
    known = {name: each.compiled() for name, each in signatures.items()}
    if study.examples is None:
        x, condition = _signatures.examples(model, known, EXAMPLES, seed=0)
        study = study._replace(examples=x, condition=condition)
    found = []
    for name, measure in _measures(signatures).items():
        n = _DRAWN if name.startswith(model.autoregressive_signatures) else EXAMPLES
        some = study._replace(**{key: _first(n, getattr(study, key)) for key in _ROWS})
        inputs = _signatures.draw(model, known[name], n, 0, (some.examples, some.condition))
        expected = known[name].expected(inputs, {})
        value = functools.partial(measure.value, inputs, expected, some)
        figure, worse = Figure(value(expected), measure.unit), {}
        for format, (run, names) in files.items():
            call = functools.partial(_call, run, known, batch_size)
            outputs = _outputs(name, names, call, known, inputs, expected)
            if outputs is not None:
                worse[format] = measure.worse(value(outputs), figure.value)
        found.append(Loss(name, figure, worse))
    return found


_ROWS = ("examples", "condition", "labels")


def _first(n, x):
    return keras.tree.map_structure(lambda rows: None if rows is None else rows[:n], x)


def _call(run, signatures, batch_size, name, inputs):
    given = {key: inputs[key] for key in signatures[name].inputs}
    return in_batches(run, name, given, batch_size)


def _outputs(name, names, call, known, inputs, expected):
    """What a file gives for a signature, if it has it or what its bound is computed of."""
    if name in names:
        return call(name, inputs)
    if name == "elbo" and {"encode", "decode"} <= set(names):
        return _bound(call, known, inputs, expected)
    return None


def _bound(call, signatures, inputs, expected):
    """The bound of binary pixels of a code with a standard normal prior, by the signatures `encode`
    and `decode`; None where the model's bound is another.
    """

    def bound(call):
        code = call("encode", inputs)
        if code.keys() != {"mean", "scale"}:
            return None
        mean, scale = code["mean"], code["scale"]
        (p,) = call("decode", inputs | {"z": mean + scale * inputs["noise"]}).values()
        x, p = inputs["images"], np.clip(p, _TINY, 1 - _TINY)
        kl = 0.5 * (mean**2 + scale**2 - 1 - 2 * np.log(np.maximum(scale, _TINY)))
        nats = x * np.log(p) + (1 - x) * np.log(1 - p)
        return _by_example(nats) - _by_example(kl)

    def of_model(name, given):
        return signatures[name].expected({key: given[key] for key in signatures[name].inputs}, {})

    if "images" not in inputs:
        return None
    exact = bound(of_model)
    if exact is None or not np.allclose(exact.mean(), expected["elbo"].mean(), rtol=1e-3):
        return None
    return {"elbo": bound(call)}


def _by_example(values):
    return values.reshape(len(values), -1).sum(axis=1)


class _Measure(NamedTuple):
    unit: str
    value: Callable[..., float]  # of inputs, the model's outputs, a study and a file's outputs
    better: int = -1  # 1 where more is better

    def worse(self, value, of_model):
        return self.better * 100 * (of_model - value) / (abs(of_model) or 1.0)


def _measures(signatures):
    found = {}
    if likelihood := next((name for name in ("log_prob", "elbo") if name in signatures), None):
        found[likelihood] = _Measure("nats", _nats)
    if "classify" in signatures:
        found["classify"] = _Measure("of 1 right", _right, better=1)
    if "decode" in signatures and "tokens" in signatures["decode"].inputs:
        found["encode"] = _Measure("of 1 tokens changed", _changed)
    if "reconstruct" in signatures:
        found["reconstruct"] = _Measure("squared error", _distortion)
    return found or {"sample": _Measure("Fréchet distance", _frechet)}


def _nats(inputs, expected, study, outputs):
    (log_prob,) = outputs.values()
    return -float(np.mean(log_prob))


def _right(inputs, expected, study, outputs):
    """Against the labels, or, where they are not known, against what the model says."""
    p, labels = outputs["probabilities"], study.labels
    if labels is None:
        labels = np.argmax(expected["probabilities"], axis=-1)
    one_of_several = np.ndim(labels) < p.ndim
    return float(np.mean((np.argmax(p, axis=-1) if one_of_several else p > 0.5) == labels))


def _changed(inputs, expected, study, outputs):
    return float(np.mean(outputs["tokens"] != expected["tokens"]))


def _distortion(inputs, expected, study, outputs):
    return sum(
        float(np.mean(_by_example((value - inputs[name]) ** 2.0)))
        for name, value in outputs.items()
        if name in inputs
    )


def _frechet(inputs, expected, study, outputs):
    (samples,) = outputs.values()
    both = (Moments.of([study.features(x)]) for x in (samples, study.examples))
    return frechet_distance(*both)


def lines(reports, found) -> list[str]:
    """What the files of a model take and lose, a line each.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> report = kerasgen.export.tflite(model, "ring.tflite")
    >>> lines([report], [Loss("log_prob", Figure(80.0, "nats"), {None: 0.0})])
    ['float32: ... kB, 100.0 % of float32; log_prob +0.000 % of 80 nats']
    """
    sizes = {each.quantize: each.size for each in reports}
    return [
        f"{format or 'float32'}: {sizes[format] / 1000:,.0f} kB, {share:.1f} % of float32"
        + "".join(
            f"; {loss.signature} {loss.worse[format]:+.3f} % of {loss.figure}"
            for loss in found
            if format in loss.worse
        )
        for format, share in shares(reports).items()
    ]
