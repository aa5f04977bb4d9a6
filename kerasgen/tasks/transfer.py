"""What a sentence says, said as another class says it: "slow but cheap" as what people like.

    u    the noise that leads to the code of the sentence, given its class: content without class
    x'   drawn from p(x | z(u, another class), that class), several times

Of the draws that the model itself takes for the asked class the one is kept that has most of the
sentence's words, rare words weighing more (search by draws and two scores, no gradient).
"""

import collections
from collections.abc import Iterable
from typing import Any

import numpy as np
from keras import ops

import kerasgen  # whose presets tasks may start from; the zoo draws its pictures by tasks
from kerasgen import backend, checks
from kerasgen.decoding import Sampler
from kerasgen.model import GenerativeModel
from kerasgen.tasks.sentences import known
from kerasgen.text.words import UNKNOWN

PRESET = "text_style_reviews"
_SURE = 0.9  # probability of the asked class above which content decides
_SCORED = 4  # codes by which a draw's class is told


def transfer(
    sentences: str | Iterable[str],
    to: str | int,
    model: GenerativeModel | str = PRESET,
    draws: int = 64,
    temperature: float = 0.7,
    seed: int | None = 0,
) -> Any:
    """A sentence, or each of several, as another class says it.

    Args:
        sentences: one or several that the model's vocabulary can encode, each with a known word.
        to: the class, by its name or number.
        model: of sentences, with a code of one layer, a prior and classes; or a preset's name.
        draws: of each sentence, among which the answer is sought.
        temperature: of the words that are drawn.
        seed: an integer for repeatable draws, None for fresh ones.

    Returns:
        A sentence, or a list of them.

    Raises:
        ValueError: a model without what is needed, a class or a sentence that it does not know.

    >>> from kerasgen import bottlenecks, likelihoods, networks, text
    >>> event = kerasgen.events.Sentences(text.WordVocabulary("slow but cheap", 4, ["cheap"]))
    >>> vae = kerasgen.LatentVariableModel(
    ...     event, networks.SentenceEncoder(5, 8), bottlenecks.Gaussian(2),
    ...     networks.MLP(hidden=()),
    ...     likelihoods.AutoregressiveTokens(networks.CausalGRU(size=8), 8, context=4),
    ...     condition=kerasgen.events.Classes(2, ["negative", "positive"]))
    >>> type(transfer("slow but cheap", "positive", vae, draws=3))
    <class 'str'>
    """
    if isinstance(model, str):
        model = kerasgen.zoo.load(model)
    require(model)
    draws, sampler = checks.positive("draws", draws), Sampler(temperature)
    to = model.condition.number(str(to))
    seeds = backend.draws(checks.seed(seed))
    several = [sentences] if isinstance(sentences, str) else list(sentences)
    answers = [_transferred(model, each, to, draws, sampler, seeds) for each in several]
    return answers[0] if isinstance(sentences, str) else answers


def require(model: GenerativeModel) -> None:
    """Refuses a model that cannot say a sentence as another class.

    Raises:
        ValueError: what `transfer` raises for it.

    >>> require(kerasgen.zoo.load("text_style_reviews"))
    """
    has_noise = model.bottleneck is not None and model.bottleneck.has_noise
    names = model.condition.names
    if model.event.vocabulary is None or not has_noise or model.num_classes is None:
        raise ValueError(
            "Expected a model of sentences with a code of one layer, a prior and classes. "
            f"Received: a {type(model).__name__} of {model.event.meaning}, classes {names}. Name "
            f"another, such as {PRESET}."
        )


def _transferred(model, sentence, to, draws, sampler, seeds):
    x = known(model, sentence)
    given = _likeliest_class(model, x, but=to)
    drawn = _of_known_words(_drawn(model, x, given, to, draws, sampler, seeds))
    sure, kept = class_probabilities(model, drawn)[:, to], kept_words(drawn, x[0])
    best = np.argmax(np.where(sure >= _SURE, 1 + kept, sure))
    return model.event.words(drawn[best : best + 1])[0]


def _of_known_words(rows):
    """Rows of at least one word and of no unknown ones, or all where there are none such."""
    fits = np.any(rows > UNKNOWN, axis=1) & np.all(rows != UNKNOWN, axis=1)
    return rows[fits] if np.any(fits) else rows


def _likeliest_class(model, x, but):
    """Of one sentence, apart from the class that is asked for."""
    probabilities = class_probabilities(model, x)[0]
    probabilities[but] = -1.0
    return int(np.argmax(probabilities))


def _drawn(model, x, given, to, draws, sampler, seeds):
    """Tokens `[draws, T]`: what a sentence `[1, T]` says, as another class says it."""
    given, asked = (np.array([label], "int32") for label in (given, to))
    bottleneck = model.bottleneck
    z = model.encode(x, given).sample(draws, seed=backend.next_seed(seeds))
    noise = bottleneck.to_noise(model.prior(given), z)  # which has no class in it
    z = bottleneck.from_noise(model.prior(asked), noise)[:, 0]
    context = model.decode(z, np.repeat(asked, draws)).context
    uniform = backend.tfd.Uniform().sample(
        (draws, *model.event_shape), seed=backend.next_seed(seeds)
    )
    return ops.convert_to_numpy(model.likelihood.draw_rows(context, uniform, sampler))


def class_probabilities(model: GenerativeModel, x: np.ndarray, seed: int = 0) -> np.ndarray:
    """p(y | x) `[N, classes]` of tokens `[N, T]` by Bayes' rule, classes as likely as each other;
    p(x | y) by importance samples.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli(), condition=3)
    >>> class_probabilities(vae, np.ones((5, 4, 4, 1))).shape
    (5, 3)
    """
    scores = [
        model.log_prob(x, np.full(len(x), label), num_samples=_SCORED, seed=seed)
        for label in range(model.num_classes or 0)
    ]
    return ops.convert_to_numpy(ops.softmax(ops.stack(scores, axis=-1)))


def kept_words(rows: np.ndarray, x: np.ndarray) -> np.ndarray:
    """How far rows `[N, T]` say what a row `[T]` says, `[N]` from 0 to 1: the F1 score of their
    words, each of the weight log(its number), which is larger the rarer the word is.

    >>> rows = np.array([[5, 7, 0], [7, 5, 0], [7, 2, 0], [2, 0, 0]])
    >>> kept_words(rows, np.array([5, 7, 0])).round(2)
    array([1.  , 1.  , 0.63, 0.  ])
    """

    def weighed(words):
        return sum(count * np.log(word) for word, count in words.items())

    own, bags = _bag(x), [_bag(row) for row in rows]
    return np.array([2 * weighed(own & bag) / (weighed(own) + weighed(bag) + 1e-9) for bag in bags])


def _bag(row):
    """Words that have a number of their own, and how often they come."""
    return collections.Counter(int(word) for word in row if word > UNKNOWN)
