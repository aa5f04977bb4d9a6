"""`Mixture`: the likelihood against scipy, scikit-learn and quadrature, EM, discrete levels and
exported signatures.
"""

import keras
import numpy as np
import pytest
from binary import binary_images
from scipy import special, stats
from sklearn.mixture import GaussianMixture

from kerasgen.data.synthetic.toys import TOYS
from kerasgen.families import Mixture

both_covariances = pytest.mark.parametrize("covariance", ["diag", "full"])


def random_mixture(covariance, event_shape=(2,), num_components=3, seed=0):
    """A mixture with random weights, and the same as scipy's frozen normals: (model, weights,
    normals).
    """
    rng = np.random.default_rng(seed)
    model = Mixture(event_shape, num_components, covariance)
    size = model.size
    model.logits.assign(rng.standard_normal(num_components))
    model.means.assign(1.5 * rng.standard_normal((num_components, size)))
    model.raw_scales.assign(0.5 * rng.standard_normal(model.raw_scales.shape))
    scales = np.asarray(model.scales(), "float64")
    covariances = [
        np.diag(scale**2) if covariance == "diag" else scale @ scale.T for scale in scales
    ]
    normals = [
        stats.multivariate_normal(*pair) for pair in zip(np.asarray(model.means), covariances)
    ]
    return model, special.softmax(np.asarray(model.logits, "float64")), normals


def joint(x, weights, normals):
    return np.stack(
        [np.log(w) + normal.logpdf(x) for w, normal in zip(weights, normals)], axis=-1
    )  # [B, K]


@both_covariances
@pytest.mark.parametrize("size", [1, 2, 5])
def test_log_prob_and_responsibilities_are_scipys(covariance, size):
    model, weights, normals = random_mixture(covariance, (size,))
    x = 3 * np.random.default_rng(1).standard_normal((50, size)).astype("float32")
    expected = joint(x, weights, normals).reshape(50, 3)
    np.testing.assert_allclose(
        model.log_prob(x), special.logsumexp(expected, axis=1), rtol=1e-4, atol=1e-4
    )
    np.testing.assert_allclose(
        model.responsibilities(x), special.softmax(expected, axis=1), atol=1e-4
    )
    np.testing.assert_allclose(model.loss_terms(x).terms["nll"], -model.log_prob(x), rtol=1e-5)


@both_covariances
def test_the_density_integrates_to_one(covariance):
    model, *_ = random_mixture(covariance)
    middles = np.arange(-12, 12, 0.08) + 0.04
    points = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    assert np.exp(model.log_prob(points)).sum() * 0.08**2 == pytest.approx(1, abs=1e-4)


@both_covariances
def test_scores_in_blocks_are_scores_at_once(covariance, monkeypatch):
    model, *_ = random_mixture(covariance)
    x = np.random.default_rng(0).standard_normal((10, 2))
    log_prob, responsibilities = model.log_prob(x), model.responsibilities(x)
    monkeypatch.setattr(Mixture, "scores_at_once", 3)
    np.testing.assert_allclose(model.log_prob(x), log_prob, rtol=1e-6)
    np.testing.assert_allclose(model.responsibilities(x), responsibilities, rtol=1e-5)


@both_covariances
def test_samples_have_the_mixtures_moments(covariance):
    model, weights, normals = random_mixture(covariance)
    samples = np.asarray(model.sample(5000, seed=0))
    mean = sum(w * normal.mean for w, normal in zip(weights, normals))
    second = sum(
        w * (normal.cov + np.outer(normal.mean, normal.mean)) for w, normal in zip(weights, normals)
    )
    error = 6 / np.sqrt(5000)
    np.testing.assert_allclose(
        samples.mean(axis=0), mean, atol=error * np.sqrt(np.diag(second)).max()
    )
    np.testing.assert_allclose(
        samples.T @ samples / 5000, second, atol=2 * error * np.diag(second).max()
    )


@both_covariances
def test_em_is_scikit_learns(covariance):
    x = TOYS["ring"].sample(500, seed=0)
    model = Mixture((2,), 4, covariance)
    result = model.fit_em(x, max_iter=30, reg_covar=1e-5, seed=3)
    oracle = GaussianMixture(
        4, covariance_type=covariance, max_iter=30, reg_covar=1e-5, random_state=3
    )
    oracle.fit(x.astype("float64"))
    np.testing.assert_allclose(model.log_prob(x), oracle.score_samples(x), atol=1e-4)
    assert result == {
        "nll": pytest.approx(-oracle.score(x), abs=1e-6),
        "iterations": oracle.n_iter_,
        "converged": oracle.converged_,
    }
    assert np.mean(model.log_prob(x)) == pytest.approx(-result["nll"], abs=1e-4)


