"""Clusters: a prior of a normal a class, against the formula of the mixture."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats
from senses import labelled, of_three

from kerasgen import bottlenecks, export, objectives
from kerasgen.bottlenecks.clusters import Clusters


def clusters(n=3, size=2):
    made = Clusters(n)
    made.build((None, size))
    rng = np.random.default_rng(0)
    made.set_weights([rng.normal(size=(n, size)), rng.uniform(-1, 0, (n, size))])
    return made


def densities(made, w):
    """log N(w; cluster), `[..., C]`."""
    scales = np.exp(np.asarray(made.log_scales))
    return stats.norm(np.asarray(made.means), scales).logpdf(w[..., None, :]).sum(-1)


def test_the_density_and_the_class_are_those_of_the_mixture(rng):
    made, w = clusters(), rng.normal(size=(20, 2)).astype("float32")
    expected = densities(made, w)
    np.testing.assert_allclose(
        made.log_prob(w), special.logsumexp(expected, axis=-1) - math.log(3), atol=1e-5
    )
    classes = special.softmax(expected, axis=-1)
    np.testing.assert_allclose(special.softmax(np.asarray(made(w)), axis=-1), classes, atol=1e-5)


def test_the_divergence_is_bounded_from_above_and_exact_for_one_cluster(rng):
    mean, scale = rng.normal(size=(4, 2)).astype("float32"), np.full((4, 2), 0.4, "float32")
    w = mean + scale * rng.normal(size=(40_000, 4, 2)).astype("float32")
    for made in (clusters(), clusters(1)):
        by_unit, bound = (np.asarray(each) for each in made.kl_by_unit(mean, scale))
        log_q = stats.norm(mean, scale).logpdf(w).sum(-1)
        kl = np.mean(log_q - np.asarray(made.log_prob(w)), axis=0)
        nearest = np.mean(log_q[..., None] - densities(made, w), axis=0).min(-1)
        assert np.all(kl < bound + 0.03)
        assert np.all(bound < nearest + math.log(made.num_clusters) + 0.03)
        assert np.all(by_unit.sum(-1) < bound + 1e-4)
    np.testing.assert_allclose(by_unit.sum(-1), bound, atol=1e-4)
    np.testing.assert_allclose(kl, bound, atol=0.03)


@pytest.mark.parametrize("way", ["noise", "seed"])
def test_draws_are_of_all_clusters_alike_and_normal_within_each(way, rng):
    bottleneck = bottlenecks.Experts(2, {"a": 1}, clusters={"label": 3})
    bottleneck.build({"a": (None, 5), "b": (None, 5)})
    made = bottleneck.clusters["label"]
    means = np.array([[0, 0], [90, 0], [0, 90]], "float32")
    made.set_weights([means, np.log(np.array([[0.5, 2]] * 3))])
    noise = rng.normal(size=(30_000, 3)).astype("float32")
    if way == "noise":
        z = np.asarray(bottleneck.from_noise(bottleneck.prior(), noise))
    else:
        z = np.asarray(bottleneck.sample(30_000, seed=np.array([3, 4], "uint32")))
    of_cluster = np.linalg.norm(z[:, None, :2] - means, axis=-1).argmin(-1)
    assert np.all(np.abs(np.bincount(of_cluster) / len(z) - 1 / 3) < 0.015)
    within = np.column_stack([(z[:, :2] - means[of_cluster]) / [0.5, 2], z[:, 2]])
    for number in range(3):
        for unit in within[of_cluster == number].T:
            assert stats.kstest(unit, "norm").pvalue > 1e-3
    assert stats.spearmanr(of_cluster[1:], of_cluster[:-1]).pvalue > 1e-3


def test_the_prior_of_experts_is_clusters_beside_normals(rng):
    bottleneck = bottlenecks.Experts(2, {"a": 1}, crossed=0.3, clusters={"label": 3})
    features = {name: rng.normal(size=(3, 5)).astype("float32") for name in "ab"}
    bottleneck.build({name: (None, 5) for name in "ab"})
    posterior = bottleneck.posterior(features)
    z = np.asarray(posterior.sample(20_000, seed=0))
    log_p = np.asarray(bottleneck.prior().log_prob(z))
    expected = bottleneck.clusters["label"].log_prob(z[..., :2]) + stats.norm.logpdf(z[..., 2])
    np.testing.assert_allclose(log_p, expected, atol=1e-4)
    kl = np.mean(np.asarray(posterior.log_prob(z)) - log_p, axis=0)
    assert np.all(kl < np.asarray(bottleneck.terms(posterior, None)["kl"]) + 0.03)


@pytest.fixture(scope="module")
def clustered():
    keras.utils.set_random_seed(0)
    model = of_three(objective=objectives.SensesELBO({"row": 4.0}), clusters={"row": 4})
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(labelled(256), batch_size=64, epochs=60, verbose=0)
    return model


def test_samples_are_of_one_class_in_every_sense(clustered):
    drawn = clustered.sample(400, seed=0, mean=True)
    rows = np.asarray(drawn["image"]).sum((2, 3)).argmax(-1)
    assert np.mean(rows == np.asarray(drawn["row"])) > 0.9
    assert np.bincount(rows, minlength=4).min() > 60


def test_a_model_of_clusters_survives_its_file(clustered, tmp_path):
    clustered.save(tmp_path / "model.keras")
    copy, x = keras.saving.load_model(tmp_path / "model.keras"), labelled(5)
    score = {"num_samples": 3, "seed": 0}
    np.testing.assert_array_equal(copy.log_prob(x, **score), clustered.log_prob(x, **score))


def test_its_steps_are_compiled_with_xla():
    model = of_three(objective=objectives.SensesELBO({"row": 4.0}), clusters={"row": 4})
    model.compile(keras.optimizers.Adam(1e-2), jit_compile=True)
    losses = model.fit(labelled(64), batch_size=32, epochs=4, verbose=0).history["loss"]
    assert model.jit_compile and losses[-1] < losses[0]


def test_its_files_tell_the_class_as_the_model_does(clustered, tmp_path):
    runtime = pytest.importorskip("ai_edge_litert.interpreter")
    x, chosen = labelled(3), ["image_to_row"]
    function, _ = clustered.export_signatures()["image_to_row"]
    expected = function(image=x["image"])
    export.saved_model(clustered, tmp_path / "saved", signatures=chosen)
    export.tflite(clustered, tmp_path / "model.tflite", batch_size=3, signatures=chosen)
    saved = tf.saved_model.load(str(tmp_path / "saved")).signatures["image_to_row"]
    lite = runtime.Interpreter(str(tmp_path / "model.tflite")).get_signature_runner(chosen[0])
    found = saved(image=tf.constant(x["image"])), lite(image=x["image"])
    for name, value in expected.items():
        for each in found:
            np.testing.assert_allclose(each[name], value, atol=1e-4)
    assert list(expected)


@pytest.mark.parametrize("wrong", [{"row": 4, "wave": 2}, {"column": 4}, {"row": 5}])
def test_clusters_are_of_one_sense_of_as_many_classes(wrong):
    with pytest.raises(ValueError, match="^Expected"):
        of_three(clusters=wrong)


def test_a_class_alone_and_nothing_at_all_are_drawn_from_the_prior(clustered):
    asked = np.arange(200, dtype="int32") % 4
    drawn = clustered.sample(given={"row": asked}, seed=0, mean=True)
    assert np.mean(np.asarray(drawn["image"]).sum((2, 3)).argmax(-1) == asked) > 0.9
    nothing = {"row": asked, "present": {"row": np.zeros(200, bool)}}
    drawn = clustered.sample(given=nothing, seed=0, mean=True)
    rows = np.asarray(drawn["image"]).sum((2, 3)).argmax(-1)
    assert np.mean(rows == np.asarray(drawn["row"])) > 0.9
    assert np.bincount(rows, minlength=4).min() > 25
