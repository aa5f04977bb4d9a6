"""A tiny preset that the tests of loading and of saving share."""

import keras

from kerasgen.recipe import Recipe

FILES = ["card.md", "metrics.json", "model.weights.h5", "recipe.yaml"]
FILES += ["reconstructions.png", "samples.png", "traversal.gif", "traversal.png", "units.png"]
METRICS = {
    "machine": "an abacus, 2 cores",
    "training_time_seconds": 12600.0,
    "figures": {
        "nll": {
            "value": 82.7345,
            "standard_error": 0.2315,
            "unit": "nats",
            "protocol": "importance-weighted bound, k = 5,000, all test images",
            "command": "kerasgen evaluate tiny",
            "published": [
                {
                    "model": "IWAE-50, two layers",
                    "value": 82.90,
                    "source": "arXiv 1509.00519, table 1",
                },
                {"model": "VAE", "value": 86.76, "source": "arXiv 1509.00519, table 1"},
            ],
        },
        "kl": {
            "value": 25.5,
            "unit": "nats",
            "protocol": "closed form",
            "command": "kerasgen evaluate tiny",
        },
    },
    "notes": ["Draws strokes that end in the air.", "A larger one would gain 0.4 nats."],
}


def tiny_recipe(name="tiny", width=8, likelihood="Bernoulli"):
    return Recipe(
        name=name,
        title="A tiny variational autoencoder",
        data={"name": "digits", "batch_size": 32, "binarize": "dynamic"},
        model={
            "families.LatentVariableModel": {
                "event": [8, 8, 1],
                "encoder": {
                    "networks.ConvEncoder": {"channels": [width], "blocks": [1], "features": 16}
                },
                "bottleneck": {"bottlenecks.Gaussian": {"latent_dim": 4}},
                "decoder": {
                    "networks.ConvDecoder": {
                        "output_shape": [8, 8, 1],
                        "channels": [width],
                        "blocks": [1],
                        "features": 16,
                    }
                },
                "likelihood": {
                    f"likelihoods.{likelihood}": {"scale": "shared"}
                    if likelihood == "Laplace"
                    else {}
                },
            }
        },
        training={"epochs": 1, "learning_rate": 0.001},
    )


def trained(recipe, images):
    model = recipe.build()
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(images, epochs=1, verbose=0)
    return model
