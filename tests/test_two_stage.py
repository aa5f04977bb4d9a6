"""Two-stage models: probabilities by enumeration, the cached loop against full passes, conditions, training."""

import itertools
import math
import shutil

import keras
import numpy as np
import pytest
from conftest import SENTENCES, PatchTokenizer, tiny_two_stage
from keras import ops
from tiny_preset import METRICS

from kerasgen import backend, decoding, export, families, networks, training, zoo
from kerasgen.recipe import Recipe
from kerasgen.text import Vocabulary
from kerasgen.training import callbacks

every_condition = pytest.mark.parametrize("condition", (None, "classes", "text"))
every_prior = pytest.mark.parametrize(
    ("condition", "grid"), [(None, False), ("classes", False), ("text", False), (None, True), ("classes", True)]
)


def build(condition=None, grid=False, event_shape=(8, 8, 1)):
    """A transformer or a PixelCNN with random weights: some start at zero, which would hide what they do."""
    model = tiny_two_stage(condition, event_shape)
    if grid:
        network = networks.TokenGrid(16, networks.PixelCNN(16, 8, 2, first_kernel_size=3), model.num_classes or 1, 4)
        model = families.TwoStageModel(event_shape, model.tokenizer, network, model.num_classes)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(0.5 * rng.standard_normal(weight.shape))
    return model


def condition_of(model, count):
    return None if model.shown_condition(1) is None else model.shown_condition(count)


def random_ids(count, seed=0):
    return np.random.default_rng(seed).integers(16, size=(count, 4, 4)).astype("int32")


@every_prior
def test_the_probabilities_of_all_grids_sum_to_one(condition, grid):
    model = build(condition, grid, (2, 4, 1))
    every = np.array(list(itertools.product(range(16), repeat=2)), "int32").reshape(-1, 1, 2)
    for i in range(2):
        given = condition_of(model, 2)
        given = None if given is None else np.repeat(given[i : i + 1], len(every), axis=0)
        log_prob = ops.convert_to_numpy(model.log_prob_ids(every, given)).astype("float64")
        assert log_prob.std() > 0.1
        assert np.exp(log_prob).sum() == pytest.approx(1, abs=1e-4)


def test_the_probabilities_of_all_images_sum_to_one():
    """The ids are the image's, and so is the product of p(ids) and a p(x | ids) that leaves no doubt."""
    model = build(event_shape=(2, 4, 1))
    images = np.array(list(itertools.product((0.0, 1.0), repeat=8)), "float32").reshape(-1, 2, 4, 1)
    given_ids = 8 * math.log(1 / (1 + math.exp(-6)))
    log_prob = ops.convert_to_numpy(model.log_prob(images)).astype("float64")
    assert np.exp(log_prob - given_ids).sum() == pytest.approx(1, abs=1e-4)


@every_condition
def test_log_prob_is_the_sum_of_both_stages(condition, digits):
    model, images = build(condition), digits[0][:4]
    given = condition_of(model, 4)
    ids = model.tokenizer.tokenize(images)
    expected = model.log_prob_ids(ids, given) + model.tokenizer.decode_ids(ids).log_prob(images)
    np.testing.assert_allclose(model.log_prob(images, given), expected, rtol=1e-5)
    np.testing.assert_allclose(model.loss_terms(images, given)["ids"], -model.log_prob_ids(ids, given), rtol=1e-5)


def naive(model, uniform, condition, **how):
    """Ids one after the other, each from a full pass."""
    ids = np.zeros(uniform.shape, "int32")
    prefix = model._prefix(condition, len(uniform))
    for k, (row, column) in enumerate(np.ndindex(uniform.shape[1:])):
        logits = model.network(prefix, ids)[1][:, k]
        ids[:, row, column] = decoding.draw(logits, uniform[:, row, column], **how)
    return ids


@every_prior
@pytest.mark.parametrize("how", [{"top_p": 0.6}, {"temperature": 0.5, "top_k": 5}], ids=str)
def test_the_loop_draws_what_full_passes_draw(condition, grid, how):
    model = build(condition, grid, (4, 6, 1))
    uniform = np.random.default_rng(1).random((6, 2, 3), "float32")
    given = model.check_condition(condition_of(model, 6))
    np.testing.assert_array_equal(model._draw(uniform, given, **how), naive(model, uniform, given, **how))


