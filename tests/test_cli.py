"""The command line, in this process on tiny presets, and once as a process of its own."""

import json
import os
import re
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from kerasgen import cli, data, demo, zoo
from kerasgen.metrics import evaluation, features, fidelity
from kerasgen.recipe import Recipe

needs_tensorflow = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="needs the TensorFlow backend")

MODEL = {
    "families.LatentVariableModel": {
        "event_shape": [8, 8, 1],
        "encoder": {"networks.ConvEncoder": {"channels": [8], "blocks": [1], "features": 16}},
        "bottleneck": {"bottlenecks.Gaussian": {"latent_dim": 4}},
        "decoder": {"networks.MLP": {"output_shape": [8, 8, 1], "hidden": [32]}},
        "likelihood": {"likelihoods.Bernoulli": {}},
    }
}
TINY = Recipe(
    "tiny", {"name": "digits", "binarize": "dynamic", "batch_size": 50}, MODEL, {"epochs": 1, "learning_rate": 1e-3}
)
METRICS = {"machine": "a test", "training_time_seconds": 1.0, "figures": {}}


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    return str(zoo.save(TINY.build(), tmp_path_factory.mktemp("zoo") / "tiny", TINY, METRICS))


def fails(capsys, *argv):
    """The one line on stderr of a command that ends with status 2."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(list(argv))
    assert stopped.value.code == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    return err


def is_png(path):
    return path.read_bytes().startswith(b"\x89PNG")


def test_card(preset, capsys):
    cli.main(["card", preset])
    assert capsys.readouterr().out.strip() == zoo.card(preset).strip()


def test_list_shows_figures_from_metrics(preset, capsys, monkeypatch, tmp_path):
    published = [{"model": "IWAE", "value": 82.9, "source": "arXiv 1509.00519"}]
    nll = {"value": 81.234, "standard_error": 0.5, "unit": "nats", "protocol": "p", "command": "c"}
    nll["published"] = published
    folder = zoo.save(zoo.load(preset), tmp_path / "tiny", TINY, {**METRICS, "figures": {"nll": nll}})
    monkeypatch.setattr(zoo, "names", lambda: ["tiny"])
    monkeypatch.setattr(zoo, "folder", lambda name: folder)
    cli.main(["list"])
    size = (folder / "model.weights.h5").stat().st_size / 1e3
    row = capsys.readouterr().out.splitlines()[-1]
    assert row == f"| `tiny` |  | nll 81.23 ± 0.50 nats | IWAE 82.90 | {size:.0f} kB |"


def test_equal_seeds_sample_equal_pictures(preset, tmp_path):
    for name, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        cli.main(["sample", preset, "-n", "4", "--seed", seed, "--out", str(tmp_path / f"{name}.png")])
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert is_png(tmp_path / "a.png") and a == b != c


MLP = {"networks.MLP": {"output_shape": [8], "hidden": [8]}}
KINDS = {  # models by name; the data of all are digits but for the last
    "mixture": {"families.Mixture": {"event_shape": [8, 8, 1], "num_components": 2, "levels": 17}},
    "conditional": {"families.LatentVariableModel": {**MODEL["families.LatentVariableModel"], "num_classes": 10}},
    "classifier": {"families.Classifier": {"event_shape": [8, 8, 1], "num_classes": 10, "encoder": MLP}},
    "text": {
        "families.TwoStageModel": {
            "event_shape": [8, 8, 1],
            "tokenizer": {"tests.PatchTokenizer": {"event_shape": [8, 8, 1]}},
            "network": {"networks.TokenTransformer": {"vocab_size": 16, "prefix_size": 4, "size": 8, "num_blocks": 1}},
            "text": {"text.Vocabulary": {"words": ["a", "red", "circle"], "length": 4, "examples": ["a red circle"]}},
        }
    },
    "gan": {
        "families.AdversarialModel": {
            "event_shape": [8, 8, 1],
            "generator": {"networks.MLP": {"output_shape": [8, 8, 1], "hidden": [8]}},
            "critic": MLP,
            "divergence": {"divergences.Hinge": {}},
            "latent_dim": 2,
        }
    },
    "points": {"families.Mixture": {"event_shape": [2], "num_components": 2}},
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """Preset folders by name of `KINDS`."""
    folder = tmp_path_factory.mktemp("kinds")
    recipes = [Recipe(name, {"name": "digits", "batch_size": 50}, model, {}) for name, model in KINDS.items()]
    return {recipe.name: str(zoo.save(recipe.build(), folder / recipe.name, recipe, METRICS)) for recipe in recipes}


@pytest.mark.parametrize(
    "argv",
    [
        ["mixture"],
        ["points"],
        ["conditional", "--mean"],
        ["conditional", "--label", "3"],
        ["conditional", "--label", "any"],
        ["gan", "--truncation", "0.5"],
        ["text"],
        ["text", "--prompt", "a circle", "--temperature", "0.7", "--top-k", "5", "--top-p", "0.9", "--best-of", "2"],
    ],
    ids=" ".join,
)
def test_sample_every_kind_of_model(argv, kinds, tmp_path):
    name, *options = argv
    cli.main(["sample", kinds[name], "-n", "12", *options, "--out", str(tmp_path / "s.png")])
    assert is_png(tmp_path / "s.png")


@pytest.mark.parametrize(
    ("command", "name", "options", "message"),
    [
        ("sample", "classifier", [], "Expected a preset whose model has 'sample'"),
        ("sample", "mixture", ["--mean"], "ways to draw that Mixture has, of []. Received: --mean"),
        ("sample", "mixture", ["--truncation", "1"], "ways to draw that Mixture has, of []. Received: --truncation"),
        ("sample", "mixture", ["--label", "3"], "Expected a preset of classes. Received: --label for"),
        ("sample", "text", ["--label", "any"], "Expected a preset of classes. Received: --label for"),
        ("sample", "conditional", ["--label", "six"], "expected the number of a class, or any, received 'six'"),
        (
            "sample",
            "text",
            ["--prompt", "a rad circle"],
            "words that the model knows. Received: 'rad'. Near 'rad': red",
        ),
        ("sample", "text", ["--guidance", "2"], "Expected guidance=1: this model never learned what is likely"),
        ("sample", "text", ["--temperature", "0"], "Expected temperature to be a positive number. Received"),
        ("sample", "conditional", ["--prompt", "a"], "Expected a preset that reads sentences. Received: --prompt"),
        (
            "sample",
            "conditional",
            ["--top-k", "3"],
            "ways to draw that LatentVariableModel has, of ['mean']. Received",
        ),
        ("sample", "conditional", ["--label", "10"], "Expected labels in 0..9"),
        ("reconstruct", "mixture", [], "Expected a preset whose model has 'reconstruct'"),
        ("probe", "mixture", [], "Expected a preset whose model has 'encoder'"),
        ("evaluate", "classifier", ["--quality"], "Expected a preset whose model has 'sample'"),
        ("evaluate", "points", ["--inception", "x.h5"], "Expected a preset of images for --inception. Received"),
        ("evaluate", "gan", ["--inception", "gone.h5"], "Expected a file of InceptionV3's weights without the top"),
    ],
)
def test_what_a_model_cannot_do_is_said(command, name, options, message, kinds, capsys):
    assert message in fails(capsys, command, kinds[name], *options)


def test_inception_is_named_in_figures_and_command(kinds, tmp_path, monkeypatch):
    def inception(weights):
        assert weights == "folder/weights.h5"
        return features.VALUES._replace(name="inception_v3")

    monkeypatch.setattr(features, "inception", inception)
    gan = tmp_path / "gan"
    shutil.copytree(kinds["gan"], gan)
    cli.main(["evaluate", str(gan), "--inception", "folder/weights.h5", "--limit", "30", "--write"])
    figures = json.loads((gan / "metrics.json").read_text())["figures"]
    distance = figures["frechet_distance[inception_v3]"]
    assert distance["command"] == "kerasgen evaluate gan --limit 30 --inception weights.h5"


def test_a_set_of_several_labels_an_image_is_not_probed(tmp_path, capsys):
    sprites = Recipe("sprites", {"name": "shapes", "batch_size": 50}, MODEL, {})
    folder = zoo.save(sprites.build(), tmp_path / "sprites", sprites, METRICS)
    error = fails(capsys, "probe", str(folder))
    assert "one label an image. Received: 'shapes', of 5 labels an image. Name" in error


def test_presets_of_two_data_sets_are_not_probed_together(preset, tmp_path, capsys):
    other = Recipe("other", {"name": "mnist", "batch_size": 50}, MODEL, {})
    folder = zoo.save(other.build(), tmp_path / "other", other, METRICS)
    error = fails(capsys, "probe", preset, str(folder))
    assert "Expected presets of one data set, digits," in error and "Received: 'other', of mnist." in error


def test_the_limit_holds_for_judged_samples(monkeypatch):
    drawn = []

    def label_fidelity(model, judge, num_samples):
        drawn.append(num_samples)
        return {}

    monkeypatch.setattr(fidelity, "judge", lambda name: "a judge")
    monkeypatch.setattr(fidelity, "label_fidelity", label_fidelity)
    monkeypatch.setitem(fidelity.JUDGES, "digits", "a judge")
    model = Recipe("conditional", {}, KINDS["conditional"], {}).build()

    def read(split, **_):
        return np.zeros((4, 8, 8, 1), "float32"), np.arange(4), "4 examples"

    for limit in (7, None):
        protocols = [protocol for _, protocol in evaluation.measure(model, "digits", read, 3, limit=limit)]
        assert f"{drawn[-1]:,} means of p(x | z)" in protocols[-1]
    assert drawn == [7, 10_000]


@needs_tensorflow
def test_reconstruct(preset, tmp_path, capsys):
    cli.main(["reconstruct", preset, "-n", "5", "--out", str(tmp_path / "r.png")])
    assert is_png(tmp_path / "r.png") and "5 images of test" in capsys.readouterr().out


@needs_tensorflow
def test_train_writes_a_preset_that_loads(tmp_path):
    TINY.save(tmp_path / "recipe.yaml")
    run = tmp_path / "run"
    settings = ["--set", "training.learning_rate=0.01", "seed=1"]
    cli.main(["train", str(tmp_path / "recipe.yaml"), *settings, "--out", str(run)])
    changed = Recipe.load(run / "recipe.yaml").differences(TINY)
    assert changed == {"training.learning_rate": (0.01, 1e-3), "seed": (1, 0)}
    assert zoo.load(run / "preset").sample(2).shape == (2, 8, 8, 1)


def test_train_passes_its_options_on(preset, tmp_path, monkeypatch):
    from kerasgen import training

    calls = []
    monkeypatch.setattr(training, "run", lambda *args, **here: calls.append((*args, here)))
    options = ["--strategy", "mirrored", "--devices", "2", "--resume", "--data", "d.npz", "--out", str(tmp_path)]
    cli.main(["train", preset, *options, "--data-dir", "there", "--download"])
    here = {"data": "d.npz", "data_dir": "there", "download": True}
    assert calls == [(TINY, tmp_path, "mirrored", 2, True, here)]


@needs_tensorflow
def test_evaluate_writes_figures_with_their_protocol(preset, tmp_path, capsys):
    published = [{"model": "other", "value": 1.0, "source": "a paper"}]
    old = {"value": 0.0, "standard_error": 0.0, "unit": "nats", "protocol": "p", "command": "c", "published": published}
    folder = zoo.save(zoo.load(preset), tmp_path / "tiny", TINY, {**METRICS, "figures": {"nll": old, "kept": old}})
    cli.main(["evaluate", str(folder), "--num-samples", "5", "--limit", "20", "--write"])
    figures = json.loads((folder / "metrics.json").read_text())["figures"]
    assert figures["kept"] == old
    nll = figures["nll"]
    assert nll["value"] > 0 and nll["standard_error"] > 0 and nll["published"] == published
    protocol = "20 test examples of digits binarized once with seed 0, nll by k = 5 importance samples, elbo by 10"
    assert nll["protocol"] == protocol
    assert nll["command"] == "kerasgen evaluate tiny --num-samples 5 --limit 20"
    assert nll["protocol"] in zoo.card(folder)
    assert f"{nll['value']:.5g} ± {nll['standard_error']:.2g} nats" in capsys.readouterr().out


@needs_tensorflow
def test_figures_of_a_file_and_of_what_was_held_out_of_training(preset, tmp_path, capsys):
    data.save_npz("digits", tmp_path / "digits.npz")
    command = ["evaluate", preset, "--num-samples", "5", "--split", "train[1480:]"]
    cli.main(command)
    cli.main([*command, "--data", str(tmp_path / "digits.npz")])
    out = capsys.readouterr().out
    first, second = re.findall(r"^nll +(.*)$", out, re.MULTILINE)
    assert first == second and out.count("20 train[1480:] examples of digits binarized once") == 2
    assert "Drop --split and --data" in fails(capsys, "evaluate", preset, "--split", "train", "--write")


@needs_tensorflow
def test_a_card_is_written_again_with_its_figures_and_a_note(tmp_path, capsys):
    figure = {"value": 2.5, "standard_error": 0.5, "unit": "nats", "protocol": "p", "command": "c"}
    folder = zoo.save(TINY.build(), tmp_path / "tiny", TINY, {**METRICS, "figures": {"nll": figure}})
    (folder / "card.md").write_text("another")
    assert "Received" in fails(capsys, "card", str(folder), "--write")  # not what the manifest says
    folder = zoo.save(TINY.build(), folder, TINY, {**METRICS, "figures": {"nll": figure}})
    cli.main(["card", str(folder), "--note", "It is small.", "--note", "It is a test."])
    card = zoo.card(folder)
    assert "- It is small.\n- It is a test.\n" in card and "**2.5** ± 0.5" in card
    assert (folder / "samples.png").exists() and (folder / "reconstructions.png").exists()
    cli.main(["card", str(folder), "--write"])
    assert zoo.card(folder) == card


@needs_tensorflow
def test_evaluate_adds_sample_quality_where_it_is_asked_for(preset, capsys):
    cli.main(["evaluate", preset, "--num-samples", "5", "--limit", "40", "--quality"])
    out = capsys.readouterr().out
    assert "40 test examples of digits binarized once with seed 0, nll by k = 5 importance samples, elbo by 10\n" in out
    assert (
        "40 means of p(x | z), z drawn from the prior, seed 0, against as many: 40 test examples of digits; floor"
        in out
    )
    names = re.findall(r"^([\w\[\]]+) +[-\d]", out, re.MULTILINE)
    assert names[0] == "nll" and {"recall[values]", "recall_floor[values]"} < set(names)


@needs_tensorflow
def test_export_tflite(preset, tmp_path, capsys):
    cli.main(["export", preset, "--format", "tflite", "--out", str(tmp_path / "m.tflite")])
    assert (tmp_path / "m.tflite").stat().st_size > 1000
    assert re.search(r"m\.tflite: .*largest \(mean\) error", capsys.readouterr().out)


@needs_tensorflow
def test_export_saved_model(preset, tmp_path):
    cli.main(["export", preset, "--format", "savedmodel", "--out", str(tmp_path / "m")])
    assert (tmp_path / "m" / "saved_model.pb").exists()


def test_data_export(tmp_path):
    cli.main(["data", "export", "digits", str(tmp_path / "d.npz")])
    assert data.from_npz(tmp_path / "d.npz", batch_size=7)[0].shape == (7, 8, 8, 1)


@needs_tensorflow
def test_demo_leaves_one_folder_that_shows_it_all(preset, tmp_path):
    out = tmp_path / "shown"
    cli.main(["demo", "--preset", preset, "--out", str(out)])
    assert [path.name for path in tmp_path.iterdir()] == ["shown"]
    page = (out / "index.html").read_text()
    pictures = list(out.glob("*.png"))
    assert len(pictures) == 6 == page.count("data:image/png;base64,") and all(map(is_png, pictures))
    assert "http" not in page
    assert set(re.findall(r'href="([^"]+)"', page)) == {path.name for path in out.iterdir()} - {"index.html"}
    before, after = map(float, re.search(r"went from (\S+) to (\S+) nats", page).groups())
    assert after > before
    assert float(re.search(r"in any pixel is ([\d.e-]+)\.", page)[1]) < 1e-3
    assert keras.models.load_model(out / "fine_tuned.keras").sample(1).shape == (1, 8, 8, 1)


def test_demo_replaces_an_earlier_one(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "_sections", lambda folder, preset: (folder / preset).touch() or ())
    for preset in ("first", "second"):
        demo.run(tmp_path / "shown", preset)
    assert [path.name for path in tmp_path.iterdir()] == ["shown"]
    assert {path.name for path in (tmp_path / "shown").iterdir()} == {"second", "index.html"}


def test_demo_leaves_other_folders_alone(preset, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("precious")
    error = fails(capsys, "demo", "--preset", preset, "--out", str(tmp_path))
    assert "Expected --out to be new, or an earlier demo" in error
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failed_demo_leaves_nothing(tmp_path, capsys):
    assert "'nothing_like_it'" in fails(capsys, "demo", "--preset", "nothing_like_it", "--out", str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


def test_demo_digits_keep_mnist_margins():
    images = demo.digits((28, 28, 1))
    assert images.shape == (1797, 28, 28, 1) and set(np.unique(images)) == {0.0, 1.0}
    assert images[:, 4:24, 4:24].sum() == images.sum()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["sample", "no_such_preset"], "Received: 'no_such_preset'"),
        (["train", "no_such_preset"], "Received: 'no_such_preset'"),
        (["sample"], "the following arguments are required: NAME"),
        (["sample", "x", "-n", "0"], "expected an integer of at least 1, received 0"),
        (["sample", "x", "-n", "many"], "invalid integer value: 'many'"),
        (["paint"], "invalid choice: 'paint'"),
        ([], "required: COMMAND"),
        (["export", "x", "--format", "savedmodel", "--quantize", "int8"], "with --format tflite only"),
        (["data", "export", "no_such_set", "x.npz"], "no_such_set"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_errors_are_one_line(argv, message, capsys):
    assert message in fails(capsys, *argv)


def test_unknown_recipe_key(preset, capsys):
    assert "Near keys: ['training.epochs'" in fails(capsys, "train", preset, "--set", "traning.epochs=3")


def test_debug_raises(tmp_path):
    with pytest.raises(ValueError, match="no_such_preset"):
        cli.main(["sample", "no_such_preset", "--debug"])


def process(*argv, after=""):
    """Runs the command as its console script does, and `after` when it has ended."""
    script = f"import sys\nsys.argv = ['kerasgen', *{argv!r}]\nfrom kerasgen import cli\n"
    script += f"try:\n    cli.main()\nfinally:\n    {after or 'pass'}"
    env = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env)


def test_an_error_of_the_process_is_one_line(preset):
    done = process("train", preset, "--set", "traning.epochs=3")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("kerasgen: error: Expected key=value")


@pytest.mark.parametrize("argv", [["--help"], ["list"], ["sample"]], ids=" ".join)
def test_help_list_and_usage_errors_need_no_keras(argv):
    assert "keras" not in process(*argv, after="print(*sys.modules)").stdout.split()
