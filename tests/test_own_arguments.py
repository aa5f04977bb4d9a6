"""What `register` checks of the arguments of one's own classes, and what it leaves alone."""

import traceback
from typing import Annotated, Optional

import keras
import pytest
from refusals import refusal

import kerasgen
from kerasgen.checks.arguments import Share, Width
from kerasgen.registration import CLASSES, register


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr("kerasgen.registration.CLASSES", dict(CLASSES))


@register
class Checked:
    def __init__(
        self,
        width: Width,
        units: Annotated[int, "units"] = 0,
        several: list[Width] = (),
        named: dict[str, Width] | None = None,
        either: Width | str = "auto",
        may_be: Width | None = 64,
        act: Optional[callable] = None,  # noqa: UP045
        text: "Width | None" = 3,
        unknown: "Nowhere" = None,  # noqa: F821
    ):
        self.taken = (width, units, several, named, either, may_be, act, text, unknown)


@register
class Passing(keras.layers.Layer):
    def __init__(self, fault=None, **kwargs):
        if fault:
            raise fault
        super().__init__(**kwargs)


@pytest.mark.parametrize(
    "given",
    [
        {"units": "many"},
        {"several": [1, 2]},
        {"named": {"a": 1}},
        {"either": "much"},
        {"either": 3},
        {"may_be": None},
        {"may_be": 3},
        {"act": len},
        {"text": None},
        {"unknown": -1},
    ],
)
def test_what_no_check_is_of_goes_through(given):
    (value,) = given.values()
    assert value in Checked(2, **given).taken


@pytest.mark.parametrize("given", [{"width": None}, {"may_be": 0}, {"text": "a"}])
def test_what_a_check_is_of_is_checked(given):
    (name,) = given
    assert f"{name}=" in refusal(lambda: Checked(**{"width": 2} | given))


def test_a_required_argument_may_be_none():
    @register
    class Required:
        def __init__(self, width: Width | None, turned: None | Width = 2, share: Share = 0.0):
            self.width = width

    assert Required(None, None).width is None
    assert "width=0" in refusal(lambda: Required(0))
    assert "turned=0" in refusal(lambda: Required(1, 0))


@pytest.mark.parametrize("fault", [ValueError("two\nlines"), TypeError("my own"), KeyError("k")])
def test_errors_of_own_constructors_go_through(fault):
    with pytest.raises(type(fault)) as caught:
        Passing(fault, nonsense=1)
    assert caught.value is fault
    assert traceback.extract_tb(fault.__traceback__)[-1].line == "raise fault"


def test_what_keras_says_of_ours_is_a_line_with_its_cause():
    with pytest.raises(ValueError) as caught:
        kerasgen.networks.MLP(hidden=(4,), dtype="float99")
    assert str(caught.value).startswith("Expected arguments that MLP takes")
    assert "\n" not in str(caught.value) and caught.value.__cause__ is not None
