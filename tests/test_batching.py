"""`Batches`: batch k is a function of the seed and of k, the same on every backend."""

import itertools

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kerasgen import data, events
from kerasgen.data import source as sources
from kerasgen.data.source import Source

RANDOM = {"shuffle": True, "binarize": "dynamic", "labels": True, "seed": 3}
STEPS = {True: 4, False: 5}  # of 64 in an epoch of 297


@pytest.fixture(scope="module")
def digits():
    return data.open("digits", "test")


def numbered(n):
    """Vectors that say where they stand."""
    return Source("numbered", events.Vector(1), np.arange(n, dtype="float32")[:, None])


def assert_equal_batches(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other):
        for x, y in zip(a, b):
            np.testing.assert_array_equal(x, y)


def epoch(source, **options):
    """One epoch as one array."""
    return np.concatenate(list(source.batches(**options)))


def test_images_are_stored_levels_over_the_maximum(digits):
    images, labels = digits.batches(batch_size=297, labels=True)[0]
    assert images.dtype == "float32" and labels.dtype == "int32"
    np.testing.assert_array_equal(images, digits.stored / np.float32(16))
    np.testing.assert_array_equal(labels, digits.labels)
    np.testing.assert_array_equal(digits.array(), images)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 40),
    size=st.integers(1, 12),
    drop_remainder=st.booleans(),
    seed=st.integers(0, 2**40),
    start_step=st.integers(0, 10**12),
    index=st.integers(0, 50),
)
def test_the_order_is_that_of_its_definition(n, size, drop_remainder, seed, start_step, index):
    """Shuffled by `numpy.random.default_rng([seed, epoch, 1])`, which resumed runs rest on."""
    steps = n // size if drop_remainder else -(-n // size)
    order = {"shuffle": True, "seed": seed, "drop_remainder": drop_remainder, "repeat": True}
    if not steps:
        return
    batches = numbered(n).batches(batch_size=size, start_step=start_step, **order)
    number, step = divmod(start_step + index, steps)
    expected = np.random.default_rng([seed, number, 1]).permutation(n)[step * size :][:size]
    np.testing.assert_array_equal(batches[index][:, 0], expected)


def test_every_order_of_an_epoch_is_as_likely_as_any_other():
    batches = numbered(4).batches(batch_size=4, shuffle=True, repeat=True)
    orders = [tuple(batches[k][:, 0].astype(int)) for k in range(2401)]
    index = {order: i for i, order in enumerate(itertools.permutations(range(4)))}
    single = np.bincount([index[order] for order in orders], minlength=24)
    assert stats.chisquare(single).pvalue > 1e-3
    pairs = [index[a] % 6 * 6 + index[b] % 6 for a, b in itertools.pairwise(orders)]
    assert stats.chisquare(np.bincount(pairs, minlength=36)).pvalue > 1e-3


def philox(counter, key):
    """Four 64-bit words: Philox4x64-10 of Salmon and others 2011, Parallel Random Numbers."""
    mask = 2**64 - 1
    c, k = [counter & mask, counter >> 64, 0, 0], list(key)
    for _ in range(10):
        first, second = c[0] * 0xD2E7470EE14C6C93, c[2] * 0xCA5A826395121157
        c = [second >> 64 ^ c[1] ^ k[0], second & mask, first >> 64 ^ c[3] ^ k[1], first & mask]
        k = [k[0] + 0x9E3779B97F4A7C15 & mask, k[1] + 0xBB67AE8584CAA73B & mask]
    return c


@pytest.mark.parametrize("number", [0, 6])
def test_the_noise_is_a_cipher_of_the_place_in_an_epoch(number):
    """A pixel as bright as its noise is drawn black, and white where it is a level brighter."""
    key = np.random.SeedSequence([7, number, 2]).generate_state(2, np.uint64).tolist()
    counts = 2  # of eight numbers of 32 bits each, for 15 pixels
    noise = np.empty((5, 15), "float32")
    for row in range(5):
        words = [w for i in range(counts) for w in philox(row * counts + i + 1, key)]
        halves = [half for word in words for half in (word & 0xFFFFFFFF, word >> 32)]
        noise[row] = [(half >> 8) / 2**24 for half in halves[:15]]
    for brighter in (0, 1):
        grey = (noise + np.float32(brighter / 2**24)).reshape(5, 3, 5, 1)
        source = Source("grey", events.Image(3, 5, 1), grey)
        batches = source.batches(batch_size=2, binarize="dynamic", seed=7, repeat=True)
        for step in range(3):
            assert np.all(batches[3 * number + step] == brighter)


@pytest.mark.parametrize("drop_remainder", [True, False])
@pytest.mark.parametrize("start_step", [1, 4, 5, 9, 13])
def test_a_start_step_gives_the_batches_of_a_run_from_the_start(digits, start_step, drop_remainder):
    options = {**RANDOM, "drop_remainder": drop_remainder, "repeat": True}
    whole, later = digits.batches(**options), digits.batches(**options, start_step=start_step)
    assert_equal_batches([later[k] for k in range(7)], [whole[start_step + k] for k in range(7)])


@pytest.mark.parametrize("drop_remainder", [True, False])
def test_finite_batches_go_to_their_next_epoch_at_every_iteration(digits, drop_remainder):
    steps = STEPS[drop_remainder]
    options = {**RANDOM, "drop_remainder": drop_remainder}
    endless, finite = digits.batches(**options, repeat=True), digits.batches(**options)
    assert (finite.num_batches, endless.num_batches) == (steps, None)
    whole = [endless[k] for k in range(3 * steps)]
    assert_equal_batches([batch for _ in range(3) for batch in finite], whole)
    later = digits.batches(**options, start_step=steps + 1)
    assert_equal_batches([*later, *later], whole[steps + 1 :])
    with pytest.raises(IndexError, match=f"Expected an index in 0..{steps - 1}. Received: {steps}"):
        finite[steps]


