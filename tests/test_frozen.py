"""Frozen parts stay frozen, and the optimizer keeps its state, whatever way a model is copied."""

import copy

import keras
import numpy as np
import pytest
from tiny import tiny_classifier, tiny_gan, tiny_mlp_vae

BATCH = {"batch_size": 8, "verbose": 0}


def saved(model, tmp_path, digits):
    model.save(tmp_path / "model.keras")
    return keras.saving.load_model(tmp_path / "model.keras")


def checkpointed(model, tmp_path, digits):
    path = tmp_path / "checkpoint.keras"
    callback = keras.callbacks.ModelCheckpoint(path, save_freq="epoch")
    fit(model, digits, callbacks=[callback])
    return keras.saving.load_model(path)


COPIES = {
    "saved": saved,
    "checkpointed": checkpointed,
    "copied": lambda model, *_: copy.copy(model),
    "deeply": lambda model, *_: copy.deepcopy(model),
    "cloned": lambda model, *_: keras.models.clone_model(model),
    "configured": lambda model, *_: type(model).from_config(model.get_config()),
}


def functional_encoder_vae():
    from kerasgen import LatentVariableModel, bottlenecks, likelihoods, networks

    x = keras.Input((8, 8, 1))
    encoder = keras.Model(x, keras.layers.Dense(4)(keras.layers.Flatten()(x)))
    parts = bottlenecks.Gaussian(2), networks.MLP((8, 8, 1), (8,)), likelihoods.Bernoulli()
    return LatentVariableModel((8, 8, 1), encoder, *parts)


def fit(model, digits, **options):
    labels = digits[1][:16] if model.num_classes else None
    model.fit(digits[0][:16], labels, **BATCH, **options)


def values(variables):
    return [np.array(variable) for variable in variables]


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize(
    ("build", "part"),
    [
        (tiny_mlp_vae, "encoder"),
        (functional_encoder_vae, "encoder"),
        (lambda: tiny_gan(normalization="layer"), "generator"),
        (tiny_classifier, "encoder"),
    ],
    ids=["vae", "functional", "gan", "classifier"],
)
def test_a_part(build, part, way, tmp_path, digits):
    model = build()
    getattr(model, part).trainable = False
    model.compile()
    fit(model, digits)
    twin = COPIES[way](model, tmp_path, digits)
    assert len(twin.trainable_variables) == len(model.trainable_variables)
    if way in ("saved", "checkpointed", "copied", "deeply"):
        state = values(model.optimizer.variables)
        for ours, theirs in zip(state, values(twin.optimizer.variables), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    else:
        twin.compile()
    before = values(getattr(twin, part).weights)
    fit(twin, digits)
    for old, new in zip(before, values(getattr(twin, part).weights), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_layer_within_a_part(tmp_path, digits):
    model = tiny_mlp_vae()
    inner = [layer for layer in model.encoder._flatten_layers() if type(layer).__name__ == "Dense"]
    inner[0].trainable = False
    model.compile()
    twin = saved(model, tmp_path, digits)
    assert 0 < len(twin.trainable_variables) == len(model.trainable_variables)


def test_without_compiling_anew(tmp_path, digits):
    """Frozen after a step was traced: the part stays, the optimizer keeps what it knew of it."""
    model = tiny_mlp_vae()
    model.compile(keras.optimizers.Adam(0.01))
    fit(model, digits)
    model.encoder.trainable = False
    before = values(model.encoder.weights)
    fit(model, digits)
    for old, new in zip(before, values(model.encoder.weights), strict=True):
        np.testing.assert_array_equal(old, new)
    twin = saved(model, tmp_path, digits)
    for ours, theirs in zip(
        values(model.optimizer.variables), values(twin.optimizer.variables), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_nothing_frozen_says_nothing():
    assert "frozen" not in tiny_mlp_vae().get_config()


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_a_part_that_is_made_frozen_is_frozen_within(part, digits):
    from kerasgen import bottlenecks, families, likelihoods, networks

    trainable = {name: name != part for name in ("encoder", "decoder")}
    encoder = networks.GridEncoder((4,), (1,), trainable=trainable["encoder"])
    decoder = networks.GridDecoder(1, (4,), (1,), trainable=trainable["decoder"])
    parts = encoder, bottlenecks.FiniteScalar((3, 3)), decoder, likelihoods.Bernoulli()
    model = families.DiscreteAutoencoder((8, 8, 1), *parts)
    frozen, others = getattr(model, part).weights, model.bottleneck.weights
    before = values(frozen), values(others)
    model.compile("adam")
    fit(model, digits)
    assert all(map(np.array_equal, before[0], values(frozen)))
    assert not all(map(np.array_equal, before[1], values(others)))
