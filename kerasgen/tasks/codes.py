"""Whether a model has the code that a task works on."""

from typing import Any

from kerasgen.abilities import methods


def has_code(model: Any, prior: bool = False) -> bool:
    """Whether a model of pictures has a code of real numbers; `prior`: and a density of codes.

    >>> has_code(kerasgen.zoo.load("ae_mnist")), has_code(kerasgen.zoo.load("ae_mnist"), True)
    (True, False)
    >>> has_code(kerasgen.zoo.load("vae_mnist"), prior=True)
    True
    """
    if "encode" not in methods(model) or not model.event.is_picture:
        return False
    bottleneck = model.bottleneck
    return (
        bottleneck is not None
        and not bottleneck.is_discrete
        and (bottleneck.has_prior or not prior)
    )
