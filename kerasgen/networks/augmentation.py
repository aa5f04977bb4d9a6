"""Random changes to training images that leave their labels as they are."""

from keras import layers

from kerasgen.networks.layers import Stack
from kerasgen.registration import register


@register
class RandomAffine(Stack):
    """Turns, enlarges and shifts each image by amounts of its own, and mirrors half of them if
    asked to.

    Args:
        rotation: largest angle, in degrees.
        zoom: largest change of size, as a share of it.
        shift: largest shift, as a share of the height and of the width.
        mirror: whether left and right may be exchanged.
    """

    def __init__(self, rotation=0.0, zoom=0.0, shift=0.0, mirror=False, **kwargs):
        super().__init__(**kwargs)
        self.stack = [
            layers.RandomRotation(rotation / 360, fill_mode="constant"),
            layers.RandomZoom(zoom, fill_mode="constant"),
            layers.RandomTranslation(shift, shift, fill_mode="constant"),
        ]
        if mirror:
            self.stack.append(layers.RandomFlip("horizontal"))

    def call(self, x, training=False):
        return super().call(x) if training else x
