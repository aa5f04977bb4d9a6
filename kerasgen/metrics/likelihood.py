"""Likelihood figures, in nats, and in bits a dimension where the likelihood counts 8-bit levels.

NLL   -log p(x) where it is exact; of latent-variable models
      -log (1/k) sum_k p(x, z_k) / q(z_k | x), z_k from q(z | x)
ELBO  E_q[log p(x | z)] - KL(q(z | x) || p(z))

Burda and others 2016, arXiv 1509.00519, equation 8.
"""

import math
from typing import Any

import numpy as np
from keras import ops

from kerasgen import backend, checks
from kerasgen.batches import count
from kerasgen.metrics import figure
from kerasgen.metrics.figure import Figure
from kerasgen.metrics.units import active_units
from kerasgen.model import GenerativeModel

ELBO_SAMPLES = 10  # the mean over thousands of images leaves little of their noise


def scored(
    model: GenerativeModel,
    examples: Any,
    condition: Any = None,
    num_samples: int = 1,
    seed: int = 0,
    progress: bool = False,
) -> dict[str, Figure]:
    """Figures of a model by its own `log_prob`.

    Args:
        model: a generative model with the ability `Scores`.
        examples: `[N, *event_shape]`, N at least 2; binarized where the protocol says so.
        condition: `[N, ...]`, of a conditional model.
        num_samples: importance samples of each example, where `log_prob` is an estimate.
        seed: of these.
        progress: show a progress bar.

    Returns:
        `nll`; for 8-bit images `bits_per_dim`; for sentences `word_perplexity`, exp of the nats a
        word, their ends counted as one; and where it is exact given one of several classes,
        `nll_marginal`, which compares with the `nll` of unconditional models.

    Raises:
        ValueError: examples that the model does not take, fewer than 2 examples.

    >>> model = kerasgen.families.Mixture([2], num_components=1)
    >>> scored(model, np.zeros((5, 2)))["nll"].unit
    'nats'
    """
    examples, condition = figure.checked(model, examples, condition)
    sums_classes = model.num_classes and model.likelihood_kind == "exact"

    def score(x, y, batch):
        if sums_classes:
            joint = by_class(model, x)
            return ops.take_along_axis(joint, y[None], axis=0)[0], _mean_of_classes(joint)
        return (log_prob(model, x, y, num_samples, seed + batch),)

    scores, *total = figure.by_batch(score, examples, condition, progress)
    figures = _nll(model, scores, examples)
    if total:
        figures["nll_marginal"] = figure.mean(-total[0], "nats")
    return figures


def log_prob(
    model: GenerativeModel, x: Any, condition: Any = None, num_samples: int = 1, seed: int = 0
):
    """log p(x | condition) `[B]` of any kind; samples and seed matter to estimates only.

    >>> model = kerasgen.families.Mixture([2], num_components=1)
    >>> log_prob(model, np.zeros((5, 2))).shape
    TensorShape([5])
    """
    if model.likelihood_kind == "estimate":
        return model.log_prob(x, condition, num_samples, seed)
    return model.log_prob(x, condition)


def marginal(model: GenerativeModel, x: Any):
    """log p(x) = log (1/C) sum_c p(x | c), `[B]` in nats, of C equally likely classes.

    Args:
        model: a generative model of classes whose `log_prob(x, condition)` is exact.
        x: images `[B, *event_shape]`.

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> model = kerasgen.families.AutoregressiveModel(
    ...     [4, 4, 1], network, likelihoods.Bernoulli(), condition=3)
    >>> marginal(model, np.zeros((2, 4, 4, 1))).shape
    TensorShape([2])
    """
    return _mean_of_classes(by_class(model, x))


def by_class(model: GenerativeModel, x: Any):
    """log p(x | c) of all classes c, `[C, B]`; arguments as of `marginal`.

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> model = kerasgen.families.AutoregressiveModel(
    ...     [4, 4, 1], network, likelihoods.Bernoulli(), condition=3)
    >>> by_class(model, np.zeros((2, 4, 4, 1))).shape
    TensorShape([3, 2])
    """
    return ops.stack([model.log_prob(x, np.full(len(x), c)) for c in range(model.condition.count)])


def _mean_of_classes(log_probs):
    return ops.logsumexp(log_probs, axis=0) - math.log(len(log_probs))


