"""What exported files of autoregressive models compute, against the models' own methods."""

import keras
import numpy as np
import pytest
from causal import LIKELIHOODS, build
from keras import ops

rng = np.random.default_rng(0)


@pytest.fixture(params=LIKELIHOODS)
def model(request):
    return build("gated", request.param)


def call(model, name, n=4, **given):
    function, tensors = model.export_signatures()[name]
    if "noise" in tensors and "noise" not in given:
        noise = np.random.default_rng(1).standard_normal((n, *tensors["noise"].shape))
        given["noise"] = noise.astype("float32")
    return {key: ops.convert_to_numpy(value) for key, value in function(**given).items()}


def test_log_probs_of_pixels_sum_to_that_of_the_image(model):
    images = call(model, "sample")["images"]
    by_pixel = call(model, "log_prob_by_pixel", images=images)["log_probs"]
    assert by_pixel.shape == (4, *model.grid_shape[:2])
    np.testing.assert_allclose(by_pixel.sum((1, 2)), model.log_prob(images), rtol=1e-4, atol=1e-4)


def test_an_image_of_which_the_first_pixels_are_kept_is_drawn_again(model):
    drawn = call(model, "sample")["images"]
    height, width = model.grid_shape[:2]
    for kept in (0, height * width // 2, height * width):
        mask = (np.arange(height * width) < kept).reshape(height, width)
        mask = np.kron(mask, np.ones((model.patch_size,) * 2))[None, ..., None].repeat(4, axis=0)
        given = {"images": drawn * mask, "mask": mask.astype("float32")}
        again = call(model, "complete", **given)["images"]
        np.testing.assert_array_equal(again, drawn)


def test_what_a_mask_keeps_stays(model):
    images = call(model, "sample")["images"]
    mask = rng.integers(2, size=(*images.shape[:3], 1)).astype("float32")
    other = ops.convert_to_numpy(keras.ops.flip(images, 0))
    full = np.broadcast_to(mask, other.shape) > 0
    np.testing.assert_array_equal(
        call(model, "complete", images=other, mask=mask)["images"][full], other[full]
    )
