"""Every model does everything: one row a model, one column a thing that a user does. And rules for
all modules.
"""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from rows import MODELS, SAME_FILES, SAME_STEPS, VARIANTS

import kerasgen
from kerasgen import families

every_model = pytest.mark.parametrize("name", MODELS)


def rows(names, slow):
    """The rows of these names, some of which the slow tests meet."""
    marks = {name: [pytest.mark.slow] if name in slow else [] for name in names}
    return pytest.mark.parametrize("name", [pytest.param(n, marks=m) for n, m in marks.items()])


every_step = rows([name for name in MODELS if name not in SAME_STEPS], VARIANTS)
every_file = rows(MODELS, SAME_FILES)
every_other_file = rows([name for name in MODELS if name not in SAME_FILES], ())
every_generative_model = pytest.mark.parametrize(
    "name", [name for name in MODELS if "classifier" not in name]
)


def data_of(model, digits, count=64):
    """The arguments of `fit`: images, and labels where the model has classes."""
    images, labels = images_of(model, digits, count), digits[1][:count]
    if getattr(model, "reads_text", False):
        return images, model.condition.shown(count)
    if isinstance(model, families.AttributeClassifier):
        return images, np.stack([labels, labels % 2], axis=1)
    return (images,) if model.num_classes is None else (images, labels)


def images_of(model, digits, count=64):
    """Digits, black and white for models of binary pixels, which take no others."""
    images = digits[0][:count]
    binary = (
        isinstance(model, families.AutoregressiveModel)
        and getattr(model.likelihood, "levels", 2) == 2
    )
    return np.round(images) if binary else images


def condition_of(model, count):
    return None if isinstance(model, families.Classifier) else model.condition.shown(count)


def noise_of(model):
    """How much noise and which, for likelihoods that are estimates."""
    return {"num_samples": 3, "seed": 2} if model.likelihood_kind == "estimate" else {}


def outputs(model, digits):
    """What a model does, with fixed seeds: equal outputs, equal models."""
    images, labels = images_of(model, digits, 6), condition_of(model, 6)
    if isinstance(model, families.Classifier):
        return {"probabilities": keras.ops.convert_to_numpy(model.probabilities(images))}
    calls = {
        "sample": lambda method: method(6, labels, seed=1),
        "log_prob": lambda method: method(images, labels, **noise_of(model)),
        "reconstruct": lambda method: method(images, labels),
    }
    results = {
        name: call(getattr(model, name)) for name, call in calls.items() if hasattr(model, name)
    }
    return {name: keras.ops.convert_to_numpy(result) for name, result in results.items()}


def assert_same_outputs(model, other, digits):
    mine, theirs = outputs(model, digits), outputs(other, digits)
    assert mine.keys() == theirs.keys()
    for name in mine:
        np.testing.assert_array_equal(mine[name], theirs[name])


def assert_same(model, other, digits):
    for mine, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert_same_outputs(model, other, digits)


def trained(name, digits, **compile_arguments):
    model = MODELS[name]()
    model.compile(keras.optimizers.Adam(3e-3), **compile_arguments)
    before = [weight.copy() for weight in model.get_weights()]
    history = model.fit(*data_of(model, digits), batch_size=16, epochs=2, verbose=0).history
    assert np.all(np.isfinite(history["loss"]))
    if not isinstance(model, families.AdversarialModel):  # whose two losses pull against each other
        assert history["loss"][1] < history["loss"][0]
    assert any(not np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))
    return model


@pytest.fixture(scope="module")
def fitted(digits):
    """Models trained once for all the columns that only read them."""
    models = {}

    def get(name):
        if name not in models:
            models[name] = trained(name, digits, jit_compile=False)  # XLA has a column of its own
        return models[name]

    return get


@every_generative_model
def test_meets_the_contract(name, fitted, digits):
    model = fitted(name)
    assert isinstance(model, kerasgen.GenerativeModel)
    results = outputs(model, digits)
    for images in [results[key] for key in ("sample", "reconstruct") if key in results]:
        assert images.shape == (6, *model.event_shape)
        assert images.dtype == "float32"
    if "sample" in results:
        assert results["sample"].min() >= 0 and results["sample"].max() <= 1
    if "log_prob" in results:
        assert results["log_prob"].shape == (6,)
        assert results["log_prob"].dtype == "float32"
    terms = model.loss_terms(
        *model.check(images_of(model, digits, 6), condition_of(model, 6))
    ).terms
    assert set(terms) == set(model.term_means)
    for term in terms.values():
        assert term.shape == (6,)
        assert np.all(np.isfinite(term))


