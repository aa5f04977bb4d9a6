"""Figures that the literature reports by the same protocol, to stand beside a preset's own."""

from kerasgen.recipe import Recipe

_IWAE = "arXiv 1509.00519, table 1"
_FIXED = "arXiv 1509.00519, fixed binarization"
_PYTORCH_GENERATIVE = "github.com/EugenHotaj/pytorch-generative"
_PIXELRNN = "arXiv 1601.06759, table 4"
_FLOWS = "arXiv 1810.01367, table 2"
_KERAS = "github.com/keras-team/keras, mnist_cnn.py"
_FASHION = "github.com/zalandoresearch/fashion-mnist, submitted benchmarks"

# (data set, binarization) -> figure -> [{"model", "value", "source"}], in the figure's unit.
LIKELIHOODS = {
    ("mnist", "dynamic"): {
        "nll": [
            {"model": "VAE, one stochastic layer", "value": 86.76, "source": _IWAE},
            {"model": "VAE (bound)", "value": 86.77, "source": _PYTORCH_GENERATIVE},
            {"model": "VAE, two stochastic layers", "value": 85.33, "source": _IWAE},
            {"model": "IWAE-50, one stochastic layer", "value": 84.78, "source": _IWAE},
            {"model": "IWAE-50, two stochastic layers", "value": 82.90, "source": _IWAE},
            {"model": "VD-VAE, many layers (bound)", "value": 80.72, "source": _PYTORCH_GENERATIVE},
        ]
    },
    ("mnist", None): {
        "bits_per_dim": [
            {"model": "Glow", "value": 1.05, "source": _FLOWS},
            {"model": "FFJORD", "value": 0.99, "source": _FLOWS},
        ]
    },
    ("binarized_mnist", None): {
        "nll": [
            {"model": "VAE, one stochastic layer", "value": 88.71, "source": _FIXED},
            {"model": "VAE, two stochastic layers", "value": 88.08, "source": _FIXED},
            {"model": "IWAE-50, one stochastic layer", "value": 87.10, "source": _FIXED},
            {"model": "IWAE-50, two stochastic layers", "value": 85.32, "source": _FIXED},
        ]
    },
}

# The same, of models of one kind.
AUTOREGRESSIVE = {
    ("mnist", "dynamic"): {
        "nll": [
            {"model": "PixelCNN", "value": 81.45, "source": _PYTORCH_GENERATIVE},
            {"model": "Gated PixelCNN", "value": 81.50, "source": _PYTORCH_GENERATIVE},
            {"model": "ImageGPT", "value": 79.17, "source": _PYTORCH_GENERATIVE},
            {"model": "PixelSNAIL", "value": 78.61, "source": _PYTORCH_GENERATIVE},
        ]
    },
    ("binarized_mnist", None): {
        "nll": [
            {"model": "PixelCNN", "value": 81.30, "source": _PIXELRNN},
            {"model": "Row LSTM", "value": 80.54, "source": _PIXELRNN},
            {"model": "Diagonal BiLSTM, one layer", "value": 80.75, "source": _PIXELRNN},
            {"model": "Diagonal BiLSTM, seven layers", "value": 79.20, "source": _PIXELRNN},
        ]
    },
}

# data set -> [{"model", "value", "source"}], test accuracy of classifiers in percent.
ACCURACIES = {
    "mnist": [
        {"model": "Keras' example convnet", "value": 99.25, "source": _KERAS},
    ],
    "fashion_mnist": [
        {"model": "two convolutions, three dense layers", "value": 93.2, "source": _FASHION},
        {"model": "ResNet18", "value": 94.9, "source": _FASHION},
        {"model": "DenseNet-BC", "value": 95.4, "source": _FASHION},
    ],
}


def published(recipe: Recipe) -> dict[str, list[dict]]:
    """Published figures by name for the data that a recipe trains on.

    Likelihoods are of p(x), none of p(x | class).

    >>> recipe = Recipe.load(kerasgen.zoo.folder("vae_mnist") / "recipe.yaml")
    >>> published(recipe)["nll"][0]["value"]
    86.76
    """
    data = recipe.data["name"], recipe.data.get("binarize")
    is_autoregressive = "families.AutoregressiveModel" in recipe.model
    table = (AUTOREGRESSIVE if is_autoregressive else LIKELIHOODS).get(data, {})
    if not recipe.data.get("labels"):
        return table
    return {
        "accuracy": ACCURACIES.get(recipe.data["name"], []),
        "nll_marginal": table.get("nll", []) if is_autoregressive else [],
    }
