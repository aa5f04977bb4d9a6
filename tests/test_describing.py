"""What a model says of itself: in a line, in a notebook, in its summary."""

import builtins
import pkgutil

import keras
import pytest
from tiny import tiny_vae

import kerasgen
from kerasgen import zoo


@pytest.fixture(scope="module")
def loaded():
    return [zoo.load(name) for name in ("vae_mnist", "cgan_mnist", "gmm_ring", "classifier_mnist")]


def test_a_line_and_a_card_name_preset_event_parts_and_parameters(loaded):
    for model in loaded:
        (arguments,) = kerasgen.recipe.Recipe.load(
            zoo.folder(model.preset) / "recipe.yaml"
        ).model.values()
        of_parts = [part for part in arguments.values() if isinstance(part, dict)]
        classes = [next(iter(part)).rpartition(".")[2] for part in of_parts]
        for text in (repr(model), model._repr_html_()):
            said = [type(model).__name__, model.preset, f"{model.count_params():,} parameters"]
            assert all(word in text for word in [*said, repr(model.event), *classes]), text
            assert model.num_classes is None or repr(model.condition) in text
        assert "\n" not in repr(model)


def test_a_model_that_was_not_loaded_names_no_preset():
    model = tiny_vae()
    assert model.preset is None and "None" not in repr(model).replace("levels=None", "")
    assert "sample" in model._repr_html_()


def test_a_summary_has_no_question_marks(loaded, capsys):
    for model in loaded:
        model.summary()
        printed = capsys.readouterr().out
        kept = []
        model.summary(print_fn=kept.append)
        assert "?" not in printed and f"{model.count_params():,}" in printed
        assert "".join(kept).strip() == printed.strip()


def test_names_that_are_listed_are_public_and_there():
    for module in (kerasgen, zoo):
        names = dir(module)
        assert set(names) == {*module.__all__, *(["__version__"] if module is kerasgen else [])}
        assert all(hasattr(module, name) for name in names)
    packages = {m.name for m in pkgutil.iter_modules(kerasgen.__path__) if m.ispkg}
    assert packages - {"cli", "backend", "distributions", "tokenization"} <= set(dir(kerasgen))


@pytest.mark.parametrize(
    "package", ["families", "events", "likelihoods", "networks", "bottlenecks"]
)
def test_help_of_a_class_begins_with_a_sentence_of_its_own(package):
    module = getattr(kerasgen, package)
    for name in module.__all__:
        thing = getattr(module, name)
        if isinstance(thing, type) and not issubclass(thing, builtins.BaseException):
            own = vars(thing).get("__doc__") or ""
            assert own.split("\n\n")[0].strip(), name
            assert own != keras.layers.Layer.__doc__
            assert package not in ("families", "events") or own[0].isalpha(), name
