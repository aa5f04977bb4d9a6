"""What the command line refuses, in one line, and what it knows without Keras."""

import os
import subprocess
import sys

import pytest
from command_line import fails, needs_tensorflow

from kerasgen import cli


@needs_tensorflow
@pytest.mark.parametrize("size", ["0", "-1", "some"])
def test_batches_that_are_none_are_told(size, capsys):
    with pytest.raises(SystemExit):
        cli.main(["export", "vae_mnist", "--format", "tflite", "--batch", size])
    assert "--batch" in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv",
    [
        ["train", "mien.yaml"],
        ["new", "other", "--data", "mien.npz", "--family", "vae"],
        ["data", "import", "mien.csv", "x.npz"],
        ["data", "import", "mien", "x.npz"],
    ],
    ids=" ".join,
)
def test_of_files_that_are_not_there_the_near_ones_are_told(argv, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("mine.yaml", "mine.npz", "mine.csv"):
        (tmp_path / name).touch()
    (tmp_path / "mine").mkdir()
    assert "Near names: mine" in fails(capsys, *argv)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["sample", "no_such_preset"], "Received: 'no_such_preset'"),
        (["train", "no_such_preset"], "Received: 'no_such_preset'"),
        (["sample"], "the following arguments are required: NAME"),
        (["sample", "x", "-n", "0"], "expected an integer of at least 1, received '0'"),
        (["sample", "x", "-n", "many"], "expected an integer of at least 1, received 'many'"),
        (["paint"], "Expected a command. Received: 'paint'. Near names: inpaint, train."),
        (["lst"], "Expected a command. Received: 'lst'. Near names: list."),
        (["--vrsion"], "Expected an option. Received: '--vrsion'. Near names: --version"),
        (["x"], "Received: 'x'. Known: list, card,"),
        (["sample", "vae_mnist", "--lable", "3"], "Received: '--lable'. Near names: --label"),
        (["list", "--familly", "gan"], "Near names: --family"),
        (["list", "--family", "gam"], "Received: 'gam'. Near: gmm, gan, wgan."),
        (["sample", "runs/gone/preset"], "Received: 'runs/gone/preset'. It is not there"),
        (["list", "--data", "fashion"], "fashion_mnist."),
        (["list", "--task", "sampel"], "Near: sample."),
        (
            ["evaluate", "vae_mnist", "--data", "no.npz"],
            "expected a path that is there, received 'no.npz'",
        ),
        (["sample", "vae_mnist", "--label", "3"], "told what to draw. Received: --label"),
        ([], "required: COMMAND"),
        (
            ["export", "x", "--format", "savedmodel", "--quantize", "int8"],
            "with --format tflite only",
        ),
        (["export", "x", "--format", "tflite", "--io", "int8"], "--io with --quantize int8"),
        (["data", "export", "no_such_set", "x.npz"], "no_such_set"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_errors_are_one_line(argv, message, capsys):
    assert message in fails(capsys, *argv)


def test_unknown_recipe_key(tiny, capsys):
    assert "Near keys: ['training.epochs'" in fails(
        capsys, "train", tiny, "--set", "traning.epochs=3"
    )


def test_debug_raises(tmp_path):
    with pytest.raises(ValueError, match="no_such_preset"):
        cli.main(["sample", "no_such_preset", "--debug"])


def process(*argv, after=""):
    """Runs the command as its console script does, and `after` when it has ended."""
    script = f"import sys\nsys.argv = ['kerasgen', *{argv!r}]\nfrom kerasgen.cli import main\n"
    script += f"try:\n    main()\nfinally:\n    {after or 'pass'}"
    env = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env)


def test_an_error_of_the_process_is_one_line(tiny):
    done = process("train", tiny, "--set", "traning.epochs=3")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and done.stderr.startswith(
        "kerasgen: error: Expected key=value"
    )


@pytest.mark.parametrize(
    "argv",
    [
        ["--help"],
        ["--version"],
        ["list"],
        ["list", "--task", "denoise"],
        ["list", "--task", "tokenise"],
        ["sample"],
        ["sample", "vae_mnis"],
        ["sample", "vae_mnist", "--label", "3"],
        ["evaluate", "vae_mnist", "--data", "no.npz"],
        ["card", "vae_mnist"],
        ["lst"],
        ["train", "none.yaml"],
    ],
    ids=" ".join,
)
def test_help_list_and_errors_of_names_need_no_keras(argv):
    assert (
        "keras" not in process(*argv, after="print(*sys.modules)").stdout.splitlines()[-1].split()
    )


def test_python_m_does_not_wait_for_keras():
    """`python -m kerasgen.cli` imports the package before the command line, as runpy does."""
    script = (
        "import runpy, sys\nsys.argv = ['kerasgen', '--version']\n"
        "try:\n    runpy.run_module('kerasgen.cli', run_name='__main__')\n"
        "finally:\n    print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "kerasgen.cli" in done.stdout.split() and "keras" not in done.stdout.split()