def two_stage(
    model: GenerativeModel, images: Any, condition: Any = None, progress: bool = False
) -> dict[str, Figure]:
    """Figures of a prior over the tokens of a tokenizer.

    Args:
        model: a `kerasgen.families.TwoStageModel`.
        images, condition, progress: as of `scored`.

    Returns:
        `nll`, the upper bound -log p(tokens) - log p(x | tokens) by the tokens of the image, for
        8-bit images `bits_per_dim`, and `tokens`, -log p(tokens).

    Raises:
        ValueError: images of another shape or range, fewer than 2 images.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> tokenizer = kerasgen.families.DiscreteAutoencoder(
    ...     [8, 8, 1], networks.GridEncoder((4,), (1,)), bottlenecks.FiniteScalar((3, 3)),
    ...     networks.GridDecoder(1, (4,), (1,)), likelihoods.Bernoulli())
    >>> prior = networks.TokenGrid(9, networks.PixelCNN(9, 4, 1, head_channels=4), size=2)
    >>> model = kerasgen.families.TwoStageModel([8, 8, 1], tokenizer, prior)
    >>> sorted(two_stage(model, np.ones((2, 8, 8, 1))))
    ['nll', 'tokens']
    """
    images, condition = figure.checked(model, images, condition)

    def score(x, y, _):
        return model.log_prob(x, y), model.log_prob_tokens(model.tokenizer.tokenize(x), y)

    log_prob, tokens = figure.by_batch(score, images, condition, progress)
    return {**_nll(model, log_prob, images), "tokens": figure.mean(-tokens, "nats")}


def importance_weighted(
    model: GenerativeModel,
    images: Any,
    condition: Any = None,
    num_samples: int = 5000,
    seed: int = 0,
    progress: bool = False,
) -> dict[str, Figure]:
    """Figures of a latent-variable model.

    Args:
        model: a latent-variable model whose posterior and prior are known.
        images, condition, progress: as of `scored`.
        num_samples: importance samples k of each image's NLL.
        seed: of all noise.

    Returns:
        `nll`, the importance-weighted negative log-likelihood, an upper bound in expectation, and
        for 8-bit images `bits_per_dim`, for sentences `word_perplexity`; `elbo`; `kl`;
        `reconstruction`, -E_q[log p(x | z)] by 10 samples,
        so that elbo = -(reconstruction + kl); and `active_units`, the latent units whose
        posterior mean varies by more than 0.01 over the images.

    Raises:
        ValueError: images of another shape or range, fewer than 2 images, num_samples below 1.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP((4, 4, 1), ()),
    ...     likelihoods.Bernoulli())
    >>> list(importance_weighted(vae, np.ones((2, 4, 4, 1)), num_samples=5))
    ['nll', 'elbo', 'kl', 'reconstruction', 'active_units']
    """
    checks.positive("num_samples", num_samples)
    images, condition = figure.checked(model, images, condition)
    seeds = np.random.SeedSequence(seed).generate_state(2 * count(images)).reshape(-1, 2)
    seeds = seeds // 2  # keras takes int32

    def score(x, y, batch):
        elbo_seed, log_prob_seed = (int(value) for value in seeds[batch])
        posterior = model.encode(x, y)
        noise = backend.next_seed(backend.draws(elbo_seed))
        z = posterior.sample(ELBO_SAMPLES, seed=noise)
        log_likelihood = model.decode(z, y).log_prob(x)  # [samples, B]
        return (
            model.log_prob(x, y, num_samples=num_samples, seed=log_prob_seed),
            sum(model.bottleneck.terms(posterior, z, y).values()),
            -ops.mean(log_likelihood, axis=0),
            ops.reshape(posterior.mean(), (count(x), -1)),
        )

    log_prob, kl, reconstruction, means = figure.by_batch(score, images, condition, progress)
    return {
        **_nll(model, log_prob, images),
        "elbo": figure.mean(-reconstruction - kl, "nats"),
        "kl": figure.mean(kl, "nats"),
        "reconstruction": figure.mean(reconstruction, "nats"),
        "active_units": Figure(active_units(means), "units"),
    }


def _nll(model, log_prob, examples):
    figures = {"nll": figure.mean(-log_prob, "nats")}
    if model.levels is not None and model.levels > 2:
        bits = -log_prob / model.event.size / math.log(2)
        figures["bits_per_dim"] = figure.mean(bits, "bits/dim")
    if (lengths := model.event.lengths(examples)) is not None:
        figures["word_perplexity"] = _perplexity(log_prob, lengths)
    return figures


def _perplexity(log_prob, lengths):
    """With the standard error of a ratio of two means."""
    nats = -log_prob.sum() / lengths.sum()  # a word
    error = figure.mean(-log_prob - nats * lengths, "nats").standard_error / lengths.mean()
    return Figure(math.exp(nats), "words", math.exp(nats) * error)
