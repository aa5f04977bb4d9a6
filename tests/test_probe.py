"""Few labels, linear probes and fine-tuned encoders, on data where the answer is known."""

import numpy as np
import pytest
from conftest import tiny_autoencoder

from kerasgen.tasks import probe


def test_few_labels_are_balanced_repeatable_and_nested_by_class():
    labels = np.random.default_rng(0).integers(10, size=500)
    rows = probe.few(labels, 30, seed=1)
    assert len(set(rows)) == 30
    np.testing.assert_array_equal(np.bincount(labels[rows]), np.full(10, 3))
    np.testing.assert_array_equal(rows, probe.few(labels, 30, seed=1))
    assert set(rows) != set(probe.few(labels, 30, seed=2))
    with pytest.raises(ValueError, match="Expected at most 500 labels. Received: count=501"):
        probe.few(labels, 501, seed=0)


def test_a_linear_probe_reads_what_is_linear():
    x = np.random.default_rng(0).normal(size=(400, 3))
    linear, crossed = x[:, 0] > 0.1, x[:, 0] * x[:, 1] > 0
    assert probe.linear((x[:200], linear[:200]), (x[200:], linear[200:])) > 95
    assert probe.linear((x[:200], crossed[:200]), (x[200:], crossed[200:])) < 65


def test_the_table_has_every_cell_and_leaves_the_encoder_alone(digits):
    images, labels = digits
    model = tiny_autoencoder()
    before = model.encoder.get_weights()
    cells = probe.table({"ae": model}, (images[:128], labels[:128]), (images[128:], labels[128:]), (100,), (0,))
    assert cells.keys() == {(way, name, 100) for way in ("linear", "fine-tuned") for name in ("pixels", "ae")}
    assert all(40 < accuracy <= 100 for (accuracy,) in cells.values()), cells
    for old, new in zip(before, model.encoder.get_weights()):
        np.testing.assert_array_equal(old, new)
