"""Shapes, structure and configuration of the networks."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgen import networks


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")


def test_space_to_depth_is_the_one_of_tensorflow_and_depth_to_space_undoes_it(x):
    deep = networks.SpaceToDepth()(x)
    np.testing.assert_array_equal(deep, tf.nn.space_to_depth(x, 2))
    np.testing.assert_array_equal(networks.DepthToSpace()(deep), x)
    assert networks.SpaceToDepth(4)(x).shape == (2, 2, 2, 48)


def test_a_residual_block_starts_as_the_identity_and_learns(x):
    block = networks.ResidualBlock(3)
    np.testing.assert_array_equal(block(x), x)
    block.conv2.kernel.assign(np.random.default_rng(1).normal(size=block.conv2.kernel.shape))
    assert np.abs(block(x) - x).max() > 0.1


@pytest.mark.parametrize(
    "network, batch_shape",
    [
        (networks.ResidualBlock(4, dropout=0.5), (3, 8, 8, 4)),
        (networks.ConvEncoder((4, 4), (1, 1), 8, dropout=0.5), (3, 8, 8, 1)),
        (networks.ConvDecoder((8, 8, 1), (4, 4), (1, 1), 8, dropout=0.5), (3, 8)),
        (networks.CausalTransformer(2, 8, 2, 2, dropout=0.5), (3, 2, 2, 4)),
    ],
    ids=lambda each: getattr(each, "name", None),
)
def test_dropout_leaves_values_out_in_training_only(network, batch_shape, tmp_path):
    batch = np.random.default_rng(0).standard_normal(batch_shape).astype("float32")
    x = keras.Input(batch_shape[1:])
    model = keras.Model(x, network(x))
    for weight in model.trainable_weights:
        weight.assign_add(
            0.3 * keras.random.normal(weight.shape, seed=1)
        )  # some start at zero, which would hide it
    in_training = [np.asarray(model(batch, training=True)) for _ in range(2)]
    assert np.abs(in_training[0] - in_training[1]).max() > 1e-3
    np.testing.assert_array_equal(model(batch), model(batch))
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(copy(batch), model(batch))
    assert np.abs(np.asarray(copy(batch, training=True)) - in_training[0]).max() > 1e-3


@pytest.mark.parametrize("side, stages", [(28, 2), (32, 3), (64, 4)])
@pytest.mark.parametrize("kind", ["DCGAN", "Residual"])
def test_generators_and_critics_of_images(kind, side, stages):
    channels = [4] * stages
    generator = getattr(networks, f"{kind}Generator")((side, side, 3), channels)
    critic = getattr(networks, f"{kind}Critic")(channels, "spectral")
    images = generator(np.random.default_rng(0).standard_normal((2, 5)).astype("float32"))
    assert images.shape == (2, side, side, 3)
    assert 0 < np.min(images) < np.max(images) < 1
    features = critic(images)
    lowest = side // 2**stages
    assert features.shape == ((2, 4 * lowest**2) if kind == "DCGAN" else (2, 4))


@pytest.mark.parametrize("normalization", ["batch", "layer", "spectral"])
def test_dense_layers_of_dcgan_stand_at_its_narrow_end(normalization, tmp_path):
    generator = networks.DCGANGenerator((8, 8, 1), (4, 4), normalization, hidden=(7, 6))
    critic = networks.DCGANCritic((4, 4), normalization, dropout=0.5, hidden=(7, 6))
    noise = keras.Input((3,))
    model = keras.Model(noise, critic(generator(noise)))
    batch = np.random.default_rng(0).standard_normal((5, 3)).astype("float32")
    assert model(batch).shape == (5, 6)
    matrices = [tuple(weight.shape) for weight in model.trainable_weights if len(weight.shape) == 2]
    assert matrices == [(3, 7), (7, 6), (6, 16), (16, 7), (7, 6)]
    assert np.abs(model(batch, training=True) - model(batch)).max() > 1e-3, (
        "values are left out in training only"
    )
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        keras.saving.load_model(tmp_path / "model.keras")(batch), model(batch)
    )


@pytest.mark.parametrize("normalization", [None, "batch", "layer", "spectral"])
@pytest.mark.parametrize(
    "kind", ["DCGANGenerator", "DCGANCritic", "ResidualGenerator", "ResidualCritic"]
)
def test_every_normalization_of_every_network_saves_and_loads(kind, normalization, tmp_path):
    cls = getattr(networks, kind)
    critic = "Critic" in kind
    network = (
        cls(channels=(4, 4), normalization=normalization)
        if critic
        else cls((8, 8, 1), (4, 4), normalization)
    )
    x = keras.Input((8, 8, 1) if critic else (3,))
    model = keras.Model(x, network(x))
    batch = np.random.default_rng(0).random((6, *x.shape[1:])).astype("float32")
    trained, still = np.asarray(model(batch, training=True)), np.asarray(model(batch))
    alone = np.concatenate([np.asarray(model(batch[i : i + 1])) for i in range(6)])
    np.testing.assert_allclose(alone, still, atol=1e-5)
    if normalization == "batch":
        assert np.abs(trained - still).max() > 1e-3, "batch statistics in training only"
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(copy(batch), model(batch))


@pytest.mark.parametrize(
    "decoder", [networks.ConvDecoder, networks.DCGANGenerator, networks.ResidualGenerator]
)
def test_sides_that_do_not_halve_are_refused(decoder):
    with pytest.raises(
        ValueError, match=r"Expected height and width that 4 divides. Received: \(30, 28\). Pad"
    ):
        decoder((30, 28, 1), (8, 8))
    with pytest.raises(
        ValueError, match=r"Expected height and width that 2 divides. Received: \(15, 14\)"
    ):
        networks.GridEncoder((8, 8), (0, 0))(np.zeros((1, 30, 28, 1), "float32"))


def test_an_unknown_normalization_or_resampling_is_refused():
    for build in (networks.DCGANCritic, networks.ResidualCritic):
        with pytest.raises(
            ValueError,
            match=r"Expected normalization to be one of .* Received: normalization='instance'",
        ):
            build(normalization="instance")
    with pytest.raises(
        ValueError,
        match="Expected resample to be one of 'up', None, 'down'. Received: resample='left'",
    ):
        networks.ResampledBlock(4, "left")


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_the_encoder_halves_and_the_decoder_doubles_once_a_stage(x, stages):
    widths, blocks = (4, 6, 8)[:stages], (1, 0, 2)[:stages]
    encoder = networks.ConvEncoder(widths, blocks, 16)
    assert encoder(x).shape == (2, 16)
    assert encoder.stack[-1].kernel.shape[0] == (8 // 2**stages) ** 2 * widths[-1]
    decoder = networks.ConvDecoder((8, 8, 5), widths[::-1], blocks[::-1], 16)
    assert decoder(encoder(x)).shape == (2, 8, 8, 5)
    lowest = [layer for layer in decoder.stack if isinstance(layer, keras.layers.Dense)][1]
    assert lowest.kernel.shape[1] == (8 // 2**stages) ** 2 * widths[-1]


def test_the_decoder_and_the_perceptron_are_linear_at_the_end():
    z = 100 * np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    for network in (networks.ConvDecoder((8, 8, 1), (4,), (1,), 8), networks.MLP((8, 8, 1), (8,))):
        params = network(z).numpy()
        assert params.shape == (64, 8, 8, 1)
        assert params.min() < -1 and params.max() > 1


NETWORKS = {
    "conv_encoder": (networks.ConvEncoder((4,), (1,), 8, "relu"), (8, 8, 1)),
    "conv_decoder": (networks.ConvDecoder((8, 8, 2), (4,), (1,), 8, "relu"), (4,)),
    "mlp": (networks.MLP((2, 3), (8,), "tanh"), (8, 8, 1)),
    "mlp_of_values": (networks.MLP((2,), (8, 8), normalization="layer"), (4,)),
    "mlp_of_kernels": (networks.MLP((2,), (8, 8), normalization="spectral"), (4,)),
    "residual_block": (networks.ResidualBlock(3, "relu"), (8, 8, 3)),
    "space_to_depth": (networks.SpaceToDepth(4), (8, 8, 1)),
    "depth_to_space": (networks.DepthToSpace(2), (4, 4, 8)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_config_and_weights_round_trip(name):
    network, shape = NETWORKS[name]
    x = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    y = network(x)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(network))
    assert type(copy) is type(network)
    assert copy.get_config() == network.get_config()
    assert copy.built
    copy.set_weights(network.get_weights())
    np.testing.assert_array_equal(copy(x), y)


@pytest.mark.parametrize("name", NETWORKS)
def test_batch_size_is_free_and_examples_do_not_mix(name):
    network, shape = NETWORKS[name]
    x = np.random.default_rng(0).normal(size=(5, *shape)).astype("float32")
    np.testing.assert_allclose(network(x)[3:4], network(x[3:4]), atol=1e-5)


@pytest.mark.parametrize("name", ["conv_encoder", "conv_decoder", "mlp"])
def test_a_policy_reaches_every_layer(name):
    network, shape = NETWORKS[name]
    mixed = type(network).from_config({**network.get_config(), "dtype": "mixed_bfloat16"})
    assert mixed(np.zeros((1, *shape), "float32")).dtype == "bfloat16"
    assert {weight.dtype for weight in mixed.weights} == {"float32"}


def test_a_spectral_perceptron_has_bounded_slope():
    """Each layer's largest singular value is 1 once the power iteration has converged, and a ReLU's
    slope too.
    """
    network = networks.MLP((3,), (16, 16), normalization="spectral")
    x, y = np.random.default_rng(0).normal(size=(2, 200, 4)).astype("float32")
    before = np.linalg.norm(100 * (network(x) - network(y)), axis=-1) / np.linalg.norm(
        x - y, axis=-1
    )
    for layer in network.stack:
        if isinstance(layer, keras.layers.SpectralNormalization):
            layer.layer.kernel.assign(100 * layer.layer.kernel)
    for _ in range(100):
        network(x, training=True)
    slopes = np.linalg.norm(network(x) - network(y), axis=-1) / np.linalg.norm(x - y, axis=-1)
    assert np.all(slopes <= 1.001) and np.any(before > 1)


def test_an_unknown_normalization_is_refused():
    with pytest.raises(
        ValueError,
        match="Expected normalization to be one of .*'spectral'.*Received: normalization='group'",
    ):
        networks.MLP((2,), normalization="group")


SIZED = {
    "mlp": (functools.partial(networks.MLP, hidden=(5,)), (3,)),
    "conv": (functools.partial(networks.ConvDecoder, channels=(4,), blocks=(1,), features=5), (3,)),
    "dcgan": (functools.partial(networks.DCGANGenerator, channels=(4,), hidden=(5,)), (3,)),
    "resnet": (functools.partial(networks.ResidualGenerator, channels=(4,)), (3,)),
    "grid": (functools.partial(networks.GridDecoder, channels=(4,), blocks=(1,)), (4, 4, 3)),
    "pixelcnn": (functools.partial(networks.PixelCNN, channels=4, num_blocks=1), (8, 8, 1)),
    "gated": (functools.partial(networks.GatedPixelCNN, channels=4, num_layers=2), (8, 8, 1)),
    "plus": (functools.partial(networks.PixelCNNPlusPlus, channels=4, num_blocks=1), (8, 8, 1)),
    "row": (functools.partial(networks.RowLSTM, size=4), (8, 8, 1)),
    "diagonal": (functools.partial(networks.DiagonalBiLSTM, size=4), (8, 8, 1)),
    "transformer": (functools.partial(networks.CausalTransformer, size=4, num_heads=2), (8, 8, 1)),
}


@pytest.mark.parametrize("name", SIZED)
def test_the_size_of_the_output_is_given_or_set(name, tmp_path):
    """Both ways give the same network, and one reads the weights of the other."""
    make, shape = SIZED[name]
    x = np.random.default_rng(0).random((2, *shape)).astype("float32")
    later = make(name="network")
    later.set_output((8, 8, 2))
    size = later.output_size
    assert size == ((8, 8, 2) if later.output_argument == "output_shape" else 2)
    assert later.get_config().get(later.output_argument) is None
    given = make(size, name="network")
    models = [keras.Sequential([keras.Input(shape), network]) for network in (given, later)]
    models[0].save_weights(tmp_path / "model.weights.h5")
    models[1].load_weights(tmp_path / "model.weights.h5")
    y = np.asarray(later(x))
    assert y.shape == (2, 8, 8, 2)
    np.testing.assert_array_equal(given(x), y)
    given.set_output((8, 8, 2))  # agrees
    with pytest.raises(ValueError, match="Expected output_.* .*3.*, which .* Received: .*2"):
        given.set_output((8, 8, 3))
    with pytest.raises(ValueError, match="Expected output_.*, given or set .* Received: None"):
        make()(x)
