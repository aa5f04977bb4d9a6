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


def judge(data_name):
    """The `Judge` of models of a data set, or None where there is none.

    >>> judge("ring") is None
    True
    """
    from kerasgen.data import catalog  # imports Keras, which listing presets does without

    name = catalog.entry(data_name).judge
    return Judge(name, loader.load(name)) if name in loader.names() else None
