"""Sample quality over the features of a named extractor, each figure beside its floor.

The floor is what real data score. The Fréchet distance is of as many samples as are asked for: they
are drawn in blocks, of which the moments remain. The other figures compare single examples; they
are of the first block, as many samples as there are held-out examples.
"""

import itertools
from typing import Any

import numpy as np

from kerasgen.batches import blocks
from kerasgen.metrics import features as extractors
from kerasgen.metrics import figure, manifold, memorisation, shown, two_sample
from kerasgen.metrics.features import Extractor
from kerasgen.metrics.figure import Figure
from kerasgen.metrics.frechet import Moments, frechet_distance
from kerasgen.metrics.kernel import kernel_distance
from kerasgen.model import GenerativeModel

TESTED = 1000  # examples a side of the permutation tests, whose memory grows with their square


def sample_quality(
    model: GenerativeModel,
    examples: Any,
    condition: Any = None,
    training: Any = None,
    extractor: Extractor = extractors.VALUES,
    seed: int = 0,
    count: int | None = None,
) -> dict[str, Figure]:
    """Measures samples of a model, as they are shown, against held-out examples.

    Memory does not grow with the number of samples.

    Args:
        model: any that samples.
        examples: `[N, *event_shape]`, N at least 20, held out.
        condition: `[N, ...]`, of a conditional model: samples are drawn for the same.
        training: `[M, *event_shape]` that the model was trained on. As many of them as there are
            samples, in the samples' place, give the floor; without them it is the second half of
            `examples` against the first.
        extractor: whose name the figures carry.
        seed: of the first N samples; the next N are drawn with `seed + 1`, and so on.
        count: number of samples, at least 20; None for N. Figures other than the Fréchet distance
            are of the first N.

    Returns:
        `frechet_distance[extractor]` first, each one's `_floor` after it: see
        `kerasgen.metrics.frechet`, `kernel`, `manifold` and `two_sample`. With training examples,
        where the extractor is not slow, also `copied[extractor]`, how often a sample lies nearer to
        them than a held-out example does: see `kerasgen.metrics.memorisation`.

    Raises:
        ValueError: examples of another shape or range, or fewer than 20, or fewer samples than
            that.

    >>> model = kerasgen.families.Mixture([2], num_components=1)
    >>> figures = sample_quality(model, np.random.default_rng(0).standard_normal((40, 2)))
    >>> figures["kernel_distance[values]"].unit
    'squared MMD'
    """
    examples, condition = figure.checked(model, examples, condition)
    block = len(examples)
    count = block if count is None else count
    if min(block, count) < 20:
        raise ValueError(
            f"Expected at least 20 examples and 20 samples. Received: {block} and {count}."
        )
    held_out = extractor(examples)
    drawn = _drawn(model, count, block, condition, seed)
    samples = extractor(next(drawn))
    further = (features for images in drawn for features in extractor.batches(images))
    floors = _floors(held_out, training, extractor, len(samples), count)
    figures = {}
    for name, value in _distances(_side(samples, further), _side(held_out)).items():
        figures[f"{name}[{extractor.name}]"] = value
        figures[f"{name}_floor[{extractor.name}]"] = floors[name]
    if training is not None and not extractor.slow:
        share = memorisation.copying(samples, extractor(training), held_out).share
        figures[f"copied[{extractor.name}]"] = Figure(100 * share, "% of pairs (50 by new data)")
    return figures


def protocol(
    model: GenerativeModel,
    count: int,
    held_out: int,
    what: str,
    training: int,
    extractor: Extractor,
) -> str:
    """How sample quality is measured, in words.

    Args:
        model: any that samples.
        count: number of samples.
        held_out: number of held-out examples, which are `what`.
        training: number of training examples.
        extractor: of the features.

    >>> model = kerasgen.families.Mixture([2], num_components=1)
    >>> print(protocol(model, 50, 50, "the test points", 90, extractors.VALUES))
    50 samples, seed 0, against as many: the test points; ... features: values
    """
    drawn = f"{count:,} {shown.in_words(model)}"
    if count > held_out:
        seeds = f"seeds 0 to {(count - 1) // held_out}"
        drawn = f"Fréchet distance of {drawn}, {seeds}, other figures of the first {held_out:,}"
        drawn += f", against {what}"
    else:
        drawn += f", seed 0, against {'as many: ' if count == held_out else ''}{what}"
    floor = f"the first as many of {training:,}" if count <= training else f"all {training:,}"
    copies = "" if extractor.slow else "copies are sought among all of them; "
    tested = min(TESTED, held_out, count)
    return (
        f"{drawn}; floor: {floor} training examples in the samples' place; {copies}"
        f"mean_difference_p and mmd_p of {tested:,} a side, by {two_sample.PERMUTATIONS} "
        f"relabellings; features: {extractor.name}"
    )


def _floors(held_out, training, extractor, first, count):
    """What real data score in the place of `count` samples, of which `first` are at hand."""
    if training is None:
        half = len(held_out) // 2
        return _distances(_side(held_out[half:]), _side(held_out[:half]))
    seen = _side(extractor(training[:first]), extractor.batches(training[first:count]))
    return _distances(seen, _side(held_out))


def _drawn(model, count, block, condition, seed):
    """Samples, at most `block` at once, each block with a seed of its own."""
    for number, (n,) in enumerate(blocks(count, block)):
        yield model.shown_samples(n, None if condition is None else condition[:n], seed + number)


def _side(features, further=()):
    """Features that are at hand, and the moments of these and of further batches."""
    return features, Moments.of(itertools.chain([features], further))


def _distances(fake_side, real_side):
    (fake, fake_moments), (real, real_moments) = fake_side, real_side
    rng = np.random.default_rng(0)
    fake, real = (rng.permutation(each) for each in (fake, real))  # of which the first are tested
    precision, recall = manifold.precision_recall(real, fake)
    density, coverage = manifold.density_coverage(real, fake)
    told = two_sample.classifier_test(real, fake)
    accuracy, error = 100 * told.accuracy, 100 * told.standard_error
    tested = real[:TESTED], fake[:TESTED]
    frechet = frechet_distance(fake_moments, real_moments)
    return {
        "frechet_distance": Figure(frechet, "squared features"),
        "kernel_distance": kernel_distance(fake, real),
        "precision": Figure(precision, "share of samples"),
        "recall": Figure(recall, "share of examples"),
        "density": Figure(density, "of real density"),
        "coverage": Figure(coverage, "share of examples"),
        "two_sample_accuracy": Figure(accuracy, "% (50 by guessing)", error),
        "two_sample_p": Figure(told.p_value, "p-value"),
        "mean_difference_p": Figure(two_sample.mean_difference(*tested).p_value, "p-value"),
        "mmd_p": Figure(two_sample.mmd(*tested).p_value, "p-value"),
    }
