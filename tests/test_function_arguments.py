"""Metrics, plots and tasks say in one line what they expected, whatever they are given."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasgen import plot, zoo
from kerasgen.metrics import codes, kernel, manifold, memorisation, modes, two_sample, units
from kerasgen.tasks import appear, probe

X = np.random.default_rng(0).standard_normal((24, 2))
Y = X + 1
GREY = np.full((4, 8, 8, 1), 0.5, "float32")
CALLS = {  # a call that is right, by the names of its arguments
    manifold.precision_recall: {"real": X, "fake": Y, "k": 3},
    manifold.density_coverage: {"real": X, "fake": Y, "k": 3},
    kernel.kernel_distance: {"x": X, "y": Y},
    two_sample.mean_difference: {"x": X, "y": Y, "permutations": 9, "seed": 0},
    two_sample.mmd: {"x": X, "y": Y, "permutations": 9, "seed": 0},
    memorisation.copying: {"samples": X, "training": Y, "held_out": X},
    memorisation.nearest_neighbours: {"x": X, "others": Y},
    modes.mode_coverage: {"samples": X, "centres": Y[:3], "scale": 0.5},
    codes.histogram: {"tokens": [[0, 2], [1, 1]], "vocab_size": 3},
    codes.entropy: {"counts": [1, 2, 0]},
    codes.usage: {"counts": [1, 2, 0]},
    units.active_units: {"means": X},
    plot.units: {"kl": [0.1, 2.0]},
    plot.usage: {"counts": [1, 2, 0]},
    plot.grid: {"images": GREY, "columns": 2},
    appear.appear: {"samples": GREY, "patch_size": 2, "pause": 1},
    probe.few: {"labels": np.arange(8) % 2, "count": 4, "seed": 0},
    zoo.names: {"max_mb": 1.0},
}
ARGUMENTS = [(call, name) for call, given in CALLS.items() for name in given]
WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.floats() | st.text(max_size=2) | st.none(), max_size=3),
    st.dictionaries(st.text(max_size=1), st.integers(), max_size=1),
    st.sampled_from([X * np.nan, X[:, :1], X[:0], X[None], np.array(None), object()]),
)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_the_right_call_is_right(call):
    call(**CALLS[call])
    assert CALLS[call].keys() <= inspect.signature(call).parameters.keys()


@pytest.mark.parametrize(
    ("call", "name"), ARGUMENTS, ids=lambda each: getattr(each, "__name__", each)
)
@settings(max_examples=25, deadline=None)
@given(value=WRONG)
def test_an_argument_is_taken_or_told_in_one_line(call, name, value):
    try:
        call(**CALLS[call] | {name: value})
    except ValueError as error:
        said = str(error)
        assert said.startswith("Expected") and "Received" in said and "\n" not in said
