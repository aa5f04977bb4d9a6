"""Tasks typed as commands, on tiny presets."""

import numpy as np
import pytest
from command_line import METRICS, MODEL, fails, is_png
from matplotlib import image
from PIL import Image
from refusals import refusal

from kerasgen import cli, zoo
from kerasgen.cli import detect
from kerasgen.recipe import Recipe
from kerasgen.tasks import particles
from kerasgen.zoo import manifest

KINDS = {
    "vae": MODEL,
    "classes": {
        "families.LatentVariableModel": {**MODEL["families.LatentVariableModel"], "condition": 10}
    },
    "judge": {
        "families.Classifier": {
            "event": [8, 8, 1],
            "num_classes": 10,
            "encoder": {"networks.MLP": {"output_shape": [4], "hidden": []}},
        }
    },
    "mixture": {"families.Mixture": {"event": [8, 8, 1], "num_components": 2, "levels": 17}},
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """Preset folders by name of `KINDS`, and folders of three bright and three dark pictures."""
    folder = tmp_path_factory.mktemp("kinds")
    found = {}
    for name, model in KINDS.items():
        recipe = Recipe(name, {"name": "digits", "batch_size": 50}, model, {})
        found[name] = str(zoo.save(recipe.build(), folder / name, recipe, METRICS))
    for name, shade in {"bright": 255, "dark": 0}.items():
        (folder / name).mkdir()
        for i in range(3):
            Image.new("L", (8, 8), abs(shade - 17 * i)).save(folder / name / f"{i}.png")
        found[name] = str(folder / name)
    return found


@pytest.mark.parametrize(
    ("argv", "pictures"),
    [
        ("restyle {classes} -n 2", 2 * 11),
        ("restyle {classes} {bright} --label 3 --to 5", 3 * 2),
        ("edit {vae} --with {bright} --without {dark} -n 2 --amounts -1 1", 2 * 3),
        ("edit {vae} {dark} --with {bright} --without {dark}", 3 * 6),
        ("enlarge {mixture} -n 3 --images 2", 2 * 5),
        ("inpaint {classes} -n 2 --way turns", 4),
        ("inpaint {classes} {dark}/0.png --label 3 -n 2 --way turns", 4),
        ("interpolate {vae} {dark} --steps 3", 2 * 5),
        ("interpolate {vae} -n 2 --steps 2 --spherical", 4),
        ("traverse {vae} {dark}/0.png --steps 3", 3 * 2),
        ("traverse {vae} --limit 1", 9 * 2),
    ],
)
def test_a_task_draws_a_picture(argv, pictures, kinds, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(particles, "CANDIDATES", 8)
    out = tmp_path / "out.png"
    cli.main([*argv.format(**kinds).split(), "--out", str(out)])
    height, width = image.imread(out).shape[:2]
    assert is_png(out) and str(out) in capsys.readouterr().out
    assert pictures * 64 <= height * width / 144  # tiles are enlarged twelvefold


def test_what_a_preset_lacks_is_told(kinds, capsys):
    assert "without a condition" in fails(capsys, "restyle", kinds["vae"])
    assert "--label" in fails(capsys, "restyle", kinds["classes"], kinds["dark"])
    picture = f"{kinds['dark']}/0.png"
    assert "--label" in fails(capsys, "inpaint", kinds["classes"], picture)
    assert "--label" in fails(capsys, "inpaint", kinds["vae"], picture, "--label", "3")
    assert "--prompt" in fails(capsys, "inpaint", kinds["classes"], picture, "--prompt", "three")
    assert "'12'" in fails(capsys, "inpaint", kinds["classes"], picture, "--label", "12")
    assert "known in turn" in fails(capsys, "enlarge", kinds["vae"])
    given = ("--with", kinds["bright"], "--without", kinds["dark"])
    assert "a code of numbers" in fails(capsys, "edit", kinds["mixture"], *given)
    assert "with a code" in fails(capsys, "interpolate", kinds["mixture"])
    assert "two pictures" in fails(capsys, "interpolate", kinds["vae"], f"{kinds['dark']}/0.png")
    assert "under a prior" in fails(capsys, "traverse", kinds["mixture"])


def test_a_detector_by_a_classifier_is_kept_in_a_file(kinds, tmp_path, capsys):
    file = tmp_path / "detector.npz"
    by_classifier = ["--classifier", kinds["judge"]]
    asked = [kinds["vae"], kinds["dark"], *by_classifier, "--detector", str(file)]
    cli.main(["detect", *asked, "-n", "99"])
    told = capsys.readouterr().out
    cli.main(["detect", *asked])
    assert "of 3 pictures" in told and told == capsys.readouterr().out
    message = fails(capsys, "detect", kinds["vae"], kinds["dark"], "--detector", str(file))
    assert "classifier=" in message
    assert "--detector" in fails(capsys, "detect", kinds["vae"], *by_classifier, "--keep")
    assert "probabilities" in fails(
        capsys, "detect", kinds["vae"], kinds["dark"], "--classifier", kinds["mixture"]
    )


def test_a_detector_is_kept_with_its_preset(kinds, monkeypatch, capsys):
    cli.main(["detect", kinds["vae"], "-n", "99", "--keep"])
    assert manifest.DETECTOR in manifest.names(zoo.folder(kinds["vae"]))
    monkeypatch.setattr(detect.inputs, "examples", lambda *_, **__: pytest.fail("fitted anew"))
    cli.main(["detect", kinds["vae"], kinds["dark"]])
    assert "of 3 pictures" in capsys.readouterr().out
    model = zoo.load(kinds["vae"])
    x = model.sample(5, seed=0)
    found = zoo.detector(kinds["vae"]).p_values(x)
    assert np.array_equal(found, zoo.detector(kinds["vae"], model).p_values(x))
    again = zoo.save(model, kinds["vae"], zoo.recipe(kinds["vae"]), METRICS)
    assert manifest.DETECTOR in manifest.names(again)
    changed = zoo.folder(kinds["vae"]) / manifest.DETECTOR
    changed.write_bytes(changed.read_bytes()[:-1] + b"x")
    assert manifest.DETECTOR in refusal(lambda: zoo.load(kinds["vae"]), zoo.PresetError)
