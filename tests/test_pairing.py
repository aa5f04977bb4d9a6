"""Sets paired by label: every pair is of one label and of one split, whatever slice is read."""

import numpy as np
import pytest

from kerasgen import data
from kerasgen.data import catalog
from kerasgen.data.pairing import Paired
from kerasgen.data.reader import Computed
from kerasgen.events import Classes, Vector


def numbered(sizes, labels=4, first=0):
    """A set whose examples tell their position, their label and their split."""

    def draw(split):
        n, part = sizes[split], list(sizes).index(split)
        label = (np.arange(n) * 7 + first) % labels
        return np.stack([np.arange(n), label, np.full(n, part)], 1).astype("float32"), label

    return Computed(Vector(3), sizes, draw)


@pytest.fixture
def pairs():
    one, other = numbered({"train": 400, "test": 50}), numbered({"test": 9, "train": 30}, first=2)
    return Paired({"one": one, "other": other, "house": catalog.entry("house_numbers").open()})


def test_pairs_are_of_one_label_and_of_splits_of_one_name(pairs):
    assert pairs.sizes == {"train": 400, "test": 50}
    for split, part in (("train", 1), ("test", 0)):
        examples, labels = pairs.read(split, 0, pairs.sizes[split])
        other = np.asarray(examples["other"])
        np.testing.assert_array_equal(other[:, 1], labels)
        assert set(other[:, 2]) == {part}
        digits = pairs.readers["house"].read(split, 0, pairs.readers["house"].sizes[split])[1]
        rows = pairs.rows(split, 0, pairs.sizes[split])
        np.testing.assert_array_equal(digits[rows["house"]], labels)
        np.testing.assert_array_equal(rows["other"], other[:, 0])
        assert len(set(rows["other"])) == len(np.asarray(pairs.readers["other"].draw(split)[0]))


def test_the_label_may_be_a_part_of_its_own():
    sets = {"one": numbered({"train": 40}), "other": numbered({"train": 10})}
    pairs = Paired(sets, label=("which", Classes(4)))
    assert pairs.event.events["which"] == Classes(4)
    examples, labels = pairs.read("train", 5, 9)
    np.testing.assert_array_equal(examples["which"], labels)
    np.testing.assert_array_equal(examples["which"], examples["one"][:, 1])


def test_a_slice_is_a_part_of_the_whole(pairs):
    whole, labels = pairs.read("train", 0, 400)
    some, theirs = pairs.read("train", 123, 140)
    np.testing.assert_array_equal(theirs, labels[123:140])
    np.testing.assert_array_equal(some["one"], whole["one"][123:140])
    np.testing.assert_array_equal(some["other"], whole["other"][np.arange(123, 140)])
    np.testing.assert_array_equal(some["house"], whole["house"][np.arange(123, 140)])
    np.testing.assert_array_equal(
        pairs.rows("train", 123, 140)["other"], pairs.rows("train", 0, 400)["other"][123:140]
    )


def test_a_seed_makes_other_pairs():
    sets = {"one": numbered({"train": 400}), "other": numbered({"train": 100})}
    first, same, new = (Paired(sets, seed).rows("train", 0, 400)["other"] for seed in (0, 0, 1))
    assert np.array_equal(first, same) and np.mean(first == new) < 0.2


def test_pairs_are_even():
    """Among 20 of its label each is drawn as often as by chance."""
    sets = {"one": numbered({"train": 40_000}), "other": numbered({"train": 80})}
    counts = np.bincount(Paired(sets).rows("train", 0, 40_000)["other"], minlength=80)
    assert np.sum((counts - 500) ** 2 / 500) < 80 + 5 * np.sqrt(160)


def test_sets_that_do_not_fit_are_told():
    one = numbered({"train": 40}, labels=6)
    with pytest.raises(ValueError, match=r"of every label of 'one'.*none of \[4, 5\]"):
        Paired({"one": one, "other": numbered({"train": 40})}).read("train", 0, 40)
    without = Computed(Vector(2), {"train": 3}, lambda split: (np.eye(3, 2), None))
    with pytest.raises(ValueError, match="Expected one label for each example of 'points'"):
        Paired({"one": one, "points": without}).read("train", 0, 40)


@pytest.mark.parametrize("label", [None, ("class", Classes(4))])
def test_pairs_go_through_a_file(pairs, label, tmp_path, monkeypatch):
    pairs = Paired(pairs.readers, label=label)
    monkeypatch.setitem(catalog._ENTRIES, "pairs", catalog.Entry("pairs", reader=pairs))
    path = data.export_npz("pairs", tmp_path / "pairs.npz", splits=["test"])
    named, filed = data.open("pairs", "test"), data.open("pairs", "test", npz=path)
    assert filed.event == named.event
    batches = [source.batches(batch_size=50, labels=True)[0] for source in (named, filed)]
    for part in pairs.event.shape:
        np.testing.assert_array_equal(*(examples[part] for examples, _ in batches))
    np.testing.assert_array_equal(*(labels for _, labels in batches))


def test_three_senses_of_a_digit_are_what_their_row_says():
    try:
        source = data.open("digits_in_three", "test[:64]")
    except FileNotFoundError:
        pytest.skip("needs MNIST and spoken digits; set TFDS_DATA_DIR to a folder that holds them")
    assert source.event == catalog.entry("digits_in_three").event
    source.event.validate(source.array())
    assert data.size("digits_in_three") == 60_000
