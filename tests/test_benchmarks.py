"""The benchmarks measure what they say: the PyTorch side is the same model, and the table's
arithmetic is right.
"""

import argparse
import itertools
import logging
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import TINY
from scripts import SCRIPT, script

from kerasgen import zoo
from kerasgen.metrics.likelihood import scored

sample_autoregressive = script(SCRIPT.with_name("sample_autoregressive.py"))

pytestmark = pytest.mark.slow


def test_the_table_of_mode_coverage(capsys):
    mode_coverage = script(SCRIPT.with_name("mode_coverage.py"))
    options = (
        "--games least_squares wasserstein_spectral --toys eight_gaussians --seeds 0 --steps 2"
    )
    table = mode_coverage.main(options.split())
    assert list(table) == [
        ("least_squares", "eight_gaussians"),
        ("wasserstein_spectral", "eight_gaussians"),
    ]
    rows = capsys.readouterr().out.splitlines()
    for (game, _), [(modes, good)] in table.items():
        assert 0 <= modes <= 8 and 0 <= good <= 100
        assert f"| {game} | {modes} | {good:.1f} |" in rows


def test_the_table_of_flows(capsys, monkeypatch):
    flows = script(SCRIPT.with_name("flows.py"))
    monkeypatch.setattr("sys.argv", ["flows.py", "--epochs", "1", "--squares", "150"])
    flows.main()
    rows = [re.split("  +", row) for row in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows[2:]] == ["mixture of 20 normals", *flows.FLOWS]
    truth = float(rows[1][1])
    for _, nll, integral, *_ in rows[2:]:
        assert float(nll) > truth and float(integral) == pytest.approx(1, abs=0.01)


def test_the_table_of_sampling_presets():
    sample_presets = script(SCRIPT.with_name("sample_presets.py"))
    table = sample_presets.report(["gmm_ring -n 4"], rounds=1)
    numbers = re.search(
        r"^\| `gmm_ring -n 4` \| (\S+) \| \1 \| \1 \| (-?\S+) \|$", table, re.MULTILINE
    )
    imports = float(re.search(r"^- imports: (\S+) s$", table, re.MULTILINE)[1])
    assert float(numbers[1]) - imports == pytest.approx(float(numbers[2]), abs=0.11)
    with pytest.raises(subprocess.CalledProcessError):
        sample_presets.report(["no_such_preset"], rounds=1)


def test_both_samplers_draw_the_same_images_and_the_check_would_see_if_not(monkeypatch):
    options = argparse.Namespace(layers=2, channels=4)
    sample_autoregressive.check(options)
    naive = sample_autoregressive.naive
    monkeypatch.setattr(
        sample_autoregressive, "naive", lambda *arguments: lambda: 1 - naive(*arguments)()
    )
    with pytest.raises(AssertionError, match="Mismatched elements"):
        sample_autoregressive.check(options)


def test_the_table_of_samplers():
    options = argparse.Namespace(
        batch=2, side=6, layers=2, channels=4, passes=1, rounds=1, sides=[4], clock="wall"
    )
    rows = sample_autoregressive.report(options).splitlines()
    for name in ("cached", "cached xla"):
        assert [row.endswith("| 1 |") for row in rows if row.startswith(f"| {name} |")] == [True]
    for name, unknown in (
        ("naive", False),
        ("tfd.PixelCNN", True),
    ):  # another network's operations are not counted
        assert [row.split(" | ")[5] == "-" for row in rows if row.startswith(f"| {name} |")] == [
            unknown
        ]
    assert rows[-1].startswith("| 4 |")


