"""Models of small parts, any of which may be another."""

from kerasgen import (
    LatentVariableModel,
    bottlenecks,
    divergences,
    families,
    likelihoods,
    networks,
)

SHAPE = (8, 8, 1)


def vae(**parts):
    fitting = {
        "event": SHAPE,
        "encoder": networks.MLP((4,), (8,)),
        "bottleneck": bottlenecks.Gaussian(2),
        "decoder": networks.MLP(SHAPE, (8,)),
        "likelihood": likelihoods.Bernoulli(),
    }
    return LatentVariableModel(**fitting | parts)


def gan(**parts):
    fitting = {
        "event": SHAPE,
        "generator": networks.MLP(SHAPE, ()),
        "critic": networks.MLP((4,), ()),
        "divergence": divergences.NonSaturating(),
        "latent_dim": 4,
    }
    return families.AdversarialModel(**fitting | parts)


READERS = {  # of examples; the family has the last layer itself
    "encoder": lambda part: vae(encoder=part),
    "critic": lambda part: gan(critic=part),
    "classifier": lambda part: families.Classifier(SHAPE, 3, part),
}
