"""Parts that do not fit are refused by the constructor, in one line that says what to do."""

import keras
import numpy as np
import pytest
from parts import READERS, SHAPE, gan, vae
from refusals import refusal
from tiny import PatchTokenizer, tiny_mlp_vae

from kerasgen import families, likelihoods, networks, objectives

layers = keras.layers


def two(size):
    x = keras.Input(size)
    return keras.Model(x, [layers.Dense(4)(layers.Flatten()(x))] * 2)


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


@pytest.mark.parametrize("build", READERS.values(), ids=READERS)
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
