"""`AutoregressiveModel`: probabilities by enumeration, causality by perturbation, steps against
full passes.
"""

import itertools
import json
import math
import operator
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from causal import LIKELIHOODS, NETWORKS, build
from keras import ops

from kerasgen import backend, bottlenecks, cli, events, likelihoods, networks, zoo
from kerasgen.families import AutoregressiveModel, LatentVariableModel
from kerasgen.networks.autoregressive.causal import (
    CausalConv2D,
    horizontal_conv,
    pointwise,
    vertical_conv,
)
from kerasgen.recipe import Recipe

every_network = pytest.mark.parametrize("network", NETWORKS)
every_likelihood = pytest.mark.parametrize("likelihood", LIKELIHOODS)


def every_image(shape, levels):
    grid = itertools.product(np.linspace(0, 1, levels, dtype="float32"), repeat=math.prod(shape))
    return np.array(list(grid)).reshape(-1, *shape)


def random_images(count, shape, levels=2, seed=0):
    return (
        np.random.default_rng(seed).integers(levels, size=(count, *shape)) / (levels - 1)
    ).astype("float32")


@every_likelihood
@every_network
def test_the_probabilities_of_all_images_sum_to_one(network, likelihood):
    model = build(network, likelihood)
    shape, levels, _ = LIKELIHOODS[likelihood]
    log_prob = -ops.convert_to_numpy(
        model.loss_terms(every_image(shape, levels)).terms["nll"]
    ).astype("float64")
    assert log_prob.std() > 0.1
    assert np.exp(log_prob).sum() == pytest.approx(1, abs=1e-5)


def influence(network, shape=(5, 6, 1)):
    """`[i, o]`: how much a change of pixel i changes the output at pixel o, at most over some
    images.
    """
    model = build(network, event_shape=shape)
    size, rng = math.prod(shape), np.random.default_rng(0)
    outputs_of = backend.function(
        model.network
    )  # of one at a time: rounding depends on the place in a batch
    largest = 0
    for _ in range(4):
        image = rng.standard_normal(size).astype("float32")
        changed = np.where(np.eye(size, dtype=bool), rng.standard_normal((size, 1)), image)
        images = np.concatenate([image[None], changed]).reshape(-1, 1, *shape)
        outputs = np.reshape([outputs_of(each) for each in images], (1 + size, size))
        largest = np.maximum(largest, np.abs(outputs[1:] - outputs[0]))
    return largest


@every_network
def test_an_output_sees_no_pixel_at_or_after_its_own(network):
    assert np.all(np.tril(influence(network)) < 1e-6)


@pytest.mark.parametrize("network", ["gated", "pixelcnnpp", "transformer", "transformer_gated"])
def test_an_output_sees_every_pixel_before_its_own(network):
    found = influence(network, (3, 4, 1))
    assert np.all(found[np.triu_indices(len(found), 1)] > 1e-7)


def test_the_diagonal_bilstm_misses_only_the_end_of_the_row_above():
    found = influence("diagonal_bilstm", (3, 4, 1))  # small, since what it remembers fades
    expected = np.ones((3, 4, 3, 4), bool)
    for row in (1, 2):
        expected[row - 1, 3, row, :2] = False
    before = np.triu_indices(12, 1)
    np.testing.assert_array_equal(found[before] > 1e-7, expected.reshape(12, 12)[before])


def test_the_pixelcnn_has_its_blind_spot():
    found = influence("pixelcnn").reshape(5, 6, 5, 6)
    for row, column in itertools.product(range(1, 5), range(6)):
        seen = found[row - 1, :, row, column] > 1e-6
        assert np.all(
            seen == (np.arange(6) <= column + 1)
        )  # nothing of the row above beyond one to the right


