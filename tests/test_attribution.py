"""Maps of factors against the Jacobian of a decoder that is known, and their score."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from kerasgen import bottlenecks, events, families, likelihoods, networks
from kerasgen.metrics.localisation import auroc
from kerasgen.tasks.attribution import attribution


@pytest.fixture
def linear():
    """A model whose decoders are linear in the code."""
    senses = {"picture": [3, 3, 2], "sound": [4]}
    return families.MultimodalVAE(
        events.Partial(senses),
        {name: networks.MLP((8,), (8,)) for name in senses},
        bottlenecks.Experts(2, {"picture": 3}),
        {name: networks.MLP(hidden=()) for name in senses},
        {name: likelihoods.Gaussian("shared") for name in senses},
    )


def test_maps_are_norms_of_the_decoders_columns(linear, rng):
    x = {"sound": rng.normal(size=(5, 4)).astype("float32")}
    maps = attribution(linear, x)
    kernels = {
        name: np.asarray(
            next(w for w in linear.decoder.networks[name].trainable_weights if w.ndim == 2)
        )
        for name in ("picture", "sound")
    }
    picture = kernels["picture"].reshape(5, 3, 3, 2)
    norms = {"shared": picture[:2], "picture": picture[2:]}
    for factor, columns in norms.items():
        expected = np.sqrt((columns**2).sum(axis=(0, -1)))
        np.testing.assert_allclose(maps[factor]["picture"], [expected] * 5, rtol=0.02, atol=1e-3)
    assert set(maps["picture"]) == {"picture"}  # the sound does not read it


def test_what_does_not_move_has_no_map(linear):
    layer = linear.decoder.networks["picture"]
    layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    maps = attribution(linear, {"sound": np.ones((2, 4), "float32")})
    assert not maps["shared"]["picture"].any() and maps["shared"]["sound"].any()


@pytest.mark.parametrize("step", [0, -1.0, np.nan])
def test_a_step_is_above_zero(linear, step):
    with pytest.raises(ValueError, match="^Expected step"):
        attribution(linear, {"sound": np.ones((2, 4), "float32")}, step)


def test_the_score_is_the_mean_area_under_the_curve(rng):
    masks = rng.random((6, 5, 4)) < 0.4
    maps = rng.integers(0, 4, size=(6, 5, 4)) + masks  # with ties
    expected = [roc_auc_score(m.ravel(), v.ravel()) for m, v in zip(masks, maps)]
    assert auroc(maps, masks).value == pytest.approx(100 * np.mean(expected))
    masks[0], masks[1] = False, True
    assert auroc(maps, masks).value == pytest.approx(100 * np.mean(expected[2:]))
    with pytest.raises(ValueError, match="^Expected maps"):
        auroc(maps[:5], masks)
