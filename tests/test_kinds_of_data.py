"""Token sequences, series and dicts of two events, from construction to files: whatever an event
is, a model is one.
"""

import functools
import itertools

import keras
import numpy as np
import pytest
import sentences
import tensorflow as tf
from scipy import stats

from kerasgen import (
    LatentVariableModel,
    bottlenecks,
    divergences,
    events,
    export,
    families,
    likelihoods,
    networks,
)
from kerasgen.reports import Shown, report

LAYERS = keras.layers


def sequences(n=96):
    """`[n, 12]` tokens of 20: each counts on from a random one."""
    start = np.random.default_rng(0).integers(20, size=(n, 1))
    return ((start + np.arange(12)) % 20).astype("int32")


def waves(n=96):
    """`[n, 24, 3]`: sines of a random phase, one channel after the other."""
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, (n, 1, 1))
    return np.sin(phase + np.arange(24)[:, None] / 3 + np.arange(3)).astype("float32")


def labelled(n=96):
    """Pictures `[n, 4, 4, 1]` of a row in white, and which it is."""
    row = np.random.default_rng(0).integers(4, size=n).astype("int32")
    images = np.zeros((n, 4, 4, 1), "float32")
    images[np.arange(n), row] = 1
    return {"image": images, "row": row}


def embedding(vocab_size):
    return keras.Sequential([LAYERS.Embedding(vocab_size, 8), LAYERS.Flatten(), LAYERS.Dense(16)])


def vae(event, encoder, decoder, likelihood, latent_dim=3):
    return LatentVariableModel(
        event, encoder, bottlenecks.Gaussian(latent_dim), decoder, likelihood
    )


def mlp():
    return networks.MLP(hidden=(32,))


def of_tokens():
    tokens = events.Tokens(12, 20)
    return vae(tokens, embedding(20), mlp(), likelihoods.CategoricalTokens())


def of_series():
    encoder = keras.Sequential(
        [LAYERS.Conv1D(8, 3, activation="relu"), LAYERS.Flatten(), LAYERS.Dense(16)]
    )
    return vae(events.Series(24, 3), encoder, mlp(), likelihoods.Gaussian("shared"))


def of_both():
    event = events.Joint({"image": [4, 4, 1], "row": events.Classes(4)})
    encoder = networks.JointEncoder(
        {"image": networks.MLP((16,), (16,)), "row": keras.Sequential([LAYERS.Embedding(4, 8)])}
    )
    decoder = networks.JointDecoder({"image": mlp(), "row": mlp()})
    parts = {"image": likelihoods.Bernoulli(), "row": likelihoods.CategoricalTokens()}
    return vae(event, encoder, decoder, likelihoods.Joint(parts))


KINDS = {
    "tokens": (of_tokens, sequences),
    "series": (of_series, waves),
    "both": (of_both, labelled),
    "sentences": (sentences.text_vae, sentences.tokens),
    "attended": (lambda: sentences.text_vae("transformer"), sentences.tokens),
}
every_kind = pytest.mark.parametrize("kind", KINDS)
every_event = pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "attended"])
# Sentences that attend differ by the network; tokens are in a pair of events, too.
every_step = pytest.mark.parametrize("kind", ["series", "both", "sentences"])
every_file = pytest.mark.parametrize(
    "kind",
    [
        "tokens",
        "both",
        "sentences",
        *(pytest.param(k, marks=pytest.mark.slow) for k in ("series", "attended")),
    ],
)


@pytest.fixture(scope="module")
def fitted():
    """`fitted(kind)`: a model with its data, after a few epochs, and what `fit` logged."""

    @functools.cache
    def get(kind):
        make, draw = KINDS[kind]
        keras.utils.set_random_seed(0)
        model, x = make(), draw()
        model.compile(keras.optimizers.Adam(1e-2))
        return model, x, model.fit(x, batch_size=32, epochs=20, verbose=0).history

    return get


def rows(x, n):
    return keras.tree.map_structure(lambda x: x[:n], x)


def assert_alike(found, expected, **tolerance):
    keras.tree.map_structure(
        lambda a, b: np.testing.assert_allclose(a, b, **tolerance), found, expected
    )


@every_kind
def test_it_trains_scores_samples_and_reconstructs(kind, fitted):
    model, x, history = fitted(kind)
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    few = rows(x, 5)
    nats = np.asarray(model.log_prob(few, num_samples=20, seed=0))
    assert nats.shape == (5,) and np.all(np.isfinite(nats))
    assert nats.mean() > np.mean(model.elbo(few, num_samples=20, seed=0)) - 0.1
    samples = model.sample(7, seed=0)
    model.event.check(samples)
    assert_alike(model.sample(7, seed=0), samples)
    model.event.check(model.sample(3, mean=True))
    assert model.event.render(samples).shape[0] == 7
    reconstructed = model.reconstruct(few)
    model.event.check(reconstructed)
    keras.tree.map_structure(
        lambda a, b: a.shape == b.shape or pytest.fail("shapes"), reconstructed, few
    )


@every_kind
def test_it_survives_its_file(kind, fitted, tmp_path):
    model, x, _ = fitted(kind)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    few = rows(x, 4)
    np.testing.assert_array_equal(
        copy.log_prob(few, num_samples=3, seed=0), model.log_prob(few, num_samples=3, seed=0)
    )
    assert_alike(copy.sample(4, seed=0), model.sample(4, seed=0))


@every_file
def test_its_exported_files_agree(kind, fitted, tmp_path):
    """They are compared with the model, signature by signature, before they are handed over."""
    pytest.importorskip("ai_edge_litert")
    model = fitted(kind)[0]
    names = {"encode", "decode", "reconstruct", "sample", "elbo"}
    assert names == set(export.saved_model(model, tmp_path / "saved").errors)
    assert names == set(export.tflite(model, tmp_path / "model.tflite").errors)


