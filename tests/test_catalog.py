"""The catalogue: one row a set, and sets of one's own."""

import pathlib

import numpy as np
import pytest
import yaml

from kerasgen import data, zoo
from kerasgen.data import catalog, registry
from kerasgen.data.catalog import Computed, Entry
from kerasgen.data.synthetic import scenes
from kerasgen.events import Image
from kerasgen.zoo import judges

ROOT = pathlib.Path(__file__).parents[1]


@pytest.mark.parametrize("name", ["digits", "ring", "shapes", "scenes_attributes", "house_numbers"])
def test_a_split_has_as_many_examples_as_its_row_says(name):
    entry = catalog.entry(name)
    for split, size in entry.reader.sizes.items():
        stored, labels = entry.reader.read(split, 0, size)
        assert len(stored) == size and (labels is None or len(labels) == size)
        assert (labels is None) == (entry.condition is None)
        part, _ = entry.reader.read(split, 7, 10)
        np.testing.assert_array_equal(part[np.arange(3)], stored[np.arange(7, 10)])
        entry.event.validate(data.open(name, f"{split}[:200]").array())


@pytest.mark.parametrize(
    "name", ["mnist", "fashion_mnist", "binarized_mnist", "omniglot", "cifar10"]
)
def test_a_set_of_tfds_is_what_its_row_says(name):
    pytest.importorskip("tensorflow_datasets")
    try:
        source = data.open(name, "test[:100]")
    except FileNotFoundError:
        pytest.skip(f"needs the real {name}; set TFDS_DATA_DIR to a folder that holds it")
    entry = catalog.entry(name)
    assert source.event == entry.event
    source.event.validate(source.array())
    assert (source.labels is None) == (entry.condition is None)


def test_the_size_of_a_set_is_known_without_drawing_it(monkeypatch):
    monkeypatch.setattr(scenes, "draw", None)
    assert data.size("scenes") == 200_000 and data.size("scenes_64", "held_out[:10%]") == 1000


def test_rows_agree_with_the_presets_and_with_each_other():
    for name in catalog.names():
        entry = catalog.entry(name)
        assert entry.outside is None or entry.outside in catalog.names()
        assert entry.judge is None or entry.judge in zoo.names()
    assert judges.judge("kmnist") is None
    trained_on = [
        yaml.safe_load(recipe.read_text())["data"]["name"]
        for recipe in ROOT.glob("zoo/*/recipe.yaml")
    ]
    assert trained_on and set(trained_on) <= set(catalog.names())


def test_a_set_without_a_row_is_one_of_tfds():
    entry = catalog.entry("quickdraw_bitmap:3.0.0")
    assert (entry.title, entry.event, entry.reader) == ("quickdraw_bitmap", None, None)
    assert catalog.entry("emnist/letters").transposed
    assert catalog.entry("emnist/letters").name == "emnist/letters"


def test_a_set_of_ones_own_is_read_by_its_name(monkeypatch):
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    images, labels = np.arange(24, dtype="uint8").reshape(6, 2, 2, 1), np.arange(6, dtype="int32")
    event = Image(2, 2, 1, levels=24)
    reader = Computed(event, {"train": 6}, lambda split: (images, labels))
    catalog.add(Entry("mine", licence="my own", reader=reader))
    source = data.open("mine", "train[2:4]+train[:1]")
    np.testing.assert_array_equal(source.labels, [2, 3, 0])
    np.testing.assert_array_equal(source.stored, images[[2, 3, 0]])
    assert (data.size("mine"), source.event, catalog.entry("mine").title) == (6, event, "mine")