def guidable(condition, grid=False, event_shape=(4, 6, 1), **options):
    """A model that knows what is likely without a condition."""
    model = build(condition, event_shape=event_shape)
    size = model.text.size if model.text else model.num_classes + 1
    network = networks.TokenTransformer(16, size, 8, 1, 2)
    if grid:
        network = networks.TokenGrid(16, networks.PixelCNN(16, 8, 2, first_kernel_size=3), size, 4)
    options = {"condition_dropout": 0.5, **options}
    model = families.TwoStageModel(event_shape, model.tokenizer, network, model.num_classes, model.text, **options)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign_add(0.5 * rng.standard_normal(weight.shape))
    return model


@pytest.mark.parametrize(("condition", "grid"), [("classes", False), ("classes", True), ("text", False)])
def test_guided_ids_are_those_of_full_passes_with_and_without_the_condition(condition, grid):
    model = guidable(condition, grid, guidance=2.5)
    given = model.check_condition(condition_of(model, 6))
    prefix, ids = model._prefix(given, 6), np.zeros((6, 2, 3), "int32")
    nothing = np.full(prefix.shape, 0 if model.text else model.num_classes, "int32")
    uniform = np.random.default_rng(1).random((6, 2, 3), "float32")
    for k, (row, column) in enumerate(np.ndindex(2, 3)):
        with_it, without = (ops.convert_to_numpy(model.network(each, ids)[1])[:, k] for each in (prefix, nothing))
        ids[:, row, column] = decoding.draw(2.5 * with_it - 1.5 * without, uniform[:, row, column], top_k=9)
    np.testing.assert_array_equal(model._draw(uniform, given, top_k=9, guidance=2.5), ids)
    same = model.sample_ids(6, given, seed=0)
    np.testing.assert_array_equal(same, model.sample_ids(6, given, seed=0, guidance=2.5))
    assert not np.array_equal(same, model.sample_ids(6, given, seed=0, guidance=1))


def test_without_guidance_the_condition_does_not_count():
    model = guidable("classes")
    drawn = [model.sample_ids(5, np.full(5, label), seed=0, guidance=0) for label in (0, 1)]
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("condition", ["classes", "text"])
def test_training_leaves_as_many_conditions_out_as_it_should(condition):
    model = guidable(condition, event_shape=(8, 8, 1), condition_dropout=0.25)
    images = np.repeat(np.random.default_rng(0).random((1, 8, 8, 1), "float32"), 2000, axis=0)
    given = model.check_condition(np.repeat(condition_of(model, 1), 2000, axis=0))
    ids = model.tokenizer.tokenize(images[:1])
    nothing = model._unconditional(model._prefix(given, 2000)[:1])
    without = -ops.sum(ops.log_softmax(model.network(nothing, ids)[1]) * ops.one_hot(ops.reshape(ids, (1, 16)), 16))
    losses = ops.convert_to_numpy(model.loss_terms(images, given, training=True)["ids"])
    left_out = np.isclose(losses, float(without), rtol=1e-4)
    np.testing.assert_allclose(losses[~left_out], model.loss_terms(images[:1], given[:1])["ids"][0], rtol=1e-4)
    assert left_out.mean() == pytest.approx(0.25, abs=0.04)


@every_condition
def test_samples_have_the_model_s_probabilities(condition):
    """Of one patch: the distribution over its 16 values."""
    model = build(condition, event_shape=(2, 2, 1))
    given = None if condition is None else condition_of(model, 2)[1:]
    every = np.arange(16, dtype="int32").reshape(16, 1, 1)
    expected = np.exp(model.log_prob_ids(every, given if given is None else np.repeat(given, 16, axis=0)))
    ids = model.sample_ids(2000, given if given is None else np.repeat(given, 2000, axis=0), seed=0)
    found = np.bincount(np.ravel(ids), minlength=16) / 2000
    np.testing.assert_allclose(found, expected, atol=4 * np.sqrt(0.25 / 2000))
    np.testing.assert_allclose(found.sum(), 1)


@every_condition
def test_an_id_depends_on_all_that_come_before_and_on_no_other(condition):
    model = build(condition)
    ids = random_ids(1)
    changed = np.repeat(ids.reshape(1, 16), 16, axis=0)
    changed[np.arange(16), np.arange(16)] += 1
    changed = (changed % 16).reshape(16, 4, 4)
    prefix = model._prefix(model.check_condition(condition_of(model, 1)), 1)
    outputs = model.network(np.repeat(prefix, 16, axis=0), changed)[1] - model.network(prefix, ids)[1]
    influence = np.abs(outputs).max(-1)  # [changed, position]
    assert np.all(influence[np.tril_indices(16)] < 1e-5)
    assert np.all(influence[np.triu_indices(16, 1)] > 1e-6)


