"""The pictures of a card: those that a model and the data at hand allow."""

import pathlib

import keras
import numpy as np

from kerasgen import bottlenecks, divergences, plot
from kerasgen.metrics import codes, shown, units
from kerasgen.metrics.memorisation import nearest_neighbours
from kerasgen.tasks import noise
from kerasgen.tasks.appear import appear
from kerasgen.tasks.traversal import animation, picture, traverse

_SHOWN = 64  # samples
_A_CLASS = 10  # samples, of a conditional model
_SHOWN_PAIRS = 16  # held-out images above what the model makes of them
_TRAVERSED = 10  # units of the code
_COMPARED = 16  # samples with training examples
_APPEARING = 16


def draw(model, folder, images=None, training=None, history=None, labels=None):
    """Draws the pictures of a model into a folder.

    Args:
        model: any of kerasgen's.
        folder: a `pathlib.Path`.
        images: `[n, *event_shape]` held-out examples, or None.
        training: `[N, *event_shape]` examples that the model was trained on, or None.
        history: path of the CSV file of a training run's logs, or None.
        labels: `[n]` of the held-out examples, of a conditional model, or None.

    Returns:
        Captions by file name, in the order of the card.
    """
    captions = {}
    if model.event_shape == (2,) and images is not None and hasattr(model, "sample"):
        plot.density(model, images, folder / "density.png")
        captions["density.png"] = f"{len(images):,} points, and the density that the model gives."
    elif len(model.event_shape) == 3:
        captions |= _of_images(model, folder, images, training, labels)
    if history is not None and len(pathlib.Path(history).read_text().splitlines()) > 2:  # one epoch is no curve
        plot.curves(history, folder / "curves.png")
        what = _of_game(model) if hasattr(model, "critic") else ""
        captions["curves.png"] = f"What training logged, by epoch{what}. A first epoch far from the others is left out."
    return captions


def _of_game(model):
    """What the curves of an adversarial model are, in words."""
    is_wasserstein = isinstance(model.divergence, divergences.Wasserstein)
    estimate = "estimate of the Wasserstein distance" if is_wasserstein else "estimate of what it is trained for"
    return (
        f": the losses of critic and generator, which pull against each other; divergence, the critic's {estimate}; "
        "critic_separation, how often it scores a real example above a sample; sample_diversity, the samples' variance "
        "as a share of the data's"
    )


def _of_images(model, folder, images, training, labels):
    captions = {}
    if hasattr(model, "sample"):
        captions |= _of_samples(model, folder)
    if hasattr(model, "generate"):
        captions |= _of_noise(model, folder)
        if training is not None:
            captions |= _of_memory(model, folder, training)
    if hasattr(model, "patch_size"):
        samples = model.sample(_APPEARING, model.condition.shown(_APPEARING), seed=0)
        plot.animate(appear(samples, model.patch_size), folder / "appearing.gif", 0.06)
        captions["appearing.gif"] = "Samples as they are drawn, one pixel or patch given those before it."
        if images is not None and (model.num_classes is None) == (labels is None):
            captions |= _of_completions(model, folder, images[:_SHOWN_PAIRS], labels)
    if hasattr(model, "bottleneck"):
        if images is not None and (model.num_classes is None) == (labels is None):
            captions |= _of_codes(model, folder, images, labels)
        if model.bottleneck.latent_shape == (2,) and model.num_classes is None:
            plot.manifold(model, path=folder / "manifold.png")
            captions["manifold.png"] = "What every part of the code stands for: codes at equally likely quantiles."
    return captions


def _of_samples(model, folder):
    """One row of samples a class or a sentence, where the model is conditional."""
    kinds = model.condition.num_shown
    count = _SHOWN if kinds is None else kinds * _A_CLASS
    condition = None if kinds is None else np.repeat(model.condition.shown(kinds), _A_CLASS, axis=0)
    plot.grid(
        shown.samples(model, count, condition, seed=0),
        folder / "samples.png",
        columns=None if kinds is None else _A_CLASS,
    )
    drawn = "Samples: means of p(x | z) for z drawn from the prior" if shown.are_means(model) else "Samples"
    rows = "" if kinds is None else ", one row a class"
    if sentences := getattr(getattr(model.condition, "vocabulary", None), "examples", None):
        rows = f", one row each of {', '.join(map(repr, sentences))}"
    return {"samples.png": f"{drawn}{rows}, seed 0, the first {count}, not selected."}


def _of_noise(model, folder):
    captions = {
        "interpolation.png": "From the noise of one sample to that of another, along great circles.",
        "truncation.png": "The same noise cut off at half, one and two standard deviations, and not at all, from the "
        "top: less varied and more typical, or the reverse.",
        "arithmetic.png": "Latent arithmetic: the noise of the samples in the middle column, minus and plus half "
        "of the mean of the three samples of most ink less that of the three of least, of 256.",
    }
    for name, rows in (
        ("interpolation.png", noise.interpolations(model)),
        ("truncation.png", noise.truncations(model)),
        ("arithmetic.png", noise.arithmetic(model, lambda samples: samples.mean(axis=(1, 2, 3)))),
    ):
        picture(rows, folder / name)
    return captions


def _of_memory(model, folder, training):
    samples = keras.ops.convert_to_numpy(model.sample(_COMPARED, model.condition.shown(_COMPARED), seed=0))
    training = keras.ops.convert_to_numpy(training)
    nearest, _ = nearest_neighbours(samples, training)
    plot.pairs([samples, training[nearest]], folder / "nearest.png")
    caption = f"{_COMPARED} samples above, the nearest of {len(training):,} training examples, by their pixels, below."
    return {"nearest.png": caption}


def _of_completions(model, folder, images, labels):
    images, condition = keras.ops.convert_to_numpy(images), None if labels is None else labels[: len(images)]
    rows, columns = model.grid_shape[:2]
    known = np.repeat(np.arange(rows) < rows // 2, model.patch_size)[:, None].repeat(columns * model.patch_size, axis=1)
    half = {"given": images, "known": known}
    drawn = [model.sample(len(images), condition, seed=seed, **half) for seed in range(2)]
    plot.pairs([images, np.where(known[..., None], images, 0.5), *drawn], folder / "completions.png")
    return {"completions.png": "Held-out images, their upper halves, and two draws of the rest given these."}


def _of_codes(model, folder, images, labels):
    first = keras.ops.convert_to_tensor(images[:_SHOWN_PAIRS])
    condition = None if labels is None else labels[:_SHOWN_PAIRS]
    plot.pairs([first, model.reconstruct(first, condition)], folder / "reconstructions.png")
    captions = {"reconstructions.png": f"{len(first)} images above, their reconstructions below."}
    if hasattr(model.bottleneck, "kl_by_unit"):
        plot.units(units.kl_by_unit(model, images, labels), folder / "units.png")
        captions["units.png"] = f"KL of every unit of the code, mean over {len(images):,} images."
    if isinstance(model.bottleneck, bottlenecks.Gaussian) and labels is None:
        traversal = traverse(model, images[0], data=images)[:_TRAVERSED]
        picture(traversal, folder / "traversal.png")
        animation(traversal, folder / "traversal.gif")
        which = f"the {len(traversal)} most telling"
        captions["traversal.png"] = f"In every row one unit of a code moved from -3 to 3, the others held; {which}."
        captions["traversal.gif"] = "The same in motion."
    if hasattr(model, "tokenize"):
        plot.usage(codes.count(model, images), folder / "usage.png")
        captions["usage.png"] = (
            f"How often each of {model.vocab_size} ids occurs in {len(images):,} images; dashed: an even use."
        )
    return captions
