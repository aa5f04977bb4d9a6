"""What a tokenizer's figures say, against a tokenizer whose loss and ids are known."""

import io
import math
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image
from tiny import tiny_tokenizer

from kerasgen import families, likelihoods, zoo
from kerasgen.metrics import codes, features, tokenizer
from kerasgen.reports import Shown, Study, report


def test_usage_of_known_ids():
    counts = codes.histogram(np.array([[0, 0], [3, 3]]), 8)
    np.testing.assert_array_equal(counts, [2, 0, 0, 2, 0, 0, 0, 0])
    figures = codes.usage(counts)
    assert figures["perplexity"].value == pytest.approx(2)
    assert figures["used_codes"].value == 25
    assert codes.usage(np.ones(8))["perplexity"].value == pytest.approx(8)


def test_ids_are_counted_over_batches(images):
    model = tiny_tokenizer("vq")
    counts = codes.count(model, np.concatenate([images] * 5))
    np.testing.assert_array_equal(counts, 5 * codes.histogram(model.tokenize(images), 16))


@pytest.mark.parametrize("kind", ["gumbel", "vq"])
def test_figures_are_what_the_model_gives(kind, images):
    model = tiny_tokenizer(kind)
    x = (images[:150] > 0.5).astype("float32")
    figures = report(model).evaluate(x)
    ids = model.tokenize(x)
    log_prob = np.asarray(model.decode_tokens(ids).log_prob(x), "float64")
    error = np.mean((np.asarray(model.detokenize(ids), "float64") - x) ** 2)
    assert figures["reconstruction"].value == pytest.approx(-log_prob.mean(), rel=1e-5)
    assert figures["psnr"].value == pytest.approx(-10 * np.log10(error), rel=1e-4)
    assert figures["rate"].value == 16 * 4
    counts = np.bincount(np.ravel(ids), minlength=16) / np.size(ids)
    entropy = -sum(share * math.log2(share) for share in counts if share)
    assert figures["entropy_rate"].value == pytest.approx(16 * entropy)
    assert ("elbo" in figures) == ("kl" in figures) == (kind == "gumbel")
    if kind == "gumbel":
        kl = np.mean(model.encode(x).kl_divergence(model.bottleneck.prior()))
        assert figures["kl"].value == pytest.approx(kl, rel=1e-5)
        assert -figures["elbo"].value - kl == pytest.approx(
            figures["reconstruction"].value, rel=0.1
        )  # drawn ids


@pytest.mark.parametrize(
    "likelihood", [likelihoods.Bernoulli(), likelihoods.Gaussian("shared", levels=256)]
)
def test_bits_per_dim_of_binary_and_of_eight_bit_images(likelihood, images):
    part = tiny_tokenizer("vq")
    model = families.DiscreteAutoencoder(
        (8, 8, 1), part.encoder, part.bottleneck, part.decoder, likelihood
    )
    figures = report(model).evaluate(np.round(images[:4] * 255) / 255)
    expected = figures["reconstruction"].value / 64 / math.log(2)
    assert figures["reconstruction_bits_per_dim"].value == pytest.approx(expected)


def test_png_sizes_are_those_of_the_files():
    rng = np.random.default_rng(0)
    grey, binary, color = (
        rng.random((2, 28, 28, 1)),
        rng.integers(2, size=(2, 28, 28, 1)),
        rng.random((2, 8, 8, 3)),
    )
    assert np.all(tokenizer.png_bits(grey) > 784 * 8)  # noise cannot be compressed
    assert np.all((tokenizer.png_bits(binary) > 784) & (tokenizer.png_bits(binary) < 784 * 3))
    file = io.BytesIO()
    Image.fromarray(np.round(color[1] * 255).astype("uint8")).save(file, "png", optimize=True)
    assert tokenizer.png_bits(color)[1] == 8 * len(file.getvalue())


def test_quality_of_reconstructions_beside_its_floor(images, monkeypatch):
    model = tiny_tokenizer("vq")
    first, second = images[:100], images[100:200]
    figures = tokenizer.reconstruction_quality(model, first, first, second, features.VALUES)
    assert list(figures) == [
        "reconstruction_frechet_distance[values]",
        "reconstruction_frechet_distance_floor[values]",
    ]
    assert figures["reconstruction_frechet_distance[values]"].value > 1
    monkeypatch.setattr(
        model, "detokenize", lambda ids: keras.ops.convert_to_tensor(first)
    )  # a perfect tokenizer
    perfect = tokenizer.reconstruction_quality(model, first, first, first, features.VALUES)
    assert all(figure.value == pytest.approx(0, abs=1e-3) for figure in perfect.values())


def test_measure_yields_reconstruction_quality_where_there_is_a_judge(images):
    def read(split, grey=False, count=None):
        return images[:count], None, f"{len(images)} {split} examples"

    without = list(report(tiny_tokenizer("vq")).figures(Study("digits", read)))
    judge = zoo.Judge("judge", SimpleNamespace(features=features.VALUES.function))
    (figures, protocol), (quality, quality_protocol) = report(tiny_tokenizer("vq")).figures(
        Study("digits", read, judge)
    )
    assert without == [(figures, protocol)]
    assert protocol == "256 test examples"
    assert "reconstruction_frechet_distance[judge]" in quality
    assert (
        quality_protocol.startswith("reconstructions of 256 test examples")
        and "judge" in quality_protocol
    )


def test_the_card_shows_reconstructions_and_usage(images, tmp_path):
    captions = report(tiny_tokenizer("gumbel")).pictures(tmp_path, Shown(images))
    assert list(captions) == ["reconstructions.png", "usage.png"]
    assert {"16", "256"} <= set(captions["usage.png"].split())  # tokens, and images
    for name in captions:
        assert (tmp_path / name).stat().st_size > 1000
