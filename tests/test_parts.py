"""Parts that do not fit are refused by the constructor, in one line that says what to do."""

import inspect

import keras
import numpy as np
import pytest
from refusals import refusal
from tiny import PatchTokenizer, tiny_mlp_vae

from kerasgen import (
    LatentVariableModel,
    bottlenecks,
    divergences,
    endings,
    families,
    likelihoods,
    networks,
    objectives,
)

layers = keras.layers
SHAPE = (8, 8, 1)


def vae(**parts):
    fitting = {
        "event": SHAPE,
        "encoder": networks.MLP((4,), (8,)),
        "bottleneck": bottlenecks.Gaussian(2),
        "decoder": networks.MLP(SHAPE, (8,)),
        "likelihood": likelihoods.Bernoulli(),
    }
    return LatentVariableModel(**fitting | parts)


def gan(**parts):
    fitting = {
        "event": SHAPE,
        "generator": networks.MLP(SHAPE, ()),
        "critic": networks.MLP((4,), ()),
        "divergence": divergences.NonSaturating(),
        "latent_dim": 4,
    }
    return families.AdversarialModel(**fitting | parts)


def ending(*last):
    """A decoder from a dense layer to pixels, and what comes then."""
    return keras.Sequential([layers.Dense(64), layers.Reshape(SHAPE), *last])


class Squashed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = ending()

    def call(self, z):
        return keras.ops.sigmoid(self.inner(z))


def two(size):
    x = keras.Input(size)
    return keras.Model(x, [layers.Dense(4)(layers.Flatten()(x))] * 2)


def functional_sigmoid():
    z = keras.Input((2,))
    return keras.Model(z, keras.ops.sigmoid(ending()(z)))


class Ending(keras.Model):
    """What hides an activation from everything but a trial."""

    def __init__(self, activation):
        super().__init__()
        self.inner, self.last = ending(), keras.activations.get(activation)

    def call(self, z):
        return self.last(self.inner(z))


BOUNDED = {
    "activation": lambda: ending(layers.Activation("sigmoid")),
    "before the end": lambda: keras.Sequential(
        [layers.Dense(64, "sigmoid"), layers.Reshape(SHAPE), layers.Dropout(0.1)]
    ),
    "nested": lambda: keras.Sequential(
        [keras.Sequential([layers.Dense(64, "tanh")]), layers.Reshape(SHAPE)]
    ),
    "relu": lambda: ending(layers.ReLU()),
    "softmax": lambda: keras.Sequential(
        [layers.Dense(64), layers.Softmax(), layers.Reshape(SHAPE)]
    ),
    "functional": functional_sigmoid,
    "subclass": Squashed,
}


@pytest.mark.parametrize("decoder", BOUNDED)
@pytest.mark.parametrize("likelihood", [likelihoods.Bernoulli, lambda: likelihoods.Gaussian(1.0)])
def test_a_decoder_that_is_bounded(decoder, likelihood):
    assert "linear" in refusal(lambda: vae(decoder=BOUNDED[decoder](), likelihood=likelihood()))


# Of Keras' activations those that reach every number: parameters may come of any of these.
UNBOUNDED = {"linear", "leaky_relu", "soft_shrink", "hard_shrink", "tanh_shrink"}
ACTIVATIONS = {
    name
    for name, function in vars(keras.activations).items()
    if inspect.isfunction(function)
    and name not in ("get", "serialize", "deserialize", "glu", "threshold")  # of other arguments
}


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("make", [lambda name: ending(layers.Activation(name)), Ending])
def test_an_activation_at_the_end_of_a_decoder(make, activation):
    # Of one channel these are one number, whatever comes: no trial can tell.
    is_constant = activation in ("log_softmax", "sparsemax") and make is Ending
    if activation in UNBOUNDED or is_constant:
        assert vae(decoder=make(activation)).built
    else:
        assert "linear" in refusal(lambda: vae(decoder=make(activation)))


@pytest.mark.parametrize(
    "last",
    [
        (),
        (layers.LayerNormalization(),),
        (layers.Rescaling(0.01),),
        (layers.Rescaling(0.0, offset=-2.0),),  # what an end that begins at zero gives
    ],
)
def test_a_decoder_that_is_not(last):
    assert vae(decoder=ending(*last)).built


@pytest.mark.parametrize("units", [1, 2, 3])
def test_few_units_before_a_linear_end(units):
    """All weights of an end may have one sign by chance; a constructor is not to depend on it."""
    for seed in range(20):
        keras.utils.set_random_seed(seed)
        network = keras.Sequential([layers.Dense(units, "relu"), layers.Dense(2)])
        network.build((None, 2))
        assert endings.bounds(network, (2,)) is None


class Branches(keras.Model):
    """Parts in another order than that of the call, and an activation that is not the end."""

    def __init__(self, activation, end=lambda h: h):
        super().__init__()
        self.inner, self.outer = layers.Dense(32), ending()
        self.end = end
        self.activation_within = layers.Activation(activation)

    def call(self, z):
        return self.end(self.outer(self.activation_within(self.inner(z))))


class Attention(keras.Model):
    """Features that softmax weighs; they are none themselves."""

    def __init__(self):
        super().__init__()
        self.flat, self.outer, self.softmax = layers.Flatten(), layers.Dense(4), layers.Softmax()

    def call(self, x):
        h = self.flat(x)
        return self.outer(h * self.softmax(h))


def normalized(*last):
    """A network whose hidden units large noise does not saturate."""
    return keras.Sequential([layers.UnitNormalization(), layers.Dense(64, "tanh"), *last])


def test_the_order_in_which_layers_are_made_says_nothing():
    assert vae(decoder=Branches("relu")).built
    assert families.Classifier(SHAPE, 3, Attention()).built
    assert gan(generator=Branches("relu", keras.ops.sigmoid)).built


