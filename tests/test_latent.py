"""The latent-variable family: shapes, seeds, Keras' own fit, conditions and replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from scipy import special
from tiny import tiny_autoencoder, tiny_mlp_vae, tiny_vae

from kerasgen import LatentVariableModel, bottlenecks, likelihoods, networks


def test_shapes_of_everything(vae, images):
    x = images[:3]
    assert tuple(vae.encode(x).batch_shape) == (3,)
    assert tuple(vae.encode(x).event_shape) == vae.bottleneck.latent_shape == (4,)
    likelihood = vae.decode(np.zeros((7, 3, 4), "float32"))
    assert tuple(likelihood.batch_shape) == (7, 3)
    assert tuple(likelihood.event_shape) == (8, 8, 1)
    assert vae.reconstruct(x).shape == (3, 8, 8, 1)
    assert vae.elbo(x, num_samples=2).shape == vae.log_prob(x, num_samples=2).shape == (3,)
    assert {name: term.shape for name, term in vae.loss_terms(x).terms.items()} == {
        "reconstruction": (3,),
        "kl": (3,),
    }
    samples = vae.sample(5)
    assert samples.shape == (5, 8, 8, 1)
    assert set(np.unique(samples)) == {0.0, 1.0}
    means = vae.sample(5, mean=True).numpy()
    assert means.min() > 0 and means.max() < 1


def test_the_reconstruction_is_the_mean_at_the_mean(vae, images):
    expected = vae.decode(vae.encode(images[:3]).mean()).mean()
    np.testing.assert_allclose(vae.reconstruct(images[:3]), expected, rtol=1e-6)


def test_the_decoder_must_fit_the_likelihood():
    message = (
        r"Expected the decoder's output shape to be \(8, 8, 2\), which is what Gaussian needs .*"
        r"Received: \(8, 8, 1\). Set the decoder's output_shape."
    )
    with pytest.raises(ValueError, match=message):
        LatentVariableModel(
            (8, 8, 1),
            networks.ConvEncoder((8,), (1,), 16),
            bottlenecks.Gaussian(4),
            keras.Sequential([networks.ConvDecoder((8, 8, 1), (8,), (1,), 16)]),
            likelihoods.Gaussian("learned"),
        )


@pytest.mark.parametrize("num_classes", [None, 10], ids=["unconditional", "conditional"])
def test_an_example_is_a_function_of_seed_and_position_whatever_the_split(num_classes):
    model = tiny_vae(num_classes=num_classes)
    labels = None if num_classes is None else np.arange(600) % 10

    def draw(n, seed):
        return model.sample(n, None if labels is None else labels[:n], seed=seed).numpy()

    samples = draw(600, 0)
    assert not np.array_equal(samples, draw(600, 1))
    for n in (1, 5, 256, 257, 600):  # blocks of 256 are decoded at once
        np.testing.assert_array_equal(draw(n, 0), samples[:n])
    assert not np.array_equal(samples[:256], samples[256:512])


def test_without_a_seed_draws_are_fresh_and_with_one_they_repeat(vae, images):
    x = images[:3]
    for draw in (
        lambda seed: vae.sample(4, seed=seed),
        lambda seed: vae.elbo(x, num_samples=2, seed=seed),
    ):
        assert not np.array_equal(draw(None), draw(None))
        assert not np.array_equal(draw(0), draw(1))
        np.testing.assert_array_equal(draw(3), draw(3))
    np.testing.assert_array_equal(
        vae.log_prob(x, num_samples=5, seed=3), vae.log_prob(x, num_samples=5, seed=3)
    )
    assert not np.array_equal(vae.log_prob(x, num_samples=5), vae.log_prob(x, num_samples=5))


def test_sampling_and_scoring_leave_the_noise_of_training_alone(vae, images):
    def states():
        return [vae.seeds.state.numpy().tolist(), vae.bottleneck.noise.state.numpy().tolist()]

    before = states()
    vae.sample(2, seed=0)
    vae.log_prob(images[:2], num_samples=2, seed=0)
    vae.elbo(images[:2], seed=0)
    assert states() == before


def test_fit_on_arrays_lowers_the_loss_and_logs_the_terms(vae, images):
    vae.compile(keras.optimizers.Adam(3e-3))
    history = vae.fit(
        images, batch_size=32, epochs=4, validation_data=(images[:64],), verbose=0
    ).history
    assert set(history) == {
        "loss",
        "reconstruction",
        "kl",
        "val_loss",
        "val_reconstruction",
        "val_kl",
    }
    assert history["loss"][-1] < history["loss"][0] - 5
    np.testing.assert_allclose(
        history["loss"], np.add(history["reconstruction"], history["kl"]), rtol=1e-4
    )
    np.testing.assert_allclose(
        history["val_loss"], np.add(history["val_reconstruction"], history["val_kl"]), rtol=1e-4
    )
    # sums over pixels in nats, means over examples: of the order of 64 log 2, not of log 2
    assert 10 < history["loss"][-1] < 64 * np.log(2)


def test_a_conditional_model_trains_with_labels_on_arrays_as_on_tf_data(digits):
    x, labels = digits
    histories = []
    for data in ((x, labels), (tf.data.Dataset.from_tensor_slices(digits).batch(32),)):
        model = tiny_vae(num_classes=10)
        model.compile(keras.optimizers.Adam(3e-3))
        arguments = {"batch_size": 32, "shuffle": False} if len(data) == 2 else {}
        histories.append(model.fit(*data, epochs=2, verbose=0, **arguments).history)
    assert histories[0]["loss"][1] < histories[0]["loss"][0] - 1
    assert histories[0].keys() == histories[1].keys()
    for name, values in histories[0].items():
        assert values == pytest.approx(histories[1][name])


def test_sample_weights_weigh_the_examples(conditional_vae, digits):
    conditional_vae.compile()
    x, labels = digits[0][:32], digits[1][:32]
    logs = conditional_vae.evaluate(
        x, labels, sample_weight=np.full(32, 3.0), verbose=0, return_dict=True
    )
    assert logs["loss"] == pytest.approx(3 * (logs["reconstruction"] + logs["kl"]), rel=1e-4)


def test_the_condition_reaches_encoder_and_decoder(conditional_vae, images):
    model, x = conditional_vae, images[:10]
    zeros, ones = np.zeros(10, "int32"), np.ones(10, "int32")
    z = model.encode(x, zeros).mean()
    assert np.abs(z - model.encode(x, ones).mean()).min(axis=-1).max() > 1e-4
    assert np.abs(model.decode(z, zeros).mean() - model.decode(z, ones).mean()).max() > 1e-4
    assert not np.array_equal(
        model.sample(10, condition=zeros, seed=0, mean=True),
        model.sample(10, condition=ones, seed=0, mean=True),
    )
    # leading axes of z come before the batch that the labels belong to
    many = model.decode(np.tile(z, (3, 1, 1)), np.arange(10)).mean()
    np.testing.assert_allclose(many[2], model.decode(z, np.arange(10)).mean(), atol=1e-6)
    assert model.log_prob(x, np.arange(10), num_samples=3).shape == (10,)


def without_noise(model):
    """Sets the posterior's scale to its floor of 1e-5, so that training does not depend on the
    noise.
    """
    kernel, bias = model.bottleneck.statistics.get_weights()
    kernel[:, 4:], bias[4:] = 0, -100
    model.bottleneck.statistics.set_weights([kernel, bias])
    return model


def test_two_replicas_train_as_one_device_does_on_the_same_global_batch(images, two_replicas):
    data = tf.data.Dataset.from_tensor_slices(images[:64]).batch(32, drop_remainder=True)
    results = []
    for scope in (tf.distribute.get_strategy().scope(), two_replicas.scope()):
        with scope:
            model = without_noise(tiny_vae())
            before = [weight.numpy() for weight in model.trainable_weights]
            model.compile(
                keras.optimizers.SGD(0.003)
            )  # Adam would hide a wrong scale of the gradients
            history = model.fit(data, verbose=0).history
        assert keras.ops.convert_to_numpy(model.objective.step) == 2
        moved = [
            weight.numpy() - start
            for weight, start in zip(model.trainable_weights, before, strict=True)
        ]
        results.append((history, moved))
    assert two_replicas.num_replicas_in_sync == 2
    (history, moved), (other_history, other_moved) = results
    for name, values in history.items():
        assert values == pytest.approx(other_history[name], rel=1e-4)
    assert max(np.abs(move).max() for move in moved) > 0.01
    for move, other in zip(moved, other_moved, strict=True):
        np.testing.assert_allclose(other, move, atol=1e-4)


def test_replicas_draw_different_noise(two_replicas):
    with two_replicas.scope():
        model = tiny_vae()
    features = tf.zeros((5, 16))

    @tf.function
    def draw():
        return two_replicas.run(lambda: model.bottleneck(features).z)

    draws = [
        value.numpy() for _ in range(2) for value in two_replicas.experimental_local_results(draw())
    ]
    assert len(draws) == 4
    for index, one in enumerate(draws):
        for other in draws[:index]:
            assert not np.any(one == other)


def test_a_model_made_in_a_scope_samples_and_scores_there(images, two_replicas):
    with two_replicas.scope():
        model = tiny_vae()
        samples, nats = model.sample(2, seed=0), model.log_prob(images[:2], num_samples=2, seed=0)
    np.testing.assert_array_equal(samples, tiny_vae().sample(2, seed=0))
    np.testing.assert_allclose(
        nats, tiny_vae().log_prob(images[:2], num_samples=2, seed=0), rtol=1e-5
    )


def test_networks_may_compute_in_bfloat16_while_bounds_stay_float32(images):
    policy = "mixed_bfloat16"
    model = LatentVariableModel(
        (8, 8, 1),
        networks.ConvEncoder((8,), (1,), 16, dtype=policy),
        bottlenecks.Gaussian(4),
        networks.ConvDecoder((8, 8, 1), (8,), (1,), 16, dtype=policy),
        likelihoods.Bernoulli(),
    )
    assert model.decoder(np.zeros((1, 4), "float32")).dtype == "bfloat16"
    for value in (
        *model.loss_terms(images[:4]).terms.values(),
        model.log_prob(images[:4], num_samples=2),
    ):
        assert value.dtype == "float32"


def test_with_a_prior_of_each_class_log_prob_is_the_integral(images):
    """One unit of code: p(x | class) by quadrature over it, after training has moved the priors."""
    bottleneck = bottlenecks.ConditionalGaussian(1, 10)
    model = tiny_mlp_vae(num_classes=10, bottleneck=bottleneck)
    labels = np.arange(64) % 3
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(images[:64], labels, epochs=10, verbose=0)
    prior = model.prior([0, 1, 2])
    assert np.ptp(prior.mean()) > 0.1
    z = np.linspace(-12, 12, 2001, dtype="float32").reshape(-1, 1, 1)
    x, y = images[:3], labels[:3]
    joint = model.decode(np.tile(z, (1, 3, 1)), y).log_prob(x) + prior.log_prob(z)
    exact = keras.ops.logsumexp(joint, axis=0) + np.log(24 / 2000)
    np.testing.assert_allclose(model.log_prob(x, y, num_samples=20_000, seed=0), exact, atol=0.05)
    brute = tf.reduce_logsumexp(
        model.decode(bottleneck.sample(3, 5, y)[None], y).log_prob(x)
    )  # of the right shape
    assert np.isfinite(brute)


@pytest.mark.parametrize("make", [tiny_mlp_vae, tiny_autoencoder])
def test_the_bottleneck_has_the_classes_of_the_model(make):
    with pytest.raises(ValueError, match="Expected a model of 10 classes .* num_classes"):
        make(bottleneck=bottlenecks.ConditionalGaussian(4, 10))


def test_bounds_of_many_samples_are_those_of_their_parts(vae, images, monkeypatch):
    """Of the samples of one example, which are decoded in parts: nothing lost, nothing twice."""
    monkeypatch.setattr(LatentVariableModel, "decodes_at_once", 8)

    def log_weights(self, x, condition, num_samples, seed):
        return ops.arange(num_samples, dtype="float32")[:, None]

    monkeypatch.setattr(LatentVariableModel, "log_weights", log_weights)
    whole = np.concatenate([np.arange(8), np.arange(8), np.arange(3)])
    np.testing.assert_allclose(vae.elbo(images[:1], num_samples=19), [whole.mean()], rtol=1e-6)
    exact = special.logsumexp(whole) - np.log(19)
    np.testing.assert_allclose(vae.log_prob(images[:1], num_samples=19), [exact], rtol=1e-6)


def test_reconstructions_of_images_are_images(images):
    model = tiny_mlp_vae(likelihoods.Gaussian(1.0))
    model.decoder.stack[-2].bias.assign(np.linspace(-3, 3, 64))
    means = model.decode(model.encode(images[:2]).mean()).mean()
    assert np.min(means) < -1 and np.max(means) > 2
    np.testing.assert_array_equal(model.reconstruct(images[:2]), np.clip(means, 0, 1))


def test_predict_says_what_there_is(vae, images):
    with pytest.raises(
        TypeError, match="methods of LatentVariableModel: sample, log_prob, encode, reconstruct."
    ):
        vae.predict(images)
