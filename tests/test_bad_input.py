"""Bad input gets one clear error, before any work is done: what was expected, what came, what to
do.
"""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from bad_values import GOOD, IN_STEPS, PIXELS
from test_recipe import TEXT
from tiny import tiny_mlp_vae, tiny_vae

from kerasgen import zoo
from kerasgen.recipe import Recipe

METHODS = {
    "fit": lambda model, x: model.fit(x, verbose=0),
    "fit_dataset": lambda model, x: model.fit(tf.data.Dataset.from_tensors(x), verbose=0),
    "fit_validation": lambda model, x: model.fit(GOOD, validation_data=x, verbose=0),
    "fit_validation_pair": lambda model, x: model.fit(GOOD, validation_data=(x, None), verbose=0),
    "evaluate": lambda model, x: model.evaluate(x, verbose=0),
    "evaluate_dataset": lambda model, x: model.evaluate(tf.data.Dataset.from_tensors(x), verbose=0),
    "train_on_batch": lambda model, x: model.train_on_batch(x),
    "test_on_batch": lambda model, x: model.test_on_batch(x),
    "log_prob": lambda model, x: model.log_prob(x, num_samples=1),
    "elbo": lambda model, x: model.elbo(x),
    "encode": lambda model, x: model.encode(x),
    "reconstruct": lambda model, x: model.reconstruct(x),
}


@pytest.fixture(scope="module")
def model():
    model = tiny_vae()
    model.compile()
    return model


@pytest.fixture(scope="module")
def conditional():
    model = tiny_vae(num_classes=10)
    model.compile()
    return model


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("problem", PIXELS)
def test_pixels(model, method, problem):
    x, message = PIXELS[problem]
    if "dataset" in method and problem == "rank":
        message = "Batch the data"
    if "dataset" in method and problem in IN_STEPS:
        message = rf"Received: .*{IN_STEPS[problem]}.* in (epoch 1, )?step 1"
    with pytest.raises(ValueError, match=message):
        METHODS[method](model, x)


LABELS = {
    "missing": (
        None,
        r"Expected a condition: this model is conditional on 10 classes. Received: condition=None. "
        r"Pass integer labels of shape \[batch\] in 0..9",
    ),
    "too_large": (np.array([3, 10]), r"Expected labels in 0..9. Received: labels in 3..10"),
    "negative": (np.array([-1, 3]), r"Expected labels in 0..9. Received: labels in -1..3"),
    "one_hot": (
        np.eye(10)[:2],
        r"Expected labels of shape \[batch\]. Received: shape \(2, 10\). Turn one-hot "
        r"labels into numbers",
    ),
    "fractional": (np.array([0.5, 1.0]), "Expected labels in 0..9. Received: fractions"),
    "text": (["boot", "bag"], "Expected labels as numbers. Received: <U4"),
    "too_many": (
        np.arange(3),
        "Expected (a|one) condition for each of (n=)?2 examples.* Received: 3",
    ),
}


@pytest.mark.parametrize("problem", LABELS)
@pytest.mark.parametrize("method", ["fit", "log_prob", "encode", "sample"])
def test_labels(conditional, method, problem):
    labels, message = LABELS[problem]
    calls = {
        "fit": lambda: conditional.fit(GOOD, labels, verbose=0),
        "log_prob": lambda: conditional.log_prob(GOOD, labels, num_samples=1),
        "encode": lambda: conditional.encode(GOOD, labels),
        "sample": lambda: conditional.sample(2, condition=labels),
    }
    with pytest.raises(ValueError, match=message):
        calls[method]()


