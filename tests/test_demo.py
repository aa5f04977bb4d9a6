"""The `kerasgen demo` command: one folder that shows it all, or nothing."""

import re

import keras
import numpy as np
import pytest
from command_line import fails, is_png, needs_tensorflow

from kerasgen import cli
from kerasgen.cli import demo


@needs_tensorflow
@pytest.mark.slow
def test_demo_leaves_one_folder_that_shows_it_all(tiny, tmp_path):
    out = tmp_path / "shown"
    cli.main(["demo", "--preset", tiny, "--out", str(out)])
    assert [path.name for path in tmp_path.iterdir()] == ["shown"]
    page = (out / "index.html").read_text()
    pictures = list(out.glob("*.png"))
    assert len(pictures) == 6 == page.count("data:image/png;base64,") and all(map(is_png, pictures))
    assert "http" not in page
    assert set(re.findall(r'href="([^"]+)"', page)) == {path.name for path in out.iterdir()} - {
        "index.html"
    }
    before, after = map(float, re.search(r"went from (\S+) to (\S+) nats", page).groups())
    assert after > before
    assert float(re.search(r"in any pixel is ([\d.e-]+)\.", page)[1]) < 1e-3
    assert keras.models.load_model(out / "fine_tuned.keras").sample(1).shape == (1, 8, 8, 1)


def test_demo_replaces_an_earlier_one(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "_work", lambda folder, model: (folder / model).touch())
    monkeypatch.setattr(demo, "_page", lambda folder, preset, facts: preset)
    for preset in ("first", "second"):
        demo._write(tmp_path / "shown", preset, preset)
    assert [path.name for path in tmp_path.iterdir()] == ["shown"]
    assert {path.name for path in (tmp_path / "shown").iterdir()} == {"second", "index.html"}


def test_demo_leaves_other_folders_alone(tiny, tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("precious")
    error = fails(capsys, "demo", "--preset", tiny, "--out", str(tmp_path))
    assert "Expected --out to be new, or an earlier demo" in error
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_failed_demo_leaves_nothing(tmp_path, capsys):
    assert "'nothing_like_it'" in fails(
        capsys, "demo", "--preset", "nothing_like_it", "--out", str(tmp_path / "out")
    )
    assert list(tmp_path.iterdir()) == []


def test_demo_digits_keep_mnist_margins():
    images = demo.digits((28, 28, 1))
    assert images.shape == (1797, 28, 28, 1) and set(np.unique(images)) == {0.0, 1.0}
    assert images[:, 4:24, 4:24].sum() == images.sum()
