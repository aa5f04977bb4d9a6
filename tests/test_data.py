"""`data.load`: what batches hold, what is random in them, and what is refused. On the embedded digits."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from kerasgen import data
from kerasgen.data import batching, sources, splits

tf = pytest.importorskip("tensorflow")

STEPS = {True: 4, False: 5}  # of 64 in an epoch of 297
RANDOM = {"split": "test", "shuffle": True, "binarize": "dynamic", "labels": True, "seed": 3}


def take(dataset, n):
    return [tuple(np.asarray(part) for part in batch) for batch in dataset.take(n)]


def assert_equal_batches(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other):
        for x, y in zip(a, b):
            np.testing.assert_array_equal(x, y)


def epoch(**options):
    """One epoch as one array."""
    return np.concatenate([np.asarray(batch) for batch in data.load("digits", "test", **options)])


def test_digits_are_scikit_learns():
    images, labels = next(iter(data.load("digits", "train+test", 1797, labels=True)))
    assert images.shape == (1797, 8, 8, 1) and images.dtype == "float32" and labels.dtype == "int32"
    original = load_digits()
    rows = np.lexsort(np.asarray(images).reshape(1797, 64).T)
    expected_rows = np.lexsort(original.data.T)
    np.testing.assert_array_equal(np.asarray(images).reshape(1797, 64)[rows] * 16, original.data[expected_rows])
    np.testing.assert_array_equal(np.asarray(labels)[rows], original.target[expected_rows])


def test_size_is_the_number_of_examples():
    assert [data.size("digits", split) for split in ("train", "test", "train[:10%]+test[-5:]")] == [1500, 297, 155]


@pytest.mark.parametrize("drop_remainder", [True, False])
@pytest.mark.parametrize("start_step", [1, 4, 5, 9, 13])
def test_a_start_step_gives_the_batches_of_a_run_from_the_start(start_step, drop_remainder):
    options = {**RANDOM, "drop_remainder": drop_remainder, "repeat": True}
    whole = take(data.load("digits", **options), start_step + 7)
    assert_equal_batches(take(data.load("digits", **options, start_step=start_step), 7), whole[start_step:])


@pytest.mark.parametrize("start_step", [0, 3])
def test_a_look_at_the_first_batch_starts_no_epoch(start_step):
    options = {**RANDOM, "start_step": start_step}
    dataset, fresh = data.load("digits", **options), data.load("digits", **options)
    with batching.Epochs.looking():
        first = take(dataset.map(lambda *batch: batch), 1)
    for number in range(2):
        batches = take(fresh, -1)
        assert_equal_batches(take(dataset, -1), batches)
        if number == 0:
            assert_equal_batches(first, batches[:1])


@pytest.mark.parametrize("drop_remainder", [True, False])
def test_a_finite_dataset_goes_to_its_next_epoch_at_every_iteration(drop_remainder):
    steps = STEPS[drop_remainder]
    options = {**RANDOM, "drop_remainder": drop_remainder}
    endless = take(data.load("digits", **options, repeat=True), 3 * steps)
    finite = data.load("digits", **options)
    assert finite.cardinality() == steps
    assert_equal_batches([batch for _ in range(3) for batch in take(finite, -1)], endless)
    assert_equal_batches(take(data.load("digits", **options, start_step=steps + 1), -1), endless[steps + 1 : 2 * steps])


def test_a_far_start_step_needs_no_more_work_than_a_near_one():
    far = data.load("digits", **RANDOM, repeat=True, start_step=10**12 * STEPS[False] + 2)
    epoch_after = data.load("digits", **RANDOM, repeat=True, start_step=10**12 * STEPS[False])
    assert_equal_batches(take(far, 1), take(epoch_after, 3)[2:])


@pytest.mark.parametrize("binarize", [None, "dynamic", "fixed"])
def test_the_batch_size_changes_no_example(binarize):
    options = {"shuffle": True, "binarize": binarize, "seed": 1}
    np.testing.assert_array_equal(epoch(batch_size=297, **options), epoch(batch_size=10, **options))


def test_every_epoch_has_an_order_of_its_own_with_every_example_once():
    dataset = data.load("digits", "test", 297, shuffle=True)
    epochs = [np.asarray(images).reshape(297, 64) for _ in range(3) for images in dataset]
    plain = epoch().reshape(297, 64)
    for images in epochs:
        np.testing.assert_array_equal(images[np.lexsort(images.T)], plain[np.lexsort(plain.T)])
    moved = [np.mean(np.any(one != other, axis=1)) for one, other in ((epochs[0], epochs[1]), (epochs[0], plain))]
    assert min(moved) > 0.9
    assert np.mean(np.any(epochs[0] != epoch(shuffle=True, seed=1).reshape(297, 64), axis=1)) > 0.9


def test_without_shuffle_the_order_is_that_of_the_set():
    np.testing.assert_array_equal(epoch(), epoch(repeat=False, batch_size=50, seed=9))


def test_dynamic_binarization_has_the_grey_values_as_its_frequencies():
    grey = epoch()
    visits = 300
    dataset = data.load("digits", "test", 297, binarize="dynamic", repeat=True).take(visits)
    draws = np.stack([np.asarray(images) for images in dataset])
    assert set(np.unique(draws)) == {0, 1}
    frequency = draws.mean(axis=0)
    certain = (grey == 0) | (grey == 1)
    np.testing.assert_array_equal(frequency[certain], grey[certain])
    p = grey[~certain]
    # Independent draws over visits make these squares chi-square variables of one degree of freedom.
    squares = (frequency[~certain] - p) ** 2 * visits / (p * (1 - p))
    assert abs(squares.mean() - 1) < 5 * np.sqrt(2 / squares.size)
    # Independence of neighbours: the correlation over pixels and visits is that of noise.
    standard = (draws - grey)[:, ~certain] / np.sqrt(p * (1 - p))
    assert abs(np.mean(standard[:, 1:] * standard[:, :-1])) < 5 / np.sqrt(standard.size)
    assert abs(np.mean(standard[1:] * standard[:-1])) < 5 / np.sqrt(standard.size)


def test_the_order_and_the_noise_are_independent():
    assert not np.array_equal(*(np.asarray(data.pipeline._seed(0, 0, stream)) for stream in (0, 1)))


def test_fixed_binarization_is_one_draw_that_anyone_can_repeat():
    expected = np.random.default_rng(5).random((297, 8, 8, 1)) < epoch().astype("float64")
    dataset = data.load("digits", "test", 297, binarize="fixed", seed=5)
    for _ in range(2):
        np.testing.assert_array_equal(np.asarray(next(iter(dataset))), expected)


def test_fixed_binarization_does_not_depend_on_how_many_examples_are_drawn_at_once(monkeypatch):
    expected = epoch(binarize="fixed")
    monkeypatch.setattr(sources, "_CHUNK", 7)
    np.testing.assert_array_equal(epoch(binarize="fixed"), expected)


def test_shapes_are_static_where_they_can_be():
    images, labels = data.load("digits", labels=True, drop_remainder=True).element_spec
    assert images.shape == (64, 8, 8, 1) and labels.shape == (64,)
    assert data.load("digits").element_spec.shape == (None, 8, 8, 1)


def test_autotuning_is_off_and_an_endless_dataset_says_so():
    dataset = data.load("digits", repeat=True)
    assert dataset.options().autotune.enabled is False
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY


@pytest.mark.parametrize("repeat", [True, False])
def test_two_replicas_share_the_batches_of_one(repeat):
    devices = [device.name for device in tf.config.list_logical_devices("CPU")]
    if len(devices) < 2:
        pytest.skip("needs two logical CPU devices, set up before TensorFlow is first used")
    strategy = tf.distribute.MirroredStrategy(devices)
    options = {**RANDOM, "batch_size": 50, "drop_remainder": True, "repeat": repeat}
    distributed = iter(strategy.experimental_distribute_dataset(data.load("digits", **options)))
    for images, labels in take(data.load("digits", **options), 5):
        parts = [strategy.experimental_local_results(part) for part in next(distributed)]
        assert [part.shape[0] for part in parts[0]] == [25, 25]
        np.testing.assert_array_equal(np.concatenate(parts[0]), images)
        np.testing.assert_array_equal(np.concatenate(parts[1]), labels)


@pytest.mark.parametrize(
    "split",
    ["a", "b", "a[:10]", "a[-10:]", "a[3:-2]", "a[25%:75%]", "a[-10%:]", "a[:33%]", "a + b[:1]", "a[5:2]"],
)
def test_splits_mean_what_they_mean_in_tfds(split):
    tfds = pytest.importorskip("tensorflow_datasets")
    sizes = {"a": 101, "b": 7}
    infos = {
        name: tfds.core.SplitInfo(name=name, shard_lengths=[size], num_bytes=0, filename_template=None)
        for name, size in sizes.items()
    }
    expected = [
        (part.splitname, part.from_ or 0, sizes[part.splitname] if part.to is None else part.to)
        for part in tfds.core.ReadInstruction.from_spec(split).to_absolute(infos)
    ]
    assert splits.parse(split, sizes) == [(name, start, max(start, stop)) for name, start, stop in expected]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"binarize": "static"}, "Expected binarize to be one of .*dynamic.*fixed.*. Received: binarize='static'"),
        ({"batch_size": 0}, "Expected batch_size to be an integer of at least 1. Received: batch_size=0"),
        ({"start_step": -1}, "Expected start_step to be an integer of at least 0. Received: start_step=-1"),
        ({"seed": 0.5}, "Expected seed to be an integer of at least 0. Received: seed=0.5"),
        ({"split": "trian"}, "Expected split to be one of {'train': 1500, 'test': 297}.*Received: split='trian'"),
        ({"split": "train[10]"}, r"or a slice such as 'train\[:100\]'.*Received: split='train\[10\]'"),
        ({"split": "train[:1501]"}, r"Expected a slice of 1500 examples. Received: split='train\[:1501\]'"),
        ({"split": "train[:0]"}, "Expected at least one batch of 'digits'. Received: 0 examples"),
        ({"split": "train[:9]", "drop_remainder": True}, "Received: 9 examples, batch_size=64, drop_remainder=True"),
        ({"name": "digitz"}, r"\['digits', .*\] or the name of a TFDS set. Received: 'digitz'. Near names: .*'digits'"),
        ({"name": "minst"}, "Received: 'minst'. Near names: .*'mnist'"),
        ({"name": "emnist/latin"}, "Expected a configuration and a version that TFDS has. Received: 'emnist/latin'"),
        ({"name": "mnist:9.0.0"}, "Expected a configuration and a version that TFDS has. Received: 'mnist:9.0.0'"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        data.load(**{"name": "digits", **options})


def test_labels_of_a_set_without_labels_are_refused():
    source = sources.Source("binarized_mnist", np.zeros((3, 2, 2, 1), "uint8"), None, 1)
    with pytest.raises(
        ValueError, match="Expected labels=False: 'binarized_mnist' has no labels. Received: labels=True"
    ):
        batching.Options(labels=True).prepare(source)


def test_importing_the_package_imports_no_library_of_data_sets():
    # None in sys.modules makes an import of the name fail.
    code = "import sys; sys.modules.update(dict.fromkeys(['tensorflow_datasets', 'sklearn'])); import kerasgen.data"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
