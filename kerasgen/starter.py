"""First recipes for own data: every size is a function of the data, with its reason beside it.

What is written lies in `kerasgen/templates/recipe*.j2`, the numbers come from here.
"""

import json
import math
import os
import pathlib
from typing import Any

from markupsafe import Markup

from kerasgen import data
from kerasgen.data.npz import File
from kerasgen.events import Classes, Event, Image, Series, Vector
from kerasgen.rendering import render

FAMILIES = {  # what each makes examples of
    "vae": (Image, Vector, Series),
    "cvae": (Image, Vector, Series),
    "pixelcnn": (Image,),
    "wgan": (Image,),
    "vqvae": (Image,),
    "gmm": (Image, Vector, Series),
}
_TOLD = ("cvae", "pixelcnn", "wgan")  # the class of what they make
_STEPS = {"vae": 1500, "cvae": 1500, "pixelcnn": 3000, "wgan": 6000, "vqvae": 2000}  # at least
_PASSES = 8  # over the training set, at least
_EPOCH = 100  # steps of an epoch, at least: what ends one costs as much as some steps
_FEW = 5000  # examples, with which a model can learn by heart
_LOWEST, _HIGHEST = 4, 16  # sides of the smallest grid in a network


def recipe(path: str | os.PathLike, family: str, name: str | None = None) -> str:
    """A recipe, as YAML text with comments, that fits the data in a file.

    Args:
        path: of a file of `kerasgen.data.folder`, `table` or `save_npz`.
        family: of `FAMILIES`.
        name: of the preset that it makes; by default of the set and the family.

    Raises:
        FileNotFoundError: no such file.
        ValueError: a family that does not take such data, pictures whose sides do not halve.

    Example:
        >>> path = kerasgen.data.save_npz("mine.npz", train_images=np.eye(300, 4))
        >>> "bottlenecks.Gaussian" in recipe(path, "vae")
        True
    """
    if family not in FAMILIES:
        raise ValueError(f"Expected a family of {[*FAMILIES]}. Received: {family!r}.")
    file = File(path)
    if not isinstance(file.event, FAMILIES[family]):
        known = [each for each, events in FAMILIES.items() if isinstance(file.event, events)]
        raise ValueError(
            f"Expected a family that makes {file.event.meaning}, of {known}. Received: {family!r}."
        )
    size = file.sizes.get("train", 0)
    if size < 20:
        raise ValueError(f"Expected at least 20 training examples in {path}. Received: {size}.")
    count, classes = _classes(path, file)
    if family == "cvae" and not count:
        raise ValueError(
            f"Expected classes in {path}, as sub-folders of pictures become. Received: none. "
            "Take --family vae."
        )
    facts = {
        "family": family,
        "name": name or f"{file.name}_{family}",
        "set": file.name,
        "file": str(pathlib.Path(path)),
        "train": size,
        "event": _quoted(file.event),
        "is_image": file.event.is_picture,
        "levels": getattr(file.event, "levels", None),
        "count": count if family in _TOLD else None,
        "untold": left_out(path, family),
        "condition": classes,
        "is_few": size < _FEW,
        "latent_dim": _latent_dim(file.event, size),
        "vocab_size": 2 ** round(math.log2(min(512, max(16, size / 8)))),
        "components": max(2, min(100, size // 40)),
    }
    if family != "gmm":
        facts |= _schedule(size, family) | _depth(file.event, family)
    return render(f"recipe_{'vae' if family == 'cvae' else family}.yaml.j2", **facts)


def left_out(path: str | os.PathLike, family: str) -> str:
    """What of the data in a file a family makes nothing of, as a sentence, or "".

    Example:
        >>> x, labels = np.eye(300, 4), np.arange(300) % 2
        >>> path = kerasgen.data.save_npz("mine.npz", train_images=x, train_labels=labels)
        >>> left_out(path, "gmm"), left_out(path, "cvae")
        ('Its 2 classes are left out: a gmm is told none.', '')
    """
    count, _ = _classes(path, File(path))
    told = f"Its {count} classes are left out: a {family} is told none."
    return told if count and family not in _TOLD else ""


def _classes(path, file):
    """Number of the classes, and their event in YAML; None without."""
    labels = data.open(None, npz=path).labels
    if labels is None or labels.ndim != 1:
        return None, None
    count = len(file.classes) if file.classes else int(labels.max()) + 1
    return count, _quoted(Classes(count, file.classes)) if file.classes else count


def _quoted(event: Event) -> Markup:
    """An event as a recipe names it; JSON is YAML."""
    module = type(event).__module__.split(".")[1]
    config = {key: value for key, value in event.get_config().items() if value is not None}
    return Markup(json.dumps({f"{module}.{type(event).__name__}": config}, ensure_ascii=False))


def _latent_dim(event, size):
    if event.columns is not None:
        return min(event.size, 8)
    return 8 if size < 1000 else 16 if size < _FEW else 32 if size < 10 * _FEW else 64


def _schedule(size: int, family: str) -> dict[str, Any]:
    """How long a run is, in numbers that are in proportion to it."""
    has_held_out = family != "wgan"
    fitted = size * 9 // 10 if has_held_out else size
    batch_size = max(1, min(32 if size < _FEW else 64, fitted // 4))
    steps = max(_STEPS[family], _PASSES * fitted // batch_size)
    passes = max(1, round(_EPOCH * batch_size / fitted))
    epochs = math.ceil(steps / (passes * (fitted // batch_size)))
    steps = epochs * passes * (fitted // batch_size)
    return {
        "fitted": fitted,
        "batch_size": batch_size,
        "passes": passes,
        "epochs": epochs,
        "steps": steps,
        "warmup_steps": steps // 30,
        "kl_steps": steps // 10,
        "averaged": steps // 30,
        "ema": round(1 - 30 / steps, 4),
        "patience": max(5, epochs // 3),
    }


def _depth(event: Event, family: str) -> dict[str, Any]:
    """Stages that halve a picture, and their widths."""
    if not event.is_picture:
        return {}
    height, width, _ = event.shape
    stages = 0
    while stages < 4 and all(
        side % 2 ** (stages + 1) == 0 and side // 2 ** (stages + 1) >= _LOWEST
        for side in (height, width)
    ):
        stages += 1
    lowest = [side // 2**stages for side in (height, width)]
    if family == "pixelcnn":
        is_fine = height % 2 == width % 2 == 0
    else:
        is_fine = stages > 0 and max(lowest) <= _HIGHEST
    if not is_fine:
        near = "x".join(str(max(8, round(side / 8) * 8)) for side in (height, width))
        raise ValueError(
            f"Expected pictures whose sides halve to {_HIGHEST} or fewer pixels. Received: "
            f"{height}x{width}. Import them again with --size {near}."
        )
    widths = [min(64, 32 * 2**stage) for stage in range(stages)]
    return {
        "stages": stages,
        "lowest": "x".join(map(str, lowest)),
        "widths": widths,
        "widths_up": widths[::-1],
        "ones": [1] * stages,
    }
