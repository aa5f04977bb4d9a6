"""An exported file is compared with its Keras model, signature by signature, before it is handed
over.
"""

import pathlib
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from kerasgen.export import signatures as _signatures


class BoundExceeded(ValueError):
    """An exported file that disagrees with its model, or does not run. Nothing was written.

    Attributes:
        reasons: what is wrong with each signature that does, by name.

    >>> BoundExceeded("Expected less.", {"sample": "0.2 (mean 0.1)"}).reasons
    {'sample': '0.2 (mean 0.1)'}
    """

    def __init__(self, message, reasons):
        super().__init__(message)
        self.reasons = dict(reasons)


class Bound(NamedTuple):
    """Errors allowed, in units of the output's largest value or of 1, whichever is larger.

    So an error is absolute for pixels, and relative for an ELBO of -90 nats. That of ids is the
    share that differs.

    Attributes:
        largest: of the worst element of any output.
        mean: over the elements of any output.
        drawn: share of the pixels that may be off by more than `largest`, whatever the mean, of
            images whose parts are drawn in turn: the last digit of a float may decide one, and
            with it those after.

    >>> BOUNDS[None].largest >= BOUNDS[None].mean
    True
    """

    largest: float
    mean: float
    drawn: float = 0.02


# Under "int8" the mean says more than the worst of some ten thousand pixels, which lies at the edge
# of a stroke, where little decides. What limits it are activations of 8 bits: in vae_mnist, inputs
# of swish reach from -80 to 30, one step is 0.1 to 0.4, and ten layers add theirs up. With
# activations of 16 bits the mean error is a tenth. Calibration on more examples only widens the
# ranges.
BOUNDS = {
    "saved_model": Bound(1e-4, 1e-5),
    None: Bound(1e-4, 1e-5),
    "float16": Bound(5e-3, 1e-3, 0.05),
    "dynamic": Bound(0.1, 0.01, 0.05),
    "int8": Bound(0.4, 0.03, 0.05),
}
BATCH_SIZES = (1, 16)  # of files with a free one
EXAMPLES = 17  # of others
_TIMED = 5  # calls


def bound_of(format, largest=None):
    """The `Bound` of a format, or one that allows every element the same error.

    >>> bound_of(None) == BOUNDS[None]
    True
    """
    return BOUNDS[format] if largest is None else Bound(largest, largest, largest)


class Report(NamedTuple):
    """What was written, and how far it is from the Keras model.

    Attributes:
        path: of the file, or of the SavedModel's folder.
        size: in bytes.
        quantize: "saved_model", None, "float16", "dynamic" or "int8".
        errors: largest error by signature, in the units of `Bound`.
        mean_errors: mean error by signature, of its worst output.
        bound: that no error exceeds.
        milliseconds: that a call for one example takes here, by signature: the median of five
            calls.
        batch_size: examples of every call; None where it is free.
        left_out: why the file lacks a signature of the model, by its name.

    >>> errors = {"sample": 2e-6}
    >>> print(Report("a.tflite", 4000, None, errors, errors, BOUNDS[None], {"sample": 0.5}, 1))
    4 kB, batch size 1, largest (mean) error against Keras: sample 2.0e-06 ...
    """

    path: pathlib.Path
    size: int
    quantize: str | None
    errors: dict[str, float]
    mean_errors: dict[str, float]
    bound: Bound
    milliseconds: dict[str, float]
    batch_size: int | None = None
    left_out: dict[str, str] = {}

    def __str__(self):
        errors = ", ".join(
            f"{name} {error:.1e} ({self.mean_errors[name]:.1e})"
            for name, error in self.errors.items()
        )
        times = ", ".join(f"{name} {value:.3g}" for name, value in self.milliseconds.items())
        batch = "any batch size" if self.batch_size is None else f"batch size {self.batch_size}"
        left_out = "".join(f"; left out: {name}, {why}" for name, why in self.left_out.items())
        return (
            f"{self.size / 1000:,.0f} kB, {batch}, largest (mean) error against Keras: {errors}; "
            f"milliseconds: {times}{left_out}"
        )