def test_normalized_networks_are_taken_for_what_they_give():
    assert gan(generator=normalized(layers.Rescaling(0.5, 0.5), layers.Reshape(SHAPE))).built
    low = layers.Dense(64, bias_initializer=keras.initializers.Constant(-3.0))  # a mean logit
    hidden = layers.Dense(32, "relu"), layers.LayerNormalization()
    assert vae(decoder=keras.Sequential([*hidden, low, layers.Reshape(SHAPE)])).built
    assert vae(decoder=ending(layers.LeakyReLU(0.01))).built


def test_a_generator_of_pixels_below_0():
    for last in ("tanh", "relu", "elu", "softplus", "log_sigmoid", "softmax"):
        generator = ending(layers.Activation(last))
        assert "sigmoid" in refusal(lambda made=generator: gan(generator=made))
    for last in (layers.Activation("sigmoid"), layers.Activation("hard_sigmoid")):
        assert gan(generator=ending(last)).built
    assert gan(generator=Squashed()).built
    points = keras.Sequential([layers.Dense(2, "tanh")])
    assert gan(event=[2], generator=points).built  # which may be anywhere


def features(*last):
    return keras.Sequential([layers.Flatten(), *last])


class HiddenSoftmax(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = features(layers.Dense(4))

    def call(self, x):
        return keras.ops.softmax(self.inner(x))


@pytest.mark.parametrize(
    "build",
    [
        lambda part: gan(critic=part),
        lambda part: vae(encoder=part),
        lambda part: families.Classifier(SHAPE, 3, part),
    ],
    ids=["critic", "encoder", "classifier"],
)
def test_probabilities_are_no_features(build):
    """A critic or a classifier as others end it: the family has the last layer itself."""
    wrong = {
        "softmax": features(layers.Dense(3, "softmax")),
        "a layer of it": features(layers.Dense(3), layers.Softmax()),
        "before dropout": features(layers.Dense(3, "softmax"), layers.Dropout(0.1)),
        "log": features(layers.Dense(3, "log_softmax")),
        "one sigmoid": features(layers.Dense(1, "sigmoid")),
        "hidden": HiddenSoftmax(),
    }
    for part in wrong.values():
        assert "probabilities" in refusal(lambda part=part: build(part))
    for last in ("relu", "linear", "tanh", "sigmoid"):
        assert build(features(layers.Dense(3, last))).built


NOT_PARTS = ["mlp", 3, lambda x, training=False: x, networks.MLP]


@pytest.mark.parametrize("value", NOT_PARTS, ids=["name", "number", "function", "class"])
@pytest.mark.parametrize(
    ("build", "part"),
    [
        *((vae, part) for part in ("encoder", "bottleneck", "decoder", "likelihood", "objective")),
        *((gan, part) for part in ("generator", "critic", "divergence")),
    ],
)
def test_what_is_no_part(build, part, value):
    assert part in refusal(lambda: build(**{part: value}))


def test_parts_of_another_kind():
    transformer = networks.TokenTransformer(16, 1, 8, 2, 2)
    assert "tokenizer" in refusal(
        lambda: families.TwoStageModel(SHAPE, tiny_mlp_vae(), transformer)
    )
    grid = PatchTokenizer(SHAPE)
    assert "vocab_size" in refusal(
        lambda: families.TwoStageModel(SHAPE, grid, networks.MLP((4,), ()))
    )
    pixels = keras.Sequential([layers.Conv2D(1, 3, padding="same")])
    causal = families.AutoregressiveModel
    assert "causal" in refusal(lambda: causal(SHAPE, pixels, likelihoods.Bernoulli()))
    assert "IWAE(" in refusal(lambda: vae(objective=objectives.IWAE))
    assert "num_classes" in refusal(
        lambda: families.Classifier(SHAPE, None, networks.MLP((4,), ()))
    )


@pytest.mark.parametrize(
    "build",
    [
        lambda encoder: vae(encoder=encoder),
        lambda critic: gan(critic=critic),
        lambda encoder: families.Classifier(SHAPE, 10, encoder),
    ],
    ids=["vae", "gan", "classifier"],
)
def test_features_that_are_no_vector(build):
    assert "Flatten" in refusal(lambda: build(keras.Sequential([layers.Conv2D(4, 3, 2)])))
    assert "several outputs" in refusal(lambda: build(two(SHAPE)))
    assert "9" in refusal(lambda: build(two((9, 9, 1))))


def test_data_beyond_the_reach_of_locations(rng):
    far = rng.normal(49_911, 100, (32, 1)).astype("float32")
    model = vae(event=[1], decoder=networks.MLP((1,), ()), likelihood=likelihoods.Gaussian(1.0))
    model.compile()
    for call in (model.fit, model.log_prob, model.reconstruct):
        assert "Standardise" in refusal(lambda call=call: call(far))
    with pytest.raises(ValueError, match="beyond 10,000"):
        model.fit(((far[:4],) for _ in range(3)), verbose=0)
    model.fit((far - far.mean()) / far.std(), verbose=0)


@pytest.mark.parametrize("integer", [np.int64, np.int32])
def test_sizes_of_numpy(integer):
    model = vae(event=np.array(SHAPE, integer), condition=integer(10))
    assert model.event_shape == SHAPE and model.num_classes == 10


@pytest.mark.parametrize("setting", ["float64", "float16", "channels_first"])
def test_settings_of_keras_that_no_part_is_made_for(setting):
    if setting == "channels_first":
        change, value = keras.config.set_image_data_format, "channels_last"
    else:
        change, value = keras.config.set_dtype_policy, "float32"
    change(setting)
    try:
        assert setting in refusal(vae)
    finally:
        change(value)
    assert vae().built
