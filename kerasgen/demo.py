"""`kerasgen demo`: the life of a preset, from loading to a phone, in one folder to look at. No network, no data files.

Its pictures start from scikit-learn's 8x8 digits, which ship with that library and no preset has been trained on.
"""

import base64
import html
import os
import pathlib
import shutil
import tempfile
from typing import NamedTuple

import keras
import numpy as np
from rich.progress import Progress

from kerasgen import export, plot, tasks, zoo

_MARK = '<meta name="generator" content="kerasgen demo">'
_STEPS = 6


class Section(NamedTuple):
    """One part of the page: a heading, an HTML text, and the name of a picture in the demo's folder."""

    title: str
    text: str
    picture: str


def run(out, preset="vae_mnist"):
    """Makes the demo's folder: PNGs, `fine_tuned.keras`, `model.tflite` and `index.html`.

    The folder is made beside `out` and renamed when it is complete. An earlier demo at `out` is replaced.

    Args:
        out: path of the folder.
        preset: name or path of an unconditional latent-variable preset of grey images.

    Raises:
        FileExistsError: `out` is something else than an earlier demo.
        ValueError: the preset is not one that the demo can show.
    """
    out = pathlib.Path(out)
    if out.exists() and not _is_demo(out):
        raise FileExistsError(f"Expected --out to be new, or an earlier demo. Received: {out}. Choose another folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = pathlib.Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        folder = aside / "new"
        folder.mkdir()
        sections = []
        with Progress(transient=True) as progress:
            bar = progress.add_task("Loading", total=_STEPS)
            for section in _sections(folder, preset):
                sections.append(section)
                progress.update(bar, advance=1, description=section.title)
        (folder / "index.html").write_text(_page(folder, preset, sections), encoding="utf-8")
        if out.exists():
            os.replace(out, aside / "old")
        os.replace(folder, out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def digits(event_shape):
    """scikit-learn's handwritten digits in black and white with MNIST's margins, `[1797, *event_shape]`."""
    from sklearn.datasets import load_digits

    height, width, _ = event_shape
    inner = (height * 5 // 7, width * 5 // 7)  # MNIST's digits fill 20 of 28 pixels
    images = keras.ops.image.resize(load_digits().images[..., None] / 16.0, inner, interpolation="bicubic")
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    margins = ((0, 0), (top, height - inner[0] - top), (left, width - inner[1] - left), (0, 0))
    return np.pad(np.asarray(images) > 0.5, margins).astype("float32")


def _sections(folder, preset):
    model = zoo.load(preset)
    if model.num_classes is not None or not hasattr(model, "elbo") or model.event_shape[-1] != 1:
        raise ValueError(
            f"Expected an unconditional latent-variable preset of grey images. Received: {preset!r}, a "
            f"{type(model).__name__} of {model.event_shape}. Choose another --preset."
        )
    data = digits(model.event_shape)
    train, test = data[:-297], data[-297:]
    shown = test[:12]

    def save(name, images, columns):
        plot.grid(np.asarray(images), folder / name, columns=columns)
        return name

    yield Section(
        "Samples",
        "Images that nobody wrote: each starts as random numbers, which the decoder turns into a digit. "
        "<code>model.sample(60, mean=True)</code>",
        save("samples.png", model.sample(60, seed=0, mean=True), 12),
    )
    yield Section(
        "Reconstructions",
        f"Upper row: handwritten digits from another source, which the model has never seen. Lower row: what is left "
        f"of each after {int(np.prod(model.bottleneck.latent_shape))} numbers have carried it through the model. "
        "<code>model.reconstruct(images)</code>",
        save("reconstructions.png", np.concatenate([shown, model.reconstruct(shown)]), len(shown)),
    )
    walks = [tasks.interpolate(model, test[i], test[i + 6], 12) for i in range(6)]
    yield Section(
        "Interpolations",
        "Each row goes in a straight line through the model's latent space, from the code of one digit to that of "
        "another. <code>kerasgen.tasks.interpolate(model, start, end, steps=12)</code>",
        save("interpolations.png", np.concatenate(walks), 12),
    )

    before = float(np.mean(model.elbo(test, num_samples=4, seed=0)))
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=False)  # a minute is too short to win back compilation
    model.fit(train, batch_size=50, epochs=3, verbose=0)
    after = float(np.mean(model.elbo(test, num_samples=4, seed=0)))
    model.save(folder / "fine_tuned.keras")
    yield Section(
        "Fine-tuning",
        f"The same digits after three passes over {len(train):,} others of their source, with plain Keras: "
        "<code>model.compile(keras.optimizers.Adam(1e-3)); model.fit(images)</code>. The evidence lower bound of the "
        f"{len(test)} digits held out went from {before:.1f} to {after:.1f} nats (higher is better).",
        save("fine_tuned.png", np.concatenate([shown, model.reconstruct(shown)]), len(shown)),
    )

    file = folder / "model.tflite"
    export.tflite(model, file)
    yield Section(
        "Deployment",
        f"The fine-tuned model as one file of {file.stat().st_size / 1e6:.1f} MB for phones and browsers, "
        "<code>kerasgen.export.tflite(model, 'model.tflite')</code>. These are its samples.",
        save("fine_tuned_samples.png", model.sample(24, seed=0, mean=True), 12),
    )
    images = reconstruct_with_litert(file, shown)
    error = np.abs(images - np.asarray(model.reconstruct(shown))).max()
    yield Section(
        "LiteRT",
        "Upper row: digits. Lower row: their reconstructions by LiteRT, the runtime of phones, from "
        f"<code>model.tflite</code> alone. The largest difference to Keras in any pixel is {error:.1g}.",
        save("litert.png", np.concatenate([shown, images]), len(shown)),
    )


def reconstruct_with_litert(file, images):
    """What a phone would compute: the reconstructions of `[n, *event_shape]` by a TFLite file, one image at a time."""
    from ai_edge_litert.interpreter import Interpreter

    reconstruct = Interpreter(model_path=str(file)).get_signature_runner("reconstruct")
    return np.concatenate([reconstruct(images=image[None])["images"] for image in images])


def _is_demo(folder):
    page = folder / "index.html"
    return page.is_file() and _MARK in page.read_text(encoding="utf-8", errors="replace")


def _page(folder, preset, sections):
    """One HTML file with its pictures inside."""
    parts = "\n".join(
        f"<section><h2>{number}. {section.title}</h2><p>{section.text}</p>"
        f'<img alt="{section.title}" src="data:image/png;base64,'
        f'{base64.b64encode((folder / section.picture).read_bytes()).decode()}"></section>'
        for number, section in enumerate(sections, 1)
    )
    files = "".join(f'<li><a href="{file.name}">{file.name}</a></li>' for file in sorted(folder.iterdir()))
    return _TEMPLATE.format(mark=_MARK, preset=html.escape(str(preset)), parts=parts, files=files)


_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{mark}
<title>kerasgen demo: {preset}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 17px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 2rem 1rem; }}
h1 {{ margin-bottom: 0; }} h2 {{ margin: 2.5rem 0 .3rem; }} p {{ margin: .3rem 0 .8rem; }}
img {{ width: 100%; image-rendering: pixelated; border-radius: 6px; }}
code {{ background: #8882; padding: .1em .35em; border-radius: 4px; font-size: .88em; }}
</style>
</head>
<body>
<h1>{preset}</h1>
<p>One generative model from <code>kerasgen.zoo.load("{preset}")</code> to a phone. Everything on this page was
computed on this machine a moment ago.</p>
{parts}
<section><h2>Files</h2><ul>{files}</ul></section>
</body>
</html>
"""
