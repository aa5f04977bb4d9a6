"""The core on Keras' JAX backend without TensorFlow: samples, scores, training, saving, and the
numbers of TensorFlow.

.ci/run calls it in an environment that has no TensorFlow, with KERASGEN_REFERENCE naming the folder
that `backend_reference.py` wrote under TensorFlow.
"""

import functools
import importlib.util
import os
import pathlib

import keras
import numpy as np
import pytest

if keras.backend.backend() != "jax":
    pytest.skip("needs KERAS_BACKEND=jax", allow_module_level=True)

import sentences
from backend_reference import LIKELIHOODS, PRESETS, numbers
from tiny import (
    tiny_autoencoder,
    tiny_autoregressive,
    tiny_classifier,
    tiny_gan,
    tiny_hierarchical,
    tiny_mixture,
    tiny_pixel_vae,
    tiny_self_conditioned,
    tiny_tokenizer,
    tiny_two_stage,
    tiny_vae,
)

from kerasgen import (
    bottlenecks,
    divergences,
    events,
    families,
    likelihoods,
    networks,
    objectives,
    regularizers,
    zoo,
)

IN_CI = "KERASGEN_REFERENCE" in os.environ
REFERENCE = pathlib.Path(os.environ.get("KERASGEN_REFERENCE", ""))


@pytest.fixture(params=LIKELIHOODS)
def model(request):
    return tiny_vae(LIKELIHOODS[request.param]())


def test_there_is_no_tensorflow():
    if not IN_CI:
        pytest.skip("not in the environment of .ci/run")
    assert importlib.util.find_spec("tensorflow") is None


@pytest.mark.parametrize("name", [*LIKELIHOODS, *PRESETS])
def test_numbers_are_those_of_tensorflow(name):
    if not IN_CI:
        pytest.skip(
            "no KERASGEN_REFERENCE: a folder that tests/backend_reference.py wrote under TensorFlow"
        )
    if name in PRESETS:
        model = zoo.load(name)
    else:
        model = tiny_vae(LIKELIHOODS[name]())
        model.load_weights(REFERENCE / f"{name}.weights.h5")
    with np.load(REFERENCE / f"{name}.npz") as file:
        expected = dict(file)
    found = numbers(model, expected.pop("x"), expected.pop("noise"))
    assert found.keys() == expected.keys()
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-4, atol=1e-4, err_msg=key)


def test_samples_repeat_with_the_seed(model):
    samples = np.asarray(model.sample(5, seed=3))
    assert samples.shape == (5, 8, 8, 1)
    np.testing.assert_array_equal(samples, model.sample(5, seed=3))
    assert np.any(samples != np.asarray(model.sample(5, seed=4)))


def test_fit_learns_and_weights_survive_a_file(model, images, tmp_path):
    model.compile(keras.optimizers.Adam(3e-3))
    losses = model.fit(images, batch_size=32, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0] - 1
    expected = model.log_prob(images[:4], num_samples=20, seed=0)
    assert np.all(np.isfinite(expected))

    model.save_weights(tmp_path / "model.weights.h5")
    same = tiny_vae(type(model.likelihood).from_config(model.likelihood.get_config()))
    same.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(same.log_prob(images[:4], num_samples=20, seed=0), expected)

    model.save(tmp_path / "model.keras")
    same = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(same.log_prob(images[:4], num_samples=20, seed=0), expected)


TOKENIZERS = [
    functools.partial(tiny_tokenizer, kind) for kind in ("gumbel", "vq", "vq_gradient", "fsq")
]


