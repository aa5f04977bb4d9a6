"""What is held out: how often it is read, where its figures stand, replicas that get none of it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import needs_tensorflow
from tiny import tiny_autoencoder, tiny_gan, tiny_mlp_vae
from trained import BATCH, compiled, moved

pytestmark = needs_tensorflow


class Counted:
    """A data set of batches of 4 that counts how often it is begun and what it gave."""

    def __init__(self, x):
        self.begun, self.given = 0, 0
        spec = tf.TensorSpec((None, *x.shape[1:]), tf.float32)
        self.batches = tf.data.Dataset.from_generator(self._read, output_signature=spec)
        self.x = x

    def _read(self):
        self.begun += 1
        for at in range(0, len(self.x), 4):
            self.given += 1
            yield self.x[at : at + 4]


@pytest.mark.parametrize("build", [tiny_mlp_vae, tiny_gan])
def test_held_out_data_are_read_once_a_validation(build, digits):
    x = digits[0]
    held_out, taught = Counted(x[:16]), Counted(x[16:32])
    model = compiled(build(), 1e-3)
    given = {"validation_data": held_out.batches, "validation_freq": 2, "verbose": 0}
    model.fit(taught.batches, epochs=4, **given)
    assert (held_out.begun, held_out.given) == (2, 8)
    assert (taught.begun, taught.given) == (4, 16)


def scalars(folder):
    """The last value of every figure that TensorBoard has there."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    read = EventAccumulator(str(folder)).Reload()
    tags = read.Tags()["tensors"]
    return {tag: tf.make_ndarray(read.Tensors(tag)[-1].tensor_proto) for tag in tags}


def test_tensorboard_has_every_term_of_both_sides(tmp_path, digits):
    x, board = digits[0][:16], keras.callbacks.TensorBoard(str(tmp_path))
    model = compiled(tiny_mlp_vae(), 1e-3)
    logs = model.fit(x, validation_data=(x,), epochs=2, callbacks=[board], **BATCH).history
    for side, prefix in (("train", ""), ("validation", "val_")):
        found = scalars(tmp_path / side)
        for name in ("loss", "reconstruction", "kl"):
            assert found[f"epoch_{name}"] == pytest.approx(logs[prefix + name][-1], rel=1e-5)


def test_a_replica_that_gets_no_example_weighs_nothing(two_replicas, digits):
    """The last batch of 9 has one, and there are two replicas."""
    x = digits[0][:9]
    alone = compiled(tiny_autoencoder(), 0.0)
    expected = alone.evaluate(x, batch_size=8, verbose=0, return_dict=True)
    with two_replicas.scope():
        model = compiled(tiny_autoencoder(), 1e-3)
    (term,) = model.term_means
    found = model.evaluate(x, batch_size=8, verbose=0, return_dict=True)
    assert found[term] == pytest.approx(expected[term], rel=1e-5)
    history = {}
    fit = lambda: history.update(model.fit(x, validation_data=(x,), **BATCH).history)  # noqa: E731
    assert moved(model, fit)
    assert all(np.all(np.isfinite(values)) for values in history.values())
    for weight in model.weights:
        one, other = (np.asarray(copy) for copy in weight.value.values)
        np.testing.assert_array_equal(one, other)