def test_the_table_of_disentanglement_keeps_what_it_measured(monkeypatch, tmp_path, capsys):
    benchmark = script(SCRIPT.with_name("disentanglement.py"))
    trained = []

    def run(recipe, output, resume):
        output.mkdir(parents=True)
        trained.append(recipe)
        return recipe.build()

    monkeypatch.setattr(benchmark.training, "run", run)
    measured = {0: {"mig": 0.1, "sap": 0.4}, 1: {"mig": 0.3, "sap": 0.4}}
    points = []

    def evaluate(model, shapes, num_train, num_test, forest):
        points.append((num_train, num_test))
        return measured[trained[-1].seed]

    monkeypatch.setattr(benchmark.disentanglement, "evaluate", evaluate)
    arguments = [
        "--betas",
        "1",
        "4",
        "--seeds",
        "0",
        "1",
        "--split",
        "train[:700]",
        "--points",
        "40",
    ]
    arguments += ["--out", str(tmp_path)]
    benchmark.main(arguments)
    rows = capsys.readouterr().out.splitlines()
    assert "| objective | beta | mig | sap |" in rows
    for objective in ("beta-VAE", "beta-TCVAE"):
        for beta in (1, 4):
            assert f"| {objective} | {beta} | 0.200 ± 0.141 | 0.400 ± 0.000 |" in rows
    assert {recipe.build().objective.beta for recipe in trained} == {1.0, 4.0}
    assert {type(recipe.build().objective).__name__ for recipe in trained} == {"ELBO", "TCVAE"}
    assert {recipe.data["split"] for recipe in trained} == {"train[:700]"} and len(
        {each.name for each in trained}
    ) == 8
    assert set(points) == {(40, 20)}
    benchmark.main(arguments)
    assert len(trained) == 8


def test_the_table_of_fixed_binarization(monkeypatch, tmp_path, rng, capsys):
    benchmark = script(SCRIPT.with_name("fixed_binarization.py"))
    images = (rng.random((4, 28, 28, 1)) < 0.1).astype("float32")
    runs = []

    def run(recipe, output, resume):
        runs.append((recipe, output, resume))
        return recipe.build()

    monkeypatch.setattr(benchmark.training, "run", run)
    monkeypatch.setattr(benchmark.data, "load", lambda *_: tf.data.Dataset.from_tensors(images))
    benchmark.main(["--presets", "pixelcnn_mnist", "row_lstm_mnist", "--out", str(tmp_path)])
    rows = capsys.readouterr().out.splitlines()[2:]
    for row, name, precision in zip(
        rows, ("pixelcnn_mnist", "row_lstm_mnist"), ("mixed_bfloat16", None), strict=True
    ):
        recipe, output, resume = runs.pop(0)
        preset = zoo.load(name)
        nats = [scored(model, images)["nll"] for model in (preset, recipe.build())]
        assert row == f"| `{name}` | {nats[0]} | {nats[1]} |"
        assert resume and output == tmp_path / recipe.name != tmp_path / name
        assert [w.shape for w in recipe.build().weights] == [w.shape for w in preset.weights]
        assert (recipe.data["name"], recipe.data["split"]) == ("binarized_mnist", "train")
        assert (recipe.training["start_from"], recipe.training.get("precision")) == (
            name,
            precision,
        )


def test_forms_of_the_gate_are_the_same_function(rng):
    profile = script(SCRIPT.with_name("profile_gated_pixelcnn.py"))
    x, slope = (tf.cast(rng.normal(size=(2, 3, 3, size)), tf.bfloat16) for size in (8, 4))
    exact_ones = profile.with_gradient(
        profile.plain, *(tf.cast(each, tf.float32) for each in (x, slope))
    )
    for gate in profile.GATES:
        for value, expected in zip(profile.with_gradient(gate, x, slope), exact_ones, strict=True):
            np.testing.assert_allclose(tf.cast(value, tf.float32), expected, atol=0.05)


def test_multiply_adds_of_a_step_are_counted_with_those_of_its_gradients():
    count = script(SCRIPT.with_name("profile_recipe.py")).multiply_adds
    conv = keras.layers.Conv2D(4, 3, padding="same")
    conv.build((2, 5, 6, 3))
    x, matrix = np.ones((2, 5, 6, 3), "float32"), tf.ones((4, 7))

    def gradients():
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.reshape(conv(x), (-1, 4)) @ matrix)
        return y, tape.gradient(y, conv.kernel.value)

    products, of_matrix = 2 * 5 * 6 * 9 * 3 * 4, 2 * 5 * 6 * 4 * 7
    # Of the convolution and its kernel, of the matrices and of what they read.
    assert count(gradients) == 2 * products + 2 * of_matrix


