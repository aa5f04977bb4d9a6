"""Images that a model refuses, and what it says of them."""

import numpy as np

GOOD = np.full((2, 8, 8, 1), 0.5, "float32")


WITH_NAN = np.where(np.arange(128).reshape(GOOD.shape) < 3, np.nan, GOOD)


PIXELS = {
    "rank": (
        GOOD[0],
        r"of shape \[batch, 8, 8, 1\]. Received: shape \(8, 8, 1\). "
        r"For a single example, add a batch axis: x\[None\]",
    ),
    "rank_without_channels": (
        GOOD[..., 0],
        r"Received: shape \(2, 8, 8\). Add the channel axis: x\[..., None\]",
    ),
    "size": (
        np.zeros((2, 28, 28, 1), "float32"),
        r"of shape \[batch, 8, 8, 1\]. Received: shape \(2, 28, 28, 1\). Resize or crop the images",
    ),
    "channels": (
        np.zeros((2, 8, 8, 3), "float32"),
        r"Received: shape \(2, 8, 8, 3\). Make the images grey",
    ),
    "bytes": (
        np.full((2, 8, 8, 1), 255, "uint8"),
        r"Expected values in \[0, 1\]. Received: values in \[255, 255\]. Divide by 255",
    ),
    "bytes_as_floats": (GOOD * 400, r"Received: values in \[200, 200\]. Divide by 255"),
    "negative": (
        GOOD - 1,
        r"Expected values in \[0, 1\]. Received: values in \[-0.5, -0.5\]. Rescale the data",
    ),
    "nan": (
        WITH_NAN,
        "Expected finite images. Received: 3 NaN or infinite values. Remove or repair those "
        "examples",
    ),
    "infinity": (
        np.full_like(GOOD, np.inf),
        "Expected finite images. Received: 128 NaN or infinite values",
    ),
}


IN_STEPS = {  # what is told of values that come in batches
    "bytes": "divide them by 255",
    "bytes_as_floats": "divide them by 255",
    "negative": "pixels in ",
    "nan": "NaN or infinite values",
    "infinity": "NaN or infinite values",
}
