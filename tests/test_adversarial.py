"""`AdversarialModel`: its steps against steps by hand, regularizers against calculus, exact resume, samples."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import tiny_gan

from kerasgen import divergences, families, networks, optimizers, regularizers, training
from kerasgen.data.toys import TOYS
from kerasgen.recipe import Recipe


def plane(divergence=None, critic=None, generator=None, **arguments):
    """A model of points in the plane, small; the same weights every time."""
    keras.utils.set_random_seed(0)
    return families.AdversarialModel(
        (2,),
        generator or networks.MLP((2,), (16,)),
        critic or networks.MLP((8,), (16,)),
        divergence or divergences.NonSaturating(),
        latent_dim=3,
        **arguments,
    )


@pytest.fixture(scope="module")
def points():
    return TOYS["eight_gaussians"].sample(96, seed=0)


def test_each_side_descends_its_own_loss_and_leaves_the_other_alone(points):
    """A step with one side's rate at 0 changes the other side only, along the gradient of its own mean term."""
    for side, still in (("critic", "generator"), ("generator", "critic")):
        model = plane()
        rates = {side: 0.1, still: 0.0}
        model.compile(keras.optimizers.SGD(rates["generator"]), keras.optimizers.SGD(rates["critic"]))
        variables = {"critic": model._critic_variables, "generator": model.generator.trainable_variables}
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
    assert int(model.optimizer.generator.iterations) == 1 and int(model.optimizer.critic.iterations) == 3


def test_the_gradient_penalty_is_calculus():
    """Of V(x) = a |x|^2 / 2, whose slope is a |x|."""
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((2, 20, 4, 1, 1)).astype("float32")
    share = rng.random(20).astype("float32")
    penalty = regularizers.GradientPenalty(7.0)
    terms = penalty.terms(
        lambda x: 3 * keras.ops.sum(x**2, axis=(1, 2, 3)) / 2, tf.constant(real), tf.constant(fake), share
    )
    between = (real + share[:, None, None, None] * (fake - real)).reshape(20, -1)
    expected = (3 * np.linalg.norm(between, axis=1) - 1) ** 2
    np.testing.assert_allclose(terms["gradient_penalty"], expected, rtol=1e-4)
    assert penalty.weight == 7.0


def test_the_gradient_penalty_is_in_the_loss_with_its_weight_and_has_gradients(points):
    model = plane(divergences.Wasserstein(), regularizers=[regularizers.GradientPenalty(10.0)])
    model.compile(keras.optimizers.SGD(0.0))
    logs = model.train_on_batch(points, return_dict=True)
    total = logs["critic"] + 10 * logs["gradient_penalty"] + logs["generator"]
    assert logs["loss"] == pytest.approx(total, abs=1e-4)
    assert logs["divergence"] == pytest.approx(-logs["critic"], abs=1e-5)
    model.compile(keras.optimizers.Adam(0.0), keras.optimizers.Adam(0.01))
    penalties = model.fit(points, batch_size=96, epochs=30, verbose=0).history["gradient_penalty"]
    assert penalties[-1] < penalties[0] / 2


def test_weights_are_clipped_after_every_step_of_the_critic(points):
    model = plane(divergences.Wasserstein(), regularizers=[regularizers.WeightClipping(0.01)])
    model.compile(keras.optimizers.SGD(1.0))
    model.train_on_batch(points)
    assert max(np.abs(v).max() for v in model._critic_variables) <= 0.01
    assert max(np.abs(v).max() for v in model.generator.trainable_variables) > 0.1


def test_a_spectral_critic_has_a_slope_of_at_most_1(points):
    critic = keras.Sequential([keras.layers.SpectralNormalization(keras.layers.Dense(16, "relu")) for _ in range(2)])
    model = plane(divergences.Hinge(), critic, head=networks.ScoreHead(spectral=True))
    model.compile(keras.optimizers.SGD(1e-6))
    model.fit(points, batch_size=32, epochs=10, verbose=0)  # the power iterations converge
    x = np.random.default_rng(0).standard_normal((2, 500, 2)).astype("float32")
    rise = np.abs(np.asarray(model.score(x[0])) - np.asarray(model.score(x[1])))
    assert np.all(rise <= 1.05 * np.linalg.norm(x[0] - x[1], axis=1))
    assert rise.max() > 0


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
    """Over batches of unequal sizes: the report is minus the critic's mean term, each example counting once."""
    model = plane(divergences.Wasserstein(), regularizers=[regularizers.GradientPenalty(2.0)])
    model.compile(keras.optimizers.SGD(0.0))
    logs = model.evaluate(points, batch_size=60, verbose=0, return_dict=True)
    assert logs["divergence"] == pytest.approx(-logs["critic"], abs=1e-6) != 0
    assert logs["loss"] == pytest.approx(logs["critic"] + 2 * logs["gradient_penalty"] + logs["generator"], abs=1e-5)
    history = model.fit(points, validation_data=(points,), batch_size=48, verbose=0).history
    assert history["val_divergence"][0] == pytest.approx(-history["val_critic"][0], abs=1e-6) != 0