def verify(model, signatures, run, bound, batch_size=None, data=None):
    """The largest error and the mean error by signature of an exported file.

    Args:
        run: `run(name, inputs) -> outputs`, what the file gives for named NumPy arrays.
        bound: the `Bound` on both.
        batch_size: of the file; None where it is free.
        data: `(examples, condition)` to compare on, by default the model's own samples, or noise.

    Raises:
        ValueError: an error above the bound, or that is not a number.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> sample = {"sample": _signatures.of(model)["sample"]}
    >>> run = lambda name, inputs: sample[name].expected(inputs, {})  # a file without any error
    >>> verify(model, sample, run, BOUNDS[None])
    ({'sample': 0.0}, {'sample': 0.0})
    """
    largest, means, wrong = {}, {}, {}
    sizes = BATCH_SIZES if batch_size is None else [batch_size * -(-EXAMPLES // batch_size)]
    given = [
        _first(n, data) if data else _signatures.examples(model, signatures, n, seed)
        for seed, n in enumerate(sizes, start=1)
    ]
    for name, signature in signatures.items():
        found = {}  # output: the errors of all its elements
        draws_in_turn = name.startswith(model.autoregressive_signatures)
        signature = signature.compiled() if draws_in_turn else signature
        for seed, n in enumerate(sizes, start=1):
            inputs = _signatures.draw(model, signature, n, seed, given[seed - 1])
            outputs = in_batches(run, name, inputs, batch_size)
            expected = signature.expected(inputs, outputs)
            if outputs.keys() != expected.keys():
                raise ValueError(
                    f"Expected outputs {sorted(expected)} of {name!r}. Received: {sorted(outputs)}."
                )
            for key in expected:
                found.setdefault(key, []).append(_errors(outputs[key], expected[key]))
        joined = [np.concatenate(batches) for batches in found.values()]
        largest[name], means[name] = (
            float(max(reduce(errors) for errors in joined)) for reduce in (np.max, np.mean)
        )
        if reason := _reason(joined, largest[name], means[name], bound, draws_in_turn):
            wrong[name] = reason
    if wrong:
        raise BoundExceeded(
            f"Expected the exported model to agree with Keras within {bound.largest:g} (mean "
            f"{bound.mean:g}). Received: errors {wrong}. Nothing was written. Leave these "
            "signatures out with signatures=, quantize less, or allow more with bound=.",
            wrong,
        )
    return largest, means


def _reason(errors, largest, mean, bound, draws_in_turn):
    """Why the errors of a signature's outputs exceed a bound, or None."""
    if not draws_in_turn:
        within = largest <= bound.largest and mean <= bound.mean
        return None if within else f"{largest:.3g} (mean {mean:.3g})"
    if np.isinf(largest):
        return "not a number, or of another shape"
    off = max(np.mean(each > bound.largest) for each in errors)
    if off <= bound.drawn:
        return None
    return f"above {bound.largest:g} in {off:.1%} of the pixels (at most {bound.drawn:.0%})"


def _first(n, data):
    """The first n rows, which begin anew where there are fewer."""
    rows = np.arange(n) % len(data[0])
    return tuple(None if part is None else np.asarray(part)[rows] for part in data)


def in_batches(run: Callable, name: str, inputs: dict[str, np.ndarray], size: int | None):
    """What `run(name, inputs)` gives of examples of which a call takes `size`, or all for None.

    >>> def run(name, inputs):
    ...     return {"sum": inputs["z"].sum(axis=1)}
    >>> in_batches(run, "sum", {"z": np.ones((4, 3))}, 2)["sum"].tolist()
    [3.0, 3.0, 3.0, 3.0]
    """
    if size is None:
        return run(name, inputs)
    n = len(next(iter(inputs.values())))
    calls = [
        run(name, {key: value[i : i + size] for key, value in inputs.items()})
        for i in range(0, n, size)
    ]
    return {key: np.concatenate([call[key] for call in calls]) for key in calls[0]}


def milliseconds(model, signatures, run, batch_size=None):
    """The median time of a call for one batch, by signature, of one example where the size is
    free; arguments as of `verify`.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> sample = {"sample": _signatures.of(model)["sample"]}
    >>> run = lambda name, inputs: sample[name].expected(inputs, {})
    >>> milliseconds(model, sample, run)["sample"] > 0
    True
    """
    medians = {}
    for name, signature in signatures.items():
        inputs = _signatures.draw(model, signature, batch_size or 1, seed=1)
        run(name, inputs)  # which makes room for this batch size
        times = []
        for _ in range(_TIMED):
            began = time.perf_counter()
            run(name, inputs)
            times.append(1000 * (time.perf_counter() - began))
        medians[name] = statistics.median(times)
    return medians


def _errors(output, expected):
    """Of each element, infinite where the shapes differ or an output is not a number."""
    if output.shape != expected.shape:
        return np.full(1, np.inf)
    if np.issubdtype(expected.dtype, np.integer):
        return np.full(expected.size, np.mean(output != expected))
    errors = np.abs(output - expected).ravel() / max(1.0, np.max(np.abs(expected)))
    return np.where(np.isfinite(errors), errors, np.inf)