def test_the_profile_of_a_recipe(capsys, tmp_path):
    run = TINY.override(["data.batch_size=4", "training.precision=float32"])
    run.save(tmp_path / "tiny.yaml")
    profile = script(SCRIPT.with_name("profile_recipe.py"))
    profile.main([str(tmp_path / "tiny.yaml"), "--steps", "2"])
    table, _, last = capsys.readouterr().out.strip().rpartition("\n\n")
    spent = [float(line.strip("| ").split(" | ")[1]) for line in table.splitlines()[2:]]
    assert max(spent) == spent[-1] > 0
    assert re.search(r"ms a step of 4: .* million multiply-adds an example, .*% of the", last)


def test_the_profile_of_a_step():
    command = [sys.executable, str(SCRIPT.with_name("profile_gated_pixelcnn.py")), "--batch", "2"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.strip("| ").split(" | ") for line in out.splitlines()]
    spent = {kind: float(ms) for kind, ms in rows[2 : rows.index([""])]}
    *kinds, total = spent  # which of them takes longest is the machine's
    assert total == "all" and any("BackpropFilter" in kind for kind in kinds)
    assert [spent[kind] for kind in kinds] == sorted((spent[kind] for kind in kinds), reverse=True)
    assert max(spent.values()) == spent["all"] >= 0.99 * (sum(spent.values()) - spent["all"]) > 0
    assert [len(row) for row in rows if row[0].endswith(("2x3", "1x1", "1x2", "xla"))] == [
        7,
        7,
        7,
        7,
        2,
    ]


def test_a_soak_tells_growth_and_warnings(monkeypatch):
    soak = script(SCRIPT.with_name("soak.py"))
    before, kept = soak.resident(), np.ones(2**23)  # 64 MiB
    assert soak.resident() - before == pytest.approx(kept.nbytes / 2**20, abs=8)
    sizes = itertools.chain([100.0], itertools.repeat(103.0))
    monkeypatch.setattr(soak, "resident", lambda: next(sizes))

    def act(number):
        if number == 1:
            logging.getLogger("tensorflow").warning("triggered tf.function retracing")

    *_, growth, warnings = soak.report(seconds=0.2, every=0, act=act)
    assert growth.endswith(": 3.0 %") and warnings.endswith(": 1")


def test_what_an_act_keeps_is_measured():
    kept_memory = script(SCRIPT.with_name("kept_memory.py"))
    held = []
    # Blocks as large as these come from the system and go back to it.
    assert kept_memory.kept(lambda: held.append(np.ones(2**23)), 5) == pytest.approx(64, abs=4)
    assert kept_memory.kept(lambda: np.ones(2**23).sum(), 5) < 4


def test_own_pictures_are_imported_and_read(tmp_path, monkeypatch, capsys):
    own_pictures = script(SCRIPT.with_name("own_pictures.py"))
    monkeypatch.setattr(own_pictures, "DIFFERENT", 90)
    own_pictures.main(["--count", "180", "--side", "16"])
    *_, imported, epoch = capsys.readouterr().out.splitlines()
    assert "import of 180 pictures" in imported and "an epoch of 128 in batches of 64" in epoch
    own_pictures.write(tmp_path / "pictures", 180, 16)
    assert len({path.read_bytes() for path in (tmp_path / "pictures").iterdir()}) == 90


def test_the_table_of_compiled_samplers():
    sample_compiled = script(SCRIPT.with_name("sample_compiled.py"))
    table = sample_compiled.report((sample_compiled.Case("pixelrnn_mnist", 1, 1000.0),), calls=1)
    (row,) = [row for row in table.splitlines() if row.startswith("| 1 of `pixelrnn_mnist`")]
    goal, seconds, cpu, ratio, macs = (float(each) for each in row.split(" | ")[1:6])
    assert seconds > 0 and cpu > 0 and ratio == pytest.approx(seconds / goal, abs=0.01)
    assert macs > 1
    assert "above 1 s: " in sample_compiled.loading(["gmm_ring"])


def test_loops_without_lists_take_turns_with_those_with(capsys, monkeypatch):
    export_loops, order = script(SCRIPT.with_name("export_loops.py")), []
    acts = [lambda name=name: order.append(name) or sum(range(100_000)) for name in "AB"]
    assert min(export_loops.medians(acts, calls=3)) > 0 and order == list("ABABABAB")
    export_loops.main(["--presets", "pixelrnn_mnist", "--calls", "1"])
    *_, row = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\| `pixelrnn_mnist` \| \d+\.\d\d \| \d+\.\d\d \| \d+% \|", row)