@every_generative_model
def test_equal_seeds_equal_samples(name, fitted, digits):
    model = fitted(name)
    assert_same_outputs(model, model, digits)
    if hasattr(model, "sample"):
        labels = condition_of(model, 6)
        assert not np.array_equal(model.sample(6, labels, seed=1), model.sample(6, labels, seed=2))


@every_model
def test_keras_file_round_trip(name, fitted, digits, tmp_path):
    model = fitted(name)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    assert type(copy) is type(model)
    assert json.dumps(copy.get_config()) == json.dumps(
        model.get_config()
    )  # as JSON, where tuples are lists
    assert_same(model, copy, digits)
    for mine, theirs in zip(model.optimizer.variables, copy.optimizer.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@every_model
def test_weights_file_round_trip(name, fitted, tmp_path):
    model = fitted(name)
    model.save_weights(tmp_path / "model.weights.h5")
    fresh = MODELS[name]()
    fresh.load_weights(tmp_path / "model.weights.h5")
    for mine, loaded in zip(model.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, loaded)


@every_step
def test_a_step_compiled_with_xla(name, digits):
    model = MODELS[name]()
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=True)
    before = [weight.copy() for weight in model.get_weights()]
    history = model.fit(*data_of(model, digits, 16), batch_size=16, verbose=0).history
    assert np.isfinite(history["loss"][0])
    assert any(not np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))


@every_step
def test_fit_on_two_replicas(name, digits, two_replicas):
    with two_replicas.scope():
        model = trained(name, digits, jit_compile=False)
    for weight in model.weights:
        one, other = (np.asarray(copy) for copy in weight.value.values)
        np.testing.assert_array_equal(one, other)
        assert np.all(np.isfinite(one))


def deterministic(model, digits):
    """`(signature, inputs, what Keras gives)` of a signature that draws nothing, and of loops that
    draw in turn.
    """
    signatures = model.export_signatures()
    # Of a mixture log_prob takes noise; of the last one it is an input.
    names = ("reconstruct", "classify", "responsibilities", "log_prob", "sample")
    chosen = {next(name for name in names if name in signatures)}
    if getattr(model, "autoregressive_signatures", ()):
        chosen.add("sample")
    for name in chosen:
        function, tensors = signatures[name]
        noise_shape = tensors["noise"].shape if "noise" in tensors else ()
        noise = np.random.default_rng(0).standard_normal((5, *noise_shape)).astype("float32")
        inputs = {
            "images": images_of(model, digits, 5),
            "labels": np.zeros(5, "int32"),
            "noise": noise,
        }
        if "words" in tensors:
            inputs["words"] = model.condition.shown(5)
        inputs = {key: value for key, value in inputs.items() if key in tensors}
        yield name, inputs, function(**inputs)


@every_other_file
def test_saved_model(name, fitted, digits, tmp_path):
    from kerasgen import export

    model = fitted(name)
    export.saved_model(model, tmp_path / "saved")
    signatures = tf.saved_model.load(str(tmp_path / "saved")).signatures
    assert set(signatures) >= set(model.export_signatures())
    for signature, inputs, expected in deterministic(model, digits):
        results = signatures[signature](
            **{key: tf.constant(value) for key, value in inputs.items()}
        )
        for key in expected:
            np.testing.assert_allclose(results[key], expected[key], atol=1e-4)


@every_file
def test_tflite(name, fitted, digits, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    from kerasgen import export

    model = fitted(name)
    export.tflite(model, tmp_path / "model.tflite", batch_size=5)
    interpreter = Interpreter(str(tmp_path / "model.tflite"))
    for signature, inputs, expected in deterministic(model, digits):
        results = interpreter.get_signature_runner(signature)(**inputs)
        for key in expected:
            np.testing.assert_allclose(results[key], expected[key], atol=1e-3)
