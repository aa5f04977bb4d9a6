"""Presets that are made to do harm, or damaged: a part of `benchmarks/hostile_presets.py`."""

import pathlib
import sys

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from kerasgen import documents, zoo
from kerasgen.zoo import figures, manifest, weights

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "benchmarks"))
import attacks  # noqa: E402
import corruptions  # noqa: E402

_LONG = ("autoencoder", "autoregression", "archive", "groups", "yaml text: l", "sparse")
NAMES = [
    pytest.param(name, marks=[pytest.mark.slow] if name.startswith(_LONG) else [])
    for name in attacks.ATTACKS
]


def is_one_line(error):
    return str(error).isprintable() and str(error).startswith("Expected ")


@pytest.mark.parametrize("name", NAMES)
def test_an_attack_is_refused_in_one_line(name, tmp_path):
    path = attacks.spoiled(name, zoo.folder("gmm_ring"), tmp_path)
    with pytest.raises(zoo.PresetError) as caught:
        zoo.load(path)
    assert is_one_line(caught.value)


SOURCE = zoo.folder("gmm_ring")
FILES = {name: (SOURCE / name).read_bytes() for name in corruptions.NAMES[:-1]}
FILES["manifest.json"] = corruptions.signature(FILES)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(corruptions.corrupted(FILES))
def test_a_damaged_preset_is_refused_or_is_what_its_file_says(tmp_path_factory, drawn):
    files, signed = drawn
    folder = tmp_path_factory.mktemp("preset")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        model = zoo.load(folder)
    except zoo.PresetError as error:
        assert is_one_line(error)
        return
    held = folder if signed else SOURCE
    with h5py.File(held / manifest.WEIGHTS) as file:
        for name, variable in weights.variables(model).items():
            np.testing.assert_array_equal(variable, file[name][()].astype(variable.dtype))
            assert np.all(np.isfinite(variable))


@settings(deadline=None)
@given(
    corruptions.trees(
        {
            "machine": "m",
            "training_time_seconds": 1.5,
            "figures": {
                "nll": {
                    "value": 1.0,
                    "unit": "nats",
                    "protocol": "p",
                    "command": "c",
                    "standard_error": 0.1,
                    "published": [{"model": "m", "value": 2.0, "source": "s"}],
                }
            },
            "notes": ["one"],
        }
    )
)
def test_figures_are_read_or_refused_in_one_line(tree):
    import json

    try:
        read = figures.read("metrics.json", json.dumps(tree).encode())
    except zoo.PresetError as error:
        assert is_one_line(error)
        return
    figures.check(read)


def test_an_output_of_what_is_read_is_read_again():
    text = documents.write_yaml(documents.read_yaml("{a: [1, x, null], b: 1e-1}"))
    assert documents.read_yaml(text) == {"a": [1, "x", None], "b": 0.1}


def test_a_card_brings_no_escapes_to_a_terminal(preset, capsys):
    from kerasgen import cli

    (preset / "card.md").write_text("# x\n\x1b]0;stolen\x07\x1b[2J\u202etext\n")
    manifest.write(preset)
    cli.main(["card", str(preset)])
    shown = capsys.readouterr().out
    assert "text" in shown and all(c.isprintable() or c in "\n\t" for c in shown)
