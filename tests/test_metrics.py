"""Likelihood figures against a linear-Gaussian model, whose log p(x) and posterior are known."""

import itertools

import keras
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from kerasgen import LatentVariableModel, bottlenecks, likelihoods, networks
from kerasgen.families import AutoregressiveModel
from kerasgen.metrics import disentanglement, likelihood, novelty
from kerasgen.metrics.likelihood import importance_weighted
from kerasgen.reports import Study, report

_LOADINGS = np.array(
    [[0.3, 0.3, 0.0, 0.0], [0.0, 0.0, 0.2, -0.2], [0.0, 0.0, 0.0, 0.0]], "float32"
)  # [3, 4]
_NOISE = 0.1


def linear_gaussian(spread=1.0):
    """x = 0.5 + z W + 0.1 noise, with its exact posterior, or one `spread` times as wide.

    The rows of W are orthogonal, so that the posterior is diagonal; the third is zero, an inactive
    unit.
    """
    model = LatentVariableModel(
        (2, 2, 1),
        networks.MLP((4,), hidden=()),
        bottlenecks.Gaussian(3),
        networks.MLP((2, 2, 1), hidden=()),
        likelihoods.Gaussian(scale=_NOISE),
    )
    variance = 1 / (1 + np.sum(_LOADINGS**2, axis=1) / _NOISE**2)
    to_mean = _LOADINGS.T * variance / _NOISE**2  # [4, 3]
    raw_scale = np.log(np.expm1(spread * np.sqrt(variance) - 1e-5))
    model.encoder.set_weights([np.eye(4), np.zeros(4)])
    model.bottleneck.statistics.set_weights(
        [
            np.concatenate([to_mean, np.zeros((4, 3))], axis=1),
            np.concatenate([-0.5 * to_mean.sum(axis=0), raw_scale]),
        ]
    )
    model.decoder.set_weights([_LOADINGS, np.full(4, 0.5)])
    return model, variance


@pytest.fixture(scope="module")
def data():
    """120 points of the model that lie in [0, 1], and their exact log p(x)."""
    covariance = _LOADINGS.T @ _LOADINGS + _NOISE**2 * np.eye(4)
    density = multivariate_normal(np.full(4, 0.5), covariance)
    points = density.rvs(1000, random_state=0)
    points = points[np.all((points >= 0) & (points <= 1), axis=1)][:120]
    return points.reshape(-1, 2, 2, 1).astype("float32"), density.logpdf(points)


def test_the_exact_posterior_gives_the_exact_likelihood(data):
    images, exact = data
    model, variance = linear_gaussian()
    figures = importance_weighted(model, images, num_samples=3)
    assert figures["nll"].value == pytest.approx(-exact.mean(), abs=1e-3)
    assert figures["nll"].standard_error == pytest.approx(
        exact.std(ddof=1) / np.sqrt(len(exact)), rel=1e-3
    )
    assert figures["elbo"].value == pytest.approx(exact.mean(), abs=0.15)
    means = (images.reshape(-1, 4) - 0.5) @ (_LOADINGS.T * variance / _NOISE**2)
    kl = 0.5 * np.sum(means**2 + variance - 1 - np.log(variance), axis=1)
    assert figures["kl"].value == pytest.approx(kl.mean(), rel=1e-4)
    assert figures["elbo"].value == pytest.approx(
        -figures["reconstruction"].value - figures["kl"].value
    )
    assert figures["active_units"].value == 2


def test_the_bound_tightens_with_samples(data):
    images, exact = data
    model, _ = linear_gaussian(spread=1.5)
    figures = importance_weighted(model, images, num_samples=500)
    assert figures["nll"].value == pytest.approx(-exact.mean(), abs=0.03)
    assert -figures["elbo"].value > figures["nll"].value + 0.2


def test_figures_repeat_with_their_seed(data):
    images, _ = data
    model, _ = linear_gaussian(spread=1.5)
    figures = importance_weighted(model, images, num_samples=2, seed=4)
    assert importance_weighted(model, images, num_samples=2, seed=4) == figures
    assert (
        importance_weighted(model, images, num_samples=2, seed=5)["nll"].value
        != figures["nll"].value
    )


def test_batches_draw_their_own_noise(data):
    model, _ = linear_gaussian(spread=1.5)
    images = np.repeat(data[0][:1], 200, axis=0)
    one, two = (
        importance_weighted(model, images[:n], num_samples=1)["nll"].value for n in (100, 200)
    )
    assert one != pytest.approx(two, abs=1e-6)


def test_progress_is_shown_when_asked_for(data, capsys):
    model, _ = linear_gaussian()
    importance_weighted(model, data[0][:120], num_samples=1)
    assert capsys.readouterr().out == ""
    importance_weighted(model, data[0][:120], num_samples=1, progress=True)
    assert "120/120" in capsys.readouterr().out


def test_bad_input(data):
    model, _ = linear_gaussian()
    with pytest.raises(ValueError, match="Expected num_samples to be an integer of at least 1"):
        importance_weighted(model, data[0], num_samples=0)
    with pytest.raises(
        ValueError, match="Expected at least 2 examples, for a standard error. Received: 1"
    ):
        importance_weighted(model, data[0][:1], num_samples=1)
    with pytest.raises(ValueError, match=r"Received: values in .* Divide by 255"):
        importance_weighted(model, data[0] * 255, num_samples=1)


def test_log_prob_scores_the_weights_of_now(data):
    x = data[0][:5]
    model, _ = linear_gaussian()
    before = np.array(model.log_prob(x, num_samples=7, seed=0))
    model.decoder.set_weights([_LOADINGS, np.full(4, 0.6)])
    after = np.array(model.log_prob(x, num_samples=7, seed=0))
    fresh, _ = linear_gaussian()
    fresh.decoder.set_weights([_LOADINGS, np.full(4, 0.6)])
    np.testing.assert_array_equal(after, fresh.log_prob(x, num_samples=7, seed=0))
    assert np.all(after != before)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow traces here")
