"""What is known of presets before one is loaded: from recipes and figures, without Keras."""

import difflib
import re
from collections.abc import Collection
from typing import Any, NamedTuple

from kerasgen import checks
from kerasgen.recipe import Recipe
from kerasgen.zoo import figures, known, loader, manifest

_LEADING = "nll_marginal"  # compares with models without a class, as `nll` given one does not


class Summary(NamedTuple):
    """A preset in a line.

    Attributes:
        name, title: of the preset.
        family: the class of its model.
        data: name of the set that it was trained on.
        lesson: what it shows by its faults, or "".
        leading: name of the leading figure, or "" where none is measured.
        figure: that figure: `value`, `unit`, `standard_error` and how it was measured.
        weight_bytes: size of its weights file.

    >>> Summary("a", "A model", "Mixture", "ring", "", "", {}, 2_000_000).size
    '2.0 MB'
    """

    name: str
    title: str
    family: str
    data: str
    lesson: str
    leading: str
    figure: dict[str, Any]
    weight_bytes: int

    @property
    def size(self) -> str:
        """Of the weights, in words."""
        megabytes = self.weight_bytes / 1e6
        return f"{megabytes:.1f} MB" if megabytes > 0.1 else f"{self.weight_bytes / 1e3:.0f} kB"


def summary(name_or_path: str) -> Summary:
    """A preset in a line.

    Args:
        name_or_path: as `kerasgen.zoo.folder`.

    Raises:
        PresetError: no such preset.

    >>> known = summary("gan_mnist")
    >>> known.family, known.data
    ('AdversarialModel', 'mnist')
    """
    folder = loader.folder(name_or_path)
    recipe = Recipe.load(folder / "recipe.yaml")
    measured = figures.read(folder / manifest.METRICS)["figures"]
    leading = _LEADING if _LEADING in measured else next(iter(measured), "")
    return Summary(
        recipe.name,
        recipe.title,
        next(iter(recipe.model)).rpartition(".")[2],
        recipe.data["name"],
        recipe.lesson,
        leading,
        measured.get(leading, {}),
        (folder / manifest.WEIGHTS).stat().st_size,
    )


def names(
    family: str | None = None,
    data: str | None = None,
    task: str | None = None,
    max_mb: float | None = None,
) -> list[str]:
    """Names of the presets that ship with the package, sorted.

    Args:
        family: the class of the model, "AdversarialModel", or how a word of the preset's name ends,
            "gan" of `cgan_mnist` and `wgan_gp_mnist`.
        data: name of the set that the model was trained on.
        task: a method that the model must have, "complete", or a command whose task it must do,
            "denoise".
        max_mb: most megabytes of the weights.

    Raises:
        ValueError: a family, a set or a task that no preset has.

    >>> names(family="rnn")
    ['pixelrnn_mnist']
    >>> names(data="mnist", task="tokenize")
    ['dvae_mnist']
    """
    if max_mb is not None:
        checks.above_zero("max_mb", max_mb)
    shipped = loader.names()
    if family is data is task is max_mb is None:
        return shipped
    found = [summary(name) for name in shipped]
    if family is not None:
        wanted = _plain(family)
        kinds = {each.family for each in found}
        words = {word for each in found for word in each.name.split("_")}
        found = [each for each in found if wanted in (_plain(each.family), *_endings(each.name))]
        _check("family", family, found, kinds, words)
    if data is not None:
        sets = {each.data for each in found}
        found = [each for each in found if each.data == data]
        _check("data", data, found, sets)
    if task is not None:
        does = {name: each.does for name, each in known.shipped().items()}
        found = [each for each in found if task in does.get(each.name, ())]
        _check("task", task, found, set().union(*does.values()))
    return [each.name for each in found if max_mb is None or each.weight_bytes <= 1e6 * max_mb]


def _plain(text):
    return re.sub(r"[\W_]", "", text).lower()


def _endings(name):
    """The words of a preset's name, and what they end in: "cvae" is a "vae"."""
    return {part[start:] for part in name.split("_") for start in range(len(part) - 2)}


def _check(
    what: str,
    received: str,
    found: list[Summary],
    there: Collection[str],
    words: Collection[str] = (),
) -> None:
    if found:
        return
    near = difflib.get_close_matches(received, {*there, *words}, n=3, cutoff=0.5)
    raise ValueError(
        f"Expected the {what} of a preset. Received: {received!r}. "
        f"{'Near' if near else 'Known'}: {', '.join(near or sorted(there))}."
    )
