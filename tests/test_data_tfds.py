"""Sets that TensorFlow Datasets reads: the real ones where they are at hand, and small ones written
here.
"""

import os
import pathlib

import numpy as np
import pytest

from kerasgen import data

tf = pytest.importorskip("tensorflow")
tfds = pytest.importorskip("tensorflow_datasets")

SHARED = pathlib.Path(__file__).parents[2] / "shared" / "tensorflow_datasets"


@pytest.fixture
def real(request):
    """The folder that holds the real set the test is about."""
    name = request.getfixturevalue("name") if "name" in request.fixturenames else "mnist"
    folder = pathlib.Path(os.environ.get("TFDS_DATA_DIR") or SHARED)
    if not (folder / name).is_dir():
        pytest.skip(
            f"needs the real {name} in {folder}; set TFDS_DATA_DIR to a folder that holds it"
        )
    return folder


def write(folder, name, version, images, config=None, **features):
    """Stores a small set as TFDS would; the features are (description, values)."""
    features = {"image": images, **features}
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version=version,
        config=config,
        data_dir=folder,
        features=tfds.features.FeaturesDict(
            {key: description for key, (description, _) in features.items()}
        ),
        split_datasets={
            "train": tf.data.Dataset.from_tensor_slices(
                {key: values for key, (_, values) in features.items()}
            )
        },
        disable_shuffling=True,
    )


@pytest.mark.parametrize(
    "name, split, examples, shape, levels, mean",
    [
        ("mnist", "train", 60_000, (28, 28, 1), 256, 0.1307),
        ("binarized_mnist", "validation", 10_000, (28, 28, 1), 2, 0.1311),
        ("binarized_mnist", "test", 10_000, (28, 28, 1), 2, 0.1325),
        pytest.param(
            "binarized_mnist", "train", 50_000, (28, 28, 1), 2, 0.1306, marks=pytest.mark.slow
        ),
        pytest.param(
            "fashion_mnist", "train", 60_000, (28, 28, 1), 256, 0.2860, marks=pytest.mark.slow
        ),
        pytest.param("omniglot", "train", 19_280, (105, 105, 3), 2, 0.9221, marks=pytest.mark.slow),
    ],
)
def test_a_real_set_is_what_it_is_known_to_be(real, name, split, examples, shape, levels, mean):
    assert data.size(name, split, data_dir=real) == examples
    total, count, values = 0.0, 0, set()
    for images in data.load(name, split, 1000, data_dir=real):
        assert images.shape[1:] == shape and images.dtype == "float32"
        images = np.asarray(images)
        total += images.sum(dtype="float64")
        count += len(images)
        values |= set(np.unique(images).tolist())
    assert count == examples
    assert total / (count * np.prod(shape)) == pytest.approx(mean, abs=5e-5)
    assert len(values) == levels and min(values) == 0 and max(values) == 1


def test_slices_and_labels_are_those_of_tfds(real):
    images, labels = next(
        iter(data.load("mnist", "test[9000:9100]", 100, labels=True, data_dir=real))
    )
    expected = tfds.load("mnist", split="test[9000:9100]", data_dir=real, batch_size=-1)
    np.testing.assert_array_equal(
        np.asarray(images), np.asarray(expected["image"], "float32") / np.float32(255)
    )
    np.testing.assert_array_equal(np.asarray(labels), np.asarray(expected["label"]))
    assert data.size("mnist", "train[50000:]", data_dir=real) == 10_000


def test_fixed_binarization_of_the_test_set_keeps_its_mean(real):
    grey, binary = (
        np.concatenate(
            [np.asarray(x) for x in data.load("mnist", "test", 1000, binarize, data_dir=real)]
        )
        for binarize in (None, "fixed")
    )
    deviation = np.sqrt(np.sum(grey * (1 - grey), dtype="float64")) / grey.size
    assert abs(binary.mean(dtype="float64") - grey.mean(dtype="float64")) < 5 * deviation
    assert set(np.unique(binary)) == {0, 1}


def test_the_folder_may_come_from_the_environment(real, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(real))
    assert data.size("mnist", "test") == 10_000


def test_a_set_that_is_there_is_not_downloaded(real):
    assert data.size("mnist", "test", data_dir=real, download=True) == 10_000


