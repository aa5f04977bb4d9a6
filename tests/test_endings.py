"""How networks end: what holds outputs in bounds is refused where a linear end is needed."""

import inspect

import keras
import pytest
from parts import READERS, SHAPE, gan, vae
from refusals import refusal

from kerasgen import endings, families, likelihoods

layers = keras.layers


def ending(*last):
    """A decoder from a dense layer to pixels, and what comes then."""
    return keras.Sequential([layers.Dense(64), layers.Reshape(SHAPE), *last])


class Squashed(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = ending()

    def call(self, z):
        return keras.ops.sigmoid(self.inner(z))


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


@pytest.mark.parametrize("build", READERS.values(), ids=READERS)
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
