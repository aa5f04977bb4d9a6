"""The figures that a model allows."""

import contextlib
import itertools

from keras import ops

from kerasgen import bottlenecks
from kerasgen.data import catalog, sources
from kerasgen.families import AttributeClassifier, Classifier, Mixture, TwoStageModel
from kerasgen.metrics import (
    captions,
    classification,
    disentanglement,
    features,
    fidelity,
    figure,
    likelihood,
    novelty,
    quality,
    shown,
    tokenizer,
    two_sample,
)
from kerasgen.metrics.features import VALUES

_RANKED = 1000  # images of each kind
_TRAINING = 60_000  # examples among which copies are sought
_JUDGED = 10_000  # samples of all classes
_ASKED = 2000  # sentences
_BEST_OF = 8


def measure(
    model,
    data_name,
    read,
    judge=None,
    num_samples=5000,
    with_quality=False,
    extractor=None,
    limit=None,
    count=None,
    progress=False,
):
    """Everything that a model and the data it was trained on allow.

    Args:
        model: any of kerasgen's.
        data_name: of the set that it was trained on.
        read: function of a split, "train" or "test", to `(examples, labels or None, what they are in words)`. It also
            takes `grey`, to leave pixels as they are where training draws them, `count`, how many to read, and `name`,
            of another set.
        judge: the `kerasgen.zoo.Judge` of that set, or None.
        num_samples: importance samples of each example, of models whose likelihood is estimated.
        with_quality: sample quality too, which is otherwise measured where there is nothing else.
        extractor: of the features that sample quality is measured on, by default the judge's.
        limit: the largest number of samples that are drawn to be judged, None for what the protocols say.
        count: number of samples that sample quality is measured on, None for that of the test examples.
        progress: show a progress bar.

    Yields:
        `(Figures by name, their protocol)`.
    """
    if not only_samples(model):
        examples, labels, protocol = read("test")
        if is_estimated(model):
            protocol += f", nll by k = {num_samples:,} importance samples, elbo by {likelihood.ELBO_SAMPLES}"
        if tokenizer.is_bounded(model):
            protocol += ", reconstruction by the likeliest ids, elbo by one draw of them"
        if isinstance(model, TwoStageModel):
            protocol += ", nll an upper bound by the ids of each image's own encoding"
        if isinstance(model, Mixture) and model.levels:
            bound = "a bound by one draw of uniform noise for each pixel"
            protocol += ", exact by differences of normal distribution functions" if model.likelihood_kind == "exact" else f", {bound}"
        if has_exact_density_of_images(model) and model.num_classes is not None:
            protocol += f", nll_marginal by all {model.num_classes} classes, equally likely a priori"
        yield evaluate(model, examples, labels, num_samples, progress=progress), protocol
    if has_exact_density_of_images(model):
        examples, _, what = read("test")
        examples, others = examples[:_RANKED], {}
        with contextlib.suppress(FileNotFoundError):  # the set is not on this machine
            if other := catalog.entry(data_name).outside:
                others = {other: read("test", count=len(examples), name=other)[0]}
        protocol = f"the first {len(examples):,} of {what} against as many of {', '.join([*others, 'noise'])} and the "
        protocol += "constant ones, by log p(x)" + (", all classes equally likely" if model.num_classes else "")
        yield novelty.ranking(model, examples, others, progress=progress), protocol
    if hasattr(model, "tokenize") and judge:
        own = features.of(judge)
        images, _, what = read("test")
        grey, real = (read(split, grey=True, count=len(images))[0] for split in ("test", "train"))
        protocol = (
            f"reconstructions of {what}, against the originals, grey where they were; floor: the first {len(real):,} "
            f"training examples in their place; features: {own.name}"
        )
        yield tokenizer.reconstruction_quality(model, images, grey, real, own), protocol
    if with_quality or only_samples(model):
        examples, labels, what = read("test", grey=True)
        extractor, count = extractor or features.of(judge), count or len(examples)
        training = read("train", grey=True, count=count if extractor.slow else _TRAINING)[0]
        protocol = _quality_protocol(model, count, len(examples), what, len(training), extractor)
        yield quality.sample_quality(model, examples, labels, training, extractor, count=count), protocol
    if model.num_classes is not None and hasattr(model, "sample") and judge:
        count = min(_JUDGED, limit or _JUDGED)
        protocol = f"{count:,} {shown.in_words(model)}, seed 0, judged by {judge.name}"
        yield fidelity.label_fidelity(model, judge.classifier, count), protocol
    if getattr(model, "reads_text", False) and judge:
        yield from _caption_fidelity(model, judge, data_name, min(_ASKED, limit or _ASKED))
    factors = catalog.entry(data_name).factors
    if factors and isinstance(getattr(model, "bottleneck", None), bottlenecks.Gaussian):
        protocol = "posterior means, 10,000 points to fit and 5,000 to measure each score, seed 0, DCI by forests"
        yield disentanglement.figures(model, factors), protocol


