"""Every family takes colour pictures of 48x64: networks take any sides that their stages divide."""

import keras
import numpy as np
import pytest

from kerasgen import bottlenecks, divergences, families, likelihoods, networks

SHAPE = 48, 64, 3


def _classifier():
    return families.Classifier(
        SHAPE, 3, networks.PooledEncoder((4, 6)), [networks.RandomShift(mirror=True)], 0.0, 0.2
    )


def _autoencoder(family, bottleneck):
    grid = isinstance(bottleneck, (bottlenecks.FiniteScalar, bottlenecks.Ladder))
    encoder, decoder = (
        (networks.GridEncoder((4, 4), (0, 1)), networks.GridDecoder(None, (4, 4), (1, 0)))
        if grid
        else (
            networks.ConvEncoder((4, 4), (0, 0), 8),
            networks.ConvDecoder(None, (4, 4), (0, 0), 8),
        )
    )
    return family(SHAPE, encoder, bottleneck, decoder, likelihoods.DiscretizedLogistic(2))


def _two_stage():
    tokenizer = _autoencoder(families.DiscreteAutoencoder, bottlenecks.FiniteScalar((4, 4)))
    return families.TwoStageModel(SHAPE, tokenizer, networks.TokenTransformer(16, 3, 4, 1, 1), 3)


def _adversarial():
    return families.AdversarialModel(
        SHAPE,
        networks.ResidualGenerator(None, (4, 4)),
        networks.ResidualCritic((4, 4), "spectral"),
        divergences.Hinge(),
        latent_dim=4,
        condition=3,
        head=networks.ScoreHead(3, spectral=True),
    )


def _autoregressive():
    network = networks.PixelCNNPlusPlus(None, 4, 1, num_stages=3)
    return families.AutoregressiveModel(SHAPE, network, likelihoods.ChannelwiseLogistic(2))


MODELS = {
    "classifier": _classifier,
    "autoencoder": lambda: _autoencoder(families.Autoencoder, bottlenecks.Deterministic(4)),
    "vae": lambda: _autoencoder(families.LatentVariableModel, bottlenecks.Gaussian(4)),
    "hierarchical": lambda: _autoencoder(
        families.LatentVariableModel, bottlenecks.Hierarchical((2, 3), hidden=4)
    ),
    "ladder": lambda: _autoencoder(
        families.LatentVariableModel, bottlenecks.Ladder((2, 1), channels=4)
    ),
    "tokenizer": lambda: _autoencoder(
        families.DiscreteAutoencoder, bottlenecks.FiniteScalar((4, 4))
    ),
    "two_stage": _two_stage,
    "adversarial": _adversarial,
    "autoregressive": _autoregressive,
}


SLOW = {"autoregressive": pytest.mark.slow}  # 3,072 pixels, one after the other


@pytest.mark.parametrize("name", [pytest.param(name, marks=SLOW.get(name, ())) for name in MODELS])
def test_it_trains_draws_scores_and_reconstructs(name):
    keras.utils.set_random_seed(0)
    model, rng = MODELS[name](), np.random.default_rng(0)
    x = rng.integers(256, size=(4, *SHAPE)).astype("float32") / 255
    labels = None if model.num_classes is None else rng.integers(3, size=4)
    model.compile(keras.optimizers.Adam(1e-3))
    before = [weight.copy() for weight in model.get_weights()]
    history = model.fit(x, labels, batch_size=4, verbose=0).history
    assert np.isfinite(history["loss"][0])
    assert any(not np.array_equal(*pair) for pair in zip(before, model.get_weights()))
    if isinstance(model, families.Classifier):
        assert model.probabilities(x).shape == (4, 3)
        return
    conditions = () if labels is None else (labels,)
    if hasattr(model, "sample"):
        assert model.sample(4, *conditions, seed=0).shape == x.shape
    if hasattr(model, "log_prob"):
        noise = {"seed": 0} if model.likelihood_kind == "estimate" else {}
        assert np.all(np.isfinite(model.log_prob(x, *conditions, **noise)))
    if hasattr(model, "reconstruct"):
        assert model.reconstruct(x).shape == x.shape
