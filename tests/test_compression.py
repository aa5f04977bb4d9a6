"""Compressed files against the probabilities of the models that made them."""

import functools
import json
import math
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
from coded import CODED, conditional_vae, labels, samples
from command_line import fails
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from refusals import refusal
from tiny import tiny_gan, tiny_mlp_vae

from kerasgen import bottlenecks, events, likelihoods, zoo
from kerasgen.tasks import compression
from kerasgen.tasks.compression import compress, decompress
from kerasgen.tasks.frequencies import TOTAL, frequencies

pytest.importorskip("constriction")

BITS = 1 / math.log(2)
ONCE = [functools.cache(make) for make in CODED.values()]  # tests share what a model compiled
every_model = pytest.mark.parametrize("make", ONCE, ids=CODED)


def overhead(model):
    """A file of no image, nearly."""
    return len(compress(model, samples(model, 1), labels(model, 1)))


@every_model
def test_files_are_as_long_as_the_model_says_and_come_back_bit_for_bit(make):
    model = make()
    x, given = samples(model, 150), labels(model, 150)
    file = compress(model, x, given, block=16)
    np.testing.assert_array_equal(decompress(model, file), x)
    exact = model.likelihood_kind == "exact"
    nats = model.log_prob(x, given) if exact else model.elbo(x, given, num_samples=50, seed=0)
    bits = -BITS * float(np.sum(nats))
    if given is not None:  # as text, of which a letter tells 6.4 bits
        bits += 1.26 * len(x) * math.log2(model.condition.count)
    assert 8 * (len(file) - overhead(model)) <= 1.02 * bits
    assert 8 * len(file) > 0.98 * bits


@every_model
def test_any_size_of_block_and_any_number_of_images_come_back(make):
    model = make()
    x = samples(model, 9)  # of which each gets the label that makes it likeliest
    for count, block in [(2, 1), (9, 4), (1, None), (7, 16)]:
        np.testing.assert_array_equal(
            decompress(model, compress(model, x[:count], block=block)), x[:count]
        )


def test_labels_are_those_that_make_images_likeliest():
    model, count = conditional_vae(), 200
    for weight in model.decoder.trainable_weights:
        weight.assign(2 * weight)  # so that a label tells more than it takes to say
    x = samples(model, count)
    lengths = [len(compress(model, x, np.full(count, label))) for label in range(3)]
    assert len(compress(model, x)) < min(lengths)
    assert "labels" in refusal(lambda: compress(model, x, np.full(count, 3)))


def test_a_condition_that_is_no_label_is_given_again():
    model = tiny_mlp_vae(num_classes=events.Vector(2))
    x, given = samples_given(model)
    file = compress(model, x, given)
    np.testing.assert_array_equal(decompress(model, file, given), x)
    assert "Pass that one" in refusal(lambda: decompress(model, file, given + 1))
    assert "condition" in refusal(lambda: decompress(model, file))
    assert "condition" in refusal(lambda: compress(model, x))


def samples_given(model):
    given = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    return model.sample(5, given, seed=0).numpy(), given


@given(st.lists(st.floats(-1e4, 0), min_size=2, max_size=300))
@settings(deadline=None)
def test_frequencies_are_whole_positive_and_sum_to_the_total(log_probs):
    whole = frequencies(log_probs)
    assert whole.sum() == TOTAL and whole.min() >= 1 and np.all(whole == np.round(whole))
    probs = np.exp(log_probs - np.logaddexp.reduce(log_probs))
    assert np.abs(whole / TOTAL - probs).max() <= (2 * len(probs) + 1) / TOTAL


@pytest.fixture(scope="module")
def packed():
    model = tiny_mlp_vae()
    return model, compress(model, samples(model, 5))


@given(st.data())
@settings(deadline=None, max_examples=50)
def test_a_damaged_file_is_refused(packed, data):
    model, file = packed
    at = data.draw(st.integers(0, len(file) - 1))
    changed = bytearray(file)
    changed[at] ^= data.draw(st.integers(1, 255))
    for damaged in (bytes(changed), file[:at]):
        told = refusal(lambda damaged=damaged: decompress(model, damaged))
        assert "a damaged file" in told or "of another kind" in told


def rewritten(file, words=None, **changes):
    """A file that says something else of itself, with a checksum that fits."""
    (length,) = struct.unpack("<I", file[4:8])
    head = json.dumps(json.loads(file[8 : 8 + length]) | changes).encode()
    words = file[8 + length : -16] if words is None else words
    content = file[:4] + struct.pack("<I", len(head)) + head + words
    return content + compression.hashlib.sha256(content).digest()[:16]


JSON = st.none() | st.booleans() | st.integers(-2, 10**30) | st.text(max_size=3)


