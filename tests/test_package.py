"""setup.cfg lists what there is: packages, the content of zoo/, and the dependencies without
TensorFlow.
"""

import configparser
import os
import pathlib
import re
import subprocess
import sys

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
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in ROOT.glob("kerasgen/**/*.py")
    }
    assert sorted(lines(setup["options"]["packages"])) == sorted(
        [*packages, "kerasgen.zoo.presets"]
    )


def test_every_file_of_a_preset_is_listed(setup):
    patterns = lines(setup["options.package_data"]["kerasgen.zoo.presets"])
    shipped = {path for pattern in patterns for path in (ROOT / "zoo").glob(pattern)}
    there = {path for path in (ROOT / "zoo").rglob("*") if path.is_file()}
    assert shipped
    assert sorted(there - shipped) == []


def test_every_template_is_listed(setup):
    patterns = lines(setup["options.package_data"]["kerasgen"])
    shipped = {path for pattern in patterns for path in (ROOT / "kerasgen").glob(pattern)}
    there = {
        path
        for path in (ROOT / "kerasgen").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    assert shipped == there


def test_requirements_without_tensorflow_are_the_dependencies_less_tensorflow(setup):
    dependencies = [
        line
        for line in lines(setup["options"]["install_requires"])
        if re.match(r"[\w-]+", line).group() not in TENSORFLOW_ONLY
    ]
    expected = dependencies + lines(setup["options.extras_require"]["jax"])
    assert lines((ROOT / "requirements-jax.txt").read_text(encoding="utf-8")) == expected


@pytest.mark.parametrize(
    "before", ["", "sys.argv.clear()"], ids=["named kerasgen", "without a name"]
)
def test_an_import_registers_classes_whatever_the_program_is_called(before, tmp_path):
    program = tmp_path / "kerasgen"
    lookup = "keras.saving.get_registered_object('kerasgen.families>Mixture').__name__"
    program.write_text(f"import sys\n{before}\nimport kerasgen\nimport keras\nprint({lookup})\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(program)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "Mixture", done.stderr


def test_a_module_that_imports_the_command_line_has_registered_classes_when_it_needs_them():
    """What `import kerasgen.cli` puts off comes with the first preset, or by
    `kerasgen.register()`.
    """
    code = (
        "import kerasgen.cli, sys\nassert 'keras' not in sys.modules\nkerasgen.register()\n"
        "import keras\nassert keras.saving.get_registered_object('kerasgen.families>Mixture')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
