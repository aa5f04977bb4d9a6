"""setup.cfg lists what there is: packages, the content of zoo/, and the dependencies without TensorFlow."""

import configparser
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
# What the dependencies list for the TensorFlow backend alone.
TENSORFLOW_ONLY = {
    "tensorflow",
    "tensorflow-probability",
    "tensorflow-datasets",
    "importlib_resources",
    "ai-edge-litert",
    "tensorboard",
}


@pytest.fixture(scope="module")
def setup():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def lines(text):
    return [line for line in text.strip().splitlines() if line and not line.startswith("#")]


def test_every_package_is_listed(setup):
    packages = {".".join(path.parent.relative_to(ROOT).parts) for path in ROOT.glob("kerasgen/**/*.py")}
    assert sorted(lines(setup["options"]["packages"])) == sorted([*packages, "kerasgen.zoo.presets"])


def test_every_file_of_a_preset_is_listed(setup):
    patterns = lines(setup["options.package_data"]["kerasgen.zoo.presets"])
    shipped = {path for pattern in patterns for path in (ROOT / "zoo").glob(pattern)}
    there = {path for path in (ROOT / "zoo").rglob("*") if path.is_file()}
    assert shipped
    assert sorted(there - shipped) == []


def test_requirements_without_tensorflow_are_the_dependencies_less_tensorflow(setup):
    dependencies = [
        line
        for line in lines(setup["options"]["install_requires"])
        if re.match(r"[\w-]+", line).group() not in TENSORFLOW_ONLY
    ]
    expected = dependencies + lines(setup["options.extras_require"]["jax"])
    assert lines((ROOT / "requirements-jax.txt").read_text(encoding="utf-8")) == expected
