"""What tasks refuse, or say, instead of answering wrongly without a word."""

import numpy as np
import PIL.Image
import pytest
from command_line import fails
from refusals import refusal

from kerasgen import families, tasks, zoo
from kerasgen.data.picture_files import read
from kerasgen.tasks import denoising, editing, enlarging, inpainting
from kerasgen.tasks.novelty import Detector, novelty
from kerasgen.tasks.particles import Painted


@pytest.fixture(scope="module")
def mixture():
    return families.Mixture([4, 4, 1], num_components=2, levels=2)


@pytest.fixture(scope="module")
def vae():
    return zoo.load("vae_mnist_2d")


@pytest.fixture
def full(tmp_path):
    """A folder that somebody keeps things in, and what it holds."""
    folder = tmp_path / "holiday"
    (folder / "sub").mkdir(parents=True)
    for name in ("diary.txt", "sub/1.png"):
        (folder / name).write_text(name)
    return folder


def test_pictures_come_back_into_no_folder_that_holds_something(full, tmp_path, capsys):
    (tmp_path / "a.kgz").touch()
    message = fails(capsys, "decompress", str(tmp_path / "a.kgz"), "--out", str(full))
    assert "a new or an empty folder" in message
    assert sorted(path.name for path in full.rglob("*")) == ["1.png", "diary.txt", "sub"]


def test_folders_stand_for_no_single_file(full, capsys):
    PIL.Image.new("L", (28, 28)).save(full / "2.png")
    for arguments in (
        ["inpaint", "vae_mnist", full],
        ["inpaint", "vae_mnist", full / "2.png", "--mask", full],
        ["decompress", full],
    ):
        assert "a file that is there" in fails(capsys, *map(str, arguments))


def test_a_detector_of_black_and_white_takes_no_grey(mixture, tmp_path):
    pictures = np.random.default_rng(0).integers(0, 2, (99, 4, 4, 1)).astype("float32")
    detector = novelty(mixture, pictures)
    detector.save(tmp_path / "d.npz")
    for each in (detector, Detector(mixture).load(tmp_path / "d.npz")):
        assert "2 levels" in refusal(lambda: each.p_values(pictures * 0.7))  # noqa: B023
        assert np.all(each.p_values(pictures) > 0)


def test_a_detector_of_grey_takes_grey(vae):
    pictures = np.random.default_rng(0).random((99, 28, 28, 1)).astype("float32")
    assert np.all(novelty(vae, pictures).p_values(pictures[:5]) > 0)


def test_a_file_of_something_else_is_no_detector(mixture, tmp_path):
    for name, content in {"text": b"hello", "empty": b"", "pickle": b"\x80\x04N."}.items():
        (tmp_path / name).write_bytes(content)
        message = refusal(lambda: Detector(mixture).load(tmp_path / name))  # noqa: B023
        assert "pickle" not in message.replace(name, "") and "Fit it again" in message


def test_detect_asks_for_something_to_do(capsys):
    assert "Name a picture" in fails(capsys, "detect", "vae_mnist")


def test_bytes_are_no_noise(vae):
    grey = np.random.default_rng(0).random((2, 28, 28, 1))
    noisy = grey + 0.5 * np.random.default_rng(1).normal(size=grey.shape)
    assert denoising.denoise(vae, noisy).shape == grey.shape
    assert "Divide by 255" in refusal(lambda: tasks.denoise(vae, (255 * grey).astype("uint8")))


@pytest.mark.parametrize("along,amount", [(np.ones(2), np.nan), (np.ones(3), 1), ([np.inf, 1], 1)])
def test_edits_are_finite_and_of_the_codes_size(vae, along, amount):
    x = np.zeros((1, 28, 28, 1))
    assert "2 finite numbers" in refusal(lambda: editing.edit(vae, x, along, amount))


def test_one_picture_with_something_unknown_is_painted(vae):
    some, none = np.arange(28)[:, None] < np.full(28, 14), np.ones((28, 28), bool)
    x = np.zeros((28, 28, 1))
    assert "unknown pixels" in refusal(lambda: inpainting.inpaint(vae, x, none))
    assert "one picture" in refusal(lambda: inpainting.inpaint(vae, np.zeros((2, 28, 28, 1)), some))


def test_a_small_picture_has_the_size_that_the_factor_asks_for(mixture):
    assert "4 / factor" in refusal(lambda: enlarging.enlarge(mixture, np.zeros((3, 3, 1))))


def test_few_candidates_are_warned_of():
    draws = np.zeros((2, 4, 4, 1))
    assert "nearly one" in Painted(draws, {"effective sample size": 1.2}).told()
    assert "nearly one" not in Painted(draws, {"effective sample size": 9.0}).told()


def test_a_text_is_no_picture(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    message = refusal(lambda: read([tmp_path / "a.png"], (8, 8, 1)))
    assert "no picture" in message and message.count("a.png") == 1
