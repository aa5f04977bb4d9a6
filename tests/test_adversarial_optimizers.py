"""The two optimizers of `AdversarialModel`: rates, schedules, averages, scaled losses,
precision.
"""

import keras
import numpy as np
import pytest
from adversarial import plane
from tiny import tiny_gan

from kerasgen import divergences, networks, optimizers, regularizers, training


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
    with pytest.raises(
        ValueError, match="SwapEMAWeights must be used when `use_ema=True` is set on the optimizer"
    ):
        plain.fit(
            points,
            validation_data=(points,),
            verbose=0,
            callbacks=[keras.callbacks.SwapEMAWeights()],
        )


def test_mixed_precision_keeps_scores_penalties_and_samples_in_float32(digits):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny_gan(
            divergences.Wasserstein(), [regularizers.GradientPenalty()], num_classes=10
        )
    finally:
        keras.config.set_dtype_policy("float32")
    images, labels = digits[0][:16], digits[1][:16]
    assert model.critic.compute_dtype == "bfloat16"
    assert model.score(images, labels).dtype == "float32"
    assert all(term.dtype == "float32" for term in model.loss_terms(images, labels).terms.values())
    assert model.sample(2, labels[:2]).dtype == "float32"
    model.compile()
    assert np.isfinite(model.fit(images, labels, batch_size=8, verbose=0).history["loss"][0])


def test_mixed_precision_keeps_normalised_kernels_in_float32(images):
    """Keras' wrapper writes a kernel back: as bfloat16 it would lose every small step of the
    optimizer.
    """
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        critic = networks.DCGANCritic((8, 8), "spectral")
        critic(images[:4], training=True)
    finally:
        keras.config.set_dtype_policy("float32")
    kernels = [np.asarray(weight) for weight in critic.trainable_variables if len(weight.shape) > 1]
    assert len(kernels) > 1
    for kernel in kernels:
        rounded = keras.ops.convert_to_numpy(
            keras.ops.cast(keras.ops.cast(kernel, "bfloat16"), "float32")
        )
        assert np.any(kernel != rounded)


def test_float16_is_refused_and_the_remedy_named():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = plane()
        with pytest.raises(
            ValueError, match="Received: mixed_float16. Build the model under mixed_bfloat16"
        ):
            model.compile()
    finally:
        keras.config.set_dtype_policy("float32")


def test_a_critic_has_one_optimizer():
    model = plane()
    both = optimizers.GANOptimizers(keras.optimizers.Adam(), keras.optimizers.Adam())
    model.compile(both)
    with pytest.raises(
        ValueError,
        match="Expected critic_optimizer=None beside GANOptimizers, .* Received: SGD. Drop",
    ):
        model.compile(both, keras.optimizers.SGD())


def test_a_critics_learning_rate_needs_a_critic():
    both = training.TrainingConfig(1, 1e-3, critic_learning_rate=1e-3).optimizer(10)
    with pytest.raises(
        ValueError,
        match="Expected an adversarial model with two optimizers. Received: a model without",
    ):
        both.build([])