@pytest.mark.parametrize("binarize", [None, "dynamic", "fixed"])
def test_the_batch_size_changes_no_example(digits, binarize):
    options = {"shuffle": True, "binarize": binarize, "seed": 1}
    one, ten = (epoch(digits, batch_size=size, **options) for size in (297, 10))
    np.testing.assert_array_equal(one, ten)


def test_without_shuffle_the_order_is_that_of_the_set(digits):
    np.testing.assert_array_equal(epoch(digits, batch_size=50, seed=9), digits.array())


def test_dynamic_binarization_has_the_grey_values_as_its_frequencies(digits):
    grey, visits = digits.array(), 300
    batches = digits.batches(batch_size=297, binarize="dynamic", repeat=True)
    assert batches.event == events.Image(8, 8, 1, levels=2)
    draws = np.stack([batches[k] for k in range(visits)])
    assert set(np.unique(draws)) == {0, 1}
    frequency = draws.mean(axis=0)
    certain = (grey == 0) | (grey == 1)
    np.testing.assert_array_equal(frequency[certain], grey[certain])
    p = grey[~certain]
    # Independent draws over visits make these squares chi-square variables of one degree of
    # freedom.
    squares = (frequency[~certain] - p) ** 2 * visits / (p * (1 - p))
    assert abs(squares.mean() - 1) < 5 * np.sqrt(2 / squares.size)
    # Independence of neighbours: the correlation over pixels and visits is that of noise.
    standard = (draws - grey)[:, ~certain] / np.sqrt(p * (1 - p))
    assert abs(np.mean(standard[:, 1:] * standard[:, :-1])) < 5 / np.sqrt(standard.size)
    assert abs(np.mean(standard[1:] * standard[:-1])) < 5 / np.sqrt(standard.size)


def test_fixed_binarization_is_one_draw_that_anyone_can_repeat(digits, monkeypatch):
    expected = np.random.default_rng(5).random((297, 8, 8, 1)) < digits.stored / 16
    monkeypatch.setattr(sources, "_CHUNK", 7)  # drawn in parts
    batches = digits.batches(batch_size=297, binarize="fixed", seed=5)
    for _ in range(2):
        np.testing.assert_array_equal(next(iter(batches)), expected)


def test_a_dict_of_parts_is_read_part_by_part():
    event = events.Joint({"image": events.Image(2, 2, 1, levels=256), "text": events.Tokens(3, 9)})
    images = np.arange(20, dtype="uint8").reshape(5, 2, 2, 1)
    text = np.arange(15, dtype="int32").reshape(5, 3) % 9
    source = Source("joint", event, {"image": images, "text": text}, np.arange(5, dtype="int32"))
    batches = source.batches(batch_size=2, shuffle=True, labels=True, repeat=True)
    for k in range(6):
        batch, labels = batches[k]
        np.testing.assert_array_equal(batch["image"], images[labels] / np.float32(255))
        np.testing.assert_array_equal(batch["text"], text[labels])
        assert batch["text"].dtype == "int32"
    np.testing.assert_array_equal(source.array()["image"], images / np.float32(255))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"binarize": "static"}, "Expected binarize to be one of .*'fixed'.*: binarize='static'"),
        ({"batch_size": 0}, "Expected batch_size to be an integer of at least 1. Received: b.*=0"),
        (
            {"start_step": -1},
            "Expected start_step to be an integer of at least 0. Received: s.*=-1",
        ),
        ({"seed": 0.5}, "Expected seed to be an integer of at least 0. Received: seed=0.5"),
        ({"binarize": "fixed"}, "Expected binarize=None: 'numbered' holds vectors, not images."),
        (
            {"labels": True},
            "Expected labels=False: 'numbered' has no labels. Received: labels=True",
        ),
        (
            {"drop_remainder": True},
            "Expected at least one batch of 'numbered'. Received: 9 examples, batch_size=64, drop",
        ),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        numbered(9).batches(**options)


class Sums(keras.layers.Layer):
    """Adds up what passes in a variable that shows which batches came in which order."""

    def build(self, input_shape):
        self.steps = self.add_weight(name="steps", shape=(), initializer="zeros", trainable=False)
        self.sums = self.add_weight(name="sums", shape=(32,), initializer="zeros", trainable=False)

    def call(self, x):
        passed = keras.ops.one_hot(keras.ops.cast(self.steps, "int32"), 32) * keras.ops.sum(x)
        self.sums.assign(self.sums + passed)
        self.steps.assign(self.steps + 1)
        return keras.layers.Flatten()(x)


def passed(dataset, **fit):
    """The sums of the batches that `fit` showed a model, in order."""
    model = keras.Sequential([keras.Input((8, 8, 1)), Sums(), keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, jit_compile=False)
    model.layers[0].steps.assign(0)  # building the model passes nothing
    model.fit(dataset, verbose=0, shuffle=False, **fit)
    layer = model.layers[0]
    return np.asarray(keras.ops.convert_to_numpy(layer.sums))[: int(layer.steps)]


def test_fit_sees_endless_batches_in_order(digits):
    options = {**RANDOM, "repeat": True, "start_step": 2}
    expected = digits.batches(**options)
    found = passed(digits.batches(**options), epochs=3, steps_per_epoch=4)
    np.testing.assert_allclose(found, [expected[k][0].sum() for k in range(12)])


def test_fit_sees_new_draws_in_every_epoch_of_finite_batches(digits):
    found = passed(digits.batches(**RANDOM), epochs=3)
    assert found.shape == (15,) and np.unique(found.reshape(3, 5), axis=0).shape == (3, 5)
