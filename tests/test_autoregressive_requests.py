"""Parts, data and requests that an autoregressive model refuses."""

import numpy as np
import pytest
from causal import NETWORKS, build

from kerasgen import likelihoods, networks
from kerasgen.families import AutoregressiveModel

MODEL = {
    "event": (2, 3, 1),
    "likelihood": likelihoods.Bernoulli,
    "network": lambda: NETWORKS["gated"](1),
}


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"event": (6,)}, r"Expected an event of images. Received: Vector\(6\)"),
        (
            {"likelihood": likelihoods.Gaussian},
            r"Expected a likelihood of discrete pixels, .* Received: Gaussian",
        ),
        ({"network": lambda: NETWORKS["gated"](2)}, "Expected output_channels 1, .* Received: 2"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, message):
    parts = {**MODEL, **changes}
    with pytest.raises(ValueError, match=message):
        AutoregressiveModel(parts["event"], parts["network"](), parts["likelihood"]())


def test_a_patch_size_that_cuts_patches_is_refused():
    with pytest.raises(
        ValueError, match=r"Expected patch_size to divide .*\(2, 3, 1\). Received: patch_size=2"
    ):
        AutoregressiveModel((2, 3, 1), NETWORKS["gated"](1), likelihoods.Bernoulli(), patch_size=2)


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: networks.GatedPixelCNN(1, kernel_size=4),
            "Expected kernel_size to be an .*Received: kernel_size=",
        ),
        (lambda: networks.PixelCNN(1, first_kernel_size=1), "Received: first_kernel_size=1"),
        (
            lambda: networks.CausalTransformer(1, 10, num_heads=4),
            "Expected num_heads to divide size. Rec.*=4, size=10",
        ),
    ],
)
def test_bad_network_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"n": 0}, "Expected n to be an integer of at least 1. Received: n=0"),
        (
            {"temperature": 0},
            "Expected temperature to be a number above 0. Received: temperature=0",
        ),
        ({"temperature": "hot"}, "Received: temperature='hot'"),
        ({"condition": [1, 2]}, "Expected condition=None: this model is unconditional"),
    ],
)
def test_bad_requests_are_refused(arguments, message):
    model = build("gated")
    with pytest.raises(ValueError, match=message):
        model.sample(**{"n": 2, **arguments})


@pytest.mark.parametrize(
    "image, mask, message",
    [
        (np.zeros((3, 3, 1)), np.ones((2, 3), bool), r"Expected images of shape \(2, 3, 1\)"),
        (np.full((2, 3, 1), 7.0), np.ones((2, 3), bool), r"Expected values in \[0, 1\]"),
        (
            np.full((2, 3, 1), 0.5),
            np.ones((2, 3), bool),
            "Expected pixels of 2 levels.* Received: 0.5 and 11 more",
        ),
        (np.zeros((2, 3, 1)), np.ones((2, 3)), r"mask of bool .* Received: .* mask float64 \(2, 3"),
        (np.zeros((3, 2, 3, 1)), np.ones((2, 3), bool), r"Received: images \(3, 2, 3, 1\)"),
        (np.zeros((2, 3, 1)), np.ones((3, 2), bool), r"Received: .* mask bool \(3, 2\)"),
    ],
)
def test_completions_that_cannot_be(image, mask, message):
    with pytest.raises(ValueError, match=message):
        build("gated").complete(image, mask, n=2)


def test_the_earlier_way_to_complete_warns():
    model, image, mask = build("gated"), np.zeros((2, 3, 1)), np.eye(2, 3, dtype=bool)
    with pytest.warns(FutureWarning, match="complete"):
        earlier = model.sample(2, seed=0, given=image, known=mask)
    np.testing.assert_array_equal(earlier, model.complete(image, mask, n=2, seed=0))
    with pytest.raises(ValueError, match="given and known together"), pytest.warns(FutureWarning):
        model.sample(2, given=image)


def test_pixels_between_the_likelihoods_levels_are_refused():
    x = np.zeros((2, 2, 3, 1), "float32")
    x[1, 0, 2] = 0.25
    binary, five = build("gated"), build("gated", "categorical", event_shape=(2, 3, 1))
    for call in (binary.log_prob, lambda x: (binary.compile("sgd"), binary.fit(x, verbose=0))):
        with pytest.raises(
            ValueError, match="Expected pixels of 2 levels.*Received: 0.25 and 0 more"
        ):
            call(x)
    with pytest.raises(
        ValueError, match="Expected pixels of 3 levels, multiples of 1/2. .* Round them"
    ):
        five.log_prob(x)
    assert np.all(np.isfinite(five.log_prob(2 * x)))
    # What is not kept of an image does not matter.
    binary.complete(x, np.eye(2, 3, dtype=bool))


def test_bad_data_and_labels_are_refused():
    model = build("gated", num_classes=3)
    with pytest.raises(
        ValueError, match=r"of shape \[batch, 2, 3, 1\]. Received: shape \(4, 3, 2, 1\)"
    ):
        model.log_prob(np.zeros((4, 3, 2, 1)), [0, 1, 2, 0])
    with pytest.raises(
        ValueError, match="Expected a condition: this model is conditional on 3 classes"
    ):
        model.log_prob(np.zeros((4, 2, 3, 1)))
    with pytest.raises(ValueError, match="Expected labels in 0..2. Received: labels in 0..3"):
        model.sample(2, [0, 3])
    with pytest.raises(
        ValueError, match="Expected a condition for each of n=2 examples.* Received: 3"
    ):
        model.sample(2, [0, 1, 2])
