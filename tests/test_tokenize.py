"""`kerasgen tokenize`: tokens equal to the model's from any source; nothing lost or done twice."""

import io
import json

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image, ImageOps
from tiny import tiny_tokenizer

pytest.importorskip("apache_beam", reason="needs Apache Beam: pip install 'kerasgen[tokenize]'")

from token_files import expected, read

from kerasgen.tokenization import tokenize  # noqa: E402


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def example(image):
    feature = {"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))}
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def skipped(output):
    return [
        each
        for path in sorted(output.glob("ids-*.json"))
        for each in json.loads(path.read_text())["skipped"]
    ]


@pytest.mark.parametrize("file_format", ["tfrecord", "parquet"])
def test_a_folder_of_images(tokenizer, pictures, picture_folder, tmp_path, file_format):
    output = tmp_path / "ids"
    counts = tokenize(tokenizer, str(picture_folder), str(output), file_format, images_per_shard=10)
    assert counts == {"images": 23, "skipped": 2, "shards": 3, "wrote": 3}
    names, ids = read(output)
    ordered = {name: pictures[name] for name in sorted(pictures)}
    assert names == list(ordered)
    np.testing.assert_array_equal(ids, expected(tokenizer, ordered))
    damaged, wide = skipped(output)
    assert damaged["name"] == "A/damaged.png" and damaged["reason"]
    assert wide == {"name": "wide.png", "reason": "Expected 8x8 pixels. Received: 9x8. Resize it."}
    assert json.loads((output / "tokens.json").read_text())["grid_shape"] == list(
        tokenizer.grid_shape
    )
    assert {path.suffix for path in output.glob("ids-*")} == {
        ".json",
        f".{file_format}",
    }  # nothing partial


@pytest.mark.parametrize(
    "name, version, maximum, upright",
    [
        ("mnist", "3.0.1", 255, False),
        ("binarized_mnist", "1.0.0", 1, False),
        ("emnist/letters", "3.1.0", 255, True),
    ],
)
def test_a_tfds_set_as_training_reads_it(
    tokenizer, tmp_path, monkeypatch, name, version, maximum, upright
):
    """Pixels of two levels are not almost black, and letters that TFDS has lying stand."""
    from test_data_tfds import write

    pixels = np.random.default_rng(0).integers(maximum + 1, size=(7, 28, 28, 1), dtype="uint8")
    name_alone, _, config = name.partition("/")
    label = tfds.features.ClassLabel(num_classes=10), np.zeros(7, "int64")
    write(
        tmp_path,
        name_alone,
        version,
        (tfds.features.Image(shape=(28, 28, 1)), pixels),
        config or None,
        label=label,
    )
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    tokenize(
        tokenizer,
        f"tfds:{name}:train",
        str(tmp_path / "ids"),
        "parquet",
        images_per_shard=4,
        resize=True,
    )
    seen = (pixels.swapaxes(1, 2) if upright else pixels)[..., 0] * np.uint8(255 // maximum)
    small = {
        str(i): np.asarray(ImageOps.fit(Image.fromarray(each), (8, 8)))
        for i, each in enumerate(seen)
    }
    np.testing.assert_array_equal(read(tmp_path / "ids")[1], expected(tokenizer, small))


def test_a_set_that_needs_no_file_and_binary_pixels(tokenizer, tmp_path):
    from kerasgen import data

    tokenize(
        tokenizer,
        "tfds:digits:test",
        str(tmp_path / "ids"),
        "parquet",
        images_per_shard=200,
        binary=True,
    )
    digits = np.rint(data.open("digits", "test").stored * (255 / 16)).astype("uint8")
    binary = {str(i): 255 * (each[..., 0] >= 128).astype("uint8") for i, each in enumerate(digits)}
    np.testing.assert_array_equal(read(tmp_path / "ids")[1], expected(tokenizer, binary))


def test_slices_of_splits(tokenizer, tmp_path):
    from kerasgen import data

    tokenize(
        tokenizer,
        "tfds:digits:train[10:17]+test[-3:]",
        str(tmp_path / "ids"),
        "parquet",
        images_per_shard=4,
    )
    digits = np.rint(data.open("digits", "train[10:17]+test[-3:]").stored * (255 / 16)).astype(
        "uint8"
    )
    names, ids = read(tmp_path / "ids")
    last = data.size("digits", "test")
    assert names == [f"train/{i}" for i in range(10, 17)] + [
        f"test/{i}" for i in range(last - 3, last)
    ]
    np.testing.assert_array_equal(ids, expected(tokenizer, dict(zip(names, digits[..., 0]))))
    with pytest.raises(
        ValueError, match="Expected split to be one of {'train': 1500, .*Received: split='trial'"
    ):
        tokenize(tokenizer, "tfds:digits:trial", str(tmp_path / "other"))
    assert not (tmp_path / "other").exists()


def test_a_tfds_set_that_is_not_there(tokenizer, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="Expected the set 'mnist' in"):
        tokenize(tokenizer, "tfds:mnist", str(tmp_path / "ids"))


def test_resized_images_are_no_longer_left_out(tokenizer, picture_folder, tmp_path):
    counts = tokenize(tokenizer, str(picture_folder), str(tmp_path / "ids"), resize=True)
    assert counts["images"] == 24 and [each["name"] for each in skipped(tmp_path / "ids")] == [
        "A/damaged.png"
    ]


def test_a_broken_off_run_goes_on_and_does_nothing_twice(tokenizer, picture_folder, tmp_path):
    output = tmp_path / "ids"
    tokenize(tokenizer, picture_folder, output, images_per_shard=5)
    before = {path.name: path.read_bytes() for path in output.glob("ids-*")}
    times = {path.name: path.stat().st_mtime_ns for path in output.glob("ids-*")}
    (output / "ids-00002-of-00005.tfrecord").unlink()
    (output / "ids-00004-of-00005.tfrecord").unlink()
    (output / "ids-00004-of-00005.json").unlink()
    counts = tokenize(tokenizer, str(picture_folder), str(output), images_per_shard=5)
    assert counts == {"images": 23, "skipped": 2, "shards": 5, "wrote": 2}
    assert {path.name: path.read_bytes() for path in output.glob("ids-*")} == before
    redone = {name for name in times if (output / name).stat().st_mtime_ns != times[name]}
    assert {name[:9] for name in redone} == {"ids-00002", "ids-00004"}
    with pytest.raises(
        ValueError, match="of the same settings, to go on. Received: {'images_per_shard': 5"
    ):
        tokenize(tokenizer, str(picture_folder), str(output), images_per_shard=6)
    other = tiny_tokenizer("vq")
    other.bottleneck.vectors.assign_add(0.1 * np.ones_like(other.bottleneck.vectors))
    with pytest.raises(ValueError, match="Received: {'weights': "):
        tokenize(other, str(picture_folder), str(output), images_per_shard=5)
    (picture_folder / "wide.png").rename(picture_folder / "z.png")
    with pytest.raises(ValueError, match="Received: {'images': "):
        tokenize(tokenizer, str(picture_folder), str(output), images_per_shard=5)


def test_tfrecord_files_with_a_damaged_end_and_an_example_without_an_image(
    tokenizer, pictures, tmp_path
):
    images = list(pictures.values())
    for number, part in enumerate((images[:4], images[4:9])):
        with tf.io.TFRecordWriter(str(tmp_path / f"part{number}.tfrecord")) as file:
            for pixels in part:
                file.write(example(png(pixels)))
            if number == 0:
                file.write(tf.train.Example().SerializeToString())
    whole = (tmp_path / "part1.tfrecord").read_bytes()
    (tmp_path / "part1.tfrecord").write_bytes(whole[:-5])
    output = tmp_path / "ids"
    counts = tokenize(tokenizer, str(tmp_path / "*.tfrecord"), str(output))
    assert counts == {"images": 8, "skipped": 2, "shards": 2, "wrote": 2}
    np.testing.assert_array_equal(read(output)[1], expected(tokenizer, dict(enumerate(images[:8]))))
    without, damaged = skipped(output)
    assert without["name"].endswith("part0.tfrecord:4") and "one encoded image" in without["reason"]
    assert (
        damaged["name"].endswith("part1.tfrecord:4") and "damaged from here on" in damaged["reason"]
    )


@pytest.mark.parametrize(
    "source, file_format, message",
    [
        (
            "nothing/*.tfrecord",
            "tfrecord",
            "Expected images in 'nothing/.*.tfrecord'.* Received: none",
        ),
        ("nowhere", "tfrecord", "Expected images in 'nowhere'"),
        (
            "nowhere",
            "csv",
            r"Expected the format to be one of \('tfrecord', 'parquet'\). Received: 'csv'",
        ),
    ],
)
def test_bad_sources_are_refused(tokenizer, tmp_path, source, file_format, message):
    with pytest.raises(ValueError, match=message):
        tokenize(tokenizer, source, str(tmp_path / "ids"), file_format)
    assert not (tmp_path / "ids").exists()


def test_a_remote_output_is_refused(tokenizer, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ValueError,
        match="Expected a folder that .* Received: 'gs://bucket/ids'. Write to a mounted",
    ):
        tokenize(tokenizer, "tfds:digits", "gs://bucket/ids")
    assert list(tmp_path.iterdir()) == []
