"""Scores against representations whose score is known: the factors themselves, mixtures of them,
and noise.
"""

import math
import types

import numpy as np
import pytest
from scipy.linalg import hadamard

from kerasgen.metrics import disentanglement
from kerasgen.metrics.disentanglement import Codes, beta_vae, dci, factor_vae, mig, sap

SMALL = {"num_train": 1000, "num_test": 500}


class Factors:
    """A set whose images are its factors, centred."""

    def __init__(self, *sizes):
        self.sizes = sizes
        self.factor_sizes = {f"factor{i}": size for i, size in enumerate(sizes)}

    def __len__(self):
        return math.prod(self.sizes)

    def index(self, factors):
        return np.ravel_multi_index(np.moveaxis(factors, -1, 0), self.sizes)

    def factors(self, index):
        return np.stack(np.unravel_index(index, self.sizes), axis=-1)

    def render(self, factors):
        return factors - (np.array(self.sizes) - 1) / 2


def scores(codes):
    return {
        "beta_vae": beta_vae(codes, **SMALL),
        "factor_vae": factor_vae(codes, **SMALL),
        "mig": mig(codes, num_train=2000),
        **dci(codes, **SMALL, num_trees=10),
        "sap": sap(codes, **SMALL),
    }


@pytest.fixture(scope="module")
def perfect():
    """Every factor in a dimension of its own, and a dimension that stands for nothing."""
    return scores(
        Codes(
            lambda x: np.concatenate([x[:, ::-1] / 2, np.zeros((len(x), 1))], 1),
            Factors(4, 4, 4, 4),
        )
    )


@pytest.fixture(scope="module")
def mixed():
    """Every dimension tells as much of every factor as any other."""
    return scores(Codes(lambda x: x @ hadamard(4) / 4, Factors(4, 4, 4, 4)))


@pytest.fixture(scope="module")
def noise():
    rng = np.random.default_rng(0)
    return scores(
        Codes(lambda x: rng.normal(size=(len(x), 5)), Factors(8, 8, 8, 8, 8))
    )  # so many that few recur


@pytest.mark.parametrize(
    "name",
    [
        "beta_vae",
        "factor_vae",
        "mig",
        "dci_disentanglement",
        "dci_completeness",
        "dci_informativeness",
    ],
)
def test_the_factors_themselves_score_one(perfect, name):
    assert perfect[name] == pytest.approx(1, abs=0.01)


def test_the_factors_themselves_have_a_high_sap(perfect):
    assert perfect["sap"] > 0.2
    two_values = Codes(lambda x: x, Factors(2, 2, 2, 2))
    assert sap(two_values, **SMALL) == pytest.approx(
        0.5, abs=0.04
    )  # certainty against a guess between two values


@pytest.mark.parametrize(
    ("name", "limit"), [("mig", 0.02), ("dci_disentanglement", 0.1), ("dci_completeness", 0.1)]
)
def test_an_even_mixture_scores_low(mixed, name, limit):
    assert 0 <= mixed[name] < limit


def test_sap_of_an_even_mixture_is_low(mixed):
    assert 0 <= mixed["sap"] < 0.05


@pytest.mark.parametrize(
    ("name", "chance", "error"),
    [("beta_vae", 1 / 5, 0.06), ("factor_vae", 1 / 5, 0.08), ("dci_informativeness", 1 / 8, 0.04)],
)
def test_noise_scores_at_chance(noise, name, chance, error):
    assert noise[name] == pytest.approx(chance, abs=error)


@pytest.mark.parametrize("name", ["mig", "dci_disentanglement", "dci_completeness", "sap"])
def test_noise_has_no_structure(noise, name):
    assert 0 <= noise[name] < 0.03


def test_mig_is_the_gap_in_bits_over_the_bits_of_the_factor():
    def represent(x):
        return np.stack([x[:, 0], x[:, 0] > 0, x[:, 1], x[:, 1]], 1)  # 2 bits and 1; 2 bits twice

    assert mig(Codes(represent, Factors(4, 4))) == pytest.approx(((2 - 1) / 2 + 0) / 2, abs=0.01)


