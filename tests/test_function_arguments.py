"""Metrics, plots, tasks and data say in one line what they expected, whatever they are given."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import tiny_gan, tiny_mlp_vae

from kerasgen import data, plot, zoo
from kerasgen.data import speech, wav
from kerasgen.metrics import (
    codes,
    estimators,
    kernel,
    likelihood,
    manifold,
    memorisation,
    modes,
    reconstruction,
    two_sample,
    units,
)
from kerasgen.tasks import appear, interpolation, noise, probe, traversal

VAE, GAN = tiny_mlp_vae(), tiny_gan()
X = np.random.default_rng(0).standard_normal((24, 2))
Y = X + 1
GREY = np.full((4, 8, 8, 1), 0.5, "float32")
TONE = np.sin(np.arange(4000) / 5)


def MEANS(samples):
    return samples.mean(axis=(1, 2, 3))


CALLS = {  # a call that is right, by the names of its arguments
    manifold.precision_recall: {"real": X, "fake": Y, "k": 3},
    manifold.density_coverage: {"real": X, "fake": Y, "k": 3},
    kernel.kernel_distance: {"x": X, "y": Y},
    two_sample.mean_difference: {"x": X, "y": Y, "permutations": 9, "seed": 0},
    two_sample.mmd: {"x": X, "y": Y, "permutations": 9, "seed": 0},
    memorisation.copying: {"samples": X, "training": Y, "held_out": X},
    memorisation.nearest_neighbours: {"x": X, "others": Y},
    modes.mode_coverage: {"samples": X, "centres": Y[:3], "scale": 0.5},
    codes.histogram: {"tokens": [[0, 2], [1, 1]], "vocab_size": 3},
    codes.entropy: {"counts": [1, 2, 0]},
    codes.usage: {"counts": [1, 2, 0]},
    units.active_units: {"means": X},
    plot.units: {"kl": [0.1, 2.0]},
    plot.usage: {"counts": [1, 2, 0]},
    plot.grid: {"images": GREY, "columns": 2},
    appear.appear: {"samples": GREY, "patch_size": 2, "pause": 1},
    probe.few: {"labels": np.arange(8) % 2, "count": 4, "seed": 0},
    zoo.names: {"max_mb": 1.0},
    interpolation.interpolate: {"model": VAE, "start": GREY[0], "end": GREY[1], "steps": 3},
    traversal.traverse: {"model": VAE, "image": GREY[0], "steps": 2, "limit": 1.0, "data": GREY},
    traversal.animation: {"traversal": GREY[None], "path": "moves.gif", "seconds": 0.1},
    traversal.picture: {"traversal": GREY[None], "rows": ["a"], "columns": list("1234")},
    noise.interpolations: {"model": GAN, "rows": 1, "steps": 3, "seed": 0},
    noise.truncations: {"model": GAN, "limits": (0.5, None), "columns": 2, "seed": 0},
    noise.arithmetic: {"model": GAN, "attribute": MEANS, "rows": 1, "steps": 2, "seed": 0},
    units.kl_by_unit: {"model": VAE, "images": GREY},
    estimators.prior_sampling: {"model": VAE, "x": GREY, "num_samples": 3, "seed": 0},
    likelihood.log_prob: {"model": VAE, "x": GREY},
    reconstruction.squared_error: {"model": VAE, "examples": GREY},
    plot.columns: {"samples": X, "names": ["a", "b"]},
    plot.animate: {"frames": [np.zeros((4, 4, 3))], "path": "frames.gif", "seconds": 0.1},
    speech.log_mel: {"samples": TONE, "rate": 8000},
    speech.waveform: {"spectrograms": np.zeros((1, 32, 32, 1)), "iterations": 1, "seed": 0},
    wav.write_wav: {"path": "tone.wav", "waveform": TONE, "rate": 8000},
    data.save_npz: {"path": "grey.npz", "train_images": GREY, "train_labels": np.zeros(4, int)},
    data.load: {"name": "digits", "batch_size": 4, "split": "test", "binarize": "fixed", "seed": 0},
}
ARGUMENTS = [(call, name) for call, given in CALLS.items() for name in given if name != "model"]
WRONG = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.floats() | st.text(max_size=2) | st.none(), max_size=3),
    st.dictionaries(st.text(max_size=1), st.integers(), max_size=1),
    st.sampled_from([X * np.nan, X[:, :1], X[:0], X[None], np.array(None), object()]),
)


@pytest.fixture(autouse=True, scope="module")
def in_a_folder_of_its_own(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("written"))
        yield


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_the_right_call_is_right(call):
    inspect.signature(call).bind(**CALLS[call])
    assert call(**CALLS[call]) is not None


@pytest.mark.parametrize(
    ("call", "name"), ARGUMENTS, ids=lambda each: getattr(each, "__name__", each)
)
@settings(max_examples=25, deadline=None)
@given(value=WRONG)
def test_an_argument_is_taken_or_told_in_one_line(call, name, value):
    if name == "path" and isinstance(value, str):
        return  # names a file
    try:
        call(**CALLS[call] | {name: value})
    except (ValueError, FileNotFoundError) as error:
        said = str(error)
        assert said.startswith("Expected") and "Received" in said and "\n" not in said
