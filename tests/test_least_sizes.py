"""Lists of sizes may have one element: the number of layers is searched for from one up."""

import copy

import keras
import pytest
from rows import MODELS

from kerasgen import recipe


def sizes(config, path=()):
    """Paths of all lists of several whole numbers in a recipe's `model`, but of events."""
    for key, value in config.items() if isinstance(config, dict) else enumerate(config):
        if key == "event" or not isinstance(value, (dict, list)):
            continue
        yield from sizes(value, (*path, key))
        if len(value) > 1 and all(type(each) is int for each in value):
            yield (*path, key)


def shortened(config, path):
    """The configuration whose list at a path has its first element only."""
    config = copy.deepcopy(config)
    *owners, last = path
    owner = config
    for key in owners:
        owner = owner[key]
    owner[last] = owner[last][:1]
    return config


@pytest.mark.parametrize("row", MODELS)
def test_a_list_of_one_size_trains_or_is_refused_in_a_line(row):
    config = recipe.Recipe.of(MODELS[row](), row).model
    paths = list(sizes(config))
    assert paths or row not in ("hierarchical", "ladder", "attribute_classifier")
    for path in paths:
        try:
            model = recipe.build(shortened(config, path))
        except ValueError as error:
            assert str(error).startswith("Expected") and "\n" not in str(error), (path, error)
            continue
        condition = model.condition.example(4, 0) if model.condition.encoded_size else None
        model.compile(run_eagerly=True)
        model.train_on_batch(model.event.example(4, 0), condition)
        keras.backend.clear_session()
