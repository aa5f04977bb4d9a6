"""The classifiers among the presets that judge what other models draw."""

from typing import NamedTuple

from kerasgen.zoo import loader


class Judge(NamedTuple):
    """A classifier and the name that its figures carry.

    >>> Judge("classifier_mnist", None).name
    'classifier_mnist'
    """

    name: str
    classifier: object


def judge(data_name, kind="judge"):
    """The `Judge` of models of a data set, or None where there is none.

    Args:
        data_name: of the set.
        kind: "judge" of its classes, or "style_judge" of something else that examples tell.

    >>> judge("ring") is None
    True
    """
    from kerasgen.data import catalog  # imports Keras, which listing presets does without

    name = getattr(catalog.entry(data_name), kind)
    return Judge(name, loader.load(name)) if name in loader.names() else None


def sense_judges(data_name, kind="judge"):
    """The `Judge` of each sense of a set of several, by sense, where there is one; arguments as of
    `judge`.

    >>> sense_judges("mnist")
    {}
    """
    from kerasgen.data import catalog  # imports Keras, which listing presets does without

    found = {sense: judge(name, kind) for sense, name in catalog.entry(data_name).parts.items()}
    return {sense: each for sense, each in found.items() if each}
