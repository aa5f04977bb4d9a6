"""Folders of pictures become files that train."""

import io
import tracemalloc

import numpy as np
import pytest
from PIL import Image as pillow
from refusals import refusal

from kerasgen import data, events
from kerasgen.data.npz import File

RNG = np.random.default_rng(0)


def picture(path, mode="RGB", size=(20, 10), values=None, **options):
    """Writes a picture of noise, or of the values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bands = len(pillow.new(mode, (1, 1)).getbands())
    if values is None:
        values = RNG.integers(256, size=(size[1], size[0], bands), dtype="uint8")
    pillow.fromarray(values.squeeze(), mode).save(path, **options)
    return values


def everything(path):
    """Pixels and labels of all splits of a file."""
    sources = [data.open(None, split, npz=path) for split in File(path).sizes]
    return np.concatenate([np.asarray(source.stored) for source in sources]), [
        source.labels for source in sources
    ]


def test_sub_folders_are_classes_and_no_picture_is_lost_or_doubled(tmp_path):
    drawn = {}
    for number in range(60):
        kind = ("dog", "cat", "bird")[number % 3]
        drawn[picture(tmp_path / kind / f"{number}.png").tobytes()] = kind
    done = data.folder(tmp_path, tmp_path / "mine.npz")
    assert done.classes == ["bird", "cat", "dog"] == File(done.path).classes
    assert done.event == events.Image(10, 20, 3, levels=256) == File(done.path).event
    assert File(done.path).name == "mine"
    found = {}
    for split, size in done.sizes.items():
        source = data.open(None, split, npz=done.path)
        assert source.num_examples == size > 0
        rows = source.stored[np.arange(size)]
        found |= {r.tobytes(): done.classes[k] for r, k in zip(rows, source.labels)}
    assert found == drawn
    assert done.notes == []


def test_copies_are_on_one_side_of_the_split(tmp_path):
    for number in range(40):
        values = picture(tmp_path / "a" / f"{number}.png")
        picture(tmp_path / "b" / f"{number}.png", values=values)
    done = data.folder(tmp_path, tmp_path / "mine.npz")
    sides = [
        {row.tobytes() for row in np.asarray(data.open(None, split, npz=done.path).stored)}
        for split in ("train", "test")
    ]
    assert all(sides) and not sides[0] & sides[1]
    training = done.sizes["train"] - len(sides[0])  # of each picture one copy
    assert training > 0 and any(note.startswith(f"{training} ") for note in done.notes)


@pytest.mark.parametrize("suffix", ["png", "webp", "bmp", "gif", "jpg"])
def test_every_format_is_read(suffix, tmp_path):
    values = np.full((8, 8, 3), (200, 40, 90), "uint8")
    options = {"lossless": True} if suffix == "webp" else {}
    picture(tmp_path / f"a.{suffix.upper()}", values=values, **options)
    pixels, _ = everything(data.folder(tmp_path, tmp_path / "mine.npz").path)
    np.testing.assert_allclose(pixels[0], values, atol=3 if suffix == "jpg" else 0)


def test_transparency_is_laid_on_white_and_said(tmp_path):
    half = np.zeros((8, 8, 4), "uint8")
    half[:4, :, 3] = 255  # black above, nothing below
    picture(tmp_path / "a.png", "RGBA", values=half)
    done = data.folder(tmp_path, tmp_path / "mine.npz")
    pixels, _ = everything(done.path)
    assert (pixels[0][:4] == 0).all() and (pixels[0][4:] == 255).all()
    assert any("white" in note for note in done.notes)


def test_sixteen_bits_keep_their_range(tmp_path):
    ramp = np.linspace(0, 65535, 64).astype("uint16").reshape(8, 8)
    pillow.fromarray(ramp).save(tmp_path / "a.png")
    done = data.folder(tmp_path, tmp_path / "mine.npz")
    pixels, _ = everything(done.path)
    np.testing.assert_array_equal(pixels[0, ..., 0], np.rint(ramp / 257))
    assert any("16 bits" in note for note in done.notes)


def test_pictures_are_turned_as_exif_says_and_resized_with_antialiasing(tmp_path):
    values = np.zeros((16, 32, 3), "uint8")
    values[:, ::2] = 255  # stripes that vanish in a smaller picture, unless rows are dropped
    exif = pillow.Exif()
    exif[0x0112] = 6
    picture(tmp_path / "a.jpg", values=values, exif=exif, quality=100)
    turned = data.folder(tmp_path, tmp_path / "same.npz")
    assert turned.event.shape == (32, 16, 3)
    small = data.folder(tmp_path, tmp_path / "small.npz", size=8)
    pixels, _ = everything(small.path)
    assert pixels.shape == (1, 8, 8, 3) and (abs(pixels.astype(int) - 127) < 40).all()


def test_what_cannot_be_read_is_named_counted_and_skipped(tmp_path):
    picture(tmp_path / "good.png")
    whole = io.BytesIO()
    pillow.new("RGB", (90, 90)).save(whole, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(whole.getvalue()[:500])
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "notes.txt").write_text("nor is this")
    done = data.folder(tmp_path, tmp_path / "mine.npz", size=(10, 20))
    assert sum(done.sizes.values()) == 1
    said = " ".join(done.notes)
    assert "2 could not be read" in said and "cut.jpg" in said and "text.png" in said
    assert "1 other files" in said and ".txt" in said


@pytest.mark.parametrize("mode, channels", [("L", 1), ("RGB", 3), ("1", 1), ("CMYK", 3)])
def test_grey_pictures_stay_grey(mode, channels, tmp_path):
    pillow.new(mode, (8, 8)).save(tmp_path / ("a.jpg" if mode == "CMYK" else "a.png"))
    assert data.folder(tmp_path, tmp_path / "m.npz").event.channels == channels
    asked = data.folder(tmp_path, tmp_path / "m.npz", channels=3)
    assert asked.event.channels == 3


def test_refusals_say_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="folder"):
        data.folder(tmp_path / "none", tmp_path / "mine.npz")
    with pytest.raises(ValueError, match="none that can be read"):
        data.folder(tmp_path, tmp_path / "mine.npz")
    picture(tmp_path / "train" / "a.png")
    picture(tmp_path / "test" / "a.png")
    with pytest.raises(ValueError, match="sub-folders that are classes"):
        data.folder(tmp_path, tmp_path / "mine.npz")
    picture(tmp_path / "cats" / "a.png", size=(10, 10))
    with pytest.raises(ValueError, match="size=64"):
        data.folder(tmp_path, tmp_path / "mine.npz")
    assert not (tmp_path / "mine.npz").exists()


@pytest.mark.parametrize("size", [0, -3, "16", (16,), (16, 16, 3), 16.5, (16.5, 16), True])
def test_what_is_no_size(size, tmp_path):
    picture(tmp_path / "a.png")
    assert "size" in refusal(lambda: data.folder(tmp_path, tmp_path / "m.npz", size=size))
    asked = data.folder(tmp_path, tmp_path / "m.npz", size=np.int64(16))
    assert asked.event.shape == (16, 16, 3)


@pytest.mark.parametrize("channels", [0, 2, 4, "3"])
def test_what_are_no_channels(channels, tmp_path):
    picture(tmp_path / "a.png")
    refused = refusal(lambda: data.folder(tmp_path, tmp_path / "m.npz", channels=channels))
    assert "channels" in refused


def test_a_single_folder_is_looked_into_and_hidden_files_are_none(tmp_path):
    for kind in ("cat", "big dog"):
        for number in range(5):
            picture(tmp_path / "archive" / "pets" / kind / f"{number}.png")
    hidden = ("__MACOSX/pets/._0.png", ".ipynb_checkpoints/0.png", "archive/pets/cat/._1.png")
    for name in hidden:
        picture(tmp_path / name)
    done = data.folder(tmp_path, tmp_path / "new" / "folders" / "mine.npz")
    assert done.classes == ["big dog", "cat"] and sum(done.sizes.values()) == 10
    assert f"{len(hidden)} other files" in " ".join(done.notes)


def test_pictures_are_read_where_they_lie(tmp_path):
    """Neither writing nor reading a set holds it in memory."""
    for number in range(64):
        picture(tmp_path / f"{number}.bmp", size=(256, 256))
    whole = 64 * 256 * 256 * 3
    data.folder(tmp_path, tmp_path / "mine.npz")
    tracemalloc.start()
    source = data.open(None, npz=tmp_path / "mine.npz")
    batch = source.batches(batch_size=1)[3]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert batch.shape == (1, 256, 256, 3)
    assert peak < whole / 2