@both_covariances
def test_gradient_descent_improves_the_likelihood_and_far_points_do_no_harm(covariance):
    x = TOYS["eight_gaussians"].sample(512, seed=0)
    x[::64] = 1e6
    model = Mixture((2,), 8, covariance)
    model.compile(keras.optimizers.Adam(0.05))
    losses = model.fit(x, batch_size=64, epochs=3, verbose=0).history["nll"]
    assert np.all(np.isfinite(losses)) and losses[-1] < losses[0]
    assert all(np.all(np.isfinite(weight)) for weight in model.get_weights())


@both_covariances
def test_fitting_finds_the_toys_entropy(covariance):
    toy = TOYS["eight_gaussians"]
    model = Mixture((2,), 8, covariance)
    model.fit_em(toy.sample(4000, seed=0), seed=0)
    x = toy.sample(4000, seed=1)
    assert np.mean(model.log_prob(x)) == pytest.approx(toy.log_prob(x).mean(), abs=0.02)


@pytest.mark.parametrize("levels", [None, 16])
@both_covariances
def test_saves_and_loads(covariance, levels, tmp_path):
    model = Mixture((2, 2, 1), 3, covariance, levels)
    model.fit_em(np.round(np.random.default_rng(0).random((50, 2, 2, 1)) * 15) / 15, reg_covar=1e-3)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    assert copy.get_config() == model.get_config()
    x = model.sample(5, seed=0)
    np.testing.assert_array_equal(copy.sample(5, seed=0), x)
    draws = {"seed": 1} if model.likelihood_kind == "estimate" else {}
    np.testing.assert_array_equal(copy.log_prob(x, **draws), model.log_prob(x, **draws))


@pytest.mark.parametrize(
    "event_shape, covariance, levels", [((2,), "full", None), ((4, 4, 1), "diag", 256)]
)
def test_exported_files_agree_and_their_noise_draws_the_mixture(
    event_shape, covariance, levels, tmp_path
):
    pytest.importorskip("ai_edge_litert")
    from kerasgen import export

    model = Mixture(event_shape, 3, covariance, levels)
    model.fit_em(
        TOYS["ring"].sample(300, seed=0) if levels is None else binary_images(), reg_covar=1e-2
    )
    assert max(export.saved_model(model, tmp_path / "saved").errors.values()) < 1e-4
    report = export.tflite(model, tmp_path / "model.tflite")
    assert set(report.errors) == {"sample", "log_prob", "responsibilities"}
    function, shapes = model.export_signatures()["sample"]
    noise = (
        np.random.default_rng(0).standard_normal((5000, *shapes["noise"].shape)).astype("float32")
    )
    drawn, expected = np.asarray(*function(noise).values()), np.asarray(model.sample(5000, seed=0))
    np.testing.assert_allclose(drawn.mean(axis=0), expected.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(drawn.std(axis=0), expected.std(axis=0), atol=0.1)


def test_exported_log_prob_and_responsibilities_are_the_models():
    model, *_ = random_mixture("full")
    x = np.random.default_rng(0).standard_normal((7, 2)).astype("float32")
    signatures = model.export_signatures()
    np.testing.assert_allclose(
        signatures["log_prob"][0](vectors=x)["log_prob"], model.log_prob(x), rtol=1e-4
    )
    responsibilities = signatures["responsibilities"][0](vectors=x)["responsibilities"]
    np.testing.assert_allclose(responsibilities, model.responsibilities(x), atol=1e-5)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            {"covariance": "tied"},
            "Expected covariance to be one of 'diag', 'full'. Received: covariance='tied'",
        ),
        (
            {"num_components": 0},
            "Expected num_components to be an integer in .* Received: num_components=0",
        ),
        ({"levels": 256}, "Expected levels of images alone. Received: levels=256"),
        (
            {"event": (2, 2, 1), "levels": 1},
            "Expected levels to be an integer in 2.* Received: levels=1",
        ),
        ({"num_classes": 4}, "Expected no condition: "),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Mixture(**{"event": (2,), "num_components": 3, **arguments})


def test_bad_data_is_refused():
    model = Mixture((2,), 3)
    with pytest.raises(
        ValueError, match=r"Expected at least 3 examples, one a component. Received: 2 examples"
    ):
        model.fit_em(np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"of shape \[batch, 2\]. Received: shape \(4, 3\)"):
        model.log_prob(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="Expected finite"):
        model.fit_em(np.full((4, 2), np.nan))
    with pytest.raises(ValueError, match="Expected condition=None: this model is unconditional"):
        model.sample(2, condition=[0, 1])
    with pytest.raises(ValueError, match="Expected no num_samples .* Received: num_samples=3"):
        model.log_prob(np.zeros((4, 2)), num_samples=3)
    with pytest.raises(
        ValueError, match="Expected num_samples to be an integer of at least 1. Received: num_sam"
    ):
        Mixture((1, 1, 1), 1, "full", levels=2).log_prob(np.zeros((4, 1, 1, 1)), num_samples=0)
