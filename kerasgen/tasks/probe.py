"""What an encoder's features are worth to a classifier with few labels.

    linear      logistic regression on fixed features
    fine-tuned  the encoder and a linear layer on it, trained together

Beside them stand the same without what the encoders have learned: logistic regression of the raw
pixels, and every encoder's network from new weights.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasgen import checks
from kerasgen.batches import mapped
from kerasgen.families import Classifier
from kerasgen.model import GenerativeModel

_STEPS = 300  # of fine-tuning, whatever the number of labels
_BATCH = 32


def few(labels: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Indices of `count` examples, equally many of every class as far as that goes.

    Raises:
        ValueError: more examples than there are, or a single one, which tells no classes apart.

    >>> labels = np.array([0, 0, 0, 0, 1, 1])
    >>> np.bincount(labels[few(labels, 4, seed=0)])
    array([2, 2])
    """
    labels = checks.rows("labels", labels, rank=1)
    if not 2 <= checks.positive("count", count) <= len(labels):
        raise ValueError(
            f"Expected from 2 to {len(labels)} labels. Received: {count}. Ask for another number."
        )
    order = np.random.default_rng(checks.seed(seed)).permutation(len(labels))
    rank = np.empty(len(labels), "int64")  # of each example within its class
    for label in np.unique(labels):
        members = order[labels[order] == label]
        rank[members] = np.arange(len(members))
    return order[np.argsort(rank[order], kind="stable")][:count]


def linear(train: tuple[Any, Any], test: tuple[Any, Any]) -> float:
    """Accuracy in percent of a logistic regression.

    Args:
        train, test: `(features [N, F], labels [N])`. Features are standardised over `train`.

    >>> linear(([[0.0], [1.0], [5.0], [6.0]], [0, 0, 1, 1]), ([[0.5], [5.5]], [0, 1]))
    100.0
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    (features, labels), held_out = train, test
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    return 100 * float(classifier.fit(features, labels).score(*held_out))


def fine_tuned(
    encoder: keras.Layer,
    event_shape: Sequence[int],
    num_classes: int,
    train: tuple[Any, Any],
    test: tuple[Any, Any],
    seed: int = 0,
    pretrained: bool = True,
) -> float:
    """Accuracy in percent of a copy of `encoder` with a linear layer, trained for 300 steps.

    Args:
        encoder: images to features; it is left as it is.
        train, test: `(images [N, *event_shape], labels [N])`.
        seed: of new weights, the dropout and the order.
        pretrained: start from the encoder's weights, not from fresh ones.

    >>> network = kerasgen.networks.MLP((64,), ())
    >>> labels = np.arange(10) % 2
    >>> images = np.tile(labels.reshape(-1, 1, 1, 1), (1, 2, 2, 1)).astype("float32")
    >>> data = images, labels
    >>> fine_tuned(network, [2, 2, 1], 2, data, data, pretrained=False)
    100.0
    """
    keras.utils.set_random_seed(seed)
    copy = type(encoder).from_config(encoder.get_config())
    classifier = Classifier(event_shape, num_classes, copy)
    if pretrained:
        classifier.encoder.set_weights(encoder.get_weights())
    classifier.compile(keras.optimizers.Adam(3e-4))
    images, labels = train
    epochs = -(-_STEPS * _BATCH // len(labels))
    rng = np.random.default_rng(seed)
    rows = np.concatenate([rng.permutation(len(labels)) for _ in range(epochs)])[: _STEPS * _BATCH]
    classifier.fit(images[rows], labels[rows], batch_size=_BATCH, shuffle=False, verbose=0)
    predicted = np.argmax(classifier.predict(test[0], batch_size=500, verbose=0), axis=-1)
    return 100 * float(np.mean(predicted == test[1]))


def features(model: GenerativeModel, images: Any) -> np.ndarray:
    """What the model's encoder gives, `[N, F]`.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [8, 8, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP((8, 8, 1), ()),
    ...     likelihoods.Bernoulli())
    >>> features(vae, np.zeros((3, 8, 8, 1))).shape
    (3, 4)
    """
    return mapped(model.encoder, 500, images)


def table(
    models: Mapping[str, GenerativeModel],
    train: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    counts: Sequence[int] = (10, 100, 1000),
    seeds: Sequence[int] = (0, 1, 2),
) -> dict[tuple[str, str, int], list[float]]:
    """Accuracies on `test` by way, features and number of labels.

    Args:
        models: unconditional models with an `encoder`, by name, all of the same data.
        train, test: `(images [N, *event_shape], labels [N])`; the labels used are drawn from
            `train`.
        counts: numbers of labels.
        seeds: of the labels drawn; each cell has one accuracy a seed.

    Returns:
        `{(way, features, count): [accuracy in percent, ...]}`: of the linear way "pixels" and the
        models' names, of the fine-tuned one "new weights, NAME's network" for every network, by the
        first model that has it, and the names.

    Raises:
        ValueError: numbers of labels that cannot be drawn.

    >>> images, labels = np.random.default_rng(0).random((8, 2, 2, 1)), np.arange(8) % 2
    >>> list(table({}, (images, labels), (images, labels), counts=(4,), seeds=(0,)))
    [('linear', 'pixels', 4)]
    """
    num_classes = int(train[1].max()) + 1
    draws = {(count, seed): few(train[1], count, seed) for count in counts for seed in seeds}
    views = {"pixels": lambda images: images.reshape(len(images), -1)}
    views |= {
        name: lambda images, model=model: features(model, images) for name, model in models.items()
    }
    starts = _networks(models) | {name: (model.encoder, True) for name, model in models.items()}
    cells = {}
    for name, view in views.items():
        held_out = view(test[0]), test[1]
        for (count, _), rows in draws.items():
            accuracy = linear((view(train[0][rows]), train[1][rows]), held_out)
            cells.setdefault(("linear", name, count), []).append(accuracy)
    for name, (encoder, pretrained) in starts.items():
        for (count, seed), rows in draws.items():
            labelled = train[0][rows], train[1][rows]
            shape = labelled[0].shape[1:]
            accuracy = fine_tuned(encoder, shape, num_classes, labelled, test, seed, pretrained)
            cells.setdefault(("fine-tuned", name, count), []).append(accuracy)
    return cells


def _networks(models):
    """`{row: (encoder, False)}` of every network, whatever its weights."""
    networks = {}
    for name, model in models.items():
        config = model.encoder.get_config()
        config.pop("name", None)
        described = json.dumps([type(model.encoder).__name__, config], sort_keys=True)
        networks.setdefault(described, (f"new weights, {name}'s network", (model.encoder, False)))
    return dict(networks.values())
