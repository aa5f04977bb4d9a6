"""Pictures of every mode that people have, alone and from their folder to samples."""

import numpy as np
import pytest
from command_line import needs_tensorflow
from PIL import Image as pillow

from kerasgen import data, starter, training, zoo
from kerasgen.recipe import Recipe

SHAPE = (10, 20)


def noise(seed, bands):
    return np.random.default_rng(seed).integers(256, size=(*SHAPE, bands), dtype="uint8")


def on_white(pixels):
    """Colours or greys `[H, W, C]`, by the last channel over white, as paper shows them."""
    share = pixels[..., -1:] / 255.0
    return pixels[..., :-1] * share + 255 * (1 - share)


def stored(folder):
    """The pixels of the one picture of a folder."""
    done = data.folder(folder, folder / "mine.npz")
    (split,) = [name for name, size in done.sizes.items() if size]
    return np.asarray(data.open(None, split, npz=done.path).stored)[0], done


@pytest.mark.parametrize("mode, channels", [("RGBA", 3), ("LA", 1)])
def test_opacity_is_mixed_with_white(mode, channels, tmp_path):
    pixels = noise(0, channels + 1)
    pillow.fromarray(pixels, mode).save(tmp_path / "a.png")
    found, done = stored(tmp_path)
    assert done.event.channels == channels
    np.testing.assert_allclose(found, on_white(pixels), atol=1.5)  # Pillow rounds twice
    assert any("white" in note for note in done.notes)


@pytest.mark.parametrize("suffix", ["png", "gif", "bmp"])
def test_a_palette_becomes_its_colours(suffix, tmp_path):
    palette, places = noise(1, 3)[:, 0], noise(2, 1)[..., 0] % SHAPE[0]
    picture = pillow.fromarray(places, "P")
    picture.putpalette(palette.tobytes())
    picture.save(tmp_path / f"a.{suffix}")
    found, done = stored(tmp_path)
    np.testing.assert_array_equal(found, palette[places])
    assert done.notes == []


def test_a_colour_of_a_palette_that_is_not_there_is_white(tmp_path):
    palette, places = noise(1, 3)[:, 0] // 2, noise(2, 1)[..., 0] % SHAPE[0]
    picture = pillow.fromarray(places, "P")
    picture.putpalette(palette.tobytes())
    picture.save(tmp_path / "a.png", transparency=3)
    found, _ = stored(tmp_path)
    palette[3] = 255
    np.testing.assert_array_equal(found, palette[places])


def test_of_a_film_the_first_picture_counts(tmp_path):
    frames = [pillow.fromarray(np.full((*SHAPE, 3), grey, "uint8")) for grey in (10, 100, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    with pillow.open(tmp_path / "a.gif") as film:
        assert film.n_frames == 3
    found, _ = stored(tmp_path)
    assert (found == 10).all()


def shortened(recipe):
    short = ("epochs=1", "passes=1", "warmup_steps=0", "steps_per_execution=1")
    return Recipe.load(recipe).override([f"training.{each}" for each in short])


@needs_tensorflow
@pytest.mark.slow
def test_a_folder_of_transparent_pictures_becomes_samples(tmp_path):
    for number in range(60):
        folder = tmp_path / "pictures" / ("cat", "dog")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        pillow.fromarray(noise(number, 4)).resize((8, 8)).save(folder / f"{number}.png")
    done = data.folder(tmp_path / "pictures", tmp_path / "mine.npz")
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(starter.recipe(done.path, "cvae", "mine"))
    training.run(shortened(recipe), tmp_path / "run")
    model = zoo.load(tmp_path / "run" / "preset")
    assert model.sample(3, "dog", seed=0).shape == (3, 8, 8, 3)
    with pillow.open(tmp_path / "run" / "preset" / "samples.png") as drawn:
        assert drawn.convert("RGBA").getchannel("A").getextrema() == (255, 255)


@needs_tensorflow
@pytest.mark.slow
@pytest.mark.parametrize("channels", [2, 4])
def test_arrays_with_an_opacity_become_a_preset(channels, tmp_path):
    """A run is not lost at its end, when pictures are drawn."""
    x = np.random.default_rng(0).integers(256, size=(60, 8, 8, channels), dtype="uint8")
    file = data.save_npz(tmp_path / "mine.npz", train_images=x, test_images=x[:20])
    (tmp_path / "mine.yaml").write_text(starter.recipe(file, "vae", "mine"))
    training.run(shortened(tmp_path / "mine.yaml"), tmp_path / "run")
    model = zoo.load(tmp_path / "run" / "preset")
    assert model.sample(3, seed=0).shape == (3, 8, 8, channels)
    with pillow.open(tmp_path / "run" / "preset" / "samples.png") as drawn:
        assert min(drawn.size) > 8