def test_the_text_loss_is_of_every_word_and_the_end():
    """By hand, from the network's logits; padding behind the end does not count."""
    model = build("text")
    images = np.zeros((2, 8, 8, 1), "float32")
    words = np.asarray(model.check_condition(SENTENCES))
    logits, _ = model.network(words, model.tokenizer.tokenize(images))
    log_p = np.asarray(ops.log_softmax(logits))
    expected = [
        -sum(log_p[row, t, words[row, t + 1]] for t in range(end)) for row, end in ((0, 5), (1, 2))
    ]  # 6 words fill the row; of 2 words, the second and the end
    np.testing.assert_allclose(model.loss_terms(images, SENTENCES)["text"], expected, rtol=1e-4)
    assert model.term_weights() == {"text": pytest.approx(1 / 7 * 16 / 6)}


def test_words_before_the_images_do_not_see_them():
    model = build("text")
    words = model.check_condition(SENTENCES)
    first, other = (model.network(words, random_ids(2, seed))[0] for seed in (0, 1))
    np.testing.assert_array_equal(first, other)


def test_sampling_arguments():
    model = build("text")
    images = model.sample(3, "a red circle", seed=1)
    assert images.shape == (3, 8, 8, 1)
    np.testing.assert_array_equal(images, model.sample(3, ["a red circle"] * 3, seed=1))
    greedy = model.sample_ids(4, "a square", seed=1, top_k=1)
    np.testing.assert_array_equal(greedy, np.repeat(greedy[:1], 4, axis=0))
    np.testing.assert_array_equal(greedy, model.sample_ids(4, "a square", seed=2, temperature=1e-4))


def test_the_best_of_several_is_the_likeliest_of_them():
    model = build("text")
    every = model.sample_ids(12, [each for each in SENTENCES for _ in range(6)], seed=3)
    log_prob = np.reshape(model.log_prob_ids(every, [each for each in SENTENCES for _ in range(6)]), (2, 6))
    best = model.sample_ids(2, SENTENCES, seed=3, best_of=6)
    chosen = np.reshape(every, (2, 6, 4, 4))[np.arange(2), log_prob.argmax(1)]
    np.testing.assert_array_equal(best, chosen)


@pytest.mark.parametrize("top_k", [1, 3, 16])
def test_top_k_draws_the_k_likeliest_in_proportion(top_k):
    logits = np.random.default_rng(0).standard_normal(16).astype("float32")
    uniform = np.linspace(0, 1, 40_001, dtype="float32")[:-1]
    drawn = decoding.draw(np.broadcast_to(logits, (40_000, 16)), uniform, top_k=top_k)
    kept = np.argsort(logits)[-top_k:]
    expected = np.zeros(16)
    expected[kept] = np.exp(logits[kept]) / np.exp(logits[kept]).sum()
    np.testing.assert_allclose(np.bincount(drawn, minlength=16) / 40_000, expected, atol=1e-4)


@pytest.mark.parametrize(("top_p", "kept"), [(0.05, 1), (0.4, 1), (0.41, 2), (0.7, 2), (0.71, 3), (1.0, 5)])
def test_the_nucleus_is_the_fewest_tokens_with_enough_probability(top_p, kept):
    probabilities = np.array([0.05, 0.4, 0.1, 0.3, 0.15])
    uniform = np.linspace(0, 1, 20_001, dtype="float32")[:-1]
    logits = np.broadcast_to(np.log(probabilities).astype("float32"), (20_000, 5))
    top_p = top_p - 1e-6 if top_p < 1 else top_p  # 0.4 in float32 is a little more
    drawn = decoding.draw(logits, uniform, top_p=top_p)
    order = np.argsort(-probabilities)[:kept]
    expected = np.zeros(5)
    expected[order] = probabilities[order] / probabilities[order].sum()
    np.testing.assert_allclose(np.bincount(drawn, minlength=5) / 20_000, expected, atol=1e-3)


def test_rounding_leads_to_no_token_that_was_cut_off():
    logits = np.zeros((1, 1000), "float32")
    logits[:, 700:] = -1
    for top_k in (1, 7, 700):
        assert decoding.draw(logits, np.array([1 - 2**-24], "float32"), top_k=top_k)[0] < 700


@keras.saving.register_keras_serializable(package="kerasgen.tests")
class Scaled(PatchTokenizer):
    """With a weight, that training must leave alone."""

    def __init__(self, event_shape, **kwargs):
        super().__init__(event_shape, **kwargs)
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones")

    def tokenize(self, x):
        return super().tokenize(self.scale * x)


