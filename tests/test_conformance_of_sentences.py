"""What every model does, done by models of sentences and by flows: fit, files, XLA, replicas, bad
input.
"""

import json

import keras
import numpy as np
import pytest
import sentences
import tensorflow as tf
from refusals import refusal

from kerasgen import export, families, networks

MODELS = {
    "text_vae": sentences.text_vae,
    "conditional_text_vae": sentences.conditional_text_vae,
    "language_model": sentences.language_model,
    "transformer": lambda: sentences.language_model("transformer"),
    "policy_gradient": sentences.policy,
    "flow_model": lambda: families.FlowModel([2], networks.RealNVP(2, hidden=8)),
}
every_model = pytest.mark.parametrize("name", MODELS)
# The operations of the others' steps are among those of these.
every_step = pytest.mark.parametrize("name", ["conditional_text_vae", "policy_gradient"])


def examples(model, count=64):
    """The arguments of `fit`."""
    if model.event.vocabulary is None:
        return (np.random.default_rng(0).normal(2.0, 0.5, (count, 2)).astype("float32"),)
    x = sentences.tokens(count)
    large = np.any(x == sentences.VOCABULARY.encode("large")[0, 0], axis=1)
    return (x, large.astype("int32")) if model.num_classes else (x,)


def trained(name, epochs=2, **how):
    keras.utils.set_random_seed(0)
    model = MODELS[name]()
    model.compile(keras.optimizers.Adam(1e-2), **how)
    data = examples(model)
    losses = model.fit(*data, batch_size=16, epochs=epochs, verbose=0).history["loss"]
    is_game = "critic" in model.metrics_names
    assert losses[-1] < losses[0] or epochs == 1 or is_game
    assert np.all(np.isfinite(losses))
    return model


@pytest.fixture(scope="module")
def fitted():
    models = {}

    def get(name):
        return models.setdefault(name, models.get(name) or trained(name, jit_compile=False))

    return get


def outputs(model):
    x, *labels = examples(model, 4)
    noise = {"num_samples": 3, "seed": 2} if model.likelihood_kind == "estimate" else {}
    yield np.asarray(model.sample(4, *labels, seed=1))
    yield np.asarray(model.log_prob(x, *labels, **noise))
    if "encode" in dir(model):
        yield np.asarray(model.reconstruct(x, *labels))


@every_model
def test_what_is_drawn_is_valid_and_repeats_with_the_seed(name, fitted):
    model = fitted(name)
    drawn, scores, *_ = outputs(model)
    model.event.check(drawn)
    assert drawn.dtype == model.event.dtype and scores.shape == (4,)
    np.testing.assert_array_equal(drawn, next(outputs(model)))


@every_model
def test_a_keras_file_holds_all(name, fitted, tmp_path):
    model = fitted(name)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    assert copy.event == model.event and len(copy.weights) == len(model.weights)
    for mine, theirs in zip(outputs(model), outputs(copy), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@every_step
def test_a_step_is_compiled_with_xla(name):
    model = trained(name, epochs=1, jit_compile=True)
    assert model.jit_compile


@every_step
def test_two_replicas_stay_equal(name, two_replicas):
    with two_replicas.scope():
        model = trained(name, epochs=1, jit_compile=False)
    for weight in model.weights:
        one, other = (np.asarray(copy) for copy in weight.value.values)
        np.testing.assert_array_equal(one, other)
        assert np.all(np.isfinite(one))


def called(model, name):
    """The inputs of a signature, and what Keras gives."""
    function, tensors = model.export_signatures()[name]
    x, *labels = examples(model, 3)
    known = dict(zip((model.event.name, model.condition.name), (x, *labels)))
    rng = np.random.default_rng(0)
    inputs = {
        key: known[key] if key in known else rng.normal(size=(3, *each.shape)).astype("float32")
        for key, each in tensors.items()
    }
    return inputs, function(**inputs)


SIGNATURE = {name: "sample" for name in MODELS} | {"conditional_text_vae": "reconstruct"}


@every_model
def test_a_saved_model_and_a_tflite_file_give_the_same(name, fitted, tmp_path):
    runtime = pytest.importorskip("ai_edge_litert.interpreter")
    model, chosen = fitted(name), [SIGNATURE[name]]
    export.saved_model(model, tmp_path / "saved", signatures=chosen)
    export.tflite(model, tmp_path / "model.tflite", batch_size=3, signatures=chosen)
    inputs, expected = called(model, chosen[0])
    saved = tf.saved_model.load(str(tmp_path / "saved")).signatures[chosen[0]]
    lite = runtime.Interpreter(str(tmp_path / "model.tflite")).get_signature_runner(chosen[0])
    found = saved(**{key: tf.constant(value) for key, value in inputs.items()}), lite(**inputs)
    told = json.loads((tmp_path / "model.tflite.json").read_text())
    tensors = told["signatures"][chosen[0]]
    for key, value in expected.items():
        for each in found:
            assert each[key].dtype == model.event.dtype
            np.testing.assert_allclose(each[key], value, atol=1e-4)
    if model.event.vocabulary is not None:
        (words,) = tensors["outputs"].values()
        assert words["dtype"] == "int32" and words["words"] == sentences.VOCABULARY.words


BAD = {
    "another length": np.zeros((2, 5), "int32"),
    "a token that there is not": np.full((2, 8), 99, "int32"),
    "halves of tokens": np.full((2, 8), 0.5, "float32"),
    "a word behind an end": np.array([[2, 0, 3, 0, 0, 0, 0, 0]], "int32"),
    "no number": np.array([["red"] * 8]),
    "an empty sentence": [""],
    "a long sentence": ["red " * 10_000],
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("name", ["text_vae", "language_model"])
def test_bad_sentences_are_told_in_a_line(name, what, fitted):
    model = fitted(name)
    told = refusal(lambda: model.log_prob(BAD[what]))
    assert "Received" in told and len(told) < 400
    assert "Received" in refusal(lambda: model.fit(BAD[what], verbose=0))
