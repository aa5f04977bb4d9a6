"""Tokenizers in the runs, the presets and the files that other models share."""

import csv

import numpy as np
import pytest
import tensorflow as tf
from test_bad_input import PIXELS
from tiny import tiny_tokenizer

from kerasgen import export, training, zoo
from kerasgen.export import signatures, verification
from kerasgen.recipe import Recipe

BOTTLENECKS = {
    "gumbel": {
        "bottlenecks.GumbelSoftmax": {"vocab_size": 16, "latent_dim": 4, "temperature_steps": 40}
    },
    "vq": {"bottlenecks.VectorQuantizer": {"vocab_size": 16, "latent_dim": 4}},
}
AVERAGES = {"gumbel": {"ema": 0.9}, "vq": {}}


def recipe_of(kind):
    return Recipe.from_dict(
        {
            "name": "tokenizer_digits",
            "data": {"name": "digits", "batch_size": 100, "binarize": "dynamic"},
            "model": {
                "families.DiscreteAutoencoder": {
                    "event": [8, 8, 1],
                    "encoder": {"networks.GridEncoder": {"channels": [8], "blocks": [1]}},
                    "bottleneck": BOTTLENECKS[kind],
                    "decoder": {
                        "networks.GridDecoder": {
                            "output_channels": 1,
                            "channels": [8],
                            "blocks": [1],
                        }
                    },
                    "likelihood": {"likelihoods.Bernoulli": {}},
                    "objective": {"objectives.ELBO": {"warmup_steps": 20, "warmup": "cosine"}},
                }
            },
            "training": {
                "epochs": 3,
                "learning_rate": 0.01,
                "steps_per_execution": 5,
                **AVERAGES[kind],
            },
        }
    )


@pytest.mark.usefixtures("plain_ends")
@pytest.mark.parametrize("kind", BOTTLENECKS)
def test_a_resumed_run_ends_with_the_weights_of_one_never_stopped(kind, tmp_path):
    """Temperature, KL weight, codebook averages and revivals go on where they were."""
    recipe = recipe_of(kind)
    whole = training.run(recipe, tmp_path / "whole")

    class Stopped(Exception):
        pass

    write = training.Checkpoints.on_epoch_end

    def write_and_stop(self, epoch, logs=None):
        write(self, epoch, logs)
        raise Stopped

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(training.Checkpoints, "on_epoch_end", write_and_stop)
        training.run(recipe, tmp_path / "cut")
    resumed = training.run(recipe, tmp_path / "cut", resume=True)
    for weight, expected in zip(resumed.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(weight, expected, err_msg=weight.path)
    loaded = zoo.load(tmp_path / "cut" / "preset")
    x = np.zeros((2, 8, 8, 1), "float32")
    np.testing.assert_array_equal(loaded.tokenize(x), whole.tokenize(x))
    with (tmp_path / "cut" / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    for row in rows:
        assert 1 <= float(row["perplexity"]) <= 16
        assert 100 / 16 <= float(row["used_codes"]) <= 100


@pytest.mark.parametrize("problem", PIXELS)
@pytest.mark.parametrize("method", ["tokenize", "reconstruct", "fit"])
def test_bad_pixels(method, problem):
    x, message = PIXELS[problem]
    model = tiny_tokenizer("fsq")
    model.compile()
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(x)


@pytest.mark.parametrize("kind", ["gumbel", "vq", "fsq"])
def test_exported_files_give_the_same_ids_and_take_them_back(kind, images, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    model = tiny_tokenizer(kind)
    ids = np.asarray(model.tokenize(images))
    decoded = np.asarray(model.detokenize(ids))
    export.saved_model(model, tmp_path / "saved")
    saved = tf.saved_model.load(str(tmp_path / "saved")).signatures
    export.tflite(model, tmp_path / "model.tflite", batch_size=len(images))
    interpreter = Interpreter(str(tmp_path / "model.tflite"))
    for encode, decode in (
        (
            lambda x: saved["encode"](images=tf.constant(x)),
            lambda i: saved["decode"](tokens=tf.constant(i)),
        ),
        (
            lambda x: interpreter.get_signature_runner("encode")(images=x),
            lambda i: interpreter.get_signature_runner("decode")(tokens=i),
        ),
    ):
        found = np.asarray(encode(images)["tokens"])
        assert found.dtype == np.int32
        np.testing.assert_array_equal(found, ids)
        np.testing.assert_allclose(decode(ids)["images"], decoded, atol=1e-4)


def test_ids_that_differ_are_an_error_of_their_share():
    model = tiny_tokenizer("vq")
    chosen = signatures.of(model, ["encode", "decode"])

    def run(name, inputs):
        outputs = chosen[name].expected(inputs, None)
        if name == "encode":
            outputs["tokens"] = np.where(
                np.arange(16).reshape(4, 4) == 3, 15 - outputs["tokens"], outputs["tokens"]
            )
        return outputs

    largest, means = verification.verify(model, chosen, run, verification.Bound(0.1, 0.1))
    assert means["encode"] == pytest.approx(1 / 16) and largest["encode"] == pytest.approx(1 / 16)
    assert largest["decode"] == 0
    with pytest.raises(verification.BoundExceeded, match="errors {'encode': '0.0625"):
        verification.verify(model, chosen, run, verification.BOUNDS[None])


def test_averages_of_weights_beside_a_codebook_of_averages_are_refused(tmp_path):
    recipe = recipe_of("vq").override(["training.ema=0.9"])
    with pytest.raises(ValueError, match="Expected no training.ema beside a VectorQuantizer.*=0.9"):
        training.run(recipe, tmp_path / "run")
