"""Recipes: reading, writing, overriding, comparing and building."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasgen import LatentVariableModel, likelihoods, objectives
from kerasgen.documents import write_yaml
from kerasgen.recipe import Recipe, build

TEXT = """
name: tiny
title: A tiny VAE
seed: 3
data: {name: digits, batch_size: 32}
model:
  families.LatentVariableModel:
    event_shape: [8, 8, 1]
    encoder:
      networks.ConvEncoder: {channels: [8], blocks: [1], features: 16}
    bottleneck:
      bottlenecks.Gaussian: {latent_dim: 4}
    decoder:
      networks.ConvDecoder: {output_shape: [8, 8, 1], channels: [8], blocks: [1], features: 16}
    likelihood:
      likelihoods.Bernoulli: {}
    objective:
      objectives.ELBO: {beta: 2.0}
training: {epochs: 5, learning_rate: 0.001}
"""
LATENT_DIM = "model.families.LatentVariableModel.bottleneck.bottlenecks.Gaussian.latent_dim"


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(TEXT)
    return Recipe.load(path)


def test_load_and_save_round_trip(recipe, tmp_path):
    assert (recipe.name, recipe.title, recipe.seed) == ("tiny", "A tiny VAE", 3)
    assert recipe.data == {"name": "digits", "batch_size": 32}
    recipe.save(tmp_path / "copy.yaml")
    assert Recipe.load(tmp_path / "copy.yaml") == recipe
    assert Recipe.from_dict(recipe.to_dict()) == recipe


def test_build_makes_the_model_with_weights_from_the_seed(recipe):
    model = recipe.build()
    assert isinstance(model, LatentVariableModel)
    assert isinstance(model.likelihood, likelihoods.Bernoulli)
    assert isinstance(model.objective, objectives.ELBO)
    assert model.objective.beta == 2.0
    assert model.event_shape == (8, 8, 1)
    assert model.bottleneck.latent_shape == (4,)
    again, other = recipe.build(), recipe.override(["seed=4"]).build()
    for mine, same in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, same)
    assert not np.array_equal(model.get_weights()[0], other.get_weights()[0])


def test_override_sets_typed_values_and_leaves_the_original(recipe):
    settings = [
        "training.epochs=3",
        "training.learning_rate=0.01",
        "data.name=mnist",
        f"{LATENT_DIM}=7",
    ]
    changed = recipe.override(settings)
    assert changed.training == {"epochs": 3, "learning_rate": 0.01}
    assert changed.data["name"] == "mnist"
    assert changed.build().bottleneck.latent_dim == 7
    assert recipe.training["epochs"] == 5


def test_override_may_add_arguments_of_data_and_training_and_fill_empty_ones(recipe):
    changed = recipe.override(["training.ema=0.99", "data.binarize=dynamic"])
    assert changed.training["ema"] == 0.99
    assert changed.data["binarize"] == "dynamic"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            "sed=1",
            r"Expected key=value with a key of the recipe. Received: 'sed=1'. Near keys: \['seed'",
        ),
        (
            "training.epochs",
            r"Expected key=value .* Received: 'training.epochs'. Near keys: \['training.epochs'",
        ),
        (LATENT_DIM[:-1] + "=3", rf"Expected key=value .* Near keys: \['{LATENT_DIM}'"),
        ("model=3", r"Expected key=value .* Received: 'model=3'"),
        ("=3", r"Expected key=value .* Received: '=3'"),
    ],
)
def test_override_refuses_unknown_keys_and_names_near_ones(recipe, setting, message):
    with pytest.raises(ValueError, match=message):
        recipe.override([setting])


def test_differences_name_every_key_that_differs(recipe):
    assert recipe.differences(recipe) == {}
    other = recipe.override(["training.epochs=3", f"{LATENT_DIM}=7", "training.ema=0.9"])
    assert recipe.differences(other) == {
        "training.epochs": (5, 3),
        LATENT_DIM: (4, 7),
        "training.ema": (None, 0.9),
    }
    assert other.differences(recipe)["training.ema"] == (0.9, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "Expected a YAML recipe. Received: .*recipe.yaml, which is not YAML"),
        (
            "- 1",
            r"Expected the keys \['data', 'imports', 'lesson', 'model', 'name', 'seed', "
            r"'title', 'training'\] "
            r".*Received: list",
        ),
        (
            "name: tiny",
            r"\['data', 'model', 'name', 'training'\] required\) in .*recipe.yaml. Received: "
            r"\['name'\]",
        ),
        (TEXT + "extra: 1", r"Expected the keys .* Received: \['data', 'extra', 'model'"),
        (
            "name: !!python/object/apply:os.system ['true']",
            "Expected a YAML recipe. Received: .*could not determine",
        ),
    ],
)
def test_load_refuses_what_is_no_recipe(tmp_path, text, message):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        Recipe.load(path)


@pytest.mark.parametrize(
    "name", ["os.system", "keras.layers.Dense", "layers.Dense", "networks.Missing", "a.b.c"]
)
def test_build_refuses_classes_that_are_not_of_kerasgen(name):
    message = (
        rf"Expected a class that .* knows in the recipe. Received: '{name}'. Known: "
        rf"\[.*'bottlenecks.Gaussian'"
    )
    with pytest.raises(ValueError, match=message):
        build({name: {"units": 3}})


def test_build_does_not_reach_classes_that_a_user_registers():
    @keras.saving.register_keras_serializable(package="elsewhere")
    class Foreign(keras.layers.Layer):
        pass

    with pytest.raises(
        ValueError,
        match="Expected a class that .* knows in the recipe. Received: 'elsewhere.Foreign'",
    ):
        build({"elsewhere.Foreign": {}})


def test_build_names_the_class_whose_arguments_are_wrong():
    message = (
        "Expected arguments that Gaussian takes. Received: latent_dims=3. Near names: latent_dim. "
        "In the recipe, of bottlenecks.Gaussian."
    )
    with pytest.raises(ValueError, match=message):
        build({"bottlenecks.Gaussian": {"latent_dims": 3}})


def read(text):
    """A value as it stands in a recipe."""
    sections = {"model": {}, "training": {}, "data": {"name": "digits", "batch_size": 1}}
    return (
        Recipe.from_dict({"name": "a", **sections})
        .override([f"training.epochs={text}"])
        .training["epochs"]
    )


@given(
    st.from_regex(
        r"[-+]?(\.[0-9]{1,9}|[0-9]{1,9}(\.[0-9]{0,9})?)([eE][-+]?[0-9]{1,2})", fullmatch=True
    )
)
def test_a_number_of_yaml_1_2_with_an_exponent_is_a_number(text):
    assert isinstance(read(text), float) and read(text) == float(text)
    assert read(f"[{text}, {{a: {text}}}]") == [float(text), {"a": float(text)}]
    assert read(f'"{text}"') == read(f"'{text}'") == text


@given(st.floats(allow_nan=False))
def test_python_writes_numbers_that_a_recipe_reads(number):
    assert math.isinf(number) or read(repr(number)) == number


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=6,
)


@given(VALUES | st.from_regex(r"[-+]?[0-9.]{1,5}[eE][-+]?[0-9]{1,3}", fullmatch=True))
def test_what_is_written_is_read_again_with_its_types(value):
    assert read(write_yaml(value)) == value
    assert type(read(write_yaml(value))) is type(value)


def test_texts_of_words_and_titles_stay_texts(tmp_path):
    words = {"text.Vocabulary": {"words": ["1e5", "0x1", "12", "red"], "length": 2}}
    recipe = Recipe("a", {"name": "digits", "batch_size": 1}, words, {}, title="1E5")
    recipe.save(tmp_path / "recipe.yaml")
    assert Recipe.load(tmp_path / "recipe.yaml") == recipe