@pytest.mark.parametrize(
    "build",
    [
        tiny_autoencoder,
        tiny_autoregressive,
        tiny_hierarchical,
        functools.partial(tiny_hierarchical, bottlenecks.DeepGaussian),
        tiny_mixture,
        tiny_pixel_vae,
        tiny_two_stage,
        tiny_classifier,
        *TOKENIZERS,
    ],
)
def test_every_family_learns_and_survives_its_file(build, digits, tmp_path):
    images, labels = digits
    model = build()
    if build in (tiny_autoregressive, tiny_pixel_vae):
        images = np.round(images)  # they take binary pixels only
    model.compile(keras.optimizers.Adam(3e-3))
    labels = None if model.num_classes is None else labels
    losses = model.fit(images, labels, batch_size=32, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    same = keras.saving.load_model(tmp_path / "model.keras")
    for mine, theirs in zip(model.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    if hasattr(model, "tokenize"):
        ids = model.tokenize(images[:3])
        assert ids.dtype == "int32" and ids.shape == (3, 4, 4)
        np.testing.assert_array_equal(same.detokenize(ids), model.reconstruct(images[:3]))
    if hasattr(model, "log_prob"):
        noise = {"seed": 0} if model.likelihood_kind == "estimate" else {}
        np.testing.assert_array_equal(
            model.log_prob(images[:3], **noise), same.log_prob(images[:3], **noise)
        )
        assert model.sample(3, seed=0).shape == (3, 8, 8, 1)


def test_adversaries_play_and_survive_their_file(digits, tmp_path):
    """Both sides take their steps, batch statistics and power iterations move, and the slope nears
    1.
    """
    images, labels = digits
    penalty = regularizers.GradientPenalty(100.0)
    model = tiny_gan(
        divergences.Wasserstein(),
        [penalty],
        10,
        critic_steps=2,
        head=networks.ScoreHead(10, spectral=True),
    )
    before = [np.array(weight) for weight in model.weights]
    model.compile(keras.optimizers.Adam(1e-2, use_ema=True), keras.optimizers.Adam(1e-2))
    history = model.fit(images, labels, batch_size=64, epochs=8, verbose=0).history
    assert all(np.all(np.isfinite(values)) for values in history.values())
    assert history["gradient_penalty"][-1] < history["gradient_penalty"][0] / 2
    still = [
        weight.path for weight, old in zip(model.weights, before) if np.array_equal(weight, old)
    ]
    assert [
        path for path in still if "bias" not in path
    ] == []  # a shift of all scores changes no distance
    assert (
        int(model.optimizer.generator.iterations) == 32
        and int(model.optimizer.critic.iterations) == 64
    )
    model.save(tmp_path / "model.keras")
    same = keras.saving.load_model(tmp_path / "model.keras")
    for mine, theirs in zip(model.optimizer.variables, same.optimizer.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    labels = np.arange(3)
    np.testing.assert_array_equal(same.sample(3, labels, seed=0), model.sample(3, labels, seed=0))


def test_a_self_conditioned_model_plays_and_survives_its_file(digits, tmp_path):
    model = tiny_self_conditioned()
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    history = model.fit(digits[0], batch_size=64, epochs=2, verbose=0).history
    assert all(np.all(np.isfinite(values)) for values in history.values())
    model.save(tmp_path / "model.keras")
    same = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(same.sample(3, seed=0), model.sample(3, seed=0))
    np.testing.assert_array_equal(same.score(digits[0][:3]), model.score(digits[0][:3]))


@pytest.mark.parametrize("clusters", [None, {"side": 2}], ids=["normal", "clusters"])
def test_senses_learn_draw_each_other_and_survive_their_file(clusters, tmp_path):
    rng = np.random.default_rng(0)
    point = rng.normal(size=(128, 2)).astype("float32")
    senses, of_classes = {"point": point, "double": 2 * point[:, :1]}, clusters or {}
    likelihood = {name: likelihoods.Gaussian("shared") for name in senses}
    model = families.MultimodalVAE(
        events.Partial(
            {"point": [2], "double": [1]} | {k: events.Classes(n) for k, n in of_classes.items()}
        ),
        {name: networks.MLP([8], hidden=[16]) for name in senses},
        bottlenecks.Experts(2, {"point": 1}, crossed=0.2, clusters=clusters),
        {name: networks.MLP(hidden=[16]) for name in senses},
        likelihood | {name: likelihoods.CategoricalTokens() for name in of_classes},
    )
    senses |= {name: (point[:, 0] > 0).astype("int32") for name in of_classes}
    model.compile(keras.optimizers.Adam(1e-2))
    losses = model.fit(senses, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    present = {"double": rng.random(128) < 0.5}
    assert np.isfinite(model.fit(senses | {"present": present}, verbose=0).history["loss"][0])
    drawn = model.sample(given={"double": senses["double"][:4]}, seed=0)
    assert drawn["point"].shape == (4, 2)
    model.save(tmp_path / "senses.keras")
    copy = keras.saving.load_model(tmp_path / "senses.keras")
    few = {"point": point[:4]}
    np.testing.assert_array_equal(
        copy.log_prob(few, num_samples=20, seed=0), model.log_prob(few, num_samples=20, seed=0)
    )


def test_conditional_iwae_learns(digits):
    images, labels = digits
    model = tiny_vae(objective=objectives.IWAE(5), num_classes=10)
    model.compile(keras.optimizers.Adam(3e-3))
    losses = model.fit(images, labels, batch_size=32, epochs=5, verbose=0).history["iwae"]
    assert losses[-1] < losses[0] - 1
    assert model.sample(2, condition=np.array([3, 7]), seed=0).shape == (2, 8, 8, 1)


def test_every_step_has_noise_of_its_own(images):
    model = tiny_vae()
    model.compile(
        keras.optimizers.SGD(0.0)
    )  # the weights stay, so only the noise can change the loss
    batches = []
    record = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda _, logs: batches.append(logs["reconstruction"])
    )
    model.fit(
        np.repeat(images[:8], 4, axis=0),
        batch_size=8,
        epochs=4,
        shuffle=False,
        verbose=0,
        callbacks=[record],
    )
    assert len(set(batches)) == len(batches) == 16


def test_logged_terms_are_the_terms_and_the_warm_up_counts_steps(images):
    model = tiny_vae(objective=objectives.ELBO(beta=2.0, warmup_steps=4))
    model.compile(keras.optimizers.SGD(0.0))
    kl = float(np.mean(model.loss_terms(images[:32]).terms["kl"]))
    logs = []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, epoch_logs: logs.append(epoch_logs)
    )
    model.fit(images[:32], batch_size=32, epochs=6, shuffle=False, verbose=0, callbacks=[record])
    assert int(model.objective.step) == 6
    for step, epoch in enumerate(logs, 1):
        assert epoch["kl"] == pytest.approx(kl, rel=1e-5)
        weight = 2.0 * min(step / 4, 1)
        assert epoch["loss"] == pytest.approx(epoch["reconstruction"] + weight * kl, rel=1e-5)


@pytest.mark.parametrize("kind", ["language_model", "text_vae", "conditional_text_vae", "policy"])
def test_models_of_sentences_learn_and_survive_their_file(kind, tmp_path):
    model, x = sentences.seeded(getattr(sentences, kind)), sentences.tokens(64)
    data = (x, np.arange(64) % 2) if model.num_classes else (x,)
    model.compile(keras.optimizers.Adam(1e-2))
    losses = model.fit(*data, batch_size=16, epochs=3, verbose=0).history["loss"]
    assert np.all(np.isfinite(losses)) and (kind == "policy" or losses[-1] < losses[0])
    model.save(tmp_path / "model.keras")
    same = keras.saving.load_model(tmp_path / "model.keras")
    labels = data[1:] and (data[1][:4],)
    drawn = model.sample(4, *labels, seed=0)
    model.event.check(drawn)
    np.testing.assert_array_equal(drawn, same.sample(4, *labels, seed=0))


def test_a_flow_learns_a_density_and_survives_its_file(tmp_path):
    x = np.random.default_rng(0).normal(2.0, 0.5, (64, 2)).astype("float32")
    model = families.FlowModel([2], networks.RealNVP(2, hidden=8))
    model.compile(keras.optimizers.Adam(1e-2))
    losses = model.fit(x, batch_size=16, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    same = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(same.log_prob(x), model.log_prob(x))
