"""Tiny models of every way in which examples become bits, and samples of them."""

import causal
import keras
import numpy as np
from tiny import tiny_autoregressive, tiny_ladder, tiny_mixture, tiny_mlp_vae, tiny_vae

from kerasgen import LatentVariableModel, bottlenecks, likelihoods, networks

LAYERS = {"latent_dims": (3, 2), "hidden": 8}


def conditional_vae():
    return tiny_mlp_vae(num_classes=3, bottleneck=bottlenecks.ConditionalGaussian(4, 3))


def pixel_vae():
    keras.utils.set_random_seed(0)
    network = networks.PixelCNN(2, 4, 1, head_channels=4)
    likelihood = likelihoods.Autoregressive(network, likelihoods.Bernoulli())
    parts = networks.MLP((8,), ()), bottlenecks.Gaussian(3), networks.MLP(hidden=(8,))
    return LatentVariableModel((4, 4, 1), *parts, likelihood)


CODED = {
    "pixels in turn": lambda: tiny_autoregressive(),
    "patches of levels": lambda: causal.build("pixelcnnpp", "colour_logistic"),
    "a code and binary pixels": lambda: tiny_vae(),
    "a code and levels": lambda: tiny_mlp_vae(likelihoods.DiscretizedLogistic(2, 17)),
    "components": lambda: tiny_mixture(),
    "classes and pixels in turn": lambda: causal.build("pixelcnn", "logistic", 3),
    "classes and a code": conditional_vae,
    "layers from the top": lambda: tiny_mlp_vae(bottleneck=bottlenecks.Hierarchical(**LAYERS)),
    "layers from below": lambda: tiny_mlp_vae(bottleneck=bottlenecks.DeepGaussian(**LAYERS)),
    "a ladder": tiny_ladder,
    "a code and pixels in turn": pixel_vae,
}


def labels(model, count):
    return np.arange(count) % model.condition.count if model.condition.count else None


def samples(model, count):
    x = model.sample(count, labels(model, count), seed=0).numpy()
    return np.round(x * (model.levels - 1)) / np.float32(model.levels - 1)
