"""`SelfConditionedModel`: components drawn as often as they should be, told to both sides, and left
as they are.
"""

import keras
import numpy as np
import pytest
from scipy import stats
from tiny import tiny_gan, tiny_self_conditioned

from kerasgen import divergences, families, networks, training, zoo
from kerasgen.recipe import Recipe

WEIGHTS = np.array([0.5, 0.3, 0.2])


def mixture(centres=((0.0, 0.0), (4.0, 0.0), (0.0, 1.0))):
    """Three round components in the plane, the first and the last near each other."""
    clusters = families.Mixture((2,), 3)
    clusters.logits.assign(np.log(WEIGHTS))
    clusters.means.assign(centres)
    clusters.raw_scales.assign(np.full((3, 2), -0.5))
    return clusters


def in_the_plane(clusters=None, **arguments):
    keras.utils.set_random_seed(0)
    parts = (2,), networks.MLP((2,), (16,)), networks.MLP((8,), (16,)), divergences.NonSaturating()
    return families.SelfConditionedModel(
        *parts, latent_dim=3, clusters=clusters or mixture(), **arguments
    )


def compiled(model):
    model.compile(keras.optimizers.Adam(2e-3, beta_1=0.5))
    return model


def posterior(clusters, points):
    """p(component | point) by Bayes' rule and SciPy."""
    normals = [
        stats.norm(*pair) for pair in zip(np.asarray(clusters.means), np.asarray(clusters.scales()))
    ]
    joint = WEIGHTS * np.stack([normal.pdf(points).prod(axis=-1) for normal in normals], axis=-1)
    return joint / joint.sum(axis=-1, keepdims=True)


def test_the_joint_probability_is_that_of_bayes_rule():
    clusters, points = mixture(), np.random.default_rng(0).normal(0, 1, (50, 2)).astype("float32")
    joint = np.exp(np.asarray(clusters.joint(points)))
    np.testing.assert_allclose(joint.sum(axis=1), np.exp(clusters.log_prob(points)), rtol=1e-4)
    np.testing.assert_allclose(
        joint / joint.sum(axis=1, keepdims=True), posterior(clusters, points), atol=1e-5
    )
    np.testing.assert_allclose(
        clusters.responsibilities(points), posterior(clusters, points), atol=1e-5
    )


def test_data_get_components_by_their_posterior():
    model = in_the_plane()
    for point in ([0.0, 0.5], [4.0, 0.0], [0.1, 0.9]):
        points = np.tile(np.array(point, "float32"), (20_000, 1))
        drawn = np.bincount(np.asarray(model._components(points)), minlength=3) / 20_000
        np.testing.assert_allclose(drawn, posterior(model.clusters, points[:1])[0], atol=0.02)


def test_a_step_tells_both_sides_the_component(monkeypatch):
    model, points = in_the_plane(), np.tile(np.array([[4.0, 0.0]], "float32"), (6, 1))
    told = []

    def noted(method):
        return lambda x, condition, training: (
            told.append(condition),
            method(x, condition, training),
        )[1]

    for name in ("generate", "score"):
        monkeypatch.setattr(model, name, noted(getattr(model, name)))
    model.loss_terms(points)
    assert (
        len(told) == 5
    )  # samples and scores of both, for the critic; samples and scores for the generator
    for condition in told:
        np.testing.assert_array_equal(condition, np.ones(6))


def test_samples_have_the_weights_of_the_mixture_and_depend_on_the_component():
    model = in_the_plane()
    assert model.condition.shown(3) is None and model.num_classes is None  # its user gives none
    shown = np.asarray(model.shown_labels(20_000))
    np.testing.assert_allclose(np.bincount(shown) / 20_000, WEIGHTS, atol=0.02)
    by_component = [
        np.asarray(model.sample(4000, np.full(4000, c), seed=0)).mean(axis=0) for c in range(3)
    ]
    mixed = np.asarray(model.sample(4000, seed=0)).mean(axis=0)
    np.testing.assert_allclose(mixed, WEIGHTS @ by_component, atol=0.05)
    ones, twos = (
        np.asarray(model.sample(5, np.full(5, component), seed=0)) for component in (1, 2)
    )
    assert np.all(np.any(ones != twos, axis=1))
    np.testing.assert_array_equal(model.sample(5, seed=0), model.sample(5, seed=0))


def test_a_file_draws_components_of_two_normal_numbers():
    model = in_the_plane()
    function, shapes = model.export_signatures()["sample"]
    assert shapes["noise"].shape == (5,)
    noise = np.random.default_rng(0).standard_normal((20_000, 5)).astype("float32")
    noise[:, :3] = 0.0  # one sample a component
    samples = np.asarray(function(noise)["vectors"])
    expected = np.asarray(model.generate(np.zeros((3, 3), "float32"), np.arange(3)))
    found = np.argmin(np.sum(np.square(samples[:, None] - expected), axis=-1), axis=1)
    np.testing.assert_allclose(samples, expected[found], atol=1e-5)
    np.testing.assert_allclose(np.bincount(found) / 20_000, WEIGHTS, atol=0.02)