def _quality_protocol(model, count, held_out, what, training, extractor):
    """How sample quality is measured: `count` samples against `held_out` examples, which are `what`."""
    drawn = f"{count:,} {shown.in_words(model)}"
    if count > held_out:
        seeds = f"seeds 0 to {(count - 1) // held_out}"
        drawn = f"Fréchet distance of {drawn}, {seeds}, other figures of the first {held_out:,}, against {what}"
    else:
        drawn = f"{drawn}, seed 0, against {'as many: ' if count == held_out else ''}{what}"
    floor = f"the first as many of {training:,}" if count <= training else f"all {training:,}"
    copies = "" if extractor.slow else "copies are sought among all of them; "
    tested = min(quality.TESTED, held_out, count)
    return (
        f"{drawn}; floor: {floor} training examples in the samples' place; {copies}mean_difference_p and mmd_p of "
        f"{tested:,} a side, by {two_sample.PERMUTATIONS} relabellings; features: {extractor.name}"
    )


def _caption_fidelity(model, judge, data_name, count):
    """What sentences ask for, of compositions that were seen in training and held out, and by the best of several."""
    for split, best_of in itertools.product(("test", "held_out"), (1, _BEST_OF)):
        asked = sources.read(data_name, f"{split}[:{count}]").images.items
        measured = captions.caption_fidelity(model, judge.classifier, asked, best_of=best_of)
        what = f"{shown.in_words(model)} for {count:,} sentences of the split {split}"
        protocol = f"{what}, seed 0, judged by {judge.name}"
        if best_of > 1:
            protocol += f", of {best_of} draws the likeliest"
        ending = ("_held_out" if split == "held_out" else "") + (f"_best_of_{best_of}" if best_of > 1 else "")
        yield {name + ending: value for name, value in measured.items()}, protocol


def evaluate(model, images, labels=None, num_samples=5000, seed=0, progress=False, training=None, extractor=VALUES):
    """Measures a model on held-out images.

    Args:
        model: any of kerasgen's.
        images: `[N, *event_shape]`, N at least 2.
        labels: `[N]`, of a conditional model or a classifier.
        num_samples: importance samples of each image, of models whose likelihood is estimated.
        seed: of all noise.
        progress: show a progress bar.
        training, extractor: of models that sample without a likelihood: see `kerasgen.metrics.quality`.

    Returns:
        `Figure`s by name, the leading one first: see `kerasgen.metrics.likelihood`, `classification`, `tokenizer` and
        `quality`.
    """
    if isinstance(model, AttributeClassifier):
        return classification.attribute_accuracy(model, images, labels, progress)
    if isinstance(model, Classifier):
        return classification.accuracy(model, images, labels, progress)
    if hasattr(model, "tokenize"):
        return tokenizer.tokens(model, images, seed, progress)
    if is_estimated(model):
        return likelihood.importance_weighted(model, images, labels, num_samples, seed, progress)
    if hasattr(model, "tokenizer"):
        return likelihood.two_stage(model, images, labels, progress)
    if hasattr(model, "log_prob"):
        return likelihood.exact(model, images, labels, seed, progress)
    if only_samples(model):
        return quality.sample_quality(model, images, labels, training, extractor, seed)
    return squared_error(model, images, labels, progress)


def is_estimated(model):
    """Whether the model's likelihood is an estimate by samples."""
    return hasattr(model, "elbo")


def has_exact_density_of_images(model):
    """Whether the model gives log p(x) itself, of images, or log p(x | class), which gives it by a sum."""
    images = len(model.event_shape) == 3
    return images and hasattr(model, "log_prob") and not is_estimated(model) and not hasattr(model, "tokenizer")


def only_samples(model):
    """Whether sample quality is all that there is to measure of a model."""
    return hasattr(model, "sample") and not hasattr(model, "log_prob")


def squared_error(model, images, labels=None, progress=False):
    """The `squared_error` of an autoencoder's reconstructions: sum over the pixels, mean over the images."""
    images, labels = figure.checked(model, images, labels)

    def score(x, y, _):
        difference = model.reconstruct(x, y) - x
        return (ops.sum(ops.square(difference), axis=tuple(range(1, len(x.shape)))),)

    (error,) = figure.by_batch(score, images, labels, progress)
    return {"squared_error": figure.mean(error, "squared intensity an image")}
