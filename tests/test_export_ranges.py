"""Full-integer files spend their 256 numbers where the values are, and bytes on what is read."""

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from ai_edge_litert import schema_py_generated as schema
from exporting import dense

from kerasgen import export
from kerasgen.export import convert


def rounded(values, low, high):
    """Values as eight bits hold them, whose numbers include 0."""
    step = (high - low) / 255
    zero = np.round(-low / step)
    return step * (np.clip(np.round(values / step) + zero, 0, 255) - zero)


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_ranges_are_nearly_the_best_that_trying_all_finds(shift):
    values = np.random.default_rng(0).standard_t(3, 20_000) + shift
    low, high = min(0.0, values.min()), values.max()
    counts, _ = np.histogram(values, 2048, (low, high))

    def error(ends):
        return np.mean((rounded(values, *ends) - values) ** 2)

    cuts = np.linspace(1.0, 0.05, 40)
    best = min(error((a * low, b * high)) for a in cuts for b in cuts)
    found = error(convert._least_error(counts, low, high))
    assert found < 1.05 * best and found < error((low, high))


@pytest.mark.parametrize("shape", [(1, 28, 28, 24), (1, 32, 32, 96), (1, 96, 96, 3), (1, 9), ()])
def test_every_channel_is_looked_at(shape):
    channels = np.zeros(shape) + (np.arange(shape[-1]) if shape else 0)
    seen = convert._some(channels, np.random.default_rng(0))
    assert {*seen.ravel()} == {*channels.ravel()} and seen.size < 1.2 * 8192


def content(path):
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))


def test_inner_tensors_of_full_integer_files_have_no_names(tmp_path):
    report = export.tflite(dense(), tmp_path / "a.tflite", "int8")
    for graph in content(report.path).subgraphs:
        ends = {*graph.inputs, *graph.outputs}
        assert not any(each.name for i, each in enumerate(graph.tensors) if i not in ends)
