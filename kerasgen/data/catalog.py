"""What is known of every data set, one row each.

    entry("mnist").licence

A set without a row is looked for in TensorFlow Datasets (TFDS) under its name. A set of one's own
is added with a reader.
"""

import functools
from collections.abc import Mapping
from typing import Any

from kerasgen.data import digits, labels, sentences, speech, spoken_digits, wine
from kerasgen.data.pairing import Paired
from kerasgen.data.reader import Computed
from kerasgen.data.registry import _ENTRIES, Entry, add, entry, names
from kerasgen.data.small import BesideSmall
from kerasgen.data.synthetic import house_numbers, pushing, scenes, shapes, toys
from kerasgen.events import Classes, Image, Joint, Series, Vector

__all__ = ["COMPUTED", "Entry", "add", "computed", "entry", "is_binary", "names"]

COMPUTED = "none: computed by kerasgen"


def is_binary(data: Mapping[str, Any]) -> bool:
    """Whether the pixels that a recipe's `data` section gives are 0 or 1.

    >>> is_binary({"name": "mnist"}), is_binary({"name": "mnist", "binarize": "dynamic"})
    (False, True)
    """
    event = entry(data["name"]).event
    return data.get("binarize") is not None or getattr(event, "levels", None) == 2


def computed() -> list[str]:
    """The sets that TFDS is not needed for.

    >>> computed()[:3]
    ['digits', 'wine', 'ring']
    """
    return [name for name, entry in _ENTRIES.items() if entry.reader]


def _toy(name, where):
    title = f"points in the plane {where}, drawn by a rule"
    reader = Computed(Vector(2), toys.SIZES, functools.partial(toys.split, name))
    return Entry(name, title, COMPUTED, None, reader, condition=None)


def _sprites(name, kind, factors, judge=None):
    event = Image(*factors.event_shape, levels=2)
    title, reader = f"{kind}, rendered by rule", Computed(event, factors.sizes, factors.split)
    known = {"factors": factors, "drawn": _BRIGHT}
    return Entry(name, title, COMPUTED, None, reader, "attributes", judge, **known)


def _scenes(name, title, side, condition, judge=None):
    draw = functools.partial(scenes.split, side, condition)
    reader = Computed(Image(side, side, 3, levels=256), scenes.SIZES[condition], draw)
    title = f"scenes {title}, rendered by rule"
    return Entry(name, title, COMPUTED, None, reader, condition, judge)


def _speech(name, label, classes, **judges):
    title = f"Free Spoken Digit Dataset, spectrograms by {label} (Jackson and others)"
    opener = functools.partial(spoken_digits.reader, label)
    known = {"opener": opener, "classes": classes, "sound": speech.waveform, "hearing": speech.read}
    return Entry(name, title, "CC BY-SA 4.0", spoken_digits.EVENT, **known, **judges)


def _small(name, of, factor):
    def opener(data_dir, download):
        return BesideSmall(entry(of).open(data_dir, download), factor)

    known = entry(of)
    title = f"{known.title}, beside the same {factor} times smaller"
    also = {"outside": known.outside, "drawn": known.drawn, "opener": opener}
    return Entry(name, title, known.licence, known.event, condition="small pictures", **also)


def _reviews(name, what, authors, opener):
    title = f"{what} and their polarity ({authors})"
    known = {"classes": sentences.POLARITY, "opener": opener, "by_hand": True}
    return Entry(name, title, "CC BY 4.0", **known)


def _in_three(name, house_number, title, licence):
    senses = {"handwriting": "mnist", "speech": "spoken_digits", "house_number": house_number}
    digit = "digit", Classes(10)
    event = Joint({sense: entry(each).event for sense, each in senses.items()} | dict([digit]))

    def opener(data_dir, download):
        readers = {sense: entry(each).open(data_dir, download) for sense, each in senses.items()}
        return Paired(readers, label=digit)

    licence = f"CC BY-SA 3.0 (MNIST, as usual) and 4.0 (speech); house numbers: {licence}"
    title, known = f"{title}, paired by digit", {"classes": labels.DIGITS, "parts": senses}
    return Entry(name, title, licence, event, opener=opener, **known)


def _pushing(name, what, draw, **known):
    senses = {
        "camera": Image(pushing.SIDE, pushing.SIDE, 3, levels=256),
        "force": Series(pushing.WINDOW, 6),
        "joints": Vector(2),
    }
    reader = Computed(Joint(senses | known), pushing.SIZES, draw)
    title = f"a finger that pushes a disc: {what}"
    return Entry(name, title, COMPUTED, reader=reader, condition="attributes")


