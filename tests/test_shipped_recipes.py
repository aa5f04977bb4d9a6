"""What recipes that ship say: of their data, of what they start from, and of each other."""

import pathlib
import re
import shlex

import keras
import pytest
from shipped import RECIPES, ROOT

from kerasgen import cli, data, recipe

if keras.backend.backend() != "tensorflow":
    pytest.skip("data sets are read through TFDS", allow_module_level=True)


def test_parts_that_start_from_a_preset_are_what_its_recipe_builds():
    runs = {name: recipe.Recipe.load(path) for name, path in RECIPES.items()}
    parts = {
        name: run.training["start_from"]
        for name, run in runs.items()
        if "start_from" in run.training
    }
    assert {"text_to_image_shapes", "vqvae_fashion_prior", "transformer_mnist"} <= set(parts)
    for name, presets in parts.items():
        (model,) = runs[name].model.values()
        for part, preset in presets.items() if isinstance(presets, dict) else ():
            if ":" not in preset:
                assert model[part] == runs[preset].model, (name, part)
    stem = _at(runs["transformer_mnist"].model, "network.stem")
    network = _at(runs["cgated_pixelcnn_mnist"].model, "network")
    assert {
        key: stem[key] for key in stem if key != "output_channels"
    } == network  # but the last layer


def _at(config, place):
    """The arguments of a part of a recipe's model, by dotted attribute."""
    (arguments,) = config.values()
    for part in place.split("."):
        (arguments,) = arguments[part].values()
    return arguments


def test_recipes_name_data_that_kerasgen_can_read():
    for name in RECIPES:
        run = recipe.Recipe.load(RECIPES[name])
        try:
            assert (
                data.size(run.data["name"], run.data.get("split", "train"))
                >= run.data["batch_size"]
            )
        except FileNotFoundError:
            continue


def test_beta_tcvae_differs_from_beta_vae_in_the_objective_and_knows_its_set():
    vae, tcvae = (recipe.Recipe.load(RECIPES[f"beta_{kind}_shapes"]) for kind in ("vae", "tcvae"))
    (parts,), (others,) = vae.model.values(), tcvae.model.values()
    size = data.size(tcvae.data["name"], tcvae.data["split"])
    assert others == parts | {
        "objective": {"objectives.TCVAE": {"beta": 6.0, "dataset_size": size}}
    }
    assert (tcvae.data, tcvae.training) == (vae.data, vae.training)


def test_the_table_of_recipes_is_whole():
    lines = (ROOT / "examples/recipes/README.md").read_text(encoding="utf-8").splitlines()
    rows = {line for line in lines if line.startswith("| [")}
    titles = {
        path.stem: recipe.Recipe.load(path).title for path in ROOT.glob("examples/recipes/*.yaml")
    }
    assert rows == {f"| [{name}]({name}.yaml) | {title} |" for name, title in titles.items()}


def test_presets_of_several_runs_follow_from_runs_that_stand_before():
    page = (ROOT / "examples/recipes/README.md").read_text(encoding="utf-8")
    made = set()
    for line in re.findall(r"^kerasgen train .*$", page, re.MULTILINE):
        args = cli.parser().parse_args(shlex.split(line)[1:])
        name = pathlib.Path(args.recipe).stem
        run = recipe.Recipe.load(RECIPES[name]).override(args.set)
        given = run.training.get("start_from", "")
        for start in given.values() if isinstance(given, dict) else [given]:
            folder = start.partition(":")[0]
            assert not folder.startswith("runs/") or folder in made, (line, folder)
        made.add(f"{args.out or 'runs/' + name}/preset")
    begun = {str(recipe.Recipe.load(path).training.get("start_from")) for path in RECIPES.values()}
    assert made >= {each for text in begun for each in re.findall(r"runs/[\w/]+", text)}
