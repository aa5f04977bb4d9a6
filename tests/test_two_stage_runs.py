"""Training a prior over the ids of a tokenizer that stays as it is: `fit`, saving, runs from a
preset, exact resume.
"""

import shutil

import keras
import numpy as np
import pytest
from tiny import PatchTokenizer
from tiny_preset import METRICS

from kerasgen import families, networks, training, zoo
from kerasgen.recipe import Recipe
from kerasgen.registration import register
from kerasgen.training import callbacks


@register
class Scaled(PatchTokenizer):
    """With a weight, that training must leave alone."""

    def __init__(self, event, **kwargs):
        super().__init__(event, **kwargs)
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones")

    def _tokenize(self, x):
        return super()._tokenize(self.scale * x)


def test_the_tokenizer_is_not_trained_and_is_saved(digits, tmp_path):
    def make():
        return families.TwoStageModel(
            (8, 8, 1), Scaled((8, 8, 1)), networks.TokenTransformer(16, 1, 8, 1, 2)
        )

    model = make()
    model.tokenizer.scale.assign(0.8)
    assert all("scale" not in weight.path for weight in model.trainable_weights)
    model.compile(keras.optimizers.Adam(1e-2))
    losses = model.fit(digits[0], batch_size=32, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0] and float(model.tokenizer.scale) == pytest.approx(0.8)
    model.save_weights(tmp_path / "m.weights.h5")
    copy = make()
    copy.load_weights(tmp_path / "m.weights.h5")
    assert float(copy.tokenizer.scale) == pytest.approx(0.8)
    np.testing.assert_array_equal(copy.log_prob(digits[0][:4]), model.log_prob(digits[0][:4]))


RECIPE = {
    "name": "prior",
    "data": {"name": "digits", "batch_size": 50, "labels": True},
    "model": {
        "families.TwoStageModel": {
            "event": [8, 8, 1],
            "tokenizer": {"test_two_stage_runs.Scaled": {"event": [8, 8, 1]}},
            "network": {
                "networks.TokenTransformer": {
                    "vocab_size": 16,
                    "prefix_size": 11,
                    "size": 8,
                    "num_blocks": 1,
                }
            },
            "condition": 10,
            "condition_dropout": 0.2,  # whose noise a run that goes on must draw too
        }
    },
    "training": {"epochs": 3, "learning_rate": 0.003},
}


@pytest.mark.usefixtures("plain_ends")
def test_a_run_starts_from_a_tokenizer_and_resumes_exactly(tmp_path, monkeypatch):
    tokenizer = {
        **RECIPE,
        "name": "tokenizer",
        "model": {"test_two_stage_runs.Scaled": {"event": [8, 8, 1]}},
    }
    tokenizer = Recipe.from_dict(tokenizer)
    trained = tokenizer.build()
    trained.scale.assign(0.8)
    preset = zoo.save(trained, tmp_path / "tokenizer", tokenizer, METRICS, dtype="float32")
    schedule = {**RECIPE["training"], "start_from": {"tokenizer": str(preset)}}
    recipe = Recipe.from_dict({**RECIPE, "training": schedule})
    whole = training.run(recipe, tmp_path / "whole")
    assert float(whole.tokenizer.scale) == pytest.approx(0.8)

    def killed(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(callbacks.FiniteLoss, "on_epoch_begin", killed)
        patch.setattr(callbacks.FiniteLoss, "on_train_batch_end", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            training.run(recipe, tmp_path / "run")
    shutil.rmtree(preset)  # a run that goes on, and a preset, need it no more
    with pytest.raises(ValueError, match="Expected the name of a preset"):
        training.run(recipe, tmp_path / "other")
    resumed = training.run(recipe, tmp_path / "run", resume=True)
    loaded = zoo.load(tmp_path / "run" / "preset")
    for mine, theirs, again in zip(
        whole.get_weights(), resumed.get_weights(), loaded.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_allclose(mine, again, rtol=1e-3, atol=1e-6)  # in half precision


def test_a_tokenizer_of_another_kind_is_no_start(saved, tmp_path):
    recipe = Recipe.from_dict(
        {**RECIPE, "training": {**RECIPE["training"], "start_from": {"tokenizer": str(saved)}}}
    )
    with pytest.raises(zoo.PresetError, match="weights of another architecture"):
        training.run(recipe, tmp_path / "run")
