"""Discrete bottlenecks and the tokenizer protocol, against enumeration, a plain k-means step and
closed forms.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from codebooks import D, V, built, identity
from tiny import tiny_tokenizer

from kerasgen import bottlenecks, families, likelihoods, networks


def test_vectors_are_the_nearest_and_the_gradient_is_the_identity():
    bottleneck = identity(bottlenecks.VectorQuantizer(V, D), D)
    h = np.random.default_rng(0).normal(size=(4, 2, 3, D)).astype("float32")
    vectors = bottleneck.vectors.numpy()
    distances = np.sum((h[..., None, :] - vectors) ** 2, axis=-1)
    features, weights = (
        tf.constant(h),
        np.random.default_rng(1).normal(size=h.shape).astype("float32"),
    )
    with tf.GradientTape() as tape:
        tape.watch(features)
        code = bottleneck(features)
        total = tf.reduce_sum(code.z[0] * weights)
    np.testing.assert_array_equal(bottleneck.posterior(h).mode(), distances.argmin(-1))
    np.testing.assert_allclose(code.z[0], vectors[distances.argmin(-1)], atol=1e-6)
    np.testing.assert_allclose(code.terms["commitment"], distances.min(-1).sum((1, 2)), rtol=1e-4)
    np.testing.assert_allclose(tape.gradient(total, features), weights, rtol=1e-6)


def test_commitment_moves_features_and_the_codebook_term_vectors():
    bottleneck = identity(bottlenecks.VectorQuantizer(V, D, codebook="gradient"), D)
    h = tf.constant(np.random.default_rng(0).normal(size=(1, 2, 3, D)).astype("float32"))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(h)
        terms = bottleneck(h).terms
    difference = h - bottleneck.embed(bottleneck.posterior(h).mode())
    np.testing.assert_allclose(
        tape.gradient(terms["commitment"], h), 2 * difference, rtol=1e-4, atol=1e-6
    )
    assert tape.gradient(terms["codebook"], h) is None
    gradient = tf.convert_to_tensor(tape.gradient(terms["codebook"], bottleneck.vectors.value))
    np.testing.assert_allclose(
        tf.reduce_sum(gradient, 0), -2 * tf.reduce_sum(difference, (0, 1, 2)), rtol=1e-4
    )
    assert tape.gradient(terms["commitment"], bottleneck.vectors.value) is None


def test_moving_averages_are_those_of_k_means():
    """Sums and counts of the chosen features, decayed, against a loop in NumPy; with decay 0 a step
    of k-means.
    """
    rng = np.random.default_rng(0)
    bottleneck = identity(bottlenecks.VectorQuantizer(V, D, decay=0.9, revive_below=0.0), D)
    start = rng.normal(size=(V, D)).astype("float32")
    state = bottleneck.vectors, bottleneck.uses, bottleneck.sums
    for variable, value in zip(state, (start, np.full(V, 4.0), start * 4)):
        variable.assign(value)
    uses, sums = np.full(V, 4.0), start * 4.0
    for _ in range(3):
        h = rng.normal(size=(5, 2, 3, D)).astype("float32")
        vectors = sums / uses[:, None]
        ids = np.sum((h[..., None, :] - vectors) ** 2, axis=-1).argmin(-1)
        for v in range(V):
            chosen = h[ids == v]
            uses[v] = 0.9 * uses[v] + 0.1 * len(chosen)
            sums[v] = 0.9 * sums[v] + 0.1 * chosen.sum(0)
        bottleneck(h, training=True)
    np.testing.assert_allclose(bottleneck.uses, uses, rtol=1e-4)
    np.testing.assert_allclose(bottleneck.vectors, sums / uses[:, None], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("codebook", ["ema", "gradient"])
def test_vectors_out_of_use_are_revived_from_the_batch(codebook):
    bottleneck = identity(bottlenecks.VectorQuantizer(V, D, codebook, revive_below=0.03), D)
    h = np.random.default_rng(0).normal(size=(4, 2, 3, D)).astype("float32")
    bottleneck(h, training=True)  # the first batch sets all of them
    rows = h.reshape(-1, D)
    assert all(
        np.isclose(rows, vector, atol=1e-6).all(-1).any()
        for vector in bottleneck.codebook().numpy()
    )
    vectors = bottleneck.vectors.numpy()
    vectors[2] = 1e3
    bottleneck.vectors.assign(vectors)
    far = bottleneck.codebook().numpy()
    bottleneck.uses.assign(np.where(np.arange(V) == 2, 0.0, 4.0))
    bottleneck(h)
    np.testing.assert_array_equal(bottleneck.codebook(), far)  # not outside of training
    bottleneck(h, training=True)
    assert np.isclose(rows, bottleneck.codebook().numpy()[2], atol=1e-4).all(-1).any()
    assert float(bottleneck.uses[2]) == pytest.approx(len(rows) / V)


@pytest.mark.parametrize("levels", [(3, 5), (8, 5, 5), (4, 6)])
def test_ids_and_codes_of_finite_scalars_are_one_to_one(levels):
    bottleneck = built(bottlenecks.FiniteScalar(levels))
    size = int(np.prod(levels))
    assert bottleneck.vocab_size == size
    ids = np.arange(size)
    codes = bottleneck.embed(ids).numpy()
    for channel, count in enumerate(levels):
        values = np.unique(codes[:, channel])
        assert len(values) == count
        np.testing.assert_allclose(np.diff(values), 1 / (count // 2), rtol=1e-5)
        assert values[0] == -1
    assert len(np.unique(codes, axis=0)) == size
    # Features that the tanh brings to each code are given its id.
    half = np.array(levels) // 2
    reach = (np.array(levels) - 1) * 1.001 / 2
    offset = np.where(np.array(levels) % 2 == 0, 0.5, 0.0)
    features = np.arctanh((codes * half + offset) / reach) - np.arctanh(offset / reach)
    bottleneck = identity(bottlenecks.FiniteScalar(levels), len(levels))
    np.testing.assert_array_equal(
        bottleneck.posterior(features[:, None, None].astype("float32")).mode()[:, 0, 0], ids
    )


def test_finite_scalars_round_to_the_nearest_and_pass_the_gradient():
    bottleneck = identity(bottlenecks.FiniteScalar((5, 3)), 2)
    h = tf.constant(np.random.default_rng(0).normal(size=(4, 2, 3, 2)).astype("float32"))
    with tf.GradientTape() as tape:
        tape.watch(h)
        z = bottleneck(h).z[0]
        total = tf.reduce_sum(z)
    bounded = np.array([2, 1]) * 1.001 * np.tanh(h)
    np.testing.assert_allclose(z, np.round(bounded) / [2, 1], atol=1e-6)
    np.testing.assert_allclose(
        tape.gradient(total, h), 1.001 * (1 - np.tanh(h) ** 2), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("kind", ["gumbel", "vq", "vq_gradient", "fsq"])
def test_training_lowers_the_loss_and_ids_go_round(kind, digits):
    model = tiny_tokenizer(kind)
    model.compile(keras.optimizers.Adam(1e-2))
    history = model.fit(digits[0], epochs=6, batch_size=32, verbose=0).history
    assert history["reconstruction"][-1] < history["reconstruction"][0] - 3
    ids = model.tokenize(digits[0][:8])
    assert ids.dtype == "int32" and tuple(ids.shape) == (8, *model.grid_shape) == (8, 4, 4)
    assert int(np.max(ids)) < model.vocab_size
    images = model.detokenize(ids)
    np.testing.assert_array_equal(images, model.reconstruct(digits[0][:8]))
    np.testing.assert_allclose(images, model.decode(model.bottleneck.embed(ids)).mean(), atol=1e-6)
    assert model.decode_tokens(ids).log_prob(digits[0][:8]).shape == (8,)


def test_mixed_precision_keeps_codebooks_in_float32(images):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny_tokenizer("vq")
    finally:
        keras.config.set_dtype_policy(before)
    model.compile(keras.optimizers.Adam(1e-3))
    model.fit(images, batch_size=64, verbose=0)
    code = model.bottleneck(model.features(images[:4]))
    assert code.z.dtype == code.terms["commitment"].dtype == "float32"
    rows = model.bottleneck.vectors.numpy()
    assert np.any(
        rows != tf.cast(tf.cast(rows, "bfloat16"), "float32").numpy()
    )  # a codebook rounded to bfloat16


def test_updates_are_those_of_the_whole_batch_on_two_replicas(images, two_replicas):
    """Counts and sums are added over replicas, so that two halves of a batch move the codebook as
    the whole does.
    """

    def after_a_step(build):
        model = build()
        model.bottleneck.uses.assign(np.full(model.vocab_size, 3.0))
        model.bottleneck.sums.assign(model.bottleneck.vectors.numpy() * 3)
        model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
        model.fit(images[:64], batch_size=64, verbose=0)
        return model.bottleneck

    def build():
        return tiny_tokenizer("vq", revive_below=0.0)

    one = after_a_step(build)
    with two_replicas.scope():
        two = after_a_step(build)
    np.testing.assert_allclose(one.uses, two.uses, rtol=1e-5)
    np.testing.assert_allclose(one.vectors, two.vectors, rtol=1e-4, atol=1e-5)


def test_revived_vectors_are_the_same_on_two_replicas(images, two_replicas):
    with two_replicas.scope():
        model = tiny_tokenizer("vq")
        model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
        model.fit(images[:64], batch_size=64, verbose=0)
    one, other = (np.asarray(copy) for copy in model.bottleneck.vectors.value.values)
    np.testing.assert_array_equal(one, other)
    rows = np.asarray(model.bottleneck.project(model.features(images[:64]))).reshape(
        -1, model.bottleneck.latent_dim
    )
    nearest = np.abs(rows[:, None] - one).max(-1).argmin(0)
    # Other vectors have moved to the mean of the features that chose them.
    revived = np.abs(rows[nearest] - one).max(-1) < 1e-5
    assert revived.sum() > model.vocab_size / 2
    assert set(nearest[revived] // (len(rows) // 2)) == {0, 1}  # both halves of the batch give some


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (np.zeros((4, 4), "int32"), r"Received: shape \(4, 4\). For a single example, add"),
        (
            np.zeros((2, 4, 5), "int32"),
            r"Expected tokens of shape \[batch, 4, 4\]. Received: shape \(2, 4, 5\).",
        ),
        (np.full((2, 4, 4), 16), r"Expected tokens in 0..15. Received: tokens in 16..16."),
        (np.full((2, 4, 4), -1), r"Expected tokens in 0..15. Received: tokens in -1..-1."),
        (np.full((2, 4, 4), 0.5), r"Expected tokens in 0..15. Received: fractions"),
    ],
)
def test_bad_ids_are_refused(ids, message):
    with pytest.raises(ValueError, match=message):
        tiny_tokenizer("vq").detokenize(ids)


def test_bad_parts_are_refused():
    encoder, decoder = networks.GridEncoder((8,), (0,)), networks.GridDecoder(1, (8,), (0,))
    with pytest.raises(
        ValueError, match="Expected a discrete bottleneck: .* Received: Gaussian. Use Autoencoder"
    ):
        families.DiscreteAutoencoder(
            (8, 8, 1), encoder, bottlenecks.Gaussian(3), decoder, likelihoods.Bernoulli()
        )
    with pytest.raises(ValueError, match="Expected no condition: tokens say all"):
        likelihood, codebook = likelihoods.Bernoulli(), bottlenecks.VectorQuantizer(4, 2)
        families.DiscreteAutoencoder((8, 8, 1), encoder, codebook, decoder, likelihood, condition=4)
    with pytest.raises(
        ValueError,
        match=r"Expected features of a grid.*VectorQuantizer. Received: shape \(None, 16\)",
    ):
        families.DiscreteAutoencoder(
            (8, 8, 1),
            networks.ConvEncoder((8,), (0,), 16),
            bottlenecks.VectorQuantizer(4, 2),
            decoder,
            likelihoods.Bernoulli(),
        )
    with pytest.raises(
        ValueError,
        match="Expected codebook to be one of 'ema', 'gradient'. Received: codebook='k-means'",
    ):
        bottlenecks.VectorQuantizer(4, 2, codebook="k-means")
    with pytest.raises(
        ValueError, match=r"Expected levels\[\d\] to be an integer in 3\.\..* Received: .*=2"
    ):
        bottlenecks.FiniteScalar((5, 2))
    with pytest.raises(ValueError, match="Expected condition=None"):
        tiny_tokenizer("vq").reconstruct(np.zeros((1, 8, 8, 1)), np.zeros(1, "int32"))