def test_a_callback_moves_both_learning_rates(points):
    model = plane()
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.4))
    rates = []

    class Keep(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            both = model.optimizer.generator, model.optimizer.critic
            rates.append([float(each.learning_rate) for each in both])

    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: [0.2, 0.0, 0.05][epoch])
    model.fit(points, epochs=3, verbose=0, callbacks=[scheduler, Keep()])
    np.testing.assert_allclose(rates, [[0.2, 0.8], [0, 0], [0.05, 0.2]], rtol=1e-6)
    plateau = keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=1e9)
    model.fit(points, epochs=2, verbose=0, callbacks=[plateau, Keep()])
    np.testing.assert_allclose(rates[-1], [0.025, 0.1], rtol=1e-6)
    scheduled = plane()
    scheduled.compile(keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10)))
    with pytest.raises(TypeError, match="its learning rate is not settable"):
        scheduled.optimizer.learning_rate = 0.1


def test_a_scaled_loss_takes_the_same_step(points):
    weights = []
    for scale in (None, 8.0):
        model = plane()
        model.compile(keras.optimizers.SGD(0.1, loss_scale_factor=scale))
        model.train_on_batch(points)
        weights.append(model.get_weights())
    for plain, scaled in zip(*weights, strict=True):
        np.testing.assert_allclose(scaled, plain, rtol=1e-5, atol=1e-7)


def test_schedules_count_training_steps():
    rate = training.WarmupStableDecay(0.5, warmup_steps=0, decay_start=10, total_steps=20)
    model = plane(critic_steps=5)
    model.compile(keras.optimizers.Adam(rate))
    critic = model.optimizer.critic
    critic.iterations.assign(75)
    model.optimizer.iterations.assign(15)
    assert float(critic.learning_rate) == float(model.optimizer.learning_rate) == 0.25
    again = optimizers.slowed(critic, 5)
    again.iterations.assign(75)
    assert float(again.learning_rate) == 0.25, "slowed once"
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(model.optimizer))
    assert copy.get_config() == model.optimizer.get_config()


def test_the_generators_weights_become_their_moving_average(points):
    model = plane()
    model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))
    critic = None
    history = []

    class Keep(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            nonlocal critic
            history.append([np.array(v) for v in model.generator.trainable_variables])
            critic = [np.array(v) for v in model._critic_variables]

    model.fit(points, batch_size=48, epochs=1, verbose=0, callbacks=[Keep()])
    for i, variable in enumerate(model.generator.trainable_variables):
        np.testing.assert_allclose(variable, 0.5 * history[0][i] + 0.5 * history[1][i], atol=1e-6)
    for kept, variable in zip(critic, model._critic_variables):
        np.testing.assert_array_equal(kept, variable)


def test_the_average_is_what_validation_sees(points):
    model, seen = plane(), []
    model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))

    class Keep(keras.callbacks.Callback):
        def on_test_begin(self, logs=None):
            seen.append([np.array(v) for v in model.trainable_variables])

    swap = keras.callbacks.SwapEMAWeights()
    model.fit(points, validation_data=(points,), batch_size=48, verbose=0, callbacks=[swap, Keep()])
    (seen,) = seen
    for kept, variable in zip(seen, model.trainable_variables, strict=True):
        np.testing.assert_allclose(variable, kept, atol=1e-6)  # `fit` ends with the averages
    plain = plane()
    plain.compile(keras.optimizers.SGD(0.1))
    with pytest.raises(ValueError, match="SwapEMAWeights must be used when `use_ema=True` is set on the optimizer"):
        plain.fit(points, validation_data=(points,), verbose=0, callbacks=[keras.callbacks.SwapEMAWeights()])


