"""Classifier-free guidance of two-stage models, against full passes with and without the
condition.
"""

import numpy as np
import pytest
from keras import ops
from two_stage import condition_of, guidable

from kerasgen import decoding, export


@pytest.mark.parametrize(
    ("condition", "grid"), [("classes", False), ("classes", True), ("text", False)]
)
def test_guided_ids_are_those_of_full_passes_with_and_without_the_condition(condition, grid):
    model = guidable(condition, grid, guidance=2.5)
    given = model.condition.check(condition_of(model, 6))
    prefix, ids = model._prefix(given, 6), np.zeros((6, 2, 3), "int32")
    nothing = np.full(prefix.shape, 0 if model.reads_text else model.num_classes, "int32")
    uniform = np.random.default_rng(1).random((6, 2, 3), "float32")
    for k, (row, column) in enumerate(np.ndindex(2, 3)):
        with_it, without = (
            ops.convert_to_numpy(model.network(each, ids)[1])[:, k] for each in (prefix, nothing)
        )
        ids[:, row, column] = decoding.Sampler(top_k=9)(
            2.5 * with_it - 1.5 * without, uniform[:, row, column]
        )
    np.testing.assert_array_equal(model._draw(uniform, given, top_k=9, guidance=2.5), ids)
    same = model.sample_tokens(6, given, seed=0)
    np.testing.assert_array_equal(same, model.sample_tokens(6, given, seed=0, guidance=2.5))
    assert not np.array_equal(same, model.sample_tokens(6, given, seed=0, guidance=1))


def test_without_guidance_the_condition_does_not_count():
    model = guidable("classes")
    drawn = [model.sample_tokens(5, np.full(5, label), seed=0, guidance=0) for label in (0, 1)]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("condition", ["classes", "text"])
def test_training_leaves_as_many_conditions_out_as_it_should(condition):
    model = guidable(condition, event_shape=(8, 8, 1), condition_dropout=0.25)
    images = np.repeat(np.random.default_rng(0).random((1, 8, 8, 1), "float32"), 2000, axis=0)
    given = model.condition.check(np.repeat(condition_of(model, 1), 2000, axis=0))
    ids = model.tokenizer.tokenize(images[:1])
    nothing = model._unconditional(model._prefix(given, 2000)[:1])
    without = -ops.sum(
        ops.log_softmax(model.network(nothing, ids)[1]) * ops.one_hot(ops.reshape(ids, (1, 16)), 16)
    )
    losses = ops.convert_to_numpy(model.loss_terms(images, given, training=True).terms["tokens"])
    left_out = np.isclose(losses, float(without), rtol=1e-4)
    np.testing.assert_allclose(
        losses[~left_out], model.loss_terms(images[:1], given[:1]).terms["tokens"][0], rtol=1e-4
    )
    assert left_out.mean() == pytest.approx(0.25, abs=0.04)


def test_guided_samples_are_exported(tmp_path):
    """The exported sampler is compared with the model's own, which is guided."""
    model = guidable("text", event_shape=(8, 8, 1), guidance=2.0)
    assert export.tflite(model, tmp_path / "guided.tflite").errors["sample"] == 0
