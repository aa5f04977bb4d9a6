"""A small adversarial model that the tests of its parts share."""

import keras

from kerasgen import divergences, families, networks


def plane(divergence=None, critic=None, generator=None, **arguments):
    """A model of points in the plane, small; the same weights every time."""
    keras.utils.set_random_seed(0)
    return families.AdversarialModel(
        (2,),
        generator or networks.MLP((2,), (16,)),
        critic or networks.MLP((8,), (16,)),
        divergence or divergences.NonSaturating(),
        latent_dim=3,
        **arguments,
    )