@every_step
def test_two_replicas_train_it(kind, two_replicas):
    make, draw = KINDS[kind]
    with two_replicas.scope():
        model = make()
        model.compile(keras.optimizers.Adam(1e-2))
    data = tf.data.Dataset.from_tensor_slices(draw(64)).batch(32, drop_remainder=True)
    losses = model.fit(data, epochs=4, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


@every_event
def test_bad_batches_end_training(kind):
    make, draw = KINDS[kind]
    model, x = make(), draw(64)
    model.compile("sgd")
    spoilt = x["image"] if isinstance(x, dict) else x
    spoilt[0] = {"tokens": 20, "series": np.nan, "both": 2}.get(kind, 99)
    with pytest.raises(ValueError, match="Received"):
        model.fit(x, verbose=0)
    with pytest.raises(ValueError, match="epoch 1, step 1"):
        model.fit(tf.data.Dataset.from_tensor_slices(x).batch(32), verbose=0)


def by_quadrature(model, x):
    """log p(x), the code of one number integrated out."""
    z = np.linspace(-6, 6, 401, dtype="float32")
    count = len(keras.tree.flatten(x)[0])
    log_likelihood = model.decode(np.broadcast_to(z[:, None, None], (401, count, 1))).log_prob(x)
    return np.log(np.sum(np.exp(log_likelihood) * stats.norm.pdf(z)[:, None], axis=0) * 12 / 400)


def test_the_probability_of_tokens_is_that_of_enumeration():
    model = vae(events.Tokens(2, 3), embedding(3), mlp(), likelihoods.CategoricalTokens(), 1)
    x = np.array(list(itertools.product(range(3), repeat=2)), "int32")
    exact = by_quadrature(model, x)
    assert np.exp(exact).sum() == pytest.approx(1, abs=1e-4) and exact.std() > 0.01
    np.testing.assert_allclose(model.log_prob(x, num_samples=20_000, seed=0), exact, atol=0.03)
    drawn = np.asarray(model.sample(4000, seed=0))
    found = np.bincount(drawn @ [3, 1], minlength=9) / 4000
    np.testing.assert_allclose(found, np.exp(exact), atol=5 * np.sqrt(0.25 / 4000))


def test_the_probability_of_two_events_is_that_of_enumeration():
    event = events.Joint({"pair": events.Tokens(2, 2), "label": events.Classes(3)})
    encoder = networks.JointEncoder({"pair": embedding(2), "label": LAYERS.Embedding(3, 8)})
    parts = {name: likelihoods.CategoricalTokens() for name in event.events}
    decoder = networks.JointDecoder({name: mlp() for name in event.events})
    model = vae(event, encoder, decoder, likelihoods.Joint(parts), 1)
    every = np.array(list(itertools.product(range(2), range(2), range(3))), "int32")
    x = {"pair": every[:, :2], "label": every[:, 2]}
    exact = by_quadrature(model, x)
    assert np.exp(exact).sum() == pytest.approx(1, abs=1e-4) and exact.std() > 0.01
    np.testing.assert_allclose(model.log_prob(x, num_samples=20_000, seed=0), exact, atol=0.03)
    drawn = model.sample(4000, seed=0)
    found = (
        np.bincount(np.asarray(drawn["pair"]) @ [6, 3] + np.asarray(drawn["label"]), minlength=12)
        / 4000
    )
    np.testing.assert_allclose(found, np.exp(exact), atol=5 * np.sqrt(0.25 / 4000))


def test_a_likelihood_takes_the_events_of_its_support():
    with pytest.raises(
        ValueError, match="Expected an event that Bernoulli takes.* Received: Series"
    ):
        likelihoods.Bernoulli().build_for(events.Series(4, 1))
    with pytest.raises(
        ValueError, match="Expected an event that CategoricalTokens takes.* Received: Image"
    ):
        likelihoods.CategoricalTokens().build_for(events.Image(4, 4, 1))
    with pytest.raises(ValueError, match="2 levels, those of Bernoulli"):
        likelihoods.Bernoulli().build_for(events.Image(4, 4, 1, levels=256))
    with pytest.raises(ValueError, match=r"a likelihood for each of \['a'\]. Received: \['b'\]"):
        likelihoods.Joint({"b": likelihoods.Gaussian()}).build_for(events.Joint({"a": [3]}))


def test_an_adversarial_model_and_a_mixture_of_series():
    parts = networks.MLP(hidden=(8,)), networks.MLP((8,), (8,)), divergences.NonSaturating()
    gan = families.AdversarialModel(events.Series(6, 2), *parts, latent_dim=2)
    mixture = families.Mixture(events.Series(6, 2), 2)
    for model in (gan, mixture):
        assert model.sample(3, seed=0).shape == (3, 6, 2)
    x = np.random.default_rng(0).standard_normal((40, 6, 2))
    mixture.fit_em(x)
    assert np.all(np.isfinite(mixture.log_prob(x)))


@every_kind
def test_what_is_reported_of_it(kind, fitted, tmp_path):
    model, x, _ = fitted(kind)
    of_model, few = report(model), rows(x, 20)
    figures = of_model.evaluate(few, num_samples=10)
    assert figures["nll"].value == pytest.approx(
        -np.mean(model.log_prob(few, num_samples=500)), rel=0.1
    )
    captions = of_model.pictures(tmp_path, Shown(few))
    assert {"samples.png", "reconstructions.png", "units.png", "traversal.png"} <= set(captions)
    assert all((tmp_path / name).stat().st_size > 500 for name in captions)
