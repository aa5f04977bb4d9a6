"""What a format loses is told in the model's own figures."""

import keras
import numpy as np
import pytest
from tiny import tiny_autoregressive, tiny_classifier, tiny_gan

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from exporting import dense

from kerasgen.export import losses, signatures
from kerasgen.export.losses import Study


def of(model, change, study=None, names=None):
    """Losses of a file that gives what the model gives, changed by `change(name, outputs)`."""
    known = {name: each.compiled() for name, each in signatures.of(model).items()}

    def run(name, inputs):
        return change(name, known[name].expected(inputs, {}))

    files = {"int8": (run, known.keys() if names is None else names)}
    found = losses.losses(model, known, files, study or Study(None), batch_size=None)
    return {loss.signature: loss for loss in found}


def same(name, outputs):
    return outputs


def scaled(factor):
    return lambda name, outputs: {key: factor * value for key, value in outputs.items()}


@pytest.mark.parametrize("build", [dense, tiny_autoregressive, tiny_classifier, tiny_gan])
def test_a_file_without_errors_loses_nothing(build):
    found = of(build(), same)
    assert found and all(abs(loss.worse["int8"]) < 1e-6 for loss in found.values())


def test_nats_are_lost_in_per_cent_of_the_nats_there_are():
    (loss,) = of(tiny_autoregressive(), scaled(1.02)).values()
    assert loss.signature == "log_prob" and loss.figure.value > 0
    assert loss.worse["int8"] == pytest.approx(2.0, rel=1e-4)


def test_right_answers_are_lost_where_others_are_given():
    def other_class(name, outputs):
        first = np.arange(len(outputs["probabilities"])) < 20
        rolled = np.roll(outputs["probabilities"], 1, axis=-1)
        return {"probabilities": np.where(first[:, None], rolled, outputs["probabilities"])}

    model = tiny_classifier()
    loss = of(model, other_class, names=["classify"])["classify"]
    assert loss.figure.value == 1.0 and loss.worse["int8"] == pytest.approx(10.0)
    study = signatures.examples(model, signatures.of(model), losses.EXAMPLES, seed=0)
    wrong = np.full(losses.EXAMPLES, -1)
    assert of(model, same, Study(*study, wrong))["classify"].figure.value == 0.0


def test_the_bound_of_a_file_without_it_is_that_of_encode_and_decode():
    model = dense()
    parts = ["encode", "decode"]
    exact = of(model, same, names=parts)["elbo"].worse["int8"]
    assert abs(exact) < 0.1
    wide = of(
        model,
        lambda name, outputs: {k: 3 * v if k == "scale" else v for k, v in outputs.items()},
        names=parts,
    )
    assert wide["elbo"].worse["int8"] > 1
    assert "int8" not in of(model, same, names=["encode"])["elbo"].worse
    assert of(model, same, names=["encode"])["reconstruct"].worse == {}


def test_what_falls_short_is_named():
    (loss,) = of(tiny_autoregressive(), scaled(1.05)).values()
    (line,) = losses.short([], [loss])
    assert "int8" in line and "log_prob" in line and "5 %" in line and "2 %" in line
    assert losses.short([], [loss._replace(worse={"int8": 1.0, None: 50.0})]) == []
