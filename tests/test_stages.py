"""PixelCNN++ at several resolutions: what an output sees; steps and samples against full passes."""

import itertools
import operator

import keras
import numpy as np
import pytest
from keras import ops

from kerasgen import likelihoods, networks
from kerasgen.families import AutoregressiveModel

SHAPE = 4, 8, 3


def build(num_stages, num_classes=None, shape=SHAPE):
    """A model of three levels of colour with random weights: some start at zero, which would hide
    what they do.
    """
    keras.utils.set_random_seed(0)
    network = networks.PixelCNNPlusPlus(channels=4, num_blocks=1, num_stages=num_stages)
    likelihood = likelihoods.ChannelwiseLogistic(2, levels=3)
    model = AutoregressiveModel(shape, network, likelihood, num_classes)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(0.2 * rng.standard_normal(weight.shape))
    return model


def images(count, shape=SHAPE):
    return np.random.default_rng(1).integers(3, size=(count, *shape)).astype("float32") / 2


def naive(model, uniform, labels=None):
    """Images from uniform numbers `[B, H, W, U]`, by a full pass for every pixel."""
    one_hot = None if labels is None else np.eye(model.num_classes, dtype="float32")[labels]
    x = np.zeros((len(uniform), *model.event_shape), "float32")
    for i, j in itertools.product(*map(range, x.shape[1:3])):
        params = model.network(2 * x - 1, one_hot)[:, i, j]
        x[:, i, j] = model.likelihood.draw(params, uniform[:, i, j])
    return x


@pytest.mark.parametrize("num_stages", [2, 3])
def test_an_output_sees_every_pixel_before_its_own_and_no_other(num_stages):
    shape, size = (8, 4, 3), 32
    network = build(num_stages, shape=shape).network
    rng = np.random.default_rng(0)
    image, noise = rng.standard_normal((1, size, 3)), rng.standard_normal((size, 1, 3))
    changed = np.where(np.eye(size, dtype=bool)[..., None], noise, image)
    batch = np.concatenate([image, changed]).reshape(-1, *shape).astype("float32")
    outputs = np.asarray(network(batch)).reshape(1 + size, size, -1)
    influence = np.abs(outputs[1:] - outputs[0]).max(-1)
    assert np.all(influence[np.tril_indices(size)] < 1e-5)
    assert np.all(influence[np.triu_indices(size, 1)] > 0)


@pytest.mark.parametrize("num_stages, num_classes", [(2, None), (3, None), (3, 3)])
def test_steps_give_the_parameters_of_the_full_pass(num_stages, num_classes):
    network, x = build(num_stages, num_classes).network, 2 * images(3) - 1
    one_hot = None if num_classes is None else np.eye(3, dtype="float32")
    expected = np.asarray(network(x, one_hot))
    cache, row = network.init_cache(3, one_hot)
    for i in range(SHAPE[0]):
        cache, columns = network.start_row(cache, row)
        pixel, traces = np.zeros((3, 3), "float32"), []
        for j in range(SHAPE[1]):
            column = keras.tree.map_structure(operator.itemgetter(j), columns)
            params, cache, trace = network.step(cache, column, pixel)
            np.testing.assert_allclose(params, expected[:, i, j], atol=2e-5)
            pixel = x[:, i, j]
            traces.append(trace)
        traces = keras.tree.map_structure(lambda *each: ops.stack(each), *traces)
        row = np.swapaxes(x[:, i], 0, 1), traces


@pytest.mark.parametrize("num_stages, num_classes", [(2, 3), (3, None)])
def test_cached_sampling_is_naive_sampling(num_stages, num_classes):
    model = build(num_stages, num_classes)
    labels = None if num_classes is None else np.array([2, 0, 1, 1])
    uniform = np.random.default_rng(0).random((4, *SHAPE[:2], 4), "float32")
    expected = naive(model, uniform, labels)
    assert expected.std() > 0.2
    np.testing.assert_array_equal(model._compiled("_draw")(uniform, labels), expected)


def test_lower_stages_cost_a_quarter():
    one, two, three = (build(n, shape=(8, 8, 1)).network.multiply_adds() for n in (1, 2, 3))
    assert one < two < 2 * one and 0 < three - two < two - one


def test_sides_that_the_stages_do_not_divide_are_refused():
    with pytest.raises(ValueError, match="that 4 divides. Received: .*6"):
        build(3, shape=(6, 8, 1))