def test_factors_that_no_dimension_stands_for_are_never_told():
    """FactorVAE misses both of two; the linear classifier knows that it is one of the two."""
    codes = Codes(lambda x: np.concatenate([x[:, :2], 0.01 * x[:, 2:]], 1), Factors(4, 4, 4, 4))
    assert factor_vae(codes, **SMALL) == pytest.approx(1 / 2, abs=0.06)
    codes = Codes(lambda x: x[:, :2], Factors(4, 4, 4, 4))
    assert beta_vae(codes, **SMALL) == pytest.approx(3 / 4, abs=0.06)


def test_a_collapsed_representation_scores_nothing():
    collapsed = scores(Codes(lambda x: np.zeros((len(x), 3)), Factors(4, 4)))
    for name in ("factor_vae", "mig", "dci_disentanglement", "dci_completeness", "sap"):
        assert collapsed[name] == 0


def test_a_single_dimension_has_a_gap_to_no_other():
    codes = Codes(lambda x: x[:, :1], Factors(4, 4))
    assert mig(codes, num_train=2000) == pytest.approx(1 / 2, abs=0.01)


def test_a_forest_tells_the_same_apart_as_boosted_trees():
    for represent, low, high in (
        (lambda x: x, 0.99, 1.01),
        (lambda x: x @ hadamard(4) / 4, 0, 0.1),
    ):
        values = dci(Codes(represent, Factors(4, 4, 4, 4)), **SMALL, num_trees=10, forest=True)
        assert low <= values["dci_disentanglement"] <= high
        assert low <= values["dci_completeness"] <= high
    assert values["dci_informativeness"] < 0.9


def test_concentration_of_importance():
    assert disentanglement._concentration(np.eye(3)) == pytest.approx(1)
    assert disentanglement._concentration(np.ones((3, 3))) == pytest.approx(0)
    # A row on one of two columns (1) with weight 3, an even row (0) with weight 1, a row of
    # nothing.
    assert disentanglement._concentration(
        np.array([[3.0, 0], [0.5, 0.5], [0, 0]])
    ) == pytest.approx(0.75)


def test_an_importance_that_rounding_puts_below_zero_counts_as_none(monkeypatch):
    from sklearn.ensemble import RandomForestClassifier

    rounded = property(lambda self: np.array([1.0, -6e-17, 0.0]))
    monkeypatch.setattr(RandomForestClassifier, "feature_importances_", rounded)
    codes = Codes(lambda x: np.pad(x, ((0, 0), (0, 1))), Factors(4, 4))
    values = dci(codes, num_train=200, num_test=100, num_trees=2, forest=True)
    assert values["dci_completeness"] == pytest.approx(1)
    assert values["dci_disentanglement"] == pytest.approx(0)  # both factors in one dimension


def test_every_image_is_encoded_once_at_most():
    seen = []

    def represent(x):
        seen.extend(map(tuple, x))
        return x

    codes = Codes(represent, Factors(5, 6))
    beta_vae(codes, **SMALL)
    mig(codes)
    assert len(seen) == len(set(seen)) == 30
    np.testing.assert_allclose(codes(np.array([[[4, 0]], [[0, 5]]])), [[[2, -2.5]], [[-2, 2.5]]])


def test_evaluate_gives_every_score_of_the_posterior_means():
    def encode(x):
        return types.SimpleNamespace(
            mean=lambda: x.reshape(len(x), 2, 1)
        )  # a code with a shape of its own

    model, factors = types.SimpleNamespace(encode=encode), Factors(3, 3)
    values = disentanglement.evaluate(model, factors, 7, 300, 200, batch_size=16, forest=True)
    codes = Codes(lambda x: x, factors)
    assert values == {
        "beta_vae": beta_vae(codes, 7, 300, 200, 16),
        "factor_vae": factor_vae(codes, 7, 300, 200, 16),
        "mig": mig(codes, 7, 300),
        **dci(codes, 7, 300, 200, forest=True),
        "sap": sap(codes, 7, 300, 200),
    }
    assert values["mig"] != mig(codes, 8, 300)
