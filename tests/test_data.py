"""`data.load` and `data.open`: sets by name, as TensorFlow's datasets. On the embedded digits."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from kerasgen import data
from kerasgen.data import splits

tf = pytest.importorskip("tensorflow")

RANDOM = {"split": "test", "shuffle": True, "binarize": "dynamic", "labels": True, "seed": 3}
STEPS = 5  # of 64 in an epoch of 297


def take(dataset, n):
    return [tuple(np.asarray(part) for part in batch) for batch in dataset.take(n)]


def assert_equal_batches(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other):
        for x, y in zip(a, b):
            np.testing.assert_array_equal(x, y)


def test_digits_are_scikit_learns():
    source = data.open("digits", "train+test")
    assert source.num_examples == 1797 and source.event.levels == 17
    original = load_digits()
    rows, expected = np.lexsort(source.stored.reshape(1797, 64).T), np.lexsort(original.data.T)
    np.testing.assert_array_equal(source.stored.reshape(1797, 64)[rows], original.data[expected])
    np.testing.assert_array_equal(source.labels[rows], original.target[expected])


def test_size_is_the_number_of_examples():
    sizes = [data.size("digits", split) for split in ("train", "test", "train[:10%]+test[-5:]")]
    assert sizes == [1500, 297, 155]


@pytest.mark.parametrize("drop_remainder", [True, False])
@pytest.mark.parametrize("start_step", [0, 7, 10**12 * STEPS + 2])
@pytest.mark.parametrize("binarize", ["dynamic", "fixed", None])
def test_tensorflow_gives_the_batches_of_numpy(binarize, start_step, drop_remainder):
    options = {**RANDOM, "binarize": binarize, "drop_remainder": drop_remainder, "repeat": True}
    split = options.pop("split")
    expected = data.open("digits", split).batches(**options, start_step=start_step)
    dataset = data.load("digits", split, **options, start_step=start_step)
    for _ in range(2):  # an endless dataset begins where it began
        assert_equal_batches(take(dataset, 11), [expected[k] for k in range(11)])


@pytest.mark.parametrize("start_step", [0, STEPS + 1])
def test_a_finite_dataset_goes_to_its_next_epoch_at_every_iteration(start_step):
    endless = take(data.load("digits", **RANDOM, repeat=True), 4 * STEPS)
    finite = data.load("digits", **RANDOM, start_step=start_step)
    end = start_step - start_step % STEPS + 3 * STEPS
    found = [batch for _ in range(3) for batch in take(finite, -1)]
    assert_equal_batches(found, endless[start_step:end])


def test_datasets_in_the_same_order_are_read_side_by_side():
    dataset = data.load("digits", **RANDOM, repeat=True)
    pairs = tf.data.Dataset.zip(dataset, dataset).take(6)
    for (one, _), (other, _) in pairs:
        np.testing.assert_array_equal(one, other)


def test_a_dataset_says_what_it_is():
    images, labels = data.load("digits", labels=True, drop_remainder=True).element_spec
    assert images.shape == (64, 8, 8, 1) and labels.shape == (64,)
    finite, endless = data.load("digits"), data.load("digits", repeat=True)
    assert finite.element_spec.shape == (None, 8, 8, 1)
    assert finite.options().autotune.enabled is False and finite.options().deterministic is True
    assert endless.cardinality() == tf.data.INFINITE_CARDINALITY
    assert finite.cardinality() == len(list(finite)) == 24


EXIT = """
from kerasgen import data
iterators = []
for repeat in (True, False):
    iterators.append(iter(data.load("shapes", "test[:2000]", 64, repeat=repeat)))
    for _ in range(5):
        next(iterators[-1])
"""


def test_a_program_may_end_in_the_middle_of_an_epoch():
    """Iterators that are deleted with the interpreter wait for no thread that it has ended."""
    done = subprocess.run([sys.executable, "-c", EXIT], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


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
    [
        "a",
        "b",
        "a[:10]",
        "a[-10:]",
        "a[3:-2]",
        "a[25%:75%]",
        "a[-10%:]",
        "a[:33%]",
        "a + b[:1]",
        "a[5:2]",
    ],
)
def test_splits_mean_what_they_mean_in_tfds(split):
    tfds = pytest.importorskip("tensorflow_datasets")
    sizes = {"a": 101, "b": 7}
    infos = {
        name: tfds.core.SplitInfo(name, shard_lengths=[n], num_bytes=0, filename_template=None)
        for name, n in sizes.items()
    }
    expected = [
        (part.splitname, part.from_ or 0, sizes[part.splitname] if part.to is None else part.to)
        for part in tfds.core.ReadInstruction.from_spec(split).to_absolute(infos)
    ]
    expected = [(name, start, max(start, stop)) for name, start, stop in expected]
    assert splits.parse(split, sizes) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "trian"}, "one of {'train': 1500, 'test': 297}.*Received: split='trian'"),
        ({"split": "train[10]"}, r"such as 'train\[:100\]'.*Received: split='train\[10\]'"),
        ({"split": "train[:1501]"}, r"a slice of 1500 examples. Received: split='train\[:1501\]'"),
        ({"split": "train[:0]"}, r"Expected at least 1 example. Received: split='train\[:0\]'"),
        ({"name": "digitz"}, r"'digits', .* or the name of a TFDS set.*'digitz'. Near.*'digits'"),
        ({"name": "minst"}, "Received: 'minst'. Near names: .*'mnist'"),
        ({"name": "emnist/latin"}, "Expected a configuration and a version that TFDS has"),
        ({"name": "mnist:9.0.0"}, "Expected a configuration and a version that TFDS has"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        data.load(**{"name": "digits", **options})


def test_importing_the_package_imports_no_library_of_data_sets():
    # None in sys.modules makes an import of the name fail.
    code = "import sys; sys.modules.update(dict.fromkeys(['tensorflow_datasets', 'sklearn']))\n"
    code += "import kerasgen.data"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
