"""`AdversarialModel`: its steps against steps by hand, conditions, replicas, samples, bad input."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from adversarial import plane
from tiny import tiny_gan

from kerasgen import divergences, families, networks, regularizers


def test_each_side_descends_its_own_loss_and_leaves_the_other_alone(points):
    """A step with one side's rate at 0 changes the other side only, along the gradient of its own
    mean term.
    """
    for side, still in (("critic", "generator"), ("generator", "critic")):
        model = plane()
        rates = {side: 0.1, still: 0.0}
        model.compile(
            keras.optimizers.SGD(rates["generator"]), keras.optimizers.SGD(rates["critic"])
        )
        variables = {
            "critic": model._critic_variables,
            "generator": model.generator.trainable_variables,
        }
        before = {name: [np.array(v) for v in each] for name, each in variables.items()}
        seed = model.seeds.state.numpy()
        if side == "generator":
            model.seeds.next()  # the critic's draw
        with tf.GradientTape() as tape:
            if side == "critic":
                loss = tf.reduce_mean(model._critic_terms(points, None, True)[0]["critic"])
            else:
                loss = tf.reduce_mean(model._generator_terms(points, None, True)[0]["generator"])
        gradients = tape.gradient(loss, [v.value for v in variables[side]])
        model.seeds.state.assign(seed)
        model.train_on_batch(points)
        for old, new in zip(before[still], variables[still], strict=True):
            np.testing.assert_array_equal(old, new)
        for old, new, gradient in zip(before[side], variables[side], gradients, strict=True):
            np.testing.assert_allclose(new, old - 0.1 * gradient, atol=1e-6)
        assert any(np.any(old != np.array(new)) for old, new in zip(before[side], variables[side]))


def test_regularizers_of_layers_join_the_loss_of_their_side(points):
    def model(penalty, generator_rate=0.0, critic_rate=0.0):
        keras.utils.set_random_seed(0)
        regularizer = keras.regularizers.L2(penalty)
        critic, generator = (
            keras.layers.Dense(units, kernel_regularizer=regularizer) for units in (8, 2)
        )
        model = plane(critic=critic, generator=generator)
        model.compile(keras.optimizers.SGD(generator_rate), keras.optimizers.SGD(critic_rate))
        return model

    free, held = model(0.0), model(0.5)
    squares = {
        side: np.sum(np.square(getattr(held, side).kernel)) for side in ("critic", "generator")
    }
    losses = [each.evaluate(points, verbose=0, return_dict=True)["loss"] for each in (free, held)]
    assert losses[1] - losses[0] == pytest.approx(0.5 * sum(squares.values()), rel=1e-4)
    for side in squares:
        free, held = model(0.0, **{f"{side}_rate": 0.1}), model(0.5, **{f"{side}_rate": 0.1})
        before = np.array(getattr(held, side).kernel)
        for each in (free, held):
            each.train_on_batch(points)
        moved = getattr(free, side).kernel - 0.1 * 2 * 0.5 * before
        np.testing.assert_allclose(getattr(held, side).kernel, moved, atol=1e-6)


def test_logs_are_means_over_all_steps_of_the_critic(points):
    """At a rate of 0 every step scores alike, so that the mean over parts of a batch is that of the
    batch.
    """
    logs = []
    for critic_steps in (1, 3):
        model = plane(
            critic_steps=critic_steps, generator=keras.layers.Dense(2, kernel_initializer="zeros")
        )
        model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
        logs.append(model.train_on_batch(points, return_dict=True))
    assert logs[0]["critic"] == pytest.approx(logs[1]["critic"], rel=1e-5)
    assert logs[0]["divergence"] == pytest.approx(logs[1]["divergence"], rel=1e-5)


def test_the_critic_makes_its_steps_on_other_parts_of_the_batch(points):
    model = plane(critic_steps=3)
    parts = [np.asarray(part) for part, _ in model._parts(points, None)]
    np.testing.assert_array_equal(np.concatenate(parts), points)
    uneven = [np.asarray(part) for part, _ in model._parts(points[:8], None)]
    assert [len(part) for part in uneven] == [3, 3, 3]
    np.testing.assert_array_equal(np.concatenate(uneven), points[[*range(8), 0]])
    assert [len(part) for part, _ in model._parts(points[:1], None)] == [1, 1, 1]
    model.compile(keras.optimizers.SGD(0.01))
    model.train_on_batch(points)
    assert (
        int(model.optimizer.generator.iterations) == 1
        and int(model.optimizer.critic.iterations) == 3
    )


def test_the_projection_head_is_its_formula():
    head = networks.ScoreHead(5)
    h = np.random.default_rng(0).standard_normal((7, 4)).astype("float32")
    labels = np.arange(7) % 5
    scores = head(h, labels)
    kernel, bias = head.linear.get_weights()
    (embedding,) = head.embedding.get_weights()
    expected = np.sum((kernel[:, 0] + embedding.T[labels]) * h, axis=1) + bias
    np.testing.assert_allclose(scores, expected, rtol=1e-5)


def test_it_learns_where_the_data_are():
    """A generator that starts around the origin ends around the data's mean."""
    model = plane(divergences.LeastSquares(), networks.MLP((16,), (32,)))
    data = np.random.default_rng(0).normal([3, -2], [0.3, 0.6], (1600, 2)).astype("float32")
    model.compile(keras.optimizers.Adam(3e-3, beta_1=0.5))
    model.fit(data, batch_size=64, epochs=12, verbose=0)
    samples = np.asarray(model.sample(1000, seed=0))
    np.testing.assert_allclose(samples.mean(axis=0), [3, -2], atol=0.6)