@given(st.data())
@settings(deadline=None, max_examples=50)
def test_a_file_that_someone_made_up_is_refused(packed, data):
    model, file = packed
    name = data.draw(st.sampled_from(sorted(set(compression.facts(file)) - {"model"})))
    wrong = data.draw(JSON | st.lists(JSON, max_size=3) | st.dictionaries(st.just("a"), JSON))
    made_up = rewritten(file, **{name: wrong})
    try:
        np.testing.assert_array_equal(decompress(model, made_up), decompress(model, file))
    except ValueError:
        assert "Received" in refusal(lambda: decompress(model, made_up))


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=30)
def test_made_up_words_are_refused(packed, words):
    model, file = packed
    told = refusal(lambda: decompress(model, rewritten(file, words)))
    assert ("no whole number of words" in told) == (len(words) % 4 > 0)
    assert "pixels" in told or len(words) % 4 > 0


def test_a_file_of_other_weights_or_other_numbers_is_refused(packed):
    model, file = packed
    assert np.all(decompress(model, rewritten(file)) == decompress(model, file))
    facts = compression.facts(file)
    elsewhere = facts["arithmetic"] | {"backend": "another 1.0"}
    assert "another 1.0" in refusal(
        lambda: decompress(model, rewritten(file, arithmetic=elsewhere))
    )
    for change in ({"numbers": "0" * 32}, {"pixels": "0" * 32}, {"count": 10**12}):
        refusal(lambda change=change: decompress(model, rewritten(file, **change)))
    other = tiny_mlp_vae()
    other.set_weights([weight + 1 for weight in other.get_weights()])
    assert "weights" in refusal(lambda: decompress(other, file))


def flow_prior():
    return tiny_mlp_vae(bottleneck=bottlenecks.FlowGaussian(4, couplings=2, hidden=8))


@pytest.mark.parametrize(
    ("make", "shape", "told"),
    [
        (tiny_gan, (2, 8, 8, 1), "pixels at levels"),
        (flow_prior, (2, 8, 8, 1), "a code of normals"),
        (lambda: tiny_mlp_vae(likelihoods.Gaussian()), (2, 8, 8, 1), "pixels at levels"),
        (lambda: tiny_mlp_vae(), (2, 9, 9, 1), "shape (2, 9, 9, 1)"),
        (lambda: tiny_mlp_vae(), (0, 8, 8, 1), "Received: 0"),
    ],
    ids=["no likelihood", "a flow", "a density", "another shape", "no images"],
)
def test_what_does_not_fit_is_refused(make, shape, told):
    assert told in refusal(lambda: compress(make(), np.zeros(shape, "float32")))


def test_pixels_between_the_levels_are_refused():
    assert "between two" in refusal(
        lambda: compress(tiny_mlp_vae(), np.full((2, 8, 8, 1), 0.4, "float32"))
    )
    assert "one name for each of 2" in refusal(
        lambda: compress(tiny_mlp_vae(), np.zeros((2, 8, 8, 1)), names=["one"])
    )


@pytest.mark.slow
def test_pictures_come_back_after_a_restart_with_other_threads(tmp_path, monkeypatch, capsys):
    """Or the file is refused: never another picture."""
    monkeypatch.chdir(tmp_path)
    digits = samples(zoo.load("vae_mnist"), 5)
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for i, digit in enumerate(digits):
        path = tmp_path / "in" / ("deep" if i else "") / f"{i}.png"
        Image.fromarray((255 * digit[..., 0]).astype("uint8")).save(path)

    def command(threads, *words):
        environment = os.environ | {"TF_NUM_INTRAOP_THREADS": threads}
        program = [sys.executable, "-m", "kerasgen.cli", *words]
        return subprocess.run(program, env=environment, capture_output=True, text=True)

    done = command("2", "compress", "vae_mnist", "in", "--out", "x.kgz")
    assert "5 images as" in done.stdout
    for threads in ("2", "1"):
        done = command(threads, "decompress", "x.kgz", "--out", threads)
        if threads == "1" and done.returncode:
            assert "settings of the backend" in done.stderr
            continue
        assert done.returncode == 0, done.stderr
        for i in range(5):
            name = f"{'deep/' if i else ''}{i}.png"
            picture, original = (Image.open(tmp_path / folder / name) for folder in (threads, "in"))
            assert picture.tobytes() == original.tobytes()
    Image.new("L", (30, 30)).save("in/large.png")
    assert "large.png" in fails(capsys, "compress", "vae_mnist", "in", "--out", "y.kgz")
    (tmp_path / "bad.kgz").write_bytes((tmp_path / "x.kgz").read_bytes()[:-1])
    assert "damaged" in fails(capsys, "decompress", "bad.kgz", "--out", "bad")
