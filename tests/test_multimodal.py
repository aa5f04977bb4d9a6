"""Several senses in one code, any of them missing: against enumeration, quadrature and the product
formula.
"""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from kerasgen import (
    bottlenecks,
    events,
    export,
    families,
    likelihoods,
    networks,
    objectives,
    zoo,
)
from kerasgen.bottlenecks.experts import FUSIONS
from kerasgen.distributions import NormalMixture
from kerasgen.metrics.coherence import coherence
from kerasgen.reports import Shown, report

every_fusion = pytest.mark.parametrize("fusion", FUSIONS)
LAYERS = keras.layers


def embedding(vocab_size):
    return keras.Sequential([LAYERS.Embedding(vocab_size, 8), LAYERS.Flatten(), LAYERS.Dense(16)])


def tokens_and_classes(fusion):
    """A pair of binary tokens, and one of three classes; the code's second number is the pair's."""
    event = events.Partial({"pair": events.Tokens(2, 2), "label": events.Classes(3)})
    model = families.MultimodalVAE(
        event,
        {"pair": embedding(2), "label": LAYERS.Embedding(3, 8)},
        bottlenecks.Experts(1, {"pair": 1}, fusion),
        {name: networks.MLP(hidden=(16,)) for name in event.events},
        {name: likelihoods.CategoricalTokens() for name in event.events},
    )
    for layer in model.bottleneck.statistics.values():  # unsure experts, that no weight is large
        layer.bias.assign(np.repeat([0.0, 3.0], layer.units // 2))
    return model


def labelled(n, seed=0):
    """Pictures `[n, 4, 4, 1]` of a row in white, a wave of its frequency, and its number."""
    row = np.random.default_rng(seed).integers(4, size=n).astype("int32")
    images = np.zeros((n, 4, 4, 1), "float32")
    images[np.arange(n), row] = 1
    phase = np.random.default_rng(seed + 1).uniform(0, 0.5, (n, 1, 1))
    waves = np.sin((row[:, None, None] + 1) * (np.arange(8)[:, None] / 2 + phase))
    return {"image": images, "wave": waves.astype("float32"), "row": row}


def of_three(fusion="mixture_of_products", objective=None):
    """The number is told by the code, and has no encoder."""
    event = events.Partial(
        {"image": [4, 4, 1], "wave": events.Series(8, 1), "row": events.Classes(4)}
    )
    return families.MultimodalVAE(
        event,
        {name: networks.MLP((16,), (32,)) for name in ("image", "wave")},
        bottlenecks.Experts(4, {"wave": 1}, fusion, seed=0),
        {name: networks.MLP(hidden=(32,)) for name in event.events},
        {
            "image": likelihoods.Bernoulli(),
            "wave": likelihoods.Gaussian("shared"),
            "row": likelihoods.CategoricalTokens(),
        },
        objective,
    )


@pytest.fixture(scope="module")
def trained():
    keras.utils.set_random_seed(0)
    model, x = of_three(objective=objectives.SensesELBO({"row": 4.0})), labelled(256)
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(x, batch_size=64, epochs=60, verbose=0)
    return model


# The posterior


def experts(fusion, crossed=0.0, seed=0, n=3):
    """A bottleneck of three senses of two numbers, and features of each."""
    bottleneck = bottlenecks.Experts(2, {"b": 1}, fusion, crossed)
    rng = np.random.default_rng(seed)
    features = {name: rng.normal(size=(n, 5)).astype("float32") for name in "abc"}
    bottleneck.build({name: (None, 5) for name in "abc"})
    return bottleneck, features


def by_hand(bottleneck, features, present):
    """Components' weights, means and scales, example by example, from each set of senses."""
    from kerasgen.bottlenecks.continuous import mean_and_scale

    own = {
        name: [np.asarray(each, "float64") for each in mean_and_scale(layer(features[name]))]
        for name, layer in bottleneck.statistics.items()
    }
    found = []
    for row, there in enumerate(present):
        names = [name for name, is_there in zip("abc", there) if is_there]
        sets = {
            "product": [names],
            "mixture": [[name] for name in names],
            "mixture_of_products": [
                list(chosen)
                for size in range(1, len(names) + 1)
                for chosen in itertools.combinations(names, size)
            ],
        }[bottleneck.fusion] or [[]]
        components = []
        for chosen in sets:
            means, scales = [np.zeros(2)], [np.ones(2)]  # the prior
            for name in chosen:
                mean, scale = (each[row, :2] for each in own[name])
                means.append(mean)
                scales.append(scale)
            precision = sum(scale**-2 for scale in scales)
            mean = sum(mean * scale**-2 for mean, scale in zip(means, scales)) / precision
            mean_b, scale_b = (each[row, 2] for each in own["b"])
            total = 1 + scale_b**-2
            for share, owners in (
                (1 - bottleneck.crossed, names),
                (bottleneck.crossed, chosen),
            ):
                of_b = (mean_b * scale_b**-2 / total, total**-0.5) if "b" in owners else (0, 1)
                component = np.append(mean, of_b[0]), np.append(precision**-0.5, of_b[1])
                components.append((share / len(sets), component))
        found.append(components)
    return found


@every_fusion
@pytest.mark.parametrize("present", [(1, 1, 1), (0, 1, 1), (1, 0, 0), (0, 0, 0)])
@pytest.mark.parametrize("crossed", [0.0, 0.3])
def test_the_posterior_is_the_mixture_of_products_of_experts(fusion, present, crossed):
    bottleneck, features = experts(fusion, crossed)
    present = np.array([present, (1, 1, 1), (0, 0, 1)], bool)
    told = dict(zip("abc", present.T))
    posterior = bottleneck.posterior(features | {"present": told})
    z = np.random.default_rng(1).normal(size=(50, 3, 3)).astype("float32")
    expected = np.stack(
        [
            np.log(sum(w * stats.norm(*c).pdf(z[:, row]).prod(-1) for w, c in components))
            for row, components in enumerate(by_hand(bottleneck, features, present))
        ],
        axis=1,
    )
    np.testing.assert_allclose(posterior.log_prob(z), expected, atol=1e-4)


@pytest.mark.parametrize("fusion,alone", [("mixture_of_products", "product"), ("mixture",) * 2])
def test_whole_takes_the_largest_sets_alone(fusion, alone):
    z = np.random.default_rng(1).normal(size=(5, 3, 3)).astype("float32")
    crossed, features = experts(fusion, 0.3)
    plain, _ = experts(alone)
    for name, layer in plain.statistics.items():
        layer.set_weights(crossed.statistics[name].get_weights())
    found = crossed.posterior(features, whole=True).log_prob(z)
    np.testing.assert_allclose(found, plain.posterior(features).log_prob(z), rtol=1e-5)


@every_fusion
def test_a_batch_of_which_nothing_is_missing_needs_no_word_of_it(fusion):
    bottleneck, features = experts(fusion)
    there = {name: np.ones(3, bool) for name in "abc"}
    z = np.zeros((3, 3), "float32")
    np.testing.assert_array_equal(
        bottleneck.posterior(features).log_prob(z),
        bottleneck.posterior(features | {"present": there}).log_prob(z),
    )


@every_fusion
def test_the_term_bounds_the_divergence_and_is_it_for_one_product(fusion):
    bottleneck, features = experts(fusion)
    posterior = bottleneck.posterior(features)
    bound = np.asarray(bottleneck.terms(posterior, None)["kl"])
    z = posterior.sample(20_000, seed=0)
    kl = np.mean(posterior.log_prob(z) - bottleneck.prior().log_prob(z), axis=0)
    assert np.all(kl < bound + 0.03)
    if fusion == "product":
        np.testing.assert_allclose(kl, bound, atol=0.03)


def mixture():
    weights = np.array([[0.2, 0.5, 0.3], [1, 0, 0]], "float32")
    rng = np.random.default_rng(0)
    means = rng.normal(size=(2, 3, 2)).astype("float32") * 3
    return weights, means, rng.uniform(0.5, 2, size=(2, 3, 2)).astype("float32")


def test_draws_and_moments_are_those_of_the_mixture():
    weights, means, scales = mixture()
    distribution = NormalMixture(weights, means, scales)
    mean = np.einsum("bk,bkd->bd", weights, means)
    variance = np.einsum("bk,bkd->bd", weights, scales**2 + means**2) - mean**2
    np.testing.assert_allclose(distribution.mean(), mean, atol=1e-5)
    np.testing.assert_allclose(distribution.variance(), variance, atol=1e-4)
    # Each single draw, too, whose components are taken in turn.
    each = np.stack([distribution.sample(2, seed=seed) for seed in range(1500)])
    for draws in (np.asarray(distribution.sample(20_000, seed=0)), each[:, 0], each[:, 1]):
        tolerance = 5 * np.sqrt(variance / len(draws))
        assert np.all(np.abs(draws.mean(0) - mean) < tolerance)
        cdf = np.einsum("bk,nbkd->nbd", weights, stats.norm(means, scales).cdf(draws[:, :, None]))
        assert stats.kstest(cdf[:, 0, 0], "uniform").pvalue > 1e-3


def test_the_gradient_of_an_expectation_is_that_of_its_value():
    """E z^2 = sum w_k (mean_k^2 + scale_k^2): 2 w mean and 2 w scale."""
    weights, means, scales = map(tf.constant, mixture())
    with tf.GradientTape() as tape:
        tape.watch([means, scales])
        draws = NormalMixture(weights, means, scales).sample(40_000, seed=0)
        value = tf.reduce_sum(tf.reduce_mean(draws**2, axis=0))
    for found, of in zip(tape.gradient(value, [means, scales]), (means, scales)):
        np.testing.assert_allclose(found, 2 * weights[..., None] * of, atol=0.15)


# The probability


def by_quadrature(model, x):
    """log p(x), the code of two numbers integrated out."""
    axis = np.linspace(-5, 5, 61, dtype="float32")
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 1, 2)
    n = len(next(iter(x.values())))
    log_likelihood = model.decode(np.broadcast_to(z, (len(z), n, 2))).log_prob(model.event.array(x))
    prior = stats.norm.pdf(z).prod(-1) * (axis[1] - axis[0]) ** 2
    return np.log(np.sum(np.exp(log_likelihood) * prior, axis=0))


@every_fusion
def test_joint_marginal_and_conditional_probabilities_are_those_of_enumeration(fusion):
    model = tokens_and_classes(fusion)
    every = np.array(list(itertools.product(range(2), range(2), range(3))), "int32")
    x = {"pair": every[:, :2], "label": every[:, 2]}
    joint = by_quadrature(model, x)
    assert np.exp(joint).sum() == pytest.approx(1, abs=1e-3) and joint.std() > 0.01
    estimate = {"num_samples": 20_000, "seed": 0}
    np.testing.assert_allclose(model.log_prob(x, **estimate), joint, atol=0.03)
    of_pair = np.log(np.exp(joint).reshape(4, 3).sum(1))
    pairs = {"pair": every[::3, :2]}
    np.testing.assert_allclose(model.log_prob(pairs, **estimate), of_pair, atol=0.03)
    conditional = model.conditional_log_prob(x, given=["pair"], **estimate)
    np.testing.assert_allclose(conditional, joint - np.repeat(of_pair, 3), atol=0.05)


def test_rows_that_lack_senses_count_as_if_the_sense_were_left_out():
    model = tokens_and_classes("mixture_of_products")
    x = {"pair": np.array([[0, 1], [1, 1]], "int32"), "label": np.array([2, 0], "int32")}
    present = {"label": np.array([True, False])}
    nats = model.log_prob(x | {"present": present}, num_samples=5000, seed=0)
    whole = model.log_prob(x, num_samples=5000, seed=0)
    marginal = model.log_prob({"pair": x["pair"]}, num_samples=5000, seed=0)
    np.testing.assert_allclose(nats, [whole[0], marginal[1]], atol=0.05)
    changed = x | {"label": np.array([2, 1], "int32"), "present": present}
    np.testing.assert_array_equal(model.log_prob(changed, num_samples=5000, seed=0), nats)


# Training and drawing


def test_one_sense_draws_the_others(trained):
    """Pictures of the row that a wave tells, the wave and the number that a picture tells."""
    x = labelled(100, seed=5)
    drawn = trained.sample(given={"wave": x["wave"]}, seed=0)
    rows = np.asarray(drawn["image"]).sum((2, 3)).argmax(-1)
    assert np.mean(rows == x["row"]) > 0.9 and np.mean(drawn["row"] == x["row"]) > 0.9
    np.testing.assert_array_equal(drawn["wave"], x["wave"])
    told = trained.sample(given={"image": x["image"]}, mean=True)["row"]
    assert np.mean(told == x["row"]) > 0.95
    again = trained.sample(given={"wave": x["wave"]}, seed=0)
    np.testing.assert_array_equal(again["image"], drawn["image"])


def test_one_example_is_given_for_all_that_are_drawn(trained):
    wave = labelled(1)["wave"][0]
    drawn = trained.sample(5, given={"wave": wave}, seed=0)
    assert drawn["image"].shape == (5, 4, 4, 1) and drawn["row"].shape == (5,)
    assert trained.sample(3, seed=0)["wave"].shape == (3, 8, 1)


def test_more_senses_make_the_code_surer(trained):
    x = labelled(64, seed=9)
    both = trained.encode({name: x[name] for name in ("image", "wave")})
    one = trained.encode({"image": x["image"]})
    product = slice(0, 4)
    assert np.mean(both.stddev()[:, product]) < np.mean(one.stddev()[:, product])


def test_missing_senses_train():
    x = labelled(128)
    present = {"wave": np.random.default_rng(0).random(128) < 0.5}
    model = of_three("product")
    model.compile(keras.optimizers.Adam(1e-2))
    history = model.fit(x | {"present": present}, epochs=15, verbose=0).history["loss"]
    assert history[-1] < 0.7 * history[0]
    without = {name: x[name] for name in ("image", "row")}
    batches = tf.data.Dataset.from_tensor_slices(without).batch(32)
    assert np.isfinite(model.fit(batches, verbose=0).history["loss"][0])


def test_what_is_missing_moves_no_weight():
    x = labelled(32)
    keras.utils.set_random_seed(0)
    model = of_three()
    before = [np.array(w) for w in model.decoder.networks["wave"].weights]
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit({name: x[name] for name in ("image", "row")}, epochs=2, verbose=0)
    for was, now in zip(before, model.decoder.networks["wave"].weights, strict=True):
        np.testing.assert_array_equal(was, now)


def test_two_replicas_train_it(two_replicas):
    with two_replicas.scope():
        model = of_three()
        model.compile(keras.optimizers.Adam(1e-2))
    batches = tf.data.Dataset.from_tensor_slices(labelled(64)).batch(32, drop_remainder=True)
    losses = model.fit(batches, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


# Files


def test_it_survives_its_file(trained, tmp_path):
    trained.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    given = {"image": labelled(4)["image"]}
    for name, drawn in trained.sample(given=given, seed=0).items():
        np.testing.assert_array_equal(copy.sample(given=given, seed=0)[name], drawn)


def test_its_files_have_a_signature_for_every_direction(trained, tmp_path):
    directions = {f"{a}_to_{b}" for a in ("image", "wave") for b in ("image", "wave", "row")}
    names = directions - {"image_to_image", "wave_to_wave"}
    names |= {"encode", "decode", "reconstruct", "sample"}
    assert names == set(export.saved_model(trained, tmp_path / "saved").errors)
    pytest.importorskip("ai_edge_litert")
    assert names == set(export.tflite(trained, tmp_path / "model.tflite").errors)


def test_it_has_figures_pictures_and_a_preset(trained, tmp_path):
    x = labelled(40)
    figures = report(trained).evaluate(x, num_samples=10)
    nats = -np.mean(trained.log_prob(x, num_samples=200, seed=0))
    assert figures["nll"].value == pytest.approx(nats, abs=0.5)
    captions = report(trained).pictures(tmp_path, Shown(x))
    assert {"samples.png", "reconstructions.png", "units.png"} <= set(captions)
    loaded = zoo.load(zoo.save(trained, tmp_path / "senses"))
    given = {"image": x["image"]}
    first, second = (
        model.sample(given=given, seed=0, mean=True)["wave"] for model in (trained, loaded)
    )
    np.testing.assert_allclose(first, second, atol=0.02)


# What is refused


@pytest.mark.parametrize(
    "x,reason",
    [
        (
            {"smell": np.zeros((2, 1))},
            r"of some of \['image', 'row', 'wave'\].* Received: \['smell",
        ),
        ({}, r"Received: \[\]"),
        (np.zeros((2, 4, 4, 1)), "Received: ndarray"),
        (
            {"image": np.zeros((2, 4, 4, 1)), "row": np.zeros(3, int)},
            "as many examples of each|row: Expected a condition for each of n=2",
        ),
        ({"image": np.zeros((2, 5, 4, 1))}, "image: Expected"),
        ({"image": np.full((2, 4, 4, 1), np.nan, "float32")}, "image: Expected finite"),
        (
            {"image": np.zeros((2, 4, 4, 1)), "present": {"image": np.ones(3, bool)}},
            r"present as Booleans \[2\]",
        ),
        (
            {"image": np.zeros((2, 4, 4, 1)), "present": {"smell": np.ones(2, bool)}},
            "Received: 'smell'",
        ),
    ],
)
def test_what_is_no_batch_of_some_senses_is_refused(trained, x, reason):
    for act in (trained.log_prob, trained.encode, lambda x: trained.sample(2, given=x)):
        with pytest.raises(ValueError, match=f"Expected .*{reason}|{reason}"):
            act(x)


def test_parts_that_do_not_fit_are_refused():
    def make(event, encoders, bottleneck=None):
        bottleneck, decoders = bottleneck or bottlenecks.Experts(1), {"a": networks.MLP()}
        of_a = {"a": likelihoods.Gaussian()}
        return families.MultimodalVAE(event, encoders, bottleneck, decoders, of_a)

    event, encoders = events.Partial({"a": [2]}), {"a": networks.MLP((4,))}
    with pytest.raises(ValueError, match="Expected fusion to be one of .* Received: 'sum'"):
        bottlenecks.Experts(1, fusion="sum")
    with pytest.raises(ValueError, match="crossed, a share in .* Received: 1"):
        bottlenecks.Experts(1, crossed=1)
    with pytest.raises(ValueError, match="several senses, events.Partial. Received: .2"):
        make([2], encoders)
    with pytest.raises(ValueError, match=r"encoders of some of \['a'\]. Received: \['b'\]"):
        make(event, {"b": encoders["a"]})
    with pytest.raises(ValueError, match=r"private_dims of senses .* Received: \['b'\]"):
        make(event, encoders, bottlenecks.Experts(1, {"b": 1}))
    with pytest.raises(ValueError, match="Expected a number of samples n, or given="):
        make(event, encoders).sample()


# Coherence


class Rows:
    """Judges pictures by their brightest row."""

    def probabilities(self, images):
        return np.asarray(images).sum((2, 3))


def test_coherence_is_the_share_that_agrees(trained):
    x = labelled(200, seed=3)
    given = {name: x[name] for name in ("image", "wave")}
    found = coherence(trained, given, x["row"], {"image": Rows()}, num_samples=200)
    drawn = trained.sample(given={"wave": x["wave"]}, seed=0, mean=True)
    rows = np.asarray(drawn["image"]).sum((2, 3)).argmax(-1)
    assert found["coherence[wave to image]"].value == 100 * np.mean(rows == x["row"])
    both = trained.sample(given=given, seed=0, mean=True)["row"]
    assert found["coherence[all to row]"].value == 100 * np.mean(both == x["row"])
    assert found["coherence[all to row]"].value > 95
    assert found["joint_coherence"].value > 50
    names = {"image to row", "wave to row", "wave to image", "all to row"}
    assert set(found) == {"joint_coherence", *(f"coherence[{name}]" for name in names)}


def test_shuffled_labels_are_met_by_chance(trained):
    x = labelled(400, seed=4)
    shuffled = np.random.default_rng(0).permutation(x["row"])
    found = coherence(trained, {"wave": x["wave"]}, shuffled, {"image": Rows()}, num_samples=10)
    assert 12 < found["coherence[wave to image]"].value < 38