def test_npz_of_a_real_set_without_labels(tmp_path, real):
    if not (real / "binarized_mnist").is_dir():
        pytest.skip(f"needs the real binarized_mnist in {real}")
    path = data.export_npz("binarized_mnist", tmp_path / "b.npz", splits=["test"], data_dir=real)
    expected = next(iter(data.load("binarized_mnist", "test[:70]", 70, data_dir=real)))
    np.testing.assert_array_equal(
        data.from_npz(path, "test", batch_size=70)[0], np.asarray(expected)
    )
    with pytest.raises(ValueError, match="Expected labels=False: 'binarized_mnist' has no labels"):
        data.from_npz(path, "test", labels=True)
    with pytest.raises(ValueError, match="Expected labels=False: 'binarized_mnist' has no labels"):
        data.load("binarized_mnist", "test[:70]", labels=True, data_dir=real)


def test_a_set_that_is_not_there_names_the_folder_and_the_remedies(tmp_path):
    with pytest.raises(FileNotFoundError) as error:
        data.load("mnist", data_dir=tmp_path)
    message = str(error.value)
    assert f"Expected the set 'mnist' in {tmp_path}/mnist/" in message
    assert "Set TFDS_DATA_DIR or data_dir=" in message and "download=True" in message


def test_a_failed_download_is_one_line(tmp_path, monkeypatch):
    def fail(self):
        raise OSError("network unreachable")

    monkeypatch.setattr(tfds.core.DatasetBuilder, "download_and_prepare", fail)
    with pytest.raises(
        ConnectionError,
        match="Expected to download the set 'mnist' to .*network unreachable. Check",
    ):
        data.load("mnist", data_dir=tmp_path, download=True)


def test_an_unknown_split_lists_those_there_are(real):
    with pytest.raises(
        ValueError,
        match="Expected split to be one of {'train': 60000, 'test': 10000}.*'validation'",
    ):
        data.load("mnist", "validation", data_dir=real)


IMAGE = tfds.features.Image(shape=(6, 5, 3))


def test_any_set_of_8_bit_images_is_read(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (7, 6, 5, 3), "uint8")
    label = (tfds.features.ClassLabel(num_classes=7), np.arange(7))
    write(tmp_path, "my_images", "1.0.0", (IMAGE, pixels), label=label)
    images, labels = next(iter(data.load("my_images", labels=True, data_dir=tmp_path)))
    np.testing.assert_array_equal(np.asarray(images), pixels.astype("float32") / np.float32(255))
    np.testing.assert_array_equal(np.asarray(labels), np.arange(7))


def test_letters_of_emnist_stand_upright(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 28, 28, 1), "uint8")
    version = str(tfds.builder_cls("emnist").VERSION)
    stored = (tfds.features.Image(shape=(28, 28, 1)), pixels)
    label = (tfds.features.ClassLabel(num_classes=37), np.arange(3))
    write(tmp_path, "emnist", version, stored, config="letters", label=label)
    images = np.asarray(next(iter(data.load("emnist/letters", data_dir=tmp_path))))
    np.testing.assert_array_equal(
        images, pixels.transpose(0, 2, 1, 3).astype("float32") / np.float32(255)
    )


@pytest.mark.parametrize(
    "image, values",
    [
        (tfds.features.Image(shape=(None, None, 3)), np.zeros((2, 6, 5, 3), "uint8")),
        (tfds.features.Image(shape=(6, 5, 1), dtype=np.float32), np.zeros((2, 6, 5, 1), "float32")),
        (tfds.features.Tensor(shape=(6, 5, 3), dtype=np.uint8), np.zeros((2, 6, 5, 3), "uint8")),
    ],
)
def test_other_images_are_refused(tmp_path, image, values):
    write(tmp_path, "my_images", "1.0.0", (image, values))
    with pytest.raises(
        ValueError, match="Expected a set with 8-bit images of one size in its feature 'image'"
    ):
        data.load("my_images", data_dir=tmp_path)


def test_labels_that_are_not_one_integer_are_no_labels(tmp_path):
    write(
        tmp_path,
        "my_images",
        "1.0.0",
        (IMAGE, np.zeros((2, 6, 5, 3), "uint8")),
        label=(tfds.features.Tensor(shape=(3,), dtype=np.int64), np.zeros((2, 3), "int64")),
    )
    with pytest.raises(ValueError, match="Expected labels=False: 'my_images' has no labels"):
        data.load("my_images", labels=True, data_dir=tmp_path)
