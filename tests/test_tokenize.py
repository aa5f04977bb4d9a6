"""`kerasgen tokenize`: ids equal to the model's, whatever the source; nothing lost, nothing done
twice.
"""

import functools
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image, ImageOps
from test_tokenizer_runs import recipe_of
from tiny import tiny_tokenizer
from tiny_preset import METRICS

from kerasgen import cli, zoo

pytest.importorskip("apache_beam", reason="needs Apache Beam: pip install 'kerasgen[tokenize]'")
parquet = pytest.importorskip("pyarrow.parquet")

from kerasgen.tokenization import tokenize  # noqa: E402


@pytest.fixture(scope="module")
def model():
    return tiny_tokenizer("vq")


@pytest.fixture(scope="module")
def pictures():
    """`{name: [8, 8] uint8}`."""
    rng = np.random.default_rng(0)
    return {
        f"{'Ab'[i % 2]}/{i:03}.{'png' if i else 'PNG'}": rng.integers(
            256, size=(8, 8), dtype="uint8"
        )
        for i in range(23)
    }


@pytest.fixture
def folder(pictures, tmp_path):
    """The pictures as files, with one that is damaged, one of another size, and one that is no
    picture.
    """
    folder = tmp_path / "images"
    for name, pixels in pictures.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name)
    (folder / "A" / "damaged.png").write_bytes((folder / "A" / "002.png").read_bytes()[:40])
    Image.new("L", (9, 8)).save(folder / "wide.png")
    (folder / "notes.txt").write_text("not a picture")
    return folder


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def example(image):
    feature = {"image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image]))}
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def read(output):
    """Names and ids of all shards, in order."""
    names, ids = [], []
    for path in sorted(output.glob("ids-*.parquet")):
        table = parquet.read_table(path).to_pydict()
        names += table["name"]
        ids += table["ids"]
    for path in sorted(output.glob("ids-*.tfrecord")):
        for record in tf.data.TFRecordDataset(str(path)):
            features = tf.train.Example.FromString(record.numpy()).features.feature
            names.append(features["name"].bytes_list.value[0].decode())
            ids.append(list(features["ids"].int64_list.value))
    return names, np.array(ids)


def skipped(output):
    return [
        each
        for path in sorted(output.glob("ids-*.json"))
        for each in json.loads(path.read_text())["skipped"]
    ]


def expected(model, pictures):
    pixels = np.stack(list(pictures.values()))[..., None].astype("float32") / 255
    return np.asarray(model.tokenize(pixels)).reshape(len(pictures), -1)


@pytest.mark.parametrize("file_format", ["tfrecord", "parquet"])
def test_a_folder_of_images(model, pictures, folder, tmp_path, file_format):
    output = tmp_path / "ids"
    counts = tokenize(model, str(folder), str(output), file_format, images_per_shard=10)
    assert counts == {"images": 23, "skipped": 2, "shards": 3, "wrote": 3}
    names, ids = read(output)
    ordered = {name: pictures[name] for name in sorted(pictures)}
    assert names == list(ordered)
    np.testing.assert_array_equal(ids, expected(model, ordered))
    damaged, wide = skipped(output)
    assert damaged["name"] == "A/damaged.png" and damaged["reason"]
    assert wide == {"name": "wide.png", "reason": "Expected 8x8 pixels. Received: 9x8. Resize it."}
    assert json.loads((output / "tokens.json").read_text())["grid_shape"] == list(model.grid_shape)
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
    model, tmp_path, monkeypatch, name, version, maximum, upright
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
        model,
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
    np.testing.assert_array_equal(read(tmp_path / "ids")[1], expected(model, small))


def test_a_set_that_needs_no_file_and_binary_pixels(model, tmp_path):
    from kerasgen import data

    tokenize(
        model,
        "tfds:digits:test",
        str(tmp_path / "ids"),
        "parquet",
        images_per_shard=200,
        binary=True,
    )
    digits = np.rint(data.open("digits", "test").stored * (255 / 16)).astype("uint8")
    binary = {str(i): 255 * (each[..., 0] >= 128).astype("uint8") for i, each in enumerate(digits)}
    np.testing.assert_array_equal(read(tmp_path / "ids")[1], expected(model, binary))


def test_slices_of_splits(model, tmp_path):
    from kerasgen import data

    tokenize(
        model,
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
    np.testing.assert_array_equal(ids, expected(model, dict(zip(names, digits[..., 0]))))
    with pytest.raises(
        ValueError, match="Expected split to be one of {'train': 1500, .*Received: split='trial'"
    ):
        tokenize(model, "tfds:digits:trial", str(tmp_path / "other"))
    assert not (tmp_path / "other").exists()


def test_a_tfds_set_that_is_not_there(model, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="Expected the set 'mnist' in"):
        tokenize(model, "tfds:mnist", str(tmp_path / "ids"))


def test_resized_images_are_no_longer_left_out(model, folder, tmp_path):
    counts = tokenize(model, str(folder), str(tmp_path / "ids"), resize=True)
    assert counts["images"] == 24 and [each["name"] for each in skipped(tmp_path / "ids")] == [
        "A/damaged.png"
    ]


def test_a_broken_off_run_goes_on_and_does_nothing_twice(model, folder, tmp_path):
    output = tmp_path / "ids"
    tokenize(model, str(folder), str(output), images_per_shard=5)
    before = {path.name: path.read_bytes() for path in output.glob("ids-*")}
    times = {path.name: path.stat().st_mtime_ns for path in output.glob("ids-*")}
    (output / "ids-00002-of-00005.tfrecord").unlink()
    (output / "ids-00004-of-00005.tfrecord").unlink()
    (output / "ids-00004-of-00005.json").unlink()
    counts = tokenize(model, str(folder), str(output), images_per_shard=5)
    assert counts == {"images": 23, "skipped": 2, "shards": 5, "wrote": 2}
    assert {path.name: path.read_bytes() for path in output.glob("ids-*")} == before
    redone = {name for name in times if (output / name).stat().st_mtime_ns != times[name]}
    assert {name[:9] for name in redone} == {"ids-00002", "ids-00004"}
    with pytest.raises(
        ValueError, match="of the same settings, to go on. Received: {'images_per_shard': 5"
    ):
        tokenize(model, str(folder), str(output), images_per_shard=6)
    other = tiny_tokenizer("vq")
    other.bottleneck.vectors.assign_add(0.1 * np.ones_like(other.bottleneck.vectors))
    with pytest.raises(ValueError, match="Received: {'weights': "):
        tokenize(other, str(folder), str(output), images_per_shard=5)
    (folder / "wide.png").rename(folder / "z.png")
    with pytest.raises(ValueError, match="Received: {'images': "):
        tokenize(model, str(folder), str(output), images_per_shard=5)


def test_tfrecord_files_with_a_damaged_end_and_an_example_without_an_image(
    model, pictures, tmp_path
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
    counts = tokenize(model, str(tmp_path / "*.tfrecord"), str(output))
    assert counts == {"images": 8, "skipped": 2, "shards": 2, "wrote": 2}
    np.testing.assert_array_equal(read(output)[1], expected(model, dict(enumerate(images[:8]))))
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
def test_bad_sources_are_refused(model, tmp_path, source, file_format, message):
    with pytest.raises(ValueError, match=message):
        tokenize(model, source, str(tmp_path / "ids"), file_format)
    assert not (tmp_path / "ids").exists()


def test_a_remote_output_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ValueError,
        match="Expected a folder that .* Received: 'gs://bucket/ids'. Write to a mounted",
    ):
        tokenize(model, "tfds:digits", "gs://bucket/ids")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def preset(model, tmp_path_factory):
    recipe = recipe_of("vq")
    saved = recipe.build()
    saved.set_weights(model.get_weights())
    return zoo.save(
        saved, tmp_path_factory.mktemp("presets") / "tiny", recipe, {**METRICS, "figures": {}}
    )


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["a worker", "all", "by the user"])
def test_several_workers_killed_midway(model, preset, pictures, tmp_path, victim):
    """The command, with Beam's flags, in processes that are killed after a first shard; it goes on
    where it was.
    """
    names = [f"{i:04}.png" for i in range(400)]
    folder, output = tmp_path / "images", tmp_path / "ids"
    folder.mkdir()
    pixels = list(pictures.values())
    for i, name in enumerate(names):
        Image.fromarray(pixels[i % 23]).save(folder / name)
    arguments = [
        "tokenize",
        str(preset),
        "--input",
        str(folder),
        "--output",
        str(output),
        "--images-per-shard",
        "4",
    ]
    arguments += ["--direct_num_workers", "2", "--direct_running_mode", "multi_processing"]
    command = [sys.executable, "-m", "kerasgen.cli", *arguments]
    listen = functools.partial(
        signal.signal, signal.SIGINT, signal.SIG_DFL
    )  # which background jobs ignore
    with open(tmp_path / "said", "w") as said:
        run = subprocess.Popen(
            command,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=said,
            preexec_fn=listen,
        )
    deadline = time.monotonic() + 240
    while not list(output.glob("ids-*.tfrecord")) and time.monotonic() < deadline:
        assert run.poll() is None
        time.sleep(0.02)
    if victim == "a worker":
        alive = workers(
            run.pid
        )  # once: a look at them must not take longer than one of them writes
        while not (busy := [pid for pid in alive if writes_into(pid, output)]):
            assert run.poll() is None
        os.kill(busy[0], signal.SIGKILL)
        assert run.wait(timeout=120) == 2
        said = (tmp_path / "said").read_text()
        assert re.search(
            r"kerasgen: error: Expected all workers to live. Received: .* return code (-9|137)\.",
            said,
        )
    elif victim == "by the user":
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait(timeout=120) == 130
    else:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    done = len(list(output.glob("ids-*.tfrecord")))
    assert 1 <= done < 100
    finished = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert finished.returncode == 0, finished.stderr
    assert f"400 images in 100 shards, {100 - done} of them written" in finished.stdout
    found, ids = read(output)
    assert found == names
    binary = {
        name: 255 * (each >= 128).astype("uint8") for name, each in pictures.items()
    }  # as the recipe trains
    np.testing.assert_array_equal(ids, expected(model, binary)[np.arange(400) % 23])
    assert {path.suffix for path in output.glob("ids-*")} == {
        ".json",
        ".tfrecord",
    }  # nothing partial


def workers(group):
    """Beam's worker processes in a group, each of which a shell has started."""
    listed = subprocess.run(
        ["pgrep", "-a", "-g", str(group)], capture_output=True, text=True
    ).stdout
    return [
        int(line.split()[0])
        for line in listed.splitlines()
        if "sdk_worker" in line and "sh -c" not in line
    ]


def writes_into(pid, folder):
    """Whether a process has a file in the folder open: a worker without work is not missed."""
    open_files = pathlib.Path(f"/proc/{pid}/fd")
    try:
        return any(
            pathlib.Path(os.readlink(file)).parent == folder for file in open_files.iterdir()
        )
    except OSError:  # closed, or ended, meanwhile
        return False


def test_flags_that_nobody_knows_are_refused(preset, folder, tmp_path, capsys):
    arguments = ["tokenize", str(preset), "--input", str(folder), "--output", str(tmp_path / "ids")]
    with pytest.raises(SystemExit):
        cli.main([*arguments, "--fromat", "parquet", "--direct_num_workers=1"])
    assert (
        "Expected flags of kerasgen tokenize or of Apache Beam. Received: --fromat."
        in capsys.readouterr().err
    )


def test_flags_of_beam_belong_to_this_command_only(preset, capsys):
    with pytest.raises(SystemExit):
        cli.main(["card", str(preset), "--runner", "DirectRunner"])
    assert "Received: '--runner'" in capsys.readouterr().err
