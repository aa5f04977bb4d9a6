"""The classifiers among the presets that judge what other models draw."""

from typing import NamedTuple

from kerasgen.zoo import loader

# By the data set that a model was trained on.
_NAMES = {
    "mnist": "classifier_mnist",
    "fashion_mnist": "classifier_fashion",
    "scenes": "judge_scenes",
    "shapes_rgb": "judge_shapes",
}


class Judge(NamedTuple):
    """A classifier and the name that its figures carry."""

    name: str
    classifier: object


def judge(data_name):
    """The `Judge` of models of a data set, or None where there is none."""
    name = _NAMES.get(data_name)
    return Judge(name, loader.load(name)) if name in loader.names() else None
