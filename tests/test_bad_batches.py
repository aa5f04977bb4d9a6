"""Bad values that come in batches, after the first or in validation."""

import numpy as np
import pytest
import tensorflow as tf
from bad_values import GOOD, IN_STEPS, PIXELS
from tiny import tiny_classifier, tiny_mlp_vae

LATE = {
    "training": lambda bad: {"x": bad},
    "before a validation": lambda bad: {"x": bad, "validation_data": GOOD},
    "validation": lambda bad: {"x": GOOD, "validation_data": bad},
}


@pytest.mark.parametrize("where", LATE)
@pytest.mark.parametrize("problem", IN_STEPS)
def test_a_late_batch(where, problem):
    """What comes third is told by the end of its epoch, whatever comes after it."""
    model = tiny_mlp_vae()
    model.compile()
    bad = PIXELS[problem][0].astype("float32")
    batches = tf.data.Dataset.from_tensor_slices(np.concatenate([GOOD, GOOD, bad])).batch(2)
    told = "validation step 3" if where == "validation" else "epoch 1, step 3"
    with pytest.raises(ValueError, match=f"{IN_STEPS[problem]}.* in .*{told}"):
        model.fit(**LATE[where](batches), verbose=0)


@pytest.mark.parametrize("build", [lambda: tiny_mlp_vae(num_classes=10), tiny_classifier])
@pytest.mark.parametrize("wrong", [-1, 10, 0.5])
def test_labels_that_come_in_batches(build, wrong):
    model = build()
    model.compile()
    batches = (np.full((2, 8, 8, 1), 0.5, "float32"), np.array([3, wrong]))
    with pytest.raises(ValueError, match="labels that are not whole numbers in 0..9 in epoch 1"):
        model.fit((batches for _ in range(3)), verbose=0)
    for method in (model.train_on_batch, model.test_on_batch):
        with pytest.raises(ValueError, match="Expected labels in 0..9"):
            method(*batches)