def test_the_tokenizer_is_not_trained_and_is_saved(digits, tmp_path):
    def make():
        return families.TwoStageModel((8, 8, 1), Scaled((8, 8, 1)), networks.TokenTransformer(16, 1, 8, 1, 2))

    model = make()
    model.tokenizer.scale.assign(0.8)
    assert all("scale" not in weight.path for weight in model.trainable_weights)
    model.compile(keras.optimizers.Adam(1e-2))
    losses = model.fit(digits[0], batch_size=32, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0] and float(model.tokenizer.scale) == pytest.approx(0.8)
    model.save_weights(tmp_path / "m.weights.h5")
    copy = make()
    copy.load_weights(tmp_path / "m.weights.h5")
    assert float(copy.tokenizer.scale) == pytest.approx(0.8)
    np.testing.assert_array_equal(copy.log_prob(digits[0][:4]), model.log_prob(digits[0][:4]))


RECIPE = {
    "name": "prior",
    "data": {"name": "digits", "batch_size": 50, "labels": True},
    "model": {
        "families.TwoStageModel": {
            "event_shape": [8, 8, 1],
            "tokenizer": {"tests.Scaled": {"event_shape": [8, 8, 1]}},
            "network": {"networks.TokenTransformer": {"vocab_size": 16, "prefix_size": 10, "size": 8, "num_blocks": 1}},
            "num_classes": 10,
        }
    },
    "training": {"epochs": 3, "learning_rate": 0.003},
}


