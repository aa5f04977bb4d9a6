"""List the presets with their figures, as a Markdown table."""

import json

import kerasgen


def add_arguments(parser):
    pass


def run(args):
    print("| preset | what it is | measured | published | weights |")
    print("| --- | --- | --- | --- | --- |")
    for name in kerasgen.zoo.names():
        print(_row(name, kerasgen.zoo.folder(name)))


def _row(name, folder):
    from kerasgen.recipe import Recipe

    title = Recipe.load(folder / "recipe.yaml").title
    figures = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["figures"]
    first = next(iter(figures), "")
    # The marginal compares with models without a class.
    leading = "nll_marginal" if "nll_marginal" in figures else first
    figure = figures.get(leading, {})
    measured = f"{leading} {figure['value']:.2f}" if figure else ""
    if figure.get("standard_error") is not None:
        measured += f" ± {figure['standard_error']:.2f}"
    measured += f" {figure['unit']}" if figure else ""
    peers = figure.get("published", ())
    published = ", ".join(f"{peer['model']} {peer['value']:.2f}" for peer in peers)
    size = (folder / "model.weights.h5").stat().st_size
    size = f"{size / 1e6:.1f} MB" if size > 1e5 else f"{size / 1e3:.0f} kB"
    return f"| `{name}` | {title} | {measured} | {published} | {size} |"
