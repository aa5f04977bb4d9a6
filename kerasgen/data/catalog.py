"""What is known of every data set, one row each.

    entry("mnist").licence

A set without a row is looked for in TensorFlow Datasets (TFDS) under its name. A set of one's own
needs a reader:

    add(Entry("mine", reader=Computed({"train": 500, "test": 100}, lambda split: (x[split], None))))
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from kerasgen.data import digits
from kerasgen.data.synthetic import scenes, shapes, toys

COMPUTED = "none: computed by kerasgen"


class Reader(Protocol):
    """What reads a set.

    Attributes:
        sizes: number of examples by split, known without reading them.
    """

    sizes: Mapping[str, int]

    def read(self, split: str, start: int, stop: int) -> tuple[Any, Any]:
        """Examples `[stop - start, ...]` of a split and their labels, None for a set without."""


class Computed(NamedTuple):
    """Reads a set that needs no file.

    Attributes:
        sizes: number of examples by split.
        draw: function of a split to all its examples `[N, ...]` and their labels, or None.
    """

    sizes: Mapping[str, int]
    draw: Callable[[str], tuple[Any, Any]]

    def read(self, split, start, stop):
        examples, labels = self.draw(split)
        return examples[start:stop], None if labels is None else labels[start:stop]


@dataclasses.dataclass(frozen=True)
class Entry:
    """What is known of a set.

    Attributes:
        name: of the set, as recipes and TFDS have it.
        title: what it is, in words; its name where nothing is known.
        licence: of the data.
        maximum: the level of a pixel that stands for 1.
        reader: reads it; None where TFDS does.
        condition: what its labels are: "labels", "attributes" or "captions"; None without any.
        judge: the preset that classifies what models of it draw, or None.
        outside: a set of the same shape that a likelihood is to tell it from, or None.
        factors: of sprites, the `shapes.Shapes` that knows what each is drawn from, or None.
        transposed: whether TFDS keeps the columns of its images as rows.
    """

    name: str
    title: str = ""
    licence: str = "see its source"
    maximum: int = 255
    reader: Reader | None = None
    condition: str | None = "labels"
    judge: str | None = None
    outside: str | None = None
    factors: shapes.Shapes | None = None
    transposed: bool = False

    def __post_init__(self):
        object.__setattr__(self, "title", self.title or self.name)


_ENTRIES: dict[str, Entry] = {}


def add(entry: Entry) -> Entry:
    """Puts a set into the catalogue; one of the same name is replaced."""
    _ENTRIES[entry.name] = entry
    return entry


def entry(name: str) -> Entry:
    """The row of a set, or of the set that `name` is a configuration of, as "emnist/letters".

    A set without a row is taken for one of TFDS, of 8-bit images.
    """
    base = name.partition(":")[0].partition("/")[0]
    found = _ENTRIES.get(name) or _ENTRIES.get(base) or Entry(base)
    return dataclasses.replace(found, name=name)


def is_binary(data: Mapping[str, Any]) -> bool:
    """Whether the pixels that a recipe's `data` section gives are 0 or 1."""
    return data.get("binarize") is not None or entry(data["name"]).maximum == 1


def names() -> list[str]:
    """The sets that have a row."""
    return list(_ENTRIES)


def computed() -> list[str]:
    """The sets that TFDS is not needed for."""
    return [name for name, entry in _ENTRIES.items() if entry.reader]


def _toy(name, where):
    title = f"points in the plane {where}, drawn by a rule"
    reader = Computed(toys.SIZES, functools.partial(toys.split, name))
    return Entry(name, title, COMPUTED, 1, reader, condition=None)


def _sprites(name, kind, factors, judge=None):
    title, reader = f"{kind}, rendered by rule", Computed(factors.sizes, factors.split)
    return Entry(name, title, COMPUTED, 1, reader, "attributes", judge, factors=factors)


def _scenes(name, title, side, condition, judge=None):
    reader = Computed(scenes.SIZES[condition], functools.partial(scenes.split, side, condition))
    return Entry(name, f"scenes {title}, rendered by rule", COMPUTED, 255, reader, condition, judge)


_CAPTIONED, _ATTRIBUTED = "of two or three objects with captions", "with their attributes"

for _entry in (
    Entry(
        "mnist",
        "MNIST, handwritten digits (LeCun, Cortes and Burges)",
        "usually passed on as CC BY-SA 3.0",
        judge="classifier_mnist",
        outside="fashion_mnist",
    ),
    Entry(
        "binarized_mnist",
        "MNIST with fixed binarization (Larochelle)",
        "derived from MNIST, usually CC BY-SA 3.0",
        maximum=1,
        condition=None,
        outside="fashion_mnist",
    ),
    Entry(
        "fashion_mnist",
        "Fashion-MNIST, garments (Xiao, Rasul and Vollgraf, Zalando SE)",
        "MIT",
        judge="classifier_fashion",
        outside="mnist",
    ),
    Entry(
        "kmnist",
        "Kuzushiji-MNIST, cursive Japanese (ROIS-DS Center for Open Data in the Humanities)",
        "CC BY-SA 4.0",
    ),
    Entry(
        "emnist",
        "EMNIST, handwritten letters and digits (Cohen and others, from NIST SD 19)",
        "as NIST SD 19",
        transposed=True,
    ),
    Entry(
        "omniglot",
        "Omniglot, 1,623 handwritten characters (Lake, Salakhutdinov and Tenenbaum)",
        "MIT",
    ),
    Entry("cifar10", "CIFAR-10, small photographs (Krizhevsky)", "none stated by its authors"),
    Entry(
        "svhn_cropped",
        "Street View House Numbers (Netzer and others)",
        "non-commercial use only",
    ),
    Entry(
        "digits",
        "8x8 handwritten digits (Alpaydin and Kaynak, as scikit-learn ships them)",
        "CC BY 4.0",
        16,
        Computed(digits.SIZES, digits.split),
    ),
    _toy("ring", "on a blurred ring"),
    _toy("moons", "on two half circles"),
    _toy("eight_gaussians", "around eight centres"),
    _toy("grid_gaussians", "around 25 centres"),
    _toy("pinwheel", "on five arms"),
    _toy("checkerboard", "on eight squares"),
    _sprites("shapes", "binary sprites of five known factors", shapes.Shapes()),
    _sprites(
        "shapes_rgb",
        "colored sprites of six known factors",
        shapes.Shapes(rgb=True),
        "judge_shapes",
    ),
    _scenes("scenes", _CAPTIONED, 32, "captions", "judge_scenes"),
    _scenes("scenes_64", _CAPTIONED, 64, "captions"),
    _scenes("scenes_attributes", _ATTRIBUTED, 32, "attributes"),
    _scenes("scenes_64_attributes", _ATTRIBUTED, 64, "attributes"),
):
    add(_entry)
