"""Adam that updates an encoder more often than the rest: whose turn it is, and Adam's own steps."""

import keras
import numpy as np
import pytest
import sentences

from kerasgen import optimizers

EVERY = {"often": ["encoder", "gaussian"], "every": 3, "steps": 6}


def moved(model, steps):
    """By step, which weights of the encoder's side and of the decoder's were changed."""
    x = sentences.tokens(16)
    sides = (model.encoder, model.bottleneck), (model.decoder, model.likelihood)

    def values():
        weights = [[w for part in side for w in part.trainable_variables] for side in sides]
        return [[keras.ops.convert_to_numpy(w).copy() for w in side] for side in weights]

    before = values()
    for _ in range(steps):
        model.train_on_batch(x)
        now = values()
        yield [[np.any(a != b) for a, b in zip(*pair)] for pair in zip(before, now)]
        before = now


def test_the_decoder_waits_for_its_turn_until_all_are_updated():
    model = sentences.text_vae()
    model.compile(optimizers.UnevenAdam(0.01, **EVERY))
    encoder, decoder = zip(*moved(model, 8))
    assert np.all(encoder)
    np.testing.assert_array_equal([np.any(each) for each in decoder], [0, 0, 1, 0, 0, 1, 1, 1])
    assert np.all([np.all(each) for each in decoder if np.any(each)])


def test_with_a_turn_at_every_step_it_is_adam():
    weights = []
    for optimizer in (keras.optimizers.Adam(0.01), optimizers.UnevenAdam(0.01, every=1)):
        model = sentences.seeded(sentences.language_model)
        model.compile(optimizer)
        model.fit(sentences.tokens(32), batch_size=16, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for mine, theirs in zip(*weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_keras_file_keeps_whose_turn_it_is(tmp_path):
    model = sentences.text_vae()
    model.compile(optimizers.UnevenAdam(0.01, **EVERY))
    model.train_on_batch(sentences.tokens(16))
    model.save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    assert EVERY.items() <= copy.optimizer.get_config().items()
    _, decoder = zip(*moved(copy, 2))
    assert [bool(np.any(each)) for each in decoder] == [False, True]


def test_replicas_take_turns_alike(two_replicas):
    with two_replicas.scope():
        model = sentences.text_vae()
        model.compile(optimizers.UnevenAdam(0.01, **EVERY), jit_compile=False)
    model.fit(sentences.tokens(64), batch_size=16, verbose=0)
    for weight in model.trainable_variables:
        one, other = (np.asarray(copy) for copy in weight.value.values)
        np.testing.assert_array_equal(one, other)


def applied(optimizer, gradients):
    """The values after each step of a weight of the encoder, and of the decoder."""
    weights = [keras.Variable([1.0], name=name) for name in ("encoder", "decoder")]
    values = []
    for gradient in gradients:
        optimizer.apply([np.full(1, gradient, "float32")] * 2, weights)
        values.append([float(weight[0]) for weight in weights])
    return np.transpose(values)


def turns(every, steps, count):
    """Which of `count` steps are turns of the decoder."""
    return np.array([step % every == 0 or step > steps for step in range(1, count + 1)])


@pytest.mark.parametrize("every", [1, 3])
def test_by_a_constant_gradient_each_turn_is_a_step_of_the_rate(every):
    uneven = optimizers.UnevenAdam(0.01, often=["encoder"], every=every, steps=10)
    for values, due in zip(applied(uneven, np.ones(15)), (np.ones(15), turns(every, 10, 15))):
        np.testing.assert_allclose(-np.diff(values, prepend=1.0), 0.01 * due, rtol=1e-3)


@pytest.mark.parametrize("kwargs", [{}, {"weight_decay": 0.5, "amsgrad": True}])
@pytest.mark.parametrize("every", [1, 3])
def test_turns_are_the_steps_of_adam_on_their_gradients(every, kwargs):
    gradients = np.random.default_rng(0).normal(size=15)
    uneven = optimizers.UnevenAdam(0.01, often=["encoder"], every=every, steps=10, **kwargs)
    encoder, decoder = applied(uneven, gradients)
    due = turns(every, 10, 15)
    for mine, kept in (encoder, gradients), (decoder[due], gradients[due]):
        theirs, _ = applied(keras.optimizers.Adam(0.01, **kwargs), kept)
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)
    held = np.diff(decoder, prepend=1.0)[~due]
    np.testing.assert_array_equal(held, np.zeros_like(held))


@pytest.mark.parametrize("often", ["encoder", None, ["("], [3]])
def test_often_is_several_patterns(often):
    with pytest.raises(ValueError, match=r"Expected often(\[\d\])? .* Received"):
        optimizers.UnevenAdam(often=often)


def test_a_pattern_that_matches_no_weight_is_refused():
    with pytest.raises(ValueError, match="Expected each of often .* 'encodr'.* decoder, encoder"):
        applied(optimizers.UnevenAdam(often=["encoder", "encodr"]), [1.0])


@pytest.mark.parametrize("given", [{"every": 0}, {"steps": -1}, {"steps": "x"}])
def test_counts_are_whole_numbers(given):
    (name,) = given
    with pytest.raises(ValueError, match=f"Expected {name} to be .* Received: {name}="):
        optimizers.UnevenAdam(**given)