@pytest.mark.parametrize("num_classes", [None, 3])
@every_network
def test_steps_give_the_parameters_of_the_full_pass(network, num_classes):
    model = build(network, "colour_logistic", num_classes, (4, 5, 3))
    x = 2 * random_images(3, (4, 5, 3), 5) - 1
    one_hot = None if num_classes is None else np.eye(3, dtype="float32")
    expected = ops.convert_to_numpy(model.network(x, one_hot))
    cache, row = model.network.init_cache(3, one_hot)
    for i in range(4):
        cache, columns = model.network.start_row(cache, row)
        pixel, pixels, traces = np.zeros((3, 3), "float32"), [], []
        for j in range(5):
            column = keras.tree.map_structure(operator.itemgetter(j), columns)
            params, cache, trace = model.network.step(cache, column, pixel)
            np.testing.assert_allclose(params, expected[:, i, j], atol=2e-5)
            pixel = x[:, i, j]
            pixels.append(pixel)
            traces.append(trace)
        row = ops.stack(pixels), keras.tree.map_structure(lambda *each: ops.stack(each), *traces)


def patched(event_shape=(2, 4, 1), num_classes=None):
    keras.utils.set_random_seed(0)
    network = networks.GatedPixelCNN(16, 6, 3, first_kernel_size=3, head_channels=8)
    model = AutoregressiveModel(
        event_shape, network, likelihoods.JointCategorical(), num_classes, patch_size=2
    )
    for weight in model.trainable_weights:
        weight.assign_add(0.3 * np.random.default_rng(0).standard_normal(weight.shape))
    return model


def test_a_model_of_patches_is_normalised_and_samples_what_it_scores():
    model = patched()
    images = every_image((2, 4, 1), 2)
    expected = np.exp(model.log_prob(images))
    assert expected.std() > 1e-3
    assert expected.sum() == pytest.approx(1, abs=1e-5)
    samples = np.asarray(model.sample(4000, seed=0)).reshape(-1, 8).astype(int)
    found = np.bincount(samples @ (2 ** np.arange(8)[::-1]), minlength=256) / 4000
    np.testing.assert_allclose(found, expected, atol=5 * np.sqrt(0.25 / 4000))


def test_a_model_of_patches_completes_an_image():
    model = patched((6, 6, 1))
    given, known = random_images(1, (6, 6, 1))[0], np.zeros((6, 6), bool)
    known[:3, 1:] = True
    samples = np.asarray(model.complete(given, known, n=20, temperature=50.0))
    np.testing.assert_array_equal(samples[:, known], np.broadcast_to(given[known], (20, 15, 1)))
    assert np.all(samples[:, ~known].std(axis=0) > 0)


@every_network
def test_a_conditional_model_uses_its_condition(network):
    model = build(network, num_classes=3)
    images = random_images(5, (2, 3, 1))
    scores = np.stack([model.log_prob(images, np.full(5, label)) for label in range(3)])
    assert np.all(scores.std(axis=0) > 1e-3)
    total = np.exp(model.log_prob(every_image((2, 3, 1), 2), np.full(64, 2))).sum()
    assert total == pytest.approx(1, abs=1e-5)


@every_network
def test_saves_and_loads(network, tmp_path):
    model = build(network, "colour", num_classes=3)
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    assert json.dumps(copy.get_config()) == json.dumps(
        model.get_config()
    )  # as JSON, where tuples are lists
    x = model.sample(4, [0, 1, 2, 0], seed=0)
    np.testing.assert_array_equal(copy.sample(4, [0, 1, 2, 0], seed=0), x)
    np.testing.assert_array_equal(copy.log_prob(x, [0, 1, 2, 0]), model.log_prob(x, [0, 1, 2, 0]))


RECIPE = {
    "name": "tiny",
    "data": {"name": "digits", "binarize": "dynamic", "batch_size": 50},
    "model": {
        "families.AutoregressiveModel": {
            "event": [8, 8, 1],
            "network": {
                "networks.GatedPixelCNN": {"output_channels": 1, "channels": 4, "num_layers": 2}
            },
            "likelihood": {"likelihoods.Bernoulli": {}},
        }
    },
    "training": {"epochs": 1, "learning_rate": 1e-3},
}


