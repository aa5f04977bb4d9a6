"""The laboratory's exhibits in headless Chromium, against the Keras models.

The runtime comes from the folder that KERASGEN_WEB_RUNTIME names, or from the npm registry.
"""

import os
import pathlib
import shutil

import keras
import numpy as np
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from browser import Laboratory, chromium, serving

from kerasgen import web, zoo
from kerasgen.export import signatures
from kerasgen.web import laboratory, runtime

pytestmark = pytest.mark.slow
EXHIBITS = ["map", "draw", "complete", "watch", "walk", "guess", "sentence", "tokens"]


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def folder(browser, tmp_path_factory):
    source = os.environ.get("KERASGEN_WEB_RUNTIME")
    try:
        files = runtime.read(pathlib.Path(source)) if source else runtime.download()
    except ConnectionError as error:
        pytest.skip(f"needs the runtime: {error}")
    return web.write(tmp_path_factory.mktemp("laboratory") / "web", files)


@pytest.fixture
def lab(browser, folder):
    with serving(folder) as address:
        page = browser.new_page()
        yield Laboratory(page, address)
        page.close()


def by_keyboard(lab):
    canvas = lab.page.locator("canvas.map")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        canvas.press(key)
    lab.settle()
    z = lab.call("vae_mnist_2d.decode")["inputs"]["z"]
    np.testing.assert_allclose(z, [0.2, 0.1], atol=1e-6)
    return {"figure canvas": "vae_mnist_2d.decode", ".side.narrow canvas": "vae_mnist.decode"}


def by_pointer(lab):
    """A stroke on an empty pad."""
    lab.page.get_by_role("button", name="Clear").click()
    box = lab.page.locator("canvas.pad").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"]
    lab.page.mouse.move(x, y + 0.2 * box["height"])
    lab.page.mouse.down()
    lab.page.mouse.move(x, y + 0.8 * box["height"], steps=5)
    lab.page.mouse.up()
    lab.settle()
    assert "A 1, with probability" in lab.page.inner_text("section")
    nats = sum(lab.call("gated_pixelcnn_mnist.log_prob_by_pixel")["outputs"]["log_probs"])
    assert f"log p(x) = {nats:.1f} nats" in lab.page.inner_text("section")
    return {"figure:last-of-type canvas": "dvae_mnist.decode"}


def erase_all(lab):
    lab.page.locator("input[type=range]").press("Home")
    lab.settle()
    call = lab.call("gated_pixelcnn_mnist.complete")
    assert not any(call["inputs"]["mask"])
    return {"figure:nth-of-type(6) canvas": "gated_pixelcnn_mnist.complete"}


def watch(lab):
    lab.page.locator("input[type=range]").press("End")
    lab.settle()
    drawn = lab.pixels("figure canvas")
    np.testing.assert_array_equal(drawn, lab.pixels("figure:nth-of-type(4) canvas"))
    return {"figure canvas": "gated_pixelcnn_mnist.complete"}


def walk(lab):
    lab.page.locator("input[type=range]").press("End")
    lab.settle()
    np.testing.assert_array_equal(
        lab.pixels("figure:nth-of-type(7) canvas"), lab.pixels(".row:has(input) figure canvas")
    )
    return {".row:has(input) figure canvas": "vae_mnist.decode"}


def guess(lab):
    lab.page.get_by_role("button", name="Group 1 is real").click()
    assert "of 1; guessing gives one in five" in lab.page.inner_text("section")
    assert sorted(lab.page.locator(".group > button").all_inner_texts()) == [
        "GAN", "People", "PixelCNN", "VAE", "WGAN-GP",
    ]  # fmt: skip
    lab.page.get_by_role("button", name="Next round").click()
    lab.settle()
    return {}


def say(lab):
    lab.page.fill("input[type=text]", "a crimson circle")
    lab.page.keyboard.press("Enter")
    assert '"crimson"' in lab.page.inner_text("section")
    lab.page.fill("input[type=text]", "a large yellow circle on black")
    lab.page.keyboard.press("Enter")
    lab.settle()
    words = lab.call("text_to_image_shapes.sample")["inputs"]["words"]
    vocabulary = zoo.load("text_to_image_shapes").condition.vocabulary
    assert vocabulary.decode([words]) == ["a large yellow circle on black"]
    return {"figure:nth-of-type(4) canvas": "text_to_image_shapes.sample"}


