"""Tiny autoregressive models of every network, and images for them."""

import keras
import numpy as np

from kerasgen import likelihoods, networks
from kerasgen.families import AutoregressiveModel

NETWORKS = {
    "pixelcnn": lambda outputs: networks.PixelCNN(
        outputs, 8, 5, first_kernel_size=3, head_channels=8
    ),
    "pixelcnn_wide": lambda outputs: networks.PixelCNN(outputs, 8, 2, 5, 5, head_channels=8),
    "gated": lambda outputs: networks.GatedPixelCNN(
        outputs, 6, 5, first_kernel_size=3, head_channels=8
    ),
    "gated_wide": lambda outputs: networks.GatedPixelCNN(outputs, 6, 2, 5, 7, head_channels=8),
    "pixelcnnpp": lambda outputs: networks.PixelCNNPlusPlus(outputs, 4, 2),
    "row_lstm": lambda outputs: networks.RowLSTM(outputs, 4, 2, 3, 8),
    "diagonal_bilstm": lambda outputs: networks.DiagonalBiLSTM(outputs, 4, 2, 3, 8),
    "transformer": lambda outputs: networks.CausalTransformer(outputs, 8, 2, 2),
    "transformer_gated": lambda outputs: networks.CausalTransformer(
        outputs, 8, 1, 2, stem=networks.GatedPixelCNN(6, 6, 3, first_kernel_size=3, head_channels=8)
    ),
}


LIKELIHOODS = {  # a shape, the levels of a pixel, and the likelihood
    "bernoulli": ((2, 3, 1), 2, likelihoods.Bernoulli),
    "categorical": ((2, 2, 1), 3, lambda: likelihoods.Categorical(3)),
    "logistic": ((2, 2, 1), 3, lambda: likelihoods.DiscretizedLogistic(2, 3)),
    "independent_colour": ((1, 2, 3), 2, lambda: likelihoods.Categorical(2)),
    "colour": ((1, 2, 3), 2, lambda: likelihoods.ChannelwiseCategorical(2, 4)),
    "colour_joint": ((1, 2, 3), 2, lambda: likelihoods.JointCategorical(2)),
    "colour_logistic": ((1, 2, 3), 2, lambda: likelihoods.ChannelwiseLogistic(2, 2)),
}


def build(network, likelihood="bernoulli", num_classes=None, event_shape=None, seed=0):
    """A model with random weights: some start at zero, which would hide what they do."""
    keras.utils.set_random_seed(seed)
    shape, _, make = LIKELIHOODS[likelihood]
    shape = event_shape or shape
    parts = NETWORKS[network](make().channels(shape[-1])), make()
    model = AutoregressiveModel(shape, *parts, num_classes)
    rng = np.random.default_rng(seed)
    for weight in model.trainable_weights:
        weight.assign_add(0.3 * rng.standard_normal(weight.shape))
    return model