def test_a_recipe_makes_a_preset_that_the_command_samples_and_measures(tmp_path, capsys):
    recipe = Recipe.from_dict(RECIPE)
    metrics = {"machine": "a test", "training_time_seconds": 1.0, "figures": {}}
    preset = zoo.save(recipe.build(), tmp_path / "tiny", recipe, metrics)
    cli.main(
        ["sample", str(preset), "-n", "3", "--seed", "0", "--out", str(tmp_path / "samples.png")]
    )
    picture = (tmp_path / "samples.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and "\u2501" not in capsys.readouterr().out
    cli.main(["sample", str(preset), "-n", "129", "--out", str(tmp_path / "samples.gif")])
    assert (tmp_path / "samples.gif").read_bytes().startswith(b"GIF89a")
    assert "\u2501" in capsys.readouterr().out  # a bar: two blocks
    cli.main(["evaluate", str(preset), "--limit", "20"])
    printed = capsys.readouterr().out
    assert re.search(r"20 test examples of digits binarized once with seed 0\n.+\nnll +\d", printed)
    assert "samples," not in printed  # of importance: the likelihood is exact


def test_gated_multiply_adds_are_counted():
    model = build("gated", event_shape=(5, 6, 1))
    first = (1 * 3 + 1) * 12 + 12 * 12 + 6 * 6
    others = 4 * (
        2 * 3 * 6 * 12 + 12 * 12 + 2 * 6 * 12 + 6 * 6
    )  # 2x3 above, link, 1x2 left, output
    assert model.network.multiply_adds() == 30 * (first + others + 6 * 8 + 8 * 1)


@every_network
def test_multiply_adds_are_those_of_the_products_of_a_pass(network, monkeypatch):
    """But those of the class in a conditional model."""
    model, counted = build(network, num_classes=3, event_shape=(4, 5, 1)), []

    def count(call):
        def counting(layer, *args, **kwargs):
            y = call(layer, *args, **kwargs)
            counted.append(math.prod(y.shape[:-1]) * math.prod(layer.kernel.shape))
            return y

        return counting

    def attend(queries, keys, values, **how):
        counted.append(
            2 * math.prod(queries.shape) * keys.shape[1]
        )  # of scores, and of what they weigh
        return attention(queries, keys, values, **how)

    attention = keras.ops.dot_product_attention
    monkeypatch.setattr(keras.ops, "dot_product_attention", attend)
    for part, name in ((CausalConv2D, "call"), (CausalConv2D, "at"), (keras.layers.Dense, "call")):
        monkeypatch.setattr(part, name, count(getattr(part, name)))
    model.network.trainable = False
    model.network(random_images(1, (4, 5, 1)))
    assert model.network.multiply_adds() == sum(counted)


def test_training_in_bfloat16_samples_too(images):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = NETWORKS["gated"](1)
        model = AutoregressiveModel((8, 8, 1), network, likelihoods.Bernoulli())
    finally:
        keras.config.set_dtype_policy("float32")
    model.compile(keras.optimizers.Adam(1e-3))
    assert np.isfinite(model.fit(np.round(images[:32]), verbose=0).history["nll"][0])
    assert set(np.unique(model.sample(4, seed=0))) <= {0, 1}


def test_dependent_channels_score_and_draw_like_any_other_distribution():
    part = likelihoods.ChannelwiseCategorical(4, 5)
    part.build_for(events.Image(2, 2, 3))
    distribution = part.distribution(
        np.random.default_rng(0).standard_normal((6, 2, 2, 15)).astype("float32")
    )
    draws = distribution.sample(7, seed=backend.next_seed(keras.random.SeedGenerator(0)))
    assert draws.shape == (7, 6, 2, 2, 3)
    assert distribution.log_prob(draws).shape == (7, 6)


def test_dependent_channels_have_no_mean_to_reconstruct_by():
    parts = networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP((2, 2, 12), ())
    with pytest.raises(
        ValueError,
        match="Expected a likelihood with a mean, to reconstruct by. Received: Channelwise",
    ):
        LatentVariableModel((2, 2, 3), *parts, likelihoods.ChannelwiseCategorical(4, 4))


def test_a_convolution_slices_only_what_it_cuts():
    def slices(layer):
        graph = tf.function(layer).get_concrete_function(tf.TensorSpec((2, 4, 4, 1))).graph
        return [op.type for op in graph.get_operations()].count("StridedSlice")

    uncut = pointwise(2), horizontal_conv(2, 2, "B"), vertical_conv(2, 2, 3, "B")
    assert [slices(layer) for layer in uncut] == [0, 0, 0]
    assert slices(vertical_conv(2, 1, 3, "A")) == 1