def tokens(lab):
    before = lab.call("dvae_mnist.encode")["outputs"]["tokens"]
    lab.page.locator(".cell[aria-pressed=true]").press("ArrowDown")
    lab.page.locator("input[type=range]").press("Home")
    lab.settle()
    after = lab.call("dvae_mnist.decode")["inputs"]["tokens"]
    assert [i for i in range(49) if before[i] != after[i]] == [31]
    return {"figure canvas": "dvae_mnist.decode"}


DRIVERS = [by_keyboard, by_pointer, erase_all, watch, walk, guess, say, tokens]


@pytest.mark.parametrize(("exhibit", "drive"), zip(EXHIBITS, DRIVERS), ids=EXHIBITS)
def test_an_exhibit_computes_what_keras_does_and_asks_nobody_else(lab, exhibit, drive):
    lab.open(exhibit)
    lab.settle() if exhibit != "watch" else lab.page.get_by_role("button", name="Pause").click()
    for canvas, name in drive(lab).items():
        shown, values = lab.pixels(canvas), np.array(lab.call(name)["outputs"]["images"])
        values = values.reshape(len(shown), -1)
        assert np.abs(shown - values).max() <= 0.5 / 255 + 1e-6  # a canvas has 256 levels
    assert lab.calls()
    for name in lab.calls():
        assert_equals_keras(name, lab.call(name))
    assert lab.page.locator(".error").count() == 0
    assert lab.errors == []
    assert [url for url in lab.requests if not url.startswith((lab.address, "data:"))] == []


def assert_equals_keras(name, call):
    preset, _, signature = name.partition(".")
    signature = signatures.of(zoo.load(preset))[signature].compiled()
    inputs = {
        key: np.reshape(call["inputs"][key], (1, *tensor.shape)).astype(tensor.dtype)
        for key, tensor in signature.inputs.items()
    }
    for key, value in signature.expected(inputs, {}).items():
        have = np.reshape(call["outputs"][key], value.shape)
        np.testing.assert_allclose(have, value, atol=1e-3, rtol=1e-3, err_msg=name)


@pytest.mark.parametrize("exhibit", EXHIBITS)
def test_it_fits_a_telephone(lab, exhibit):
    lab.page.set_viewport_size({"width": 360, "height": 740})
    lab.open(exhibit)
    assert lab.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_is_wrong_with_a_file_is_a_sentence(browser, folder, tmp_path):
    spoiled = pathlib.Path(shutil.copytree(folder, tmp_path / "spoiled"))
    (spoiled / "models/dvae_mnist.tflite").unlink()
    file = spoiled / "models/gan_mnist.tflite"
    file.write_bytes(file.read_bytes()[:-1000] + bytes(1000))
    shutil.copy(file, spoiled / "models/vae_mnist.tflite")
    with serving(spoiled) as address:
        for exhibit, name in (
            ("tokens", "dvae_mnist"),
            ("guess", "gan_mnist"),
            ("walk", "vae_mnist"),
        ):
            lab = Laboratory(browser.new_page(), address)
            lab.open(exhibit)
            assert f"models/{name}.tflite" in lab.sentence()
            assert "kerasgen web" in lab.sentence()
            lab.page.close()
        (spoiled / "runtime/litert.js").unlink()
        lab = Laboratory(browser.new_page(), address)
        lab.open("map")
        assert "runtime" in lab.sentence()
        lab.page.close()


def test_a_browser_without_simd_is_told(lab):
    lab.page.add_init_script("WebAssembly.validate = () => false")
    lab.open("map")
    assert "SIMD" in lab.sentence()


def test_tensors_are_freed(lab):
    lab.open("map")
    lab.settle()
    redraw = "async n => { for (let i = 0; i < n; i++) { await laboratory.run('vae_mnist_2d', "
    redraw += "'decode', {z: [0, i / n]}) } return laboratory.memory() }"
    before = lab.page.evaluate(redraw, 500)
    assert lab.page.evaluate(redraw, 5000) == before


def test_the_folder_is_small_and_written_again_it_stays(folder):
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert size <= 30e6
    models = {path.name: path.read_bytes() for path in folder.glob("models/*.tflite")}
    assert models.keys() == {f"{name}.tflite" for name in laboratory.MODELS}
    written = (folder / laboratory.CONTENTS).read_text()
    web.write(folder, runtime.read(folder / "runtime"))
    assert (folder / laboratory.CONTENTS).read_text() == written
    assert {path.name: path.read_bytes() for path in folder.glob("models/*")} == models
