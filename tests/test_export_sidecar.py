"""What a TFLite file says of itself: a program that reads only that uses the file right."""

import hashlib
import json
import re

import keras
import numpy as np
import pytest
from tiny import tiny_autoregressive, tiny_classifier, tiny_mixture, tiny_mlp_vae, tiny_two_stage

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from exporting import assert_equal, dense, interpreter

from kerasgen import events, export, zoo
from kerasgen.export import metadata, sidecar, signatures

ASKED = {"label": "nine", "sentence": "A circle, red!"}


class Client:
    """A program that knows of a file what stands beside it."""

    def __init__(self, file):
        self.told = json.loads((file.parent / f"{file.name}.json").read_text())
        content = (file.parent / self.told["file"]).read_bytes()
        assert self.told["sha256"] == hashlib.sha256(content).hexdigest()
        self.runners = interpreter(file)

    def made(self, tensor):
        """A value of an input, as it is described."""
        rng = np.random.default_rng(0)
        if "draw" in tensor:
            assert tensor["draw"] == "standard normal"
            return rng.standard_normal(tensor["shape"]).astype(tensor["dtype"])
        if "rule" in tensor:
            words = re.findall(tensor["pattern"], ASKED["sentence"].lower())
            row = [tensor["words"].index(word) + 1 for word in words]
            row += [0] * (tensor["shape"][1] - len(row))
            return np.array([row], tensor["dtype"])
        if "names" in tensor:
            return np.array([tensor["names"].index(ASKED["label"])], tensor["dtype"])
        low, high = tensor.get("range", [-1, 1])
        levels = tensor.get("levels")
        drawn = rng.random(tensor["shape"])
        drawn = np.round(drawn * (levels - 1)) / (levels - 1) if levels else drawn
        return (low + (high - low) * drawn).astype(tensor["dtype"])

    def call(self, name):
        told = self.told["signatures"][name]
        inputs = {key: self.made(tensor) for key, tensor in told["inputs"].items()}
        outputs = self.runners.get_signature_runner(name)(**inputs)
        assert outputs.keys() == told["outputs"].keys()
        for key, tensor in told["outputs"].items():
            assert list(outputs[key].shape) == tensor["shape"]
            assert outputs[key].dtype == tensor["dtype"]
            if "range" in tensor:
                low, high = tensor["range"]
                assert low <= outputs[key].min() and outputs[key].max() <= high
        return inputs, outputs


def of_digits():
    return tiny_mlp_vae(num_classes=events.Classes(10, [*map(str, range(9)), "nine"]))


def of_sentences():
    return tiny_two_stage("text")


@pytest.mark.parametrize(
    "build",
    [
        dense,
        of_digits,
        tiny_mixture,
        tiny_classifier,
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in (of_sentences, tiny_autoregressive)
        ),
    ],
)
def test_the_json_is_all_that_a_program_needs(tmp_path, build):
    model = build()
    file = tmp_path / "model.tflite"
    report = export.tflite(model, file)
    client = Client(file)
    assert client.told["signatures"].keys() == report.errors.keys()
    for name, signature in signatures.of(model).items():
        inputs, outputs = client.call(name)
        if "labels" in inputs:
            assert inputs["labels"].tolist() == [9]
        if "words" in inputs:
            assert inputs["words"].tolist() == model.condition.array(ASKED["sentence"]).tolist()
        if "images" in inputs:
            model.event.validate(inputs["images"])
        want = signature.function(**inputs)
        assert_equal(outputs, want, 1e-4)
        told = client.told["signatures"][name]
        assert told["meaning"]
        if name == "sample":  # what is baked in
            assert told["defaults"].keys() <= model.sampling_ways().keys()
            assert told["defaults"].get("temperature", 1.0) == 1.0


def test_the_file_itself_says_the_same(tmp_path):
    file = tmp_path / "model.tflite"
    export.tflite(dense(), file, signatures=["decode"])
    beside = json.loads(sidecar.path_of(file).read_text())
    assert beside["bytes"] == file.stat().st_size
    within = export.facts(file)
    assert {**beside, **within} == beside
    assert beside.keys() - within.keys() == {"file", "bytes", "sha256"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", within["min_runtime_version"])
    assert within["min_runtime_version"] == metadata.read(file.read_bytes(), metadata.RUNTIME)


def test_metadata_change_nothing_else(tmp_path):
    file = tmp_path / "model.tflite"
    export.tflite(dense(), file, signatures=["decode"])
    z = np.ones((1, 2), "float32")
    before, told = interpreter(file).get_signature_runner("decode")(z=z), export.facts(file)
    file.write_bytes(metadata.write(file.read_bytes(), "ANOTHER", "grüße"))
    assert metadata.read(file.read_bytes(), "ANOTHER") == "grüße" and export.facts(file) == told
    assert_equal(interpreter(file).get_signature_runner("decode")(z=z), before, 0)


def test_a_file_of_somebody_else_has_no_facts(tmp_path):
    import tensorflow as tf

    function = tf.function(lambda x: x + 1).get_concrete_function(tf.TensorSpec([1], tf.float32))
    file = tmp_path / "other.tflite"
    file.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([function]).convert())
    with pytest.raises(ValueError, match=r"Expected .* Received: .*other\.tflite"):
        export.facts(file)


def test_presets_say_licence_classes_polarity_and_card(tmp_path):
    file = tmp_path / "cgan.tflite"
    export.tflite(zoo.load("cgan_mnist"), file)
    told = export.facts(file)
    assert told["name"] == "cgan_mnist" and told["classes"] == list("0123456789")
    assert told["card"] == zoo.card("cgan_mnist")
    assert all(told["licence"].values()) and told["licence"]["weights"] in told["card"]
    # What the data are said to look like, samples do: digits cover the lesser part of a picture.
    image = interpreter(file).get_signature_runner("sample")(
        labels=np.array([3], "int32"), noise=np.zeros((1, 64), "float32")
    )["images"]
    assert told["data"]["drawn"] == "bright on dark" and np.mean(image > 0.5) < 0.4