def test_mixed_precision_keeps_scores_penalties_and_samples_in_float32(digits):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny_gan(divergences.Wasserstein(), [regularizers.GradientPenalty()], num_classes=10)
    finally:
        keras.config.set_dtype_policy("float32")
    images, labels = digits[0][:16], digits[1][:16]
    assert model.critic.compute_dtype == "bfloat16"
    assert model.score(images, labels).dtype == "float32"
    assert all(term.dtype == "float32" for term in model.loss_terms(images, labels).values())
    assert model.sample(2, labels[:2]).dtype == "float32"
    model.compile()
    assert np.isfinite(model.fit(images, labels, batch_size=8, verbose=0).history["loss"][0])


def test_mixed_precision_keeps_normalised_kernels_in_float32(images):
    """Keras' wrapper writes a kernel back: as bfloat16 it would lose every small step of the optimizer."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        critic = networks.DCGANCritic((8, 8), "spectral")
        critic(images[:4], training=True)
    finally:
        keras.config.set_dtype_policy("float32")
    kernels = [np.asarray(weight) for weight in critic.trainable_variables if len(weight.shape) > 1]
    assert len(kernels) > 1
    for kernel in kernels:
        rounded = keras.ops.convert_to_numpy(keras.ops.cast(keras.ops.cast(kernel, "bfloat16"), "float32"))
        assert np.any(kernel != rounded)


def test_two_replicas_take_the_step_of_one(points, two_replicas, monkeypatch):
    """With noise that does not depend on the replica: the same weights on one device and on two."""
    data = np.concatenate([points[:8], points[:8]])  # each replica sees the same half
    monkeypatch.setattr(
        families.AdversarialModel, "_noise", lambda self, n, seed, truncation=None: tf.ones((n, 3)) * 0.3
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


def test_samples(digits):
    model = tiny_gan()
    whole = np.asarray(model.sample(300, seed=0))
    np.testing.assert_array_equal(np.asarray(model.sample(300, seed=0)), whole)
    np.testing.assert_allclose(model.sample(256, seed=0), whole[:256], atol=1e-6)
    assert whole.std(axis=0).max() > 0
    cut = np.asarray(model._noise(2000, tf.constant([0, 1]), truncation=0.5))
    assert 0.45 < np.abs(cut).max() <= 0.5
    assert np.asarray(model.sample(100, seed=0, truncation=0.01)).std(axis=0).max() < 0.1 * whole.std(axis=0).max()


def test_labels_reach_both_sides(digits):
    model = tiny_gan(num_classes=10)
    z = np.zeros((2, model.latent_dim), "float32")
    one, other = np.asarray(model.generate(z, np.array([3, 7])))
    assert np.any(one != other)
    assert float(model.score(digits[0][:1], np.array([3]))[0]) != float(model.score(digits[0][:1], np.array([7]))[0])


def test_a_collapse_is_warned_of_in_one_line(digits, capsys):
    images, labels = digits[0][:32], digits[1][:32]
    for num_classes in (None, 10):
        model = tiny_gan(num_classes=num_classes)
        monitor = training.CollapseMonitor(images, labels if num_classes else None)
        monitor.set_model(model)
        logs = {"loss": 1.0}
        monitor.on_epoch_end(2, logs)
        assert 0 <= logs["critic_separation"] <= 1 and logs["sample_diversity"] > 0
    for weight in model.generator.weights:  # one grey image for all noise
        weight.assign(keras.ops.zeros_like(weight))
    monitor.on_epoch_end(2, logs)
    assert logs["sample_diversity"] < 1e-6
    warning = "kerasgen: warning: epoch 3: samples have 0% of the data's variance: the generator has collapsed.\n"
    assert capsys.readouterr().err.endswith(warning)
    model.score = lambda x, labels: keras.ops.mean(keras.ops.abs(x - 0.5), axis=(1, 2, 3))  # 0 on grey images
    monitor.on_epoch_end(2, logs)
    assert logs["critic_separation"] == 1
    assert "the critic is right about 100.0% of pairs, real and sample; lower its rate" in capsys.readouterr().err
    model.score = lambda x, labels: keras.ops.zeros(len(x))
    monitor.on_epoch_end(2, logs)
    assert logs["critic_separation"] == 0.5
    monitor.real = keras.ops.concatenate(
        [monitor.real[:1], model.sample(1, labels[:1], seed=0)]
    )  # of 4 pairs 2 are ties
    monitor.condition = labels[:2]
    model.score = lambda x, labels: keras.ops.mean(keras.ops.abs(x - 0.5), axis=(1, 2, 3))
    monitor.on_epoch_end(2, logs)
    assert logs["critic_separation"] == 0.75


RECIPE = {
    "name": "gan_digits",
    "title": "A tiny GAN",
    "data": {"name": "digits", "batch_size": 100},
    "model": {
        "families.AdversarialModel": {
            "event_shape": [8, 8, 1],
            "generator": {"networks.DCGANGenerator": {"output_shape": [8, 8, 1], "channels": [8]}},
            "critic": {"networks.DCGANCritic": {"channels": [8], "normalization": "spectral", "dropout": 0.1}},
            "divergence": {"divergences.NonSaturating": {}},
            "latent_dim": 4,
            "critic_steps": 2,
        }
    },
    "training": {
        "epochs": 3,
        "learning_rate": 0.001,
        "critic_learning_rate": 0.002,
        "beta_1": 0.5,
        "warmup_steps": 5,
        "decay": 0.5,
        "ema": 0.9,
        "steps_per_execution": 5,
    },
}


def test_a_resumed_run_ends_where_one_in_one_piece_does(tmp_path, monkeypatch):
    """With both optimizers, the power iterations, the batch statistics and the dropout where they were."""
    from kerasgen import zoo

    recipe = Recipe.from_dict(RECIPE)
    training.run(recipe, tmp_path / "whole")
    save = training.Checkpoints.on_epoch_end

    def interrupted(self, epoch, logs=None):
        save(self, epoch, logs)
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(training.Checkpoints, "on_epoch_end", interrupted)
    with pytest.raises(KeyboardInterrupt):
        training.run(recipe, tmp_path / "parts")
    monkeypatch.undo()
    training.run(recipe, tmp_path / "parts", resume=True)
    whole, parts = (zoo.load(tmp_path / name / "preset").get_weights() for name in ("whole", "parts"))
    for mine, theirs in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    state = json.loads((tmp_path / "whole" / "checkpoints" / "state.json").read_text())
    assert state["epoch"] == 3
    header = (tmp_path / "whole" / "history.csv").read_text().splitlines()[0]
    assert {"critic", "generator", "divergence", "critic_separation", "sample_diversity"} <= set(header.split(","))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"critic_steps": 0}, "Expected critic_steps to be an integer of at least 1. Received: critic_steps=0"),
        (
            {"generator": networks.MLP((3,), (4,))},
            r"Expected the generator's output shape to be \(2,\), one example. Received: \(3,\). Set the generator's",
        ),
        (
            {"num_classes": 4, "head": networks.ScoreHead(3)},
            "Expected a head of num_classes=4, the model's. Received: num_classes=3. Set the head's num_classes",
        ),
        (
            {"regularizers": [regularizers.GradientPenalty(), regularizers.GradientPenalty(1.0)]},
            r"Expected regularizers of different terms. Received: \['gradient_penalty', 'gradient_penalty'\]. Drop one",
        ),
        (
            {
                "regularizers": [regularizers.GradientPenalty()],
                "critic": keras.Sequential([networks.DCGANCritic((4, 4), "batch")]),
            },
            "Expected a critic that scores each example by itself beside a GradientPenalty. Received: one with batch",
        ),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        plane(**arguments)


def test_evaluate_measures_sample_quality_with_its_floor(tmp_path, capsys):
    from kerasgen import cli, zoo

    recipe = Recipe.from_dict(RECIPE)
    metrics = {"machine": "a test", "training_time_seconds": 1.0, "figures": {}}
    folder = zoo.save(recipe.build(), tmp_path / "gan_digits", recipe, metrics)
    cli.main(["evaluate", str(folder), "--limit", "60", "--write"])
    figures = json.loads((folder / "metrics.json").read_text())["figures"]
    assert list(figures)[:2] == ["frechet_distance[values]", "frechet_distance_floor[values]"]
    distance, floor = (figures[name] for name in list(figures)[:2])
    assert distance["value"] > floor["value"] > 0
    assert distance["protocol"] == (
        "60 samples, seed 0, against as many: 60 test examples of digits; floor: the first as many of 60 training "
        "examples in the samples' place; copies are sought among all of them; mean_difference_p and mmd_p of 60 a "
        "side, by 499 relabellings; features: values"
    )
    assert distance["command"] == "kerasgen evaluate gan_digits --limit 60"
    momenta = "".join(f", {key}={recipe.training[key]}" for key in ("beta_1", "beta_2") if key in recipe.training)
    assert momenta and f"Adam(1e-4{momenta})" in zoo.card(folder)
    assert "nearest.png" in zoo.card(folder)
    assert "frechet_distance[values]" in zoo.card(folder) and "frechet_distance[values]" in capsys.readouterr().out


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    recipe = Recipe.from_dict(RECIPE).override(["training.learning_rate=1e+30", "training.critic_learning_rate=1e+30"])
    with pytest.raises(FloatingPointError, match="Expected finite (losses|weights). Received: .* not finite"):
        training.run(recipe, tmp_path / "run")
    assert not (tmp_path / "run" / "checkpoints").exists()


def test_a_run_that_broke_goes_on_from_the_last_good_checkpoint(tmp_path, monkeypatch):
    save = training.Checkpoints.on_epoch_end

    def spoil(self, epoch, logs=None):
        save(self, epoch, logs)
        self.model.generator.trainable_variables[0].assign_add(np.nan)

    recipe = Recipe.from_dict(RECIPE).override(["training.epochs=2"])
    monkeypatch.setattr(training.Checkpoints, "on_epoch_end", spoil)
    with pytest.raises(
        FloatingPointError, match="Expected finite losses. Received: .* not finite in epoch 2, .* is kept"
    ):
        training.run(recipe, tmp_path / "run")
    monkeypatch.undo()
    assert json.loads((tmp_path / "run" / "checkpoints" / "state.json").read_text())["epoch"] == 1
    model = training.run(recipe, tmp_path / "run", resume=True)
    assert all(np.all(np.isfinite(weight)) for weight in model.get_weights())


def test_a_critics_learning_rate_needs_a_critic():
    both = training.Schedule(1, 1e-3, critic_learning_rate=1e-3).optimizer(10)
    with pytest.raises(
        ValueError, match="Expected an adversarial model with two optimizers. Received: a model without"
    ):
        both.build([])


@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf, "1e-2", None])
def test_regularizers_weigh_more_than_nothing(value):
    with pytest.raises(ValueError, match=f"Expected weight to be a number above 0. Received: weight={value!r}"):
        regularizers.GradientPenalty(value)
    with pytest.raises(ValueError, match=f"Expected limit to be a number above 0. Received: limit={value!r}"):
        regularizers.WeightClipping(value)


def test_float16_is_refused_and_the_remedy_named():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = plane()
        with pytest.raises(ValueError, match="Received: mixed_float16. Build the model under mixed_bfloat16"):
            model.compile()
    finally:
        keras.config.set_dtype_policy("float32")


def test_bad_input_is_refused():
    model = plane()
    model.compile()
    with pytest.raises(ValueError, match=r"Expected truncation above 0, or None. Received: truncation=0"):
        model.sample(2, truncation=0)
    with pytest.raises(ValueError, match="Expected n to be an integer of at least 1. Received: n=0"):
        model.sample(0)
    with pytest.raises(ValueError, match=r"Expected data of shape \[batch, 2\]. Received: shape \(4, 3\)"):
        model.fit(np.zeros((4, 3)), verbose=0)
    with pytest.raises(ValueError, match="Expected finite values. Received: 8 NaN"):
        model.fit(np.full((4, 2), np.nan), verbose=0)
    conditional = tiny_gan(num_classes=10)
    conditional.compile()
    for method in (conditional.fit, conditional.evaluate):
        with pytest.raises(ValueError, match="Expected no sample_weight: samples cannot be weighed"):
            method(np.zeros((4, 8, 8, 1)), np.arange(4), sample_weight=np.ones(4), verbose=0)
    with pytest.raises(ValueError, match="Expected a condition: this model is conditional on 10 classes"):
        conditional.sample(2)
    with pytest.raises(ValueError, match="Expected one label for each of n=2 examples. Received: 3 labels"):
        conditional.sample(2, np.arange(3))
    assert not hasattr(model, "log_prob")
