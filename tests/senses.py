"""A model of a picture, a wave and a number, and its data."""

import keras
import numpy as np

from kerasgen import (
    bottlenecks,
    events,
    families,
    likelihoods,
    networks,
    objectives,
)


def labelled(n, seed=0):
    """Pictures `[n, 4, 4, 1]` of a row in white, a wave of its frequency, and its number."""
    row = np.random.default_rng(seed).integers(4, size=n).astype("int32")
    images = np.zeros((n, 4, 4, 1), "float32")
    images[np.arange(n), row] = 1
    phase = np.random.default_rng(seed + 1).uniform(0, 0.5, (n, 1, 1))
    waves = np.sin((row[:, None, None] + 1) * (np.arange(8)[:, None] / 2 + phase))
    return {"image": images, "wave": waves.astype("float32"), "row": row}


def of_three(fusion="mixture_of_products", objective=None, clusters=None):
    """The number is told by the code, and has no encoder."""
    event = events.Partial(
        {"image": [4, 4, 1], "wave": events.Series(8, 1), "row": events.Classes(4)}
    )
    return families.MultimodalVAE(
        event,
        {name: networks.MLP((16,), (32,)) for name in ("image", "wave")},
        bottlenecks.Experts(4, {"wave": 1}, fusion, clusters=clusters, seed=0),
        {name: networks.MLP(hidden=(32,)) for name in event.events if name not in (clusters or {})},
        {
            "image": likelihoods.Bernoulli(),
            "wave": likelihoods.Gaussian("shared"),
            "row": likelihoods.CategoricalTokens(),
        },
        objective,
    )


def fitted():
    """The model, trained."""
    keras.utils.set_random_seed(0)
    model, x = of_three(objective=objectives.SensesELBO({"row": 4.0})), labelled(256)
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(x, batch_size=64, epochs=60, verbose=0)
    return model
