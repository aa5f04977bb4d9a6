"""Edits against linear decoders, whose pictures of every code are known, and measured strokes."""

import keras
import numpy as np
import pytest
from refusals import refusal
from scipy.ndimage import affine_transform
from tiny import tiny_gan, tiny_mlp_vae

from kerasgen import LatentVariableModel, bottlenecks, events, likelihoods, networks
from kerasgen.metrics.strokes import MEASURES, strokes
from kerasgen.tasks.editing import direction, edit, restyle
from kerasgen.tasks.interpolation import circle, interpolate
from kerasgen.tasks.possible import possible

RNG = np.random.default_rng(0)
PICTURES = RNG.uniform(size=(5, 8, 8, 1)).astype("float32")


def conditional(bottleneck):
    """A VAE of three classes whose weights, the prior's too, are random."""
    keras.utils.set_random_seed(0)
    model = LatentVariableModel(
        [8, 8, 1],
        networks.MLP((8,), (8,)),
        bottleneck,
        networks.MLP((8, 8, 1), ()),
        likelihoods.Bernoulli(),
        condition=3,
    )
    for weight in model.weights:
        if "float" in weight.dtype:
            weight.assign(0.3 * RNG.normal(size=weight.shape))
    return model


BOTTLENECKS = {
    "one prior": lambda: bottlenecks.Gaussian(4),
    "a normal of each class": lambda: bottlenecks.ConditionalGaussian(4, 3),
    "a flow of each class": lambda: bottlenecks.FlowGaussian(4, 3, couplings=4, hidden=8),
}


@pytest.mark.parametrize("make", BOTTLENECKS.values(), ids=BOTTLENECKS)
def test_the_same_class_is_the_reconstruction_and_back_again_the_start(make):
    model, labels, others = (
        conditional(make()),
        np.array([0, 1, 2, 1, 0]),
        np.array([1, 2, 0, 0, 2]),
    )
    expected = np.asarray(model.reconstruct(PICTURES, labels))
    found = restyle(model, PICTURES, labels, labels)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    noise = RNG.normal(size=(5, 4)).astype("float32")
    for given in (labels, others):
        prior = model.prior(given)
        there = model.bottleneck.from_noise(prior, noise)
        back = np.broadcast_to(model.bottleneck.to_noise(prior, there), noise.shape)
        np.testing.assert_allclose(back, noise, atol=1e-4)
    assert np.abs(restyle(model, PICTURES, labels, others) - expected).max() > 1e-3


def test_an_attribute_moves_the_code_along_the_difference_of_means():
    model = tiny_mlp_vae()
    codes = np.asarray(model.encode(PICTURES).mean())
    along = direction(model, PICTURES[:3], PICTURES[3:])
    np.testing.assert_allclose(along, codes[:3].mean(0) - codes[3:].mean(0), atol=1e-5)
    expected = np.asarray(model.decode(codes + 0.5 * along).mean())
    np.testing.assert_allclose(edit(model, PICTURES, along, 0.5), expected, atol=1e-5)
    np.testing.assert_allclose(
        edit(model, PICTURES, along, 0.0), np.asarray(model.reconstruct(PICTURES)), atol=1e-5
    )


def test_a_great_circle_keeps_lengths_and_angles():
    start, end = RNG.normal(size=(2, 6))
    end *= np.linalg.norm(start) / np.linalg.norm(end)
    points = circle(start, end, 7)
    np.testing.assert_allclose(points[[0, -1]], [start, end])
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), np.linalg.norm(start))
    np.testing.assert_allclose(np.diff(np.sum(points[1:] * points[:-1], axis=1)), 0, atol=1e-9)
    np.testing.assert_allclose(circle(start, 2 * start, 3)[1], 1.5 * start)
    model = tiny_mlp_vae()
    way = np.asarray(interpolate(model, PICTURES[0], PICTURES[1], 4, spherical=True))
    np.testing.assert_allclose(way[[0, -1]], np.asarray(model.reconstruct(PICTURES[:2])), atol=1e-5)


def test_strokes_are_measured():
    bar = np.zeros((60, 60))
    bar[15:45, 27:33] = 1  # 30 high, 6 wide
    lean = affine_transform(bar, [[1, 0], [0.4, 1]], offset=(0, -0.4 * 29.5), order=1)
    thin, small = np.zeros((2, 60, 60))
    thin[15:45, 29:32] = 1
    small[22:37, 27:33] = 1
    found = strokes(np.stack([bar, lean, thin, small, 0 * bar])[..., None])
    thickness, slant, size = (found[name] for name in MEASURES)
    assert thickness[0] == pytest.approx(2 * thickness[2], rel=0.15)
    assert thickness[0] == pytest.approx(6, rel=0.15)
    assert abs(slant[1]) == pytest.approx(0.4, abs=0.03) and slant[0] == pytest.approx(0)
    assert size[0] == pytest.approx(2 * size[3], rel=0.01)
    assert [found[name][4] for name in MEASURES] == [0, 0, 0]


def test_what_does_not_fit_is_refused():
    assert "a condition" in refusal(lambda: restyle(tiny_mlp_vae(), PICTURES, [0] * 5, 1))
    assert "5 examples" in refusal(
        lambda: restyle(tiny_mlp_vae(num_classes=3), PICTURES, [0] * 4, 1)
    )
    enlarges = LatentVariableModel(
        [8, 8, 1],
        networks.MLP((8,), (8,)),
        bottlenecks.Gaussian(4),
        networks.MLP((8, 8, 1), ()),
        likelihoods.Bernoulli(),
        condition=events.Image(4, 4, 1),
    )
    small = PICTURES[:, ::2, ::2]
    assert "no picture" in refusal(lambda: restyle(enlarges, PICTURES, small, small))
    assert "restyle" not in possible(enlarges) and "enlarge" in possible(enlarges)
    assert "with a code" in refusal(lambda: direction(tiny_gan(), PICTURES, PICTURES))
    assert "without a condition" in refusal(
        lambda: edit(tiny_mlp_vae(num_classes=3), PICTURES, np.ones(4))
    )
    assert "at least 2 steps" in refusal(
        lambda: interpolate(tiny_mlp_vae(), PICTURES[0], PICTURES[1], 1)
    )
    assert "shape (3, 8, 8)" in refusal(lambda: strokes(np.zeros((3, 8, 8))))
