"""A poisoned example: the step, the term and the batch that it spoils are named, whatever comes
between two looks.
"""

import functools
import re

import keras
import numpy as np
import pytest
from command_line import needs_tensorflow
from tiny import tiny_autoregressive, tiny_classifier, tiny_gan, tiny_mlp_vae

import kerasgen
from kerasgen import data, divergences, regularizers, training
from kerasgen.data.synthetic.toys import TOYS
from kerasgen.model import Loss
from kerasgen.recipe import Recipe

POISON = 1.0  # all pixels of an example that spoils its batch: no digit is white
STEP, STEPS = 13, 20  # the step of the second epoch that has it, and how many an epoch has


def spoil(x):
    whole = keras.ops.all(keras.ops.equal(x, POISON), axis=tuple(range(1, len(x.shape))))
    return keras.ops.where(keras.ops.any(whole), np.nan, 1.0)


def poisoned(model, method, term):
    """The model, one of whose terms is not a number in a batch with the example."""
    original = getattr(model, method)

    def spoiled(x, condition=None, training=False):
        terms, *others = result = original(x, condition, training)
        spoilt = {**terms, term: terms[term] * spoil(x)}, *others
        return Loss(*spoilt) if isinstance(result, Loss) else spoilt

    setattr(model, method, spoiled)
    return model


class Spoiled(keras.layers.Layer):
    def call(self, x):
        return x * spoil(x)


def assert_is_found(model, terms, images, *labels, **compile_arguments):
    model.compile(keras.optimizers.Adam(1e-4), **compile_arguments)
    guard = training.FiniteLoss(STEPS, functools.partial(data.load, "digits", seed=0))
    x = images[: 8 * STEPS].copy()
    for epoch in range(2):
        x[8 * STEP + 3 : 8 * STEP + 6] = (0.0, POISON)[
            epoch
        ]  # in both parts that a critic with two steps takes
        options = {
            "batch_size": 8,
            "shuffle": False,
            "initial_epoch": epoch,
            "epochs": epoch + 1,
            "verbose": 0,
        }
        try:
            model.fit(x, *labels, **options, callbacks=[guard])
        except FloatingPointError as error:
            found = str(error)
    assert f"Received: {terms} not finite in epoch 2, step {STEP + 1}, the first batch of " in found
    assert f" kerasgen.data.load('digits', seed=0, start_step={STEPS + STEP}). The last" in found


def wgan():
    return tiny_gan(
        divergences.Wasserstein(), [regularizers.GradientPenalty()], None, "layer", critic_steps=2
    )


@pytest.mark.parametrize(
    ("build", "method", "term", "jit_compile"),
    [
        (tiny_mlp_vae, "loss_terms", "kl", False),
        (tiny_mlp_vae, "loss_terms", "kl", True),
        (tiny_autoregressive, "loss_terms", "nll", False),  # by another network, the same step
        (wgan, "_critic_terms", "gradient_penalty", False),
        (wgan, "_generator_terms", "generator", False),
        (wgan, "_generator_terms", "generator", True),  # whose step holds the critic's, too
    ],
    ids=["vae", "vae-xla", "autoregressive", "critic", "generator", "generator-xla"],
)
def test_the_step_and_the_term_within_an_execution(build, method, term, jit_compile, images):
    model = poisoned(build(), method, term)
    binary = np.round(images)  # as an autoregressive model of two levels wants them
    assert_is_found(model, term, binary, steps_per_execution=10, jit_compile=jit_compile)


def test_the_loss_of_a_classifier(digits):
    images, labels = digits
    model = tiny_classifier([Spoiled()])
    assert_is_found(model, "loss", images, labels[: 8 * STEPS], steps_per_execution=10)


@needs_tensorflow
def test_on_one_of_two_replicas(two_replicas, images):
    with two_replicas.scope():
        model = poisoned(tiny_mlp_vae(), "loss_terms", "reconstruction")
        assert_is_found(model, "reconstruction", images, jit_compile=False)


RING = Recipe.from_dict(
    {
        "name": "ring",
        "data": {
            "name": "ring",
            "split": "train[:330]",
            "batch_size": 32,
        },  # the last 10 of an epoch are left out
        "model": {"families.Mixture": {"event": [2], "num_components": 3}},
        "training": {
            "epochs": 5,
            "learning_rate": 0.001,
            "steps_per_execution": 4,
        },  # 8 of the 10 batches an epoch
    }
)


@pytest.mark.parametrize("source", [pytest.param("load", marks=needs_tensorflow), "npz"])
def test_the_call_that_a_run_names_gives_the_poisoned_batch(source, monkeypatch, tmp_path):
    points = TOYS["ring"].draw(np.random.default_rng(0), 10_000)
    monkeypatch.setitem(TOYS, "ring", TOYS["ring"]._replace(draw=lambda rng, n: points[:n].copy()))
    npz = data.export_npz("ring", tmp_path / "ring.npz")
    read = (
        functools.partial(data.load, "ring")
        if source == "load"
        else functools.partial(data.from_npz, npz)
    )
    epoch = read(split="train[:330]", batch_size=32, shuffle=True, drop_remainder=True)
    seen = np.concatenate([np.asarray(batch) for batch in epoch])
    late = next(
        row
        for row in range(330)
        if not np.any(np.all(seen == points[row].astype("float32"), axis=1))
    )
    points[late] = 1e30  # a number, as checks demand, and not among the first 10 batches
    data.export_npz("ring", npz)
    with pytest.raises(FloatingPointError, match="nll not finite in epoch [23]") as error:
        training.run(RING, tmp_path / "run", data=npz if source == "npz" else None)
    call = re.search(
        r"the first batch of (kerasgen\.data\..*\))\. The last checkpoint", str(error.value)
    )[1]
    batch = np.asarray(next(iter(eval(call, {"kerasgen": kerasgen}))))
    assert batch.shape == (32, 2) and (batch > 1e29).any(axis=1).sum() == 1


SPOILED = {
    "sample": lambda model: model.sample(1),
    "log_prob": lambda model: model.log_prob(np.zeros((1, 8, 8, 1))),
    "encode": lambda model: model.encode(np.zeros((1, 8, 8, 1))),
    "reconstruct": lambda model: model.reconstruct(np.zeros((1, 8, 8, 1))),
    "complete": lambda model: model.complete(np.zeros((8, 8, 1)), np.zeros((8, 8), bool)),
    "probabilities": lambda model: model.probabilities(np.zeros((1, 8, 8, 1))),
    "saved_model": lambda model: kerasgen.export.saved_model(model, "unwritten"),
}


@pytest.mark.parametrize("build", [tiny_mlp_vae, tiny_autoregressive, tiny_gan, tiny_classifier])
def test_spoiled_weights_draw_and_score_nothing(build):
    model = build()
    model.trainable_variables[0].assign(model.trainable_variables[0] * np.nan)
    for name, call in SPOILED.items():
        exports = name == "saved_model" and keras.backend.backend() == "tensorflow"
        if hasattr(model, name) or exports:
            with pytest.raises(FloatingPointError, match="finite weights"):
                call(model)


@pytest.mark.parametrize("call", ["fit", "train_on_batch"])
def test_a_rate_that_spoils_the_weights(call, images):
    model = tiny_mlp_vae()
    model.compile(keras.optimizers.SGD(1e30))
    with pytest.raises(FloatingPointError, match="finite losses.*lower learning rate"):
        for _ in range(3):
            getattr(model, call)(images[:8])
