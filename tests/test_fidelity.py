"""Label fidelity against models whose answer is known."""

import numpy as np
from tiny import tiny_pixel_vae, tiny_vae

from kerasgen.metrics import shown
from kerasgen.metrics.fidelity import label_fidelity


class Stamp:
    """Draws an image whose brightness is its label; every tenth image of class 3 is one
    of class 4.
    """

    num_classes = 5

    def shown_samples(self, n, labels, seed):
        shown = np.where((labels == 3) & (np.arange(n) // 5 % 10 == 0), 4, labels)
        return shown.astype("float32")[:, None, None, None] * np.ones((1, 2, 2, 1), "float32")


class Reader:
    def probabilities(self, images):
        return np.eye(5, dtype="float32")[np.asarray(images)[:, 0, 0, 0].astype(int)]


def test_it_counts_what_the_classifier_recognises():
    fidelity = label_fidelity(Stamp(), Reader(), num_samples=1000)["label_fidelity"]
    assert fidelity.value == 98.0  # a tenth of a fifth is wrong
    assert fidelity.unit == "%"


def test_pixels_that_depend_on_each_other_are_shown_as_drawn():
    model = tiny_pixel_vae()
    samples = model.shown_samples(5, seed=0)
    np.testing.assert_array_equal(samples, model.sample(5, seed=0))
    assert set(np.unique(samples)) == {0, 1} and shown.in_words(model) == "samples"
    model = tiny_vae()
    np.testing.assert_array_equal(
        model.shown_samples(5, seed=0), model.sample(5, seed=0, mean=True)
    )
    assert shown.in_words(model).startswith("means of p(x | z)")
