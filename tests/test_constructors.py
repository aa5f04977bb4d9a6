"""Every constructor that recipes can name takes an argument, or tells in one line why not."""

import functools
import inspect

import keras
import numpy as np
import pytest
from constructors import CALLS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from refusals import refusal

import kerasgen
from kerasgen import recipe, registration

kerasgen.register()
ELSEWHERE = ("optimizers.", "training.")  # which recipes name as settings of their training
WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.sampled_from([2**31, -(10**12), 10**40]),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=2),
    st.lists(st.floats() | st.text(max_size=2) | st.none() | st.integers(-3, 9), max_size=3),
    st.dictionaries(st.text(max_size=1), st.integers(-3, 9) | st.none(), max_size=1),
    st.just({"\n": None}),
    st.sampled_from([np.zeros(2), np.array(None), np.float32("nan"), object(), len, dict]),
    st.builds(keras.layers.Dense, st.just(3)),
)


def arguments(name):
    return {key: recipe.build(value) for key, value in CALLS[name][0].items()}


def test_every_constructor_has_a_row():
    ours = {
        name
        for name, cls in registration.CLASSES.items()
        if cls.__module__.startswith("kerasgen.") and not name.startswith(ELSEWHERE)
    }
    assert ours == CALLS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_the_right_arguments_are_taken_and_all_of_them_are_tried(name):
    cls, (given, use) = registration.CLASSES[name], CALLS[name]
    takes = inspect.signature(cls).parameters.values()
    named = {each.name for each in takes if each.kind is each.POSITIONAL_OR_KEYWORD}
    assert given.keys() == named
    assert use(cls(**arguments(name))) is not None


@pytest.mark.parametrize("name", [name for name, (given, _) in CALLS.items() if given])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), value=WRONG)
def test_an_argument_is_taken_or_told_in_one_line(name, data, value):
    argument = data.draw(st.sampled_from(sorted(CALLS[name][0])))
    try:
        part = registration.CLASSES[name](**arguments(name) | {argument: value})
        CALLS[name][1](part)
    except Exception as error:
        said = str(error)
        if not said.startswith("Exception encountered when calling"):  # Keras' words, of an input
            assert isinstance(error, (ValueError, TypeError))
            assert said.startswith("Expected") and "Received" in said and "\n" not in said


@pytest.mark.parametrize("name", CALLS)
def test_an_argument_that_is_none_is_told_with_near_names(name):
    cls, given = registration.CLASSES[name], arguments(name)
    assert "nonsense" in refusal(lambda: cls(**given, nonsense=1), TypeError)
    for argument in given:
        misspelt = {f"{key}x" if key == argument else key: each for key, each in given.items()}
        said = refusal(functools.partial(cls, **misspelt), TypeError)
        assert f"{argument}x=" in said and f"Near names: {argument}" in said