def test_evaluate_logs_what_fit_does(points):
    """Over batches of unequal sizes: the report is minus the critic's mean term, each example
    counting once.
    """
    model = plane(divergences.Wasserstein(), regularizers=[regularizers.GradientPenalty(2.0)])
    model.compile(keras.optimizers.SGD(0.0))
    logs = model.evaluate(points, batch_size=60, verbose=0, return_dict=True)
    assert logs["divergence"] == pytest.approx(-logs["critic"], abs=1e-6) != 0
    assert logs["loss"] == pytest.approx(
        logs["critic"] + 2 * logs["gradient_penalty"] + logs["generator"], abs=1e-5
    )
    history = model.fit(points, validation_data=(points,), batch_size=48, verbose=0).history
    assert history["val_divergence"][0] == pytest.approx(-history["val_critic"][0], abs=1e-6) != 0


def test_two_replicas_take_the_step_of_one(points, two_replicas, monkeypatch):
    """With noise that does not depend on the replica: the same weights on one device and on two."""
    data = np.concatenate([points[:8], points[:8]])  # each replica sees the same half
    monkeypatch.setattr(
        families.AdversarialModel,
        "_noise",
        lambda self, n, seed, truncation=None: tf.ones((n, 3)) * 0.3,
    )

    def trained():
        model = plane(divergences.Minimax(), regularizers=[regularizers.WeightClipping(0.5)])
        model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
        model.fit(data, batch_size=16, epochs=2, shuffle=False, verbose=0)
        return model.get_weights()

    one = trained()
    with two_replicas.scope():
        two = trained()
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_replica_without_examples_weighs_nothing(points, two_replicas):
    with two_replicas.scope():
        model = plane(divergences.Minimax(), regularizers=[regularizers.GradientPenalty()])
        model.compile(jit_compile=False)
        found = model.evaluate(points[:3], batch_size=2, return_dict=True, verbose=0)
    assert found and np.all(np.isfinite(list(found.values())))


def test_samples(digits):
    model = tiny_gan()
    whole = np.asarray(model.sample(300, seed=0))
    np.testing.assert_array_equal(np.asarray(model.sample(300, seed=0)), whole)
    np.testing.assert_allclose(model.sample(256, seed=0), whole[:256], atol=1e-6)
    assert whole.std(axis=0).max() > 0
    cut = np.asarray(model._noise(2000, tf.constant([0, 1]), truncation=0.5))
    assert 0.45 < np.abs(cut).max() <= 0.5
    assert (
        np.asarray(model.sample(100, seed=0, truncation=0.01)).std(axis=0).max()
        < 0.1 * whole.std(axis=0).max()
    )


def test_labels_reach_both_sides(digits):
    model = tiny_gan(num_classes=10)
    z = np.zeros((2, model.latent_dim), "float32")
    one, other = np.asarray(model.generate(z, np.array([3, 7])))
    assert np.any(one != other)
    assert float(model.score(digits[0][:1], np.array([3]))[0]) != float(
        model.score(digits[0][:1], np.array([7]))[0]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"critic_steps": 0},
            "Expected critic_steps to be an integer of at least 1. Received: critic_steps=0",
        ),
        (
            {"generator": networks.MLP((3,), (4,))},
            r"Expected output_shape \(2,\).* Received: \(3,\)",
        ),
        (
            {"condition": 4, "head": networks.ScoreHead(3)},
            "Expected a head of num_classes=4, the model's. Received: num_classes=3. Set the "
            "head's num_classes",
        ),
        (
            {"regularizers": [regularizers.GradientPenalty(), regularizers.GradientPenalty(1.0)]},
            r"Expected regularizers of different terms. Received: \['gradient_penalty', "
            r"'gradient_penalty'\]. Drop one",
        ),
        (
            {
                "regularizers": [regularizers.GradientPenalty()],
                "critic": keras.Sequential([networks.DCGANCritic((4, 4), "batch")]),
            },
            "Expected a critic that scores each example by itself beside a GradientPenalty. "
            "Received: one with batch",
        ),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plane(**arguments)


def test_bad_input_is_refused():
    model = plane()
    model.compile()
    with pytest.raises(
        ValueError, match="Expected truncation to be a number above 0. Received: truncation=0"
    ):
        model.sample(2, truncation=0)
    with pytest.raises(
        ValueError, match="Expected n to be an integer of at least 1. Received: n=0"
    ):
        model.sample(0)
    with pytest.raises(ValueError, match=r"of shape \[batch, 2\]. Received: shape \(4, 3\)"):
        model.fit(np.zeros((4, 3)), verbose=0)
    with pytest.raises(ValueError, match="Expected finite vectors. Received: 8 NaN"):
        model.fit(np.full((4, 2), np.nan), verbose=0)
    conditional = tiny_gan(num_classes=10)
    conditional.compile()
    for method in (conditional.fit, conditional.evaluate):
        with pytest.raises(ValueError, match="Expected no sample_weight"):
            method(np.zeros((4, 8, 8, 1)), np.arange(4), sample_weight=np.ones(4), verbose=0)
    with pytest.raises(
        ValueError, match="Expected a condition: this model is conditional on 10 classes"
    ):
        conditional.sample(2)
    with pytest.raises(
        ValueError, match="Expected a condition for each of n=2 examples.* Received: 3"
    ):
        conditional.sample(2, np.arange(3))
    assert not hasattr(model, "log_prob")