def test_a_run_starts_from_a_tokenizer_and_resumes_exactly(tmp_path, monkeypatch):
    tokenizer = {**RECIPE, "name": "tokenizer", "model": {"tests.Scaled": {"event_shape": [8, 8, 1]}}}
    tokenizer = Recipe.from_dict(tokenizer)
    trained = tokenizer.build()
    trained.scale.assign(0.8)
    preset = zoo.save(trained, tmp_path / "tokenizer", tokenizer, METRICS)
    schedule = {**RECIPE["training"], "start_from": {"tokenizer": str(preset)}}
    recipe = Recipe.from_dict({**RECIPE, "training": schedule})
    whole = training.run(recipe, tmp_path / "whole")
    assert float(whole.tokenizer.scale) == pytest.approx(0.8)

    def killed(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(callbacks.FiniteLoss, "on_epoch_begin", killed)
        patch.setattr(callbacks.FiniteLoss, "on_train_batch_end", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            training.run(recipe, tmp_path / "run")
    shutil.rmtree(preset)  # a run that goes on, and a preset, need it no more
    with pytest.raises(ValueError, match="Expected the name of a preset"):
        training.run(recipe, tmp_path / "other")
    resumed = training.run(recipe, tmp_path / "run", resume=True)
    loaded = zoo.load(tmp_path / "run" / "preset")
    for mine, theirs, again in zip(whole.get_weights(), resumed.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_array_equal(mine, again)


def test_a_tokenizer_of_another_kind_is_no_start(saved):
    recipe = Recipe.from_dict({**RECIPE, "training": {**RECIPE["training"], "start_from": {"tokenizer": str(saved)}}})
    with pytest.raises(zoo.PresetError, match="weights of another architecture"):
        training.run(recipe, saved / "run")


def test_it_learns_what_the_sentence_says():
    """Two sentences, two images."""
    model = tiny_two_stage("text")
    images = np.zeros((64, 8, 8, 1), "float32")
    images[::2, :4], images[1::2, 4:] = 1, 1
    words = np.tile(model.text.encode(SENTENCES), (32, 1))
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(images, words, batch_size=16, epochs=25, verbose=0)
    for sentence, image in zip(SENTENCES, images):
        np.testing.assert_array_equal(model.sample(5, sentence, seed=0, temperature=0.5), np.stack([image] * 5))


def test_parts_that_do_not_belong_together():
    tokenizer, text = PatchTokenizer((8, 8, 1)), Vocabulary(["a"], 2, ["a"])
    for arguments, message in (
        (((4, 4, 1), tokenizer, networks.TokenTransformer(16, 1, 8, 1, 2)), r"tokenizer's, \(8, 8, 1\). Received: \(4"),
        (((8, 8, 1), tokenizer, networks.TokenTransformer(17, 1, 8, 1, 2)), "vocab_size to be 16.*Received: 17"),
        (((8, 8, 1), tokenizer, networks.TokenTransformer(16, 1, 8, 1, 2), 10), "prefix_size to be 10.*Received: 1"),
        (((8, 8, 1), tokenizer, networks.TokenTransformer(16, 1, 8, 1, 2), None, text), "prefix_size to be 2"),
        (((8, 8, 1), tokenizer, networks.TokenTransformer(16, 2, 8, 1, 2), 2, text), "num_classes or text.*both"),
        (
            ((8, 8, 1), tokenizer, networks.TokenTransformer(16, 2, 8, 1, 2), None, Vocabulary(["a"], 2)),
            "a text with examples",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            families.TwoStageModel(*arguments)
    with pytest.raises(ValueError, match="Expected condition_dropout in .*, and 0 without a condition. Received: 0.1"):
        families.TwoStageModel((8, 8, 1), tokenizer, networks.TokenTransformer(16, 1, 8, 1, 2), condition_dropout=0.1)
    with pytest.raises(ValueError, match="prefix_size to be 11"):  # ten classes and none
        network = networks.TokenTransformer(16, 10, 8, 1, 2)
        families.TwoStageModel((8, 8, 1), tokenizer, network, 10, condition_dropout=0.1)
    with pytest.raises(ValueError, match="Expected num_heads to divide size. Received: num_heads=3, size=8"):
        networks.TokenTransformer(16, 1, 8, 1, 3)
    grid = networks.TokenGrid(16, networks.PixelCNN(16, 8, 1), text.size)
    with pytest.raises(ValueError, match="Expected a prefix of one token, all that these networks read. Received: 2"):
        families.TwoStageModel((8, 8, 1), tokenizer, grid, text=text)
    with pytest.raises(ValueError, match="output_channels to be vocab_size=16. Received: 5"):
        families.TwoStageModel((8, 8, 1), tokenizer, networks.TokenGrid(16, networks.PixelCNN(5, 8, 1)))


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (None, "Expected a condition: this model draws what a sentence says. Received: condition=None"),
        ("a red circel", "Expected words that the model knows. Received: 'circel'. Near 'circel': circle."),
        (["a circle"] * 3, "Expected one label for each of n=2 examples. Received: 3 labels"),
        (
            np.zeros((2, 5), "int32"),
            r"Expected sentences, or word numbers of shape \[batch, 6\]. Received: shape \(2, 5",
        ),
        (np.full((2, 6), 6, "int32"), r"Expected integer word numbers in 0..5. Received: int32 in 6..6"),
        (np.zeros((2, 6), "float32"), r"Expected integer word numbers in 0..5. Received: float32 in"),
    ],
)
def test_sentences_that_it_does_not_take(condition, message):
    with pytest.raises(ValueError, match=message):
        tiny_two_stage("text").sample(2, condition)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": 0}, "Expected temperature to be a positive number. Received: temperature=0"),
        ({"top_k": 0}, "Expected top_k to be an integer of at least 1, or None. Received: top_k=0"),
        ({"top_p": 1.5}, r"Expected top_p to be a number in \(0, 1\], or None. Received: top_p=1.5"),
        ({"best_of": 0}, "Expected best_of to be an integer of at least 1. Received: best_of=0"),
        ({"guidance": -1}, "Expected guidance to be a number of at least 0. Received: guidance=-1"),
        ({"guidance": 2}, "Expected guidance=1: this model never learned .* Received: guidance=2. Train it with"),
    ],
)
def test_ways_to_draw_that_there_are_not(arguments, message):
    with pytest.raises(ValueError, match=message):
        tiny_two_stage().sample(2, **arguments)


def test_a_grid_survives_its_configuration():
    model = build("classes", grid=True)
    copy = families.TwoStageModel.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    labels = np.arange(4)
    np.testing.assert_array_equal(copy.sample(4, labels, seed=0), model.sample(4, labels, seed=0))


def test_ids_of_another_grid():
    with pytest.raises(ValueError, match=r"Expected ids of shape \[batch, 4, 4\]. Received: shape \(2, 16\)"):
        tiny_two_stage().log_prob_ids(np.zeros((2, 16), "int32"))


def test_mixed_precision_scores_in_float32(digits):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = tiny_two_stage("classes")
    finally:
        keras.config.set_dtype_policy(before)
    log_prob = model.log_prob(digits[0][:4], digits[1][:4])
    assert backend.is_concrete(log_prob) and log_prob.dtype == "float32"
    expected = tiny_two_stage("classes").log_prob(digits[0][:4], digits[1][:4])
    np.testing.assert_allclose(log_prob, expected, rtol=0.02)
    assert model.sample(2, [0, 1], seed=0).shape == (2, 8, 8, 1)


def test_guided_samples_are_exported(tmp_path):
    """The exported sampler is compared with the model's own, which is guided."""
    model = guidable("text", event_shape=(8, 8, 1), guidance=2.0)
    assert export.tflite(model, tmp_path / "guided.tflite").errors["sample"] == 0
