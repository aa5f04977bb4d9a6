"""Figures that the literature reports by the same protocol, to stand beside a preset's own.

A bound stands beside bounds of its kind, an estimate beside estimates, and fixed binarization
beside fixed. The strongest that is known of each kind of model is among them.
"""

from typing import Any

from kerasgen.abilities import methods
from kerasgen.recipe import Recipe

_IWAE = "arXiv 1509.00519, table 1, k = 5,000"
_FIXED = "arXiv 1509.00519, fixed binarization"
_REPEATED = "github.com/nbip/IWAE, k = 5,000"
_FLOWS = "arXiv 1606.04934, table 1, k = 128"
_FLOW_BOUNDS = "arXiv 1606.04934, table 1"
_LOSSY = "arXiv 1611.02731, table 2, k = 4,096"
_LOSSY_FIXED = "arXiv 1611.02731, table 1, k = 4,096"
_PIXELVAE = "arXiv 1611.05013, table 1"
_LADDER = "github.com/addtt/ladder-vae-pytorch"
_PYTORCH_GENERATIVE = "github.com/EugenHotaj/pytorch-generative"
_EFFICIENT = "github.com/Rayhane-mamah/Efficient-VDVAE, 5,000 test images, padded"
_PIXELRNN = "arXiv 1601.06759, table 4"
_GREY = "arXiv 1810.01367, table 2"
_KERAS = "github.com/keras-team/keras, mnist_cnn.py"
_PLUS = "arXiv 1701.05517, table 1"
_AIRBENCH = "github.com/KellerJordan/cifar10-airbench"
_FASHION = "github.com/zalandoresearch/fashion-mnist, submitted benchmarks"

Rows = tuple[tuple[str, float, str], ...]

# (data set, binarization, whether given the class) -> kind of log p(x) -> figure -> rows of model,
# value in the figure's unit, source. All test on 10,000 images that are binarized once.
LIKELIHOODS: dict[tuple[str, str | None, bool], dict[str, dict[str, Rows]]] = {
    ("mnist", "dynamic", False): {
        "estimate": {
            "nll": (
                ("VAE, one stochastic layer", 86.76, _IWAE),
                ("IWAE-50 by DReG, one stochastic layer", 84.32, _REPEATED),
                ("IWAE-50, two stochastic layers", 82.82, _REPEATED),
                ("convolutional VAE, diagonal posterior", 81.08, _FLOWS),
                ("the same, inverse autoregressive flow", 79.10, _FLOWS),
                ("VLAE, autoregressive decoder", 78.53, _LOSSY),
            ),
            "elbo": (
                ("VAE", -86.77, _PYTORCH_GENERATIVE),
                ("convolutional VAE, diagonal posterior", -84.08, _FLOW_BOUNDS),
                ("the same, inverse autoregressive flow", -80.80, _FLOW_BOUNDS),
                ("VD-VAE, many layers", -80.72, _PYTORCH_GENERATIVE),
                ("Efficient-VDVAE, many layers", -79.09, _EFFICIENT),
            ),
        },
        "exact": {
            "nll": (
                ("PixelCNN", 81.45, _PYTORCH_GENERATIVE),
                ("Gated PixelCNN", 81.50, _PYTORCH_GENERATIVE),
                ("ImageGPT", 79.17, _PYTORCH_GENERATIVE),
                ("PixelSNAIL", 78.61, _PYTORCH_GENERATIVE),
            )
        },
    },
    ("mnist", "dynamic", True): {
        "estimate": {
            "nll": (
                ("conditional VAE, a prior for each class", 82.32, _REPEATED),
                ("conditional IWAE-50, the same prior", 80.78, _REPEATED),
            )
        }
    },
    ("mnist", None, False): {
        "exact": {"bits_per_dim": (("Glow", 1.05, _GREY), ("FFJORD", 0.99, _GREY))}
    },
    ("cifar10", None, False): {
        "estimate": {
            "bits_per_dim": (
                ("ladder VAE, 3 layers", 3.56, _LADDER),
                ("ladder VAE, 6 layers", 3.41, _LADDER),
                ("ladder VAE, 15 layers", 3.32, _LADDER),
            )
        },
        "exact": {
            "bits_per_dim": (
                ("PixelCNN", 3.14, _PLUS),
                ("Gated PixelCNN", 3.03, _PLUS),
                ("PixelCNN++", 2.92, _PLUS),
            )
        },
    },
    ("binarized_mnist", None, False): {
        "estimate": {
            "nll": (
                ("VAE, one stochastic layer", 88.71, _FIXED),
                ("IWAE-50, one stochastic layer", 87.10, _FIXED),
                ("IWAE-50, two stochastic layers", 85.32, _FIXED),
                ("VLAE, autoregressive decoder", 79.03, _LOSSY_FIXED),
                ("gated PixelVAE", 79.02, f"{_PIXELVAE}, k = 1,000"),
                ("ladder VAE, 3 layers", 79.24, f"{_LADDER}, k = 1,000"),
                ("ladder VAE, 6 layers", 78.52, f"{_LADDER}, k = 1,000"),
                ("ladder VAE, 12 layers", 78.30, f"{_LADDER}, k = 1,000"),
            ),
            "elbo": (
                ("gated PixelVAE", -79.66, _PIXELVAE),
                ("ladder VAE, 3 layers", -82.14, _LADDER),
                ("ladder VAE, 6 layers", -80.74, _LADDER),
                ("ladder VAE, 12 layers", -80.50, _LADDER),
            ),
        },
        "exact": {
            "nll": (
                ("PixelCNN", 81.30, _PIXELRNN),
                ("Row LSTM", 80.54, _PIXELRNN),
                ("Diagonal BiLSTM, one layer", 80.75, _PIXELRNN),
                ("Diagonal BiLSTM, seven layers", 79.20, _PIXELRNN),
            )
        },
    },
}

# data set -> rows of model, test accuracy in percent, source.
ACCURACIES: dict[str, Rows] = {
    "mnist": (("Keras' example convnet", 99.25, _KERAS),),
    "cifar10": (("airbench94, 10 epochs", 94.0, _AIRBENCH),),
    "fashion_mnist": (
        ("two convolutions, three dense layers", 93.2, _FASHION),
        ("ResNet18", 94.9, _FASHION),
        ("DenseNet-BC", 95.4, _FASHION),
    ),
}


def published(recipe: Recipe, model: Any) -> dict[str, list[dict[str, Any]]]:
    """Published figures by name, for the data of a recipe and what its model declares.

    An exact `nll_marginal` of a model of classes stands beside the `nll` of models without.

    Returns:
        By figure: rows of `model`, `value` and `source`.

    >>> recipe = Recipe.load(kerasgen.zoo.folder("gmm_mnist") / "recipe.yaml")
    >>> published(recipe, recipe.build())["bits_per_dim"][0]["value"]
    1.05
    """
    name, binarize = recipe.data["name"], recipe.data.get("binarize")
    if "probabilities" in methods(model) and name in ACCURACIES:
        return {"accuracy": _rows(ACCURACIES[name])}
    if model.likelihood_kind is None:
        return {}
    given_class = model.num_classes is not None
    kind = model.likelihood_kind

    def of(conditional):
        return LIKELIHOODS.get((name, binarize, conditional), {}).get(kind, {})

    found = {figure: _rows(rows) for figure, rows in of(given_class).items()}
    if given_class and kind == "exact":
        found["nll_marginal"] = _rows(of(False).get("nll", ()))
    return found


def _rows(rows) -> list[dict[str, Any]]:
    return [dict(zip(("model", "value", "source"), row)) for row in rows]