def test_a_condition_that_the_model_does_not_take(model):
    message = "Expected condition=None: this model is unconditional. Received: a condition. Drop it"
    for call in (
        lambda: model.sample(2, condition=np.zeros(2, "int32")),
        lambda: model.fit(GOOD, np.zeros(2, "int32"), verbose=0),
        lambda: model.log_prob(GOOD, np.zeros(2, "int32")),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.parametrize("n", [0, -1, 2.5, "3", None, True])
def test_counts(model, n):
    with pytest.raises(
        ValueError, match=f"Expected n to be an integer of at least 1. Received: n={n!r}"
    ):
        model.sample(n)
    for method in (model.elbo, *([] if n is None else [model.log_prob])):
        message = (
            f"Expected num_samples to be an integer of at least 1. Received: num_samples={n!r}"
        )
        with pytest.raises(ValueError, match=message):
            method(GOOD, num_samples=n)


def test_an_unknown_preset_names_the_near_ones(monkeypatch):
    monkeypatch.setattr(
        "kerasgen.zoo.loader.names", lambda: ["gan_mnist", "pixelcnn_mnist", "vae_mnist"]
    )
    with pytest.raises(ValueError, match="Received: 'vae_minst'. Near names: vae_mnist"):
        zoo.load("vae_minst")


@pytest.fixture
def preset(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(TEXT)
    recipe = Recipe.load(path)
    metrics = {"machine": "a test", "training_time_seconds": 1.0, "figures": {}}
    return zoo.save(recipe.build(), tmp_path / "tiny", recipe, metrics)


def test_corrupted_weights(preset):
    weights = preset / "model.weights.h5"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(
        ValueError, match="Expected SHA-256 .* of .*model.weights.h5. Received: .*corrupted"
    ):
        zoo.load(preset)


def test_truncated_weights(preset):
    weights = preset / "model.weights.h5"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(
        ValueError, match="Expected .* bytes in .*model.weights.h5. Received: .* a truncated"
    ):
        zoo.load(preset)


def test_missing_weights(preset):
    (preset / "model.weights.h5").unlink()
    with pytest.raises(
        ValueError, match="Expected a file model.weights.h5 in the preset .* Received: no such file"
    ):
        zoo.load(preset)


def test_foreign_weights(preset):
    """Weights of another architecture, with a manifest that says so truly."""
    from kerasgen.zoo import manifest

    tiny_vae(latent_dim=7).save_weights(preset / "model.weights.h5")
    manifest.write(preset)
    assert "model.weights.h5" in json.loads((preset / "manifest.json").read_text())["files"]
    with pytest.raises(
        ValueError,
        match="weights of the recipe's model. Received: .*of another architecture; .*shape",
    ):
        zoo.load(preset)


def test_errors_come_before_any_work():
    """The first step of `fit` is not taken: weights and step counter are as they were."""
    model = tiny_vae()
    model.compile(keras.optimizers.SGD(0.1))
    before = [weight.copy() for weight in model.get_weights()]
    with pytest.raises(ValueError, match="Divide by 255"):
        model.fit(np.concatenate([GOOD, GOOD * 255]), batch_size=2, verbose=0)
    for weight, after in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, after)


def test_loss_of_compile():
    with pytest.raises(ValueError, match="Expected no loss. Received: loss='mse'."):
        tiny_vae().compile("adam", loss="mse")


@pytest.mark.parametrize(
    ("x", "remedy"),
    [
        (np.zeros((4, 8, 8, 2)), ":1"),
        (np.zeros((4, 1, 9, 9)), "np.moveaxis.*Resize"),
        (np.zeros((4, 9, 9)), r"Resize.*\[..., None\]"),
        (np.zeros((8, 8)), r"x\[None, ..., None\]"),
        (np.zeros((4, 64)), "x.reshape"),
        (np.zeros((3, 4, 8, 8, 1)), "Join the leading axes"),
        (2 * GOOD - 1.5, r"Rescale the data: \(x"),
        (GOOD * 2**16, "65535"),
        ({"image": GOOD}, "'image'"),
        ((GOOD, np.zeros(2)), "apart"),
        ("images.npz", "Load the data"),
        (3, "Load the data"),
        (np.array([["a"]]), "Convert them"),
        (np.array([GOOD, 1], dtype=object), "Convert them"),
    ],
    ids=lambda value: getattr(value, "shape", value) if not isinstance(value, str) else value[:9],
)
@pytest.mark.parametrize("method", ["fit", "log_prob"])
def test_the_remedy_fits_what_came(model, method, x, remedy):
    if method == "log_prob" and isinstance(x, tuple):
        x = list(x)
    with pytest.raises(ValueError, match=remedy) as caught:
        METHODS[method](model, x)
    assert "\n" not in str(caught.value)


def test_what_stands_for_numbers():
    """Lists, Booleans and other layouts are the arrays that they stand for."""
    model = tiny_mlp_vae()
    model.compile()
    white = (GOOD > 0.3).astype("float32")
    others = {
        "list": GOOD.tolist(),
        "float64": GOOD.astype("float64"),
        "layout": np.asfortranarray(GOOD),
    }
    for x, array in [*((other, GOOD) for other in others.values()), (GOOD > 0.3, white)]:
        nats = [model.log_prob(each, num_samples=3, seed=0) for each in (x, array)]
        np.testing.assert_array_equal(*nats)
        assert np.isfinite(model.fit(x, verbose=0).history["loss"][0])