_BRIGHT = "bright on dark"
_CAPTIONED, _ATTRIBUTED = "of two or three objects with captions", "with their attributes"

for _entry in (
    Entry(
        "mnist",
        "MNIST, handwritten digits (LeCun, Cortes and Burges)",
        "usually passed on as CC BY-SA 3.0",
        Image(28, 28, 1, levels=256),
        judge="classifier_mnist",
        outside="fashion_mnist",
        drawn=_BRIGHT,
        classes=labels.DIGITS,
    ),
    Entry(
        "binarized_mnist",
        "MNIST with fixed binarization (Larochelle)",
        "derived from MNIST, usually CC BY-SA 3.0",
        Image(28, 28, 1, levels=2),
        condition=None,
        outside="fashion_mnist",
        drawn=_BRIGHT,
    ),
    Entry(
        "fashion_mnist",
        "Fashion-MNIST, garments (Xiao, Rasul and Vollgraf, Zalando SE)",
        "MIT",
        Image(28, 28, 1, levels=256),
        judge="classifier_fashion",
        outside="mnist",
        drawn=_BRIGHT,
        classes=labels.GARMENTS,
    ),
    Entry(
        "kmnist",
        "Kuzushiji-MNIST, cursive Japanese (ROIS-DS Center for Open Data in the Humanities)",
        "CC BY-SA 4.0",
        Image(28, 28, 1, levels=256),
        drawn=_BRIGHT,
    ),
    Entry(
        "emnist",
        "EMNIST, handwritten letters and digits (Cohen and others, from NIST SD 19)",
        "as NIST SD 19",
        Image(28, 28, 1, levels=256),
        transposed=True,
        drawn=_BRIGHT,
    ),
    Entry(
        "omniglot",
        "Omniglot, 1,623 handwritten characters (Lake, Salakhutdinov and Tenenbaum)",
        "MIT",
        Image(105, 105, 3, levels=256),
        drawn="dark on bright",
    ),
    Entry(
        "cifar10",
        "CIFAR-10, small photographs (Krizhevsky)",
        "none stated by its authors",
        Image(32, 32, 3, levels=256),
        judge="classifier_cifar10",
        classes=labels.PHOTOGRAPHED,
    ),
    Entry(
        "svhn_cropped",
        "Street View House Numbers (Netzer and others)",
        "non-commercial use only",
        Image(32, 32, 3, levels=256),
        classes=labels.DIGITS,
    ),
    Entry(
        "digits",
        "8x8 handwritten digits (Alpaydin and Kaynak, as scikit-learn ships them)",
        "CC BY 4.0",
        reader=Computed(Image(8, 8, 1, levels=17), digits.SIZES, digits.split),
        drawn=_BRIGHT,
        classes=labels.DIGITS,
    ),
    Entry(
        "wine",
        "thirteen measurements of 178 wines (Aeberhard and Forina, as scikit-learn ships them)",
        "CC BY 4.0",
        reader=Computed(wine.EVENT, wine.SIZES, wine.split),
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
    Entry(
        "house_numbers",
        "colored digits on walls between other digits, drawn by rule",
        COMPUTED,
        reader=Computed(Image(32, 32, 3, levels=256), house_numbers.SIZES, house_numbers.split),
        classes=labels.DIGITS,
        judge="classifier_house_numbers",
        masks=house_numbers.masks,
    ),
    _pushing("pushing", "pictures, force and torque, position", pushing.split),
    _pushing(
        "pushing_known",
        "these, and flow, contact and alignment",
        pushing.known,
        flow=Image(16, 16, 3),
        contact=Classes(2),
        aligned=Classes(2),
    ),
    _speech(
        "spoken_digits",
        "digit",
        labels.DIGITS,
        judge="classifier_spoken_digits",
        style_judge="classifier_speakers",
    ),
    _speech(
        "spoken_digits_speakers", "speaker", spoken_digits.SPEAKERS, judge="classifier_speakers"
    ),
    _reviews("pros_cons", "words for and against products", "Liu", sentences.pros_cons),
    _reviews("film_reviews", "sentences about films", "Pang and Lee", sentences.film_reviews),
):
    add(_entry)

_WRITTEN = "handwriting (MNIST), speech (Free Spoken Digit Dataset)"
add(
    _in_three(
        "digits_in_three", "house_numbers", f"{_WRITTEN}, drawn house numbers", "drawn by kerasgen"
    )
)
add(_in_three("digits_in_three_svhn", "svhn_cropped", f"{_WRITTEN}, SVHN", "non-commercial"))
add(_small("small_fashion", "fashion_mnist", 2))