def test_a_score_is_that_of_the_likeliest_component():
    model, points = in_the_plane(), np.array([[0.0, -0.2], [4.0, 0.1], [0.0, 1.2]], "float32")
    np.testing.assert_array_equal(model.score(points), model.score(points, np.arange(3)))
    assert np.all(
        np.asarray(model.score(points)) != np.asarray(model.score(points, np.array([1, 0, 0])))
    )


def test_it_learns_parts_far_from_each_other_where_a_normal_variable_alone_does_not():
    rng = np.random.default_rng(0)
    points = (
        np.where(rng.random((6400, 1)) < 0.5, -3.0, 3.0) + 0.1 * rng.standard_normal((6400, 2))
    ).astype("float32")
    clusters = families.Mixture((2,), 2)
    clusters.fit_em(points, seed=0)
    fitted = [weight.copy() for weight in clusters.get_weights()]

    def learns(model):
        """Whether both parts have about half of the samples, and what lies between has few."""
        compiled(model).fit(points, batch_size=64, epochs=8, verbose=0)
        samples = np.asarray(model.sample(4000, seed=0))
        return 0.4 < np.mean(samples[:, 0] > 0) < 0.6 and np.mean(np.abs(samples[:, 0]) < 2) < 0.01

    def parts():
        keras.utils.set_random_seed(0)
        return (
            (2,),
            networks.MLP((2,), (32,)),
            networks.MLP((16,), (32,)),
            divergences.NonSaturating(),
        )

    assert learns(families.SelfConditionedModel(*parts(), latent_dim=3, clusters=clusters))
    assert not learns(families.AdversarialModel(*parts(), latent_dim=3))
    for old, new in zip(fitted, clusters.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.usefixtures("plain_ends")
def test_a_run_starts_from_a_fitted_mixture_and_ends_as_a_preset(tmp_path):
    mixture = {"families.Mixture": {"event": [8, 8, 1], "num_components": 4, "levels": 17}}
    data = {"name": "digits", "batch_size": 100}
    em = {
        "name": "gmm_digits",
        "title": "A tiny mixture",
        "data": data,
        "model": mixture,
        "training": {"em": {}},
    }
    training.run(Recipe.from_dict(em), tmp_path / "gmm")
    model = {
        "event": [8, 8, 1],
        "generator": {"networks.DCGANGenerator": {"output_shape": [8, 8, 1], "channels": [8]}},
        "critic": {"networks.DCGANCritic": {"channels": [8]}},
        "divergence": {"divergences.NonSaturating": {}},
        "latent_dim": 4,
        "clusters": mixture,
    }
    schedule = {
        "epochs": 2,
        "learning_rate": 0.001,
        "critic_learning_rate": 0.002,
        "ema": 0.9,
        "steps_per_execution": 5,
    }
    schedule["start_from"] = {"clusters": str(tmp_path / "gmm" / "preset")}
    recipe = {"name": "gan_digits", "title": "A tiny GAN", "data": data, "training": schedule}
    training.run(
        Recipe.from_dict({**recipe, "model": {"families.SelfConditionedModel": model}}),
        tmp_path / "gan",
    )
    loaded = zoo.load(tmp_path / "gan" / "preset")
    fitted = zoo.load(tmp_path / "gmm" / "preset")
    np.testing.assert_allclose(loaded.clusters.means, fitted.means, rtol=1e-3, atol=1e-6)
    assert loaded.sample(3, seed=0).shape == (3, 8, 8, 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: in_the_plane(condition=3), "Expected no condition: "),
        (
            lambda: in_the_plane(head=networks.ScoreHead(2)),
            "Expected a head of num_classes=3, .* Received: .*=2",
        ),
        (
            lambda: in_the_plane(families.Mixture((3,), 3)),
            r"Expected clusters of events of shape \(2,\), the model's. Received: \(3,\)",
        ),
        (lambda: in_the_plane().sample(2, [0, 3]), r"Expected labels in 0..2. Received"),
        (
            lambda: compiled(in_the_plane()).fit(np.zeros((4, 2), "float32"), np.zeros(4, "int32")),
            r"Expected data without labels: each example gets one of the 3 components. "
            r"Received: labels. Call fit\(x\)",
        ),
        (
            lambda: in_the_plane().sample(2, [0] * 3),
            "Expected a condition for each of n=2 examples.* Received: 3",
        ),
    ],
)
def test_what_it_cannot_do_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("make", [tiny_self_conditioned, lambda: tiny_gan(num_classes=10)])
def test_a_row_of_a_picture_is_of_one_component_or_class(make, monkeypatch):
    from kerasgen.tasks import noise

    model, seen = make(), []
    generate = model.generate
    monkeypatch.setattr(
        model, "generate", lambda z, labels: seen.append(np.asarray(labels)) or generate(z, labels)
    )
    assert noise.interpolations(model, rows=3, steps=4).shape == (3, 4, 8, 8, 1)
    np.testing.assert_array_equal(
        np.concatenate(seen).reshape(3, 4), np.repeat(model.shown_labels(3), 4).reshape(3, 4)
    )
    seen.clear()
    assert noise.truncations(model, columns=5).shape == (4, 5, 8, 8, 1)
    np.testing.assert_array_equal(
        np.concatenate(seen).reshape(4, 5), np.tile(model.shown_labels(5), (4, 1))
    )
