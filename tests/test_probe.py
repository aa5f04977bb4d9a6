"""Few labels, linear probes and fine-tuned encoders, on data where the answer is known."""

import numpy as np
import pytest
from tiny import tiny_autoencoder, tiny_mlp_vae

from kerasgen.tasks import probe


def test_few_labels_are_balanced_repeatable_and_nested_by_class():
    labels = np.random.default_rng(0).integers(10, size=500)
    rows = probe.few(labels, 30, seed=1)
    assert len(set(rows)) == 30
    np.testing.assert_array_equal(np.bincount(labels[rows]), np.full(10, 3))
    np.testing.assert_array_equal(rows, probe.few(labels, 30, seed=1))
    assert set(rows) != set(probe.few(labels, 30, seed=2))
    with pytest.raises(ValueError, match="Expected from 2 to 500 labels. Received: 501. Ask"):
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
    cells = probe.table(
        {"ae": model}, (images[:128], labels[:128]), (images[128:], labels[128:]), (100,), (0,)
    )
    rows = [
        ("linear", "pixels"),
        ("linear", "ae"),
        ("fine-tuned", "new weights, ae's network"),
        ("fine-tuned", "ae"),
    ]
    assert list(cells) == [(*row, 100) for row in rows]
    assert all(40 < accuracy <= 100 for (accuracy,) in cells.values()), cells
    for old, new in zip(before, model.encoder.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_every_network_is_trained_from_new_weights_once(monkeypatch, digits):
    trained = []

    def fine_tuned(encoder, event_shape, num_classes, train, test, seed, pretrained):
        trained.append((encoder, pretrained))
        return 50.0

    monkeypatch.setattr(probe, "fine_tuned", fine_tuned)
    models = {"vae": tiny_mlp_vae(), "ae": tiny_autoencoder(), "other_vae": tiny_mlp_vae()}
    cells = probe.table(models, digits, digits, (20,), (0,))
    names = [name for way, name, _ in cells if way == "fine-tuned"]
    assert names == ["new weights, vae's network", "new weights, ae's network", *models]
    fresh = [(models["vae"].encoder, False), (models["ae"].encoder, False)]
    assert trained == [*fresh, *((model.encoder, True) for model in models.values())]
