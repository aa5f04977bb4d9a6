"""What an exported file is compared with its model by: no error above its bound passes."""

import keras
import numpy as np
import pytest
from tiny import tiny_autoregressive, tiny_mlp_vae

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from kerasgen.export import signatures
from kerasgen.export.verification import BOUNDS, Bound, BoundExceeded, verify
from kerasgen.fitting import code_tensor


def test_the_mean_error_is_bounded_too():
    """An output that is off by a little everywhere fails, whatever its worst element."""
    identity = signatures.Signature(lambda z: {"z": z}, {"z": code_tensor((2,))})

    def run(name, inputs):
        return {"z": inputs["z"] + 0.01}

    model = tiny_mlp_vae()
    largest, mean = verify(model, {"same": identity}, run, Bound(0.02, 0.02))
    assert 0.002 < mean["same"] < largest["same"] < 0.011
    with pytest.raises(
        ValueError,
        match=r"within 0.02 \(mean 0.001\). Received: errors {'same'.*Nothing was written",
    ):
        verify(model, {"same": identity}, run, Bound(0.02, 0.001))


def drawn_otherwise(share):
    """Errors found where an exported file draws a share of the pixels of 8x8 images otherwise."""
    model = tiny_autoregressive()
    signature = signatures.of(model)["sample"]

    def run(name, inputs):
        images = np.array(signature.function(**inputs)["images"])
        changed = images[:, : round(8 * share)]
        changed[:] = 1 - changed
        return {"images": images}

    return verify(model, {"sample": signature}, run, BOUNDS[None]._replace(drawn=0.2))


def test_few_pixels_may_be_drawn_otherwise():
    largest, mean = drawn_otherwise(0.125)
    assert largest == {"sample": 1.0} and mean == {"sample": 0.125}
    with pytest.raises(
        BoundExceeded, match=r"'sample': 'above 0.0001 in 25.0% of the pixels \(at most 20%\)'"
    ) as found:
        drawn_otherwise(0.25)
    assert found.value.reasons.keys() == {"sample"}


def test_no_pixel_without_a_number_passes():
    model = tiny_autoregressive()
    signature = signatures.of(model)["sample"]

    def run(name, inputs):
        images = np.array(signature.function(**inputs)["images"])
        images[0, 0, 0] = np.nan
        return {"images": images}

    with pytest.raises(BoundExceeded, match="'sample': 'not a number, or of another shape'"):
        verify(model, {"sample": signature}, run, BOUNDS[None])


@pytest.mark.parametrize("output", [np.full((1, 2), np.nan), np.zeros((2, 1))])
def test_an_output_of_another_shape_or_without_a_number_never_passes(output):
    signature = signatures.Signature(lambda z: {"z": z}, {"z": code_tensor((2,))})
    with pytest.raises(ValueError, match="errors {'same': 'inf"):
        verify(
            tiny_mlp_vae(), {"same": signature}, lambda name, inputs: {"z": output}, Bound(1e9, 1e9)
        )