def test_log_prob_traces_once_for_equal_shapes(data):
    model, _ = linear_gaussian()
    traces = []
    decode = model.decode
    model.decode = lambda *args: traces.append(1) or decode(*args)
    for seed in range(4):
        model.log_prob(data[0][:2], num_samples=1500, seed=seed)
    assert len(traces) == 2  # blocks of 1,024 and of 476 samples


@pytest.mark.parametrize(("data_name", "measured"), [("shapes", 2), ("ring", 1)])
def test_known_factors_add_disentanglement_scores(data_name, measured, monkeypatch):
    monkeypatch.setattr(
        disentanglement, "figures", lambda model, shapes: {"mig": (model, shapes.event_shape)}
    )
    model, *_ = linear_gaussian()
    points = np.zeros((4, *model.event_shape), "float32")
    results = list(
        report(model).figures(
            Study(data_name, lambda split: (points, None, "4 points"), num_samples=3)
        )
    )
    assert len(results) == measured
    assert (
        results[0][1] == "4 points, nll by k = 3 importance samples, elbo by 10"
        and "nll" in results[0][0]
    )
    assert all(figures == {"mig": (model, (64, 64, 1))} for figures, _ in results[1:])


class Brightness:
    """A density that is higher the darker an image is."""

    event_shape, num_classes, likelihood_kind = (2, 2, 1), None, "exact"

    def check(self, x, condition=None):
        return np.asarray(x, "float32"), condition

    def log_prob(self, x, condition=None):
        return -np.sum(x, axis=(1, 2, 3))


def test_ranking_is_the_share_of_pairs_with_the_example_above(rng):
    examples = rng.integers(2, size=(40, 2, 2, 1)).astype("float32")
    other = rng.integers(2, size=(30, 2, 2, 1)).astype("float32")
    figures = novelty.ood_auroc(Brightness(), examples, {"other": other})
    own, theirs = examples.sum(axis=(1, 2, 3)), other.sum(axis=(1, 2, 3))
    above, ties = own[:, None] < theirs, own[:, None] == theirs
    assert figures["ood_auroc[other]"].value == pytest.approx(100 * np.mean(above + ties / 2))
    for name, ink in (("black", 0.0), ("white", 4.0)):
        share = 100 * np.mean((own < ink) + (own == ink) / 2)
        assert figures[f"ood_auroc[{name}]"].value == pytest.approx(share)
    assert figures.keys() == {f"ood_auroc[{name}]" for name in ("other", "noise", "black", "white")}


def test_constant_images_of_all_greys_between_are_ranked_together(rng):
    examples = rng.choice([0.0, 0.25, 0.75, 1.0], size=(40, 2, 2, 1)).astype("float32")
    figures = novelty.ood_auroc(Brightness(), examples, {})
    own, between = examples.sum(axis=(1, 2, 3))[:, None], np.array([1.0, 3.0])
    share = 100 * np.mean((own < between) + (own == between) / 2)
    assert figures["ood_auroc[constant]"].value == pytest.approx(share)


def test_the_marginal_likelihood_of_a_model_of_classes_sums_to_one():
    """And its probabilities are the means of those given the classes."""
    model = AutoregressiveModel(
        (2, 2, 1), networks.GatedPixelCNN(1, 4, 2), likelihoods.Bernoulli(), condition=3
    )
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(0.5 * rng.standard_normal(weight.shape))
    images = np.array(list(itertools.product([0, 1], repeat=4)), "float32").reshape(16, 2, 2, 1)
    found = np.exp(likelihood.marginal(model, images))
    by_class = np.exp([model.log_prob(images, np.full(16, label)) for label in range(3)])
    assert by_class.std(axis=0).max() > 1e-3
    np.testing.assert_allclose(found, by_class.mean(axis=0), rtol=1e-5)
    assert found.sum() == pytest.approx(1, abs=1e-5)
    (figures, protocol), (ranked, by) = report(model).figures(
        Study("none", lambda split, **options: (images, np.arange(16) % 3, "16 test examples"))
    )
    assert figures["nll_marginal"].value == pytest.approx(-np.log(found).mean(), abs=1e-5)
    given_the_class = by_class[np.arange(16) % 3, np.arange(16)]
    assert figures["nll"].value == pytest.approx(-np.log(given_the_class).mean(), abs=1e-5)
    assert (
        figures["nll"].value != figures["nll_marginal"].value
        and "all 3 classes, equally likely" in protocol
    )
    assert ranked.keys() == {f"ood_auroc[{name}]" for name in ("noise", "black", "white")}
    assert ranked["ood_auroc[black]"].value == pytest.approx(
        100 * np.mean(found > found[0]) + 50 / 16
    )
    assert by.endswith("by log p(x), all classes equally likely")


@pytest.mark.parametrize("missing", [False, True])
def test_exact_densities_of_images_are_ranked_where_the_other_set_is_there(missing, rng):
    model = AutoregressiveModel((2, 2, 1), networks.PixelCNN(1, 4, 1), likelihoods.Bernoulli())

    def read(split, grey=False, count=None, name="mnist"):
        if name != "mnist" and missing:
            raise FileNotFoundError(name)
        return (
            rng.integers(2, size=(count or 20, 2, 2, 1)).astype("float32"),
            None,
            f"test examples of {name}",
        )

    figures, protocol = list(report(model).figures(Study("mnist", read)))[-1]
    assert ("ood_auroc[fashion_mnist]" in figures) == ("fashion_mnist" in protocol) == (not missing)
    assert "ood_auroc[noise]" in figures
