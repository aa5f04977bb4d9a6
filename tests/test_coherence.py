"""Coherence is the share of draws of which judges say the class of what was given."""

import numpy as np
from senses import labelled

from kerasgen.metrics.coherence import coherence


class Rows:
    """Judges pictures by their brightest row."""

    def probabilities(self, images):
        return np.asarray(images).sum((2, 3))


def test_coherence_is_the_share_that_agrees(of_senses):
    x = labelled(200, seed=3)
    given = {name: x[name] for name in ("image", "wave")}
    found = coherence(of_senses, given, x["row"], {"image": Rows()}, num_samples=200)
    drawn = of_senses.sample(given={"wave": x["wave"]}, seed=0, mean=True)
    rows = np.asarray(drawn["image"]).sum((2, 3)).argmax(-1)
    assert found["coherence[wave to image]"].value == 100 * np.mean(rows == x["row"])
    both = of_senses.sample(given=given, seed=0, mean=True)["row"]
    assert found["coherence[all to row]"].value == 100 * np.mean(both == x["row"])
    assert found["coherence[all to row]"].value > 95
    assert found["joint_coherence"].value > 50
    names = {"image to row", "wave to row", "wave to image", "all to row"}
    assert set(found) == {"joint_coherence", *(f"coherence[{name}]" for name in names)}


def test_shuffled_labels_are_met_by_chance(of_senses):
    x = labelled(400, seed=4)
    shuffled = np.random.default_rng(0).permutation(x["row"])
    found = coherence(of_senses, {"wave": x["wave"]}, shuffled, {"image": Rows()}, num_samples=10)
    assert 12 < found["coherence[wave to image]"].value < 38
