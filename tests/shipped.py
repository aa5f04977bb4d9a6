"""Recipes that ship: those of presets, and the examples."""

import pathlib

from kerasgen import zoo

ROOT = pathlib.Path(__file__).parents[1]
RECIPES = {name: ROOT / "zoo" / name / "recipe.yaml" for name in zoo.names()}
RECIPES |= {path.stem: path for path in sorted(ROOT.glob("examples/recipes/*.yaml"))}
