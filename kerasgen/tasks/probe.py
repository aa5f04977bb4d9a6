"""What an encoder's features are worth to a classifier with few labels.

    linear      logistic regression on fixed features
    fine-tuned  the encoder and a linear layer on it, trained together

Both against the same on raw pixels: logistic regression of the pixels, and the encoder's architecture from scratch.
"""

import keras
import numpy as np

from kerasgen.families import Classifier

_STEPS = 300  # of fine-tuning, whatever the number of labels
_BATCH = 32


def few(labels, count, seed):
    """Indices of `count` examples, equally many of every class as far as that goes.

    Raises:
        ValueError: more examples than there are.
    """
    if count > len(labels):
        raise ValueError(f"Expected at most {len(labels)} labels. Received: count={count}")
    order = np.random.default_rng(seed).permutation(len(labels))
    rank = np.empty(len(labels), "int64")  # of each example within its class
    for label in np.unique(labels):
        members = order[labels[order] == label]
        rank[members] = np.arange(len(members))
    return order[np.argsort(rank[order], kind="stable")][:count]


def linear(train, test):
    """Accuracy in percent of a logistic regression.

    Args:
        train, test: `(features [N, F], labels [N])`. Features are standardised over `train`.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    (features, labels), held_out = train, test
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(features, labels)
    return 100 * float(classifier.score(*held_out))


def fine_tuned(encoder, event_shape, num_classes, train, test, seed=0, pretrained=True):
    """Accuracy in percent of a copy of `encoder` with a linear layer, trained for 300 steps.

    Args:
        encoder: images to features; it is left as it is.
        train, test: `(images [N, *event_shape], labels [N])`.
        seed: of new weights, the dropout and the order.
        pretrained: start from the encoder's weights, not from fresh ones.
    """
    keras.utils.set_random_seed(seed)
    classifier = Classifier(event_shape, num_classes, type(encoder).from_config(encoder.get_config()))
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


def features(model, images):
    """What the model's encoder gives, `[N, F]`."""
    batches = (images[start : start + 500] for start in range(0, len(images), 500))
    return np.concatenate([keras.ops.convert_to_numpy(model.encoder(batch)) for batch in batches])


def table(models, train, test, counts=(10, 100, 1000), seeds=(0, 1, 2)):
    """Accuracies on `test` by way, features and number of labels.

    Args:
        models: unconditional models with an `encoder`, by name, all of the same data.
        train, test: `(images [N, *event_shape], labels [N])`; the labels used are drawn from `train`.
        counts: numbers of labels.
        seeds: of the labels drawn; each cell has one accuracy a seed.

    Returns:
        `{(way, features, count): [accuracy in percent, ...]}`, with "pixels" among the features.
    """
    first = next(iter(models.values()))
    num_classes = int(train[1].max()) + 1
    encoders = {"pixels": first.encoder, **{name: model.encoder for name, model in models.items()}}
    views = {"pixels": lambda images: images.reshape(len(images), -1)}
    views |= {name: lambda images, model=model: features(model, images) for name, model in models.items()}
    cells = {}
    for name, view in views.items():
        held_out = view(test[0]), test[1]
        for count in counts:
            for seed in seeds:
                rows = few(train[1], count, seed)
                images, labels = train[0][rows], train[1][rows]
                cells.setdefault(("linear", name, count), []).append(linear((view(images), labels), held_out))
                sizes = first.event_shape, num_classes
                known = name != "pixels"
                accuracy = fine_tuned(encoders[name], *sizes, (images, labels), test, seed, pretrained=known)
                cells.setdefault(("fine-tuned", name, count), []).append(accuracy)
    return cells
