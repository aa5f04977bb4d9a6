"""Sample quality over the features of a named extractor, each figure beside its floor: what real data score."""

import numpy as np

from kerasgen.metrics import features as extractors
from kerasgen.metrics import fidelity, figure, manifold, memorisation, two_sample
from kerasgen.metrics.figure import Figure
from kerasgen.metrics.frechet import Moments, frechet_distance
from kerasgen.metrics.kernel import kernel_distance

TESTED = 1000  # examples a side of the permutation tests, whose memory grows with their square


def sample_quality(model, examples, labels=None, training=None, extractor=extractors.VALUES, seed=0):
    """Measures as many samples of a model as there are held-out examples.

    Args:
        model: any that samples.
        examples: `[N, *event_shape]`, N at least 20, held out.
        labels: `[N]`, of a conditional model: samples are drawn of the same classes.
        training: `[M, *event_shape]` that the model was trained on. The first N of them, in the samples' place, give
            the floor; without them it is the second half of `examples` against the first.
        extractor: a `kerasgen.metrics.features.Extractor`, whose name the figures carry.
        seed: of the samples.

    Returns:
        `Figure`s by name, `frechet_distance[extractor]` first, each one's `_floor` after it: see
        `kerasgen.metrics.frechet`, `kernel`, `manifold` and `two_sample`. With training examples also
        `copied[extractor]`, how often a sample lies nearer to them than a held-out example does: see
        `kerasgen.metrics.memorisation`. Means of likelihoods count as samples, as they are what is shown.

    Raises:
        ValueError: examples of another shape or range, or fewer than 20.
    """
    examples, labels = figure.checked(model, examples, labels)
    if len(examples) < 20:
        raise ValueError(f"Expected at least 20 examples. Received: {len(examples)}.")
    held_out = extractor(examples)
    samples = extractor(fidelity.as_shown(model, len(examples), labels, seed))
    if training is None:
        half = len(held_out) // 2
        floors, copies = _distances(held_out[half:], held_out[:half]), {}
    else:
        seen = extractor(training)
        floors = _distances(seen[: len(held_out)], held_out)
        share = memorisation.copying(samples, seen, held_out).share
        copies = {f"copied[{extractor.name}]": Figure(100 * share, "% of pairs (50 by new data)")}
    figures = {}
    for name, value in _distances(samples, held_out).items():
        figures[f"{name}[{extractor.name}]"] = value
        figures[f"{name}_floor[{extractor.name}]"] = floors[name]
    return figures | copies


def _distances(fake, real):
    rng = np.random.default_rng(0)
    fake, real = (rng.permutation(each) for each in (fake, real))  # blocks and halves ask for a random order
    precision, recall = manifold.precision_recall(real, fake)
    density, coverage = manifold.density_coverage(real, fake)
    told = two_sample.classifier_test(real, fake)
    tested = real[:TESTED], fake[:TESTED]
    return {
        "frechet_distance": Figure(frechet_distance(Moments.of([fake]), Moments.of([real])), "squared features"),
        "kernel_distance": kernel_distance(fake, real),
        "precision": Figure(precision, "share of samples"),
        "recall": Figure(recall, "share of examples"),
        "density": Figure(density, "of real density"),
        "coverage": Figure(coverage, "share of examples"),
        "told_apart": Figure(100 * told.accuracy, "% (50 by guessing)", 100 * two_sample.standard_error(told)),
        "mean_difference_p": Figure(two_sample.mean_difference(*tested).p_value, "p-value"),
        "mmd_p": Figure(two_sample.mmd(*tested).p_value, "p-value"),
    }
