"""Sample, reconstruct, interpolate, fine-tune and deploy a preset into one folder to look at.

It needs no network and no data files: it starts from scikit-learn's 8x8 digits, which come with
that library and which no preset has been trained on.
"""

import argparse
import base64
import functools
from typing import TYPE_CHECKING

import kerasgen
from kerasgen import durable
from kerasgen.cli import arguments, inputs

if TYPE_CHECKING:
    import numpy as np

_MARK = '<meta name="generator" content="kerasgen demo">'  # in the page's template
_NUM_TEST = 297  # of the 1,797 digits
_SHOWN = 12  # columns of the pictures


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args([]).preset
    'vae_mnist'
    """
    preset = "an unconditional latent-variable preset of grey images (default: %(default)s)"
    parser.add_argument("--preset", default="vae_mnist", metavar="NAME", help=preset)
    out = {"type": arguments.new_folder, "default": "kerasgen-demo", "metavar": "FOLDER"}
    parser.add_argument("--out", **out)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(out=arguments.new_folder("demo"), preset="gan_mnist"))
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task encode` names. Received: ...
    """
    if args.out.exists() and not _is_demo(args.out):
        raise FileExistsError(
            f"Expected --out to be new, or an earlier demo. Received: {args.out}. Choose another "
            "folder."
        )
    model = inputs.model(args.preset, "encode", functools.partial(_check, name=args.preset))
    _write(args.out, model, args.preset)
    print(f"{args.out}: open {args.out / 'index.html'} in a browser")


def _check(known, name):
    """Refuses a model that the page has no use for."""
    is_grey = known.is_picture and known.shape[-1] == 1
    is_told = known.classes or known.reads
    if not is_grey or is_told or not {"sample", "reconstruct", "interpolate"} <= {*known.does}:
        raise ValueError(
            "Expected an unconditional latent-variable preset of grey images. Received: "
            f"{name!r}, whose examples have the shape {tuple(known.shape)}, and which does "
            f"{', '.join(known.does)}. Choose another --preset."
        )


def _write(out, model, preset):
    """Makes the folder beside `out`, and puts it in the place of `out` when it is complete."""
    with durable.placed(out) as folder:
        folder.mkdir()
        page = _page(folder, preset, _work(folder, model))
        (folder / "index.html").write_text(page, encoding="utf-8")


def digits(event_shape: tuple[int, int, int]) -> "np.ndarray":
    """scikit-learn's digits in black and white with MNIST's margins, `[1797, *event_shape]`.

    >>> digits((28, 28, 1)).shape
    (1797, 28, 28, 1)
    """
    import keras
    import numpy as np
    from sklearn.datasets import load_digits

    height, width, _ = event_shape
    inner = (height * 5 // 7, width * 5 // 7)  # MNIST's digits fill 20 of 28 pixels
    images = load_digits().images[..., None] / 16.0
    images = keras.ops.image.resize(images, inner, interpolation="bicubic")
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    margins = ((0, 0), (top, height - inner[0] - top), (left, width - inner[1] - left), (0, 0))
    return np.pad(np.asarray(images) > 0.5, margins).astype("float32")


def _work(folder, model):
    """Writes pictures, the fine-tuned model and the TFLite file; returns the facts of the page."""
    from rich.progress import track

    data = digits(model.event_shape)
    train, test = data[:-_NUM_TEST], data[-_NUM_TEST:]
    facts = {"num_train": len(train), "num_test": len(test)}
    for step in track((_look, _fine_tune, _deploy), transient=True):
        facts |= step(folder, model, train, test)
    return facts


def _look(folder, model, train, test):
    import numpy as np

    shown = test[:_SHOWN]
    _draw(folder / "samples.png", model.sample(60, seed=0, mean=True))
    _draw(folder / "reconstructions.png", shown, model.reconstruct(shown))
    half = _SHOWN // 2
    ends = zip(shown[:half], shown[half:])
    walks = [kerasgen.tasks.interpolate(model, start, end, _SHOWN) for start, end in ends]
    _draw(folder / "interpolations.png", *walks)
    return {"code_size": int(np.prod(model.bottleneck.latent_shape))}


def _fine_tune(folder, model, train, test):
    import keras
    import numpy as np

    def elbo():
        return float(np.mean(model.elbo(test, num_samples=4, seed=0)))

    before = elbo()
    # A minute is too short to win back compilation.
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=False)
    model.fit(train, batch_size=50, epochs=3, verbose=0)
    model.save(folder / "fine_tuned.keras")
    shown = test[:_SHOWN]
    _draw(folder / "fine_tuned.png", shown, model.reconstruct(shown))
    return {"before": before, "after": elbo()}


def _deploy(folder, model, train, test):
    import numpy as np

    shown, file = test[:_SHOWN], folder / "model.tflite"
    kerasgen.export.tflite(model, file)
    _draw(folder / "fine_tuned_samples.png", model.sample(24, seed=0, mean=True))
    images = _reconstruct_with_litert(file, shown)
    _draw(folder / "litert.png", shown, images)
    error = np.abs(images - np.asarray(model.reconstruct(shown))).max()
    return {"megabytes": file.stat().st_size / 1e6, "error": error}


def _reconstruct_with_litert(file, images):
    """What a phone computes: reconstructions of `[n, *event_shape]`, one image at a time."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    reconstruct = Interpreter(model_path=str(file)).get_signature_runner("reconstruct")
    return np.concatenate([reconstruct(images=image[None])["images"] for image in images])


def _draw(path, *images):
    import numpy as np

    kerasgen.plot.grid(np.concatenate(images), path, columns=_SHOWN)


def _is_demo(folder):
    page = folder / "index.html"
    return page.is_file() and _MARK in page.read_text(encoding="utf-8", errors="replace")


def _page(folder, preset, facts):
    """One HTML file with its pictures inside."""
    from kerasgen.rendering import render

    files = sorted(path.name for path in folder.iterdir())
    pictures = {
        path.stem: base64.b64encode(path.read_bytes()).decode() for path in folder.glob("*.png")
    }
    return render("demo.html.j2", preset=preset, files=files, pictures=pictures, **facts)
