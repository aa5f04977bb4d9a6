"""Figures that the literature reports by the same protocol, to stand beside a preset's own."""

_IWAE = "arXiv 1509.00519, table 1"
_FIXED = "arXiv 1509.00519, fixed binarization"

# (data set, binarization) -> figure -> [{"model", "value", "source"}], in nats.
PUBLISHED = {
    ("mnist", "dynamic"): {
        "nll": [
            {"model": "VAE, one stochastic layer", "value": 86.76, "source": _IWAE},
            {"model": "IWAE-50, one stochastic layer", "value": 84.78, "source": _IWAE},
            {"model": "IWAE-50, two stochastic layers", "value": 82.90, "source": _IWAE},
        ]
    },
    ("binarized_mnist", None): {
        "nll": [
            {"model": "VAE, one stochastic layer", "value": 88.71, "source": _FIXED},
            {"model": "IWAE-50, two stochastic layers", "value": 85.32, "source": _FIXED},
        ]
    },
}


def published(recipe):
    """Published figures by name for the data that a recipe trains on; none are of p(x | class)."""
    if recipe.data.get("labels"):
        return {}
    return PUBLISHED.get((recipe.data["name"], recipe.data.get("binarize")), {})
