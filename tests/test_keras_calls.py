"""Every argument of Keras' own methods is honoured, or refused in one line."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from refusals import refusal
from tiny import tiny_autoregressive, tiny_classifier, tiny_gan, tiny_mlp_vae
from trained import BATCH, compiled, moved

from kerasgen import events


@pytest.fixture(scope="module")
def data(digits):
    return digits[0][:16], digits[1][:16]


@pytest.mark.parametrize("build", [tiny_mlp_vae, tiny_gan])
@pytest.mark.parametrize(
    "given",
    [
        {"loss": "mse"},
        {"metrics": ["accuracy"]},
        {"weighted_metrics": ["mse"]},
        {"loss_weights": [2.0]},
    ],
    ids=lambda given: next(iter(given)),
)
def test_what_compares_a_target_with_a_prediction(build, given, data):
    model = build()
    assert next(iter(given)) in refusal(lambda: model.compile(**given))
    model.compile()  # and nothing of it is left
    model.fit(data[0], **BATCH)


@pytest.mark.parametrize("build", [tiny_mlp_vae, tiny_gan])
def test_what_keras_calls_a_prediction(build, data):
    model, x = build(), data[0]
    calls = {
        "a call": lambda: model(x),
        "predict": lambda: model.predict(x),
        "predict_on_batch": lambda: model.predict_on_batch(x),
        "export": lambda: model.export("folder"),
        "quantize": lambda: model.quantize("int8"),
    }
    for name, call in calls.items():
        message = refusal(call, TypeError)
        assert name in message and "sample" in message
    assert "sample" in refusal(lambda: model(keras.Input((8, 8, 1))), TypeError)


@pytest.mark.parametrize("build", [tiny_mlp_vae, tiny_gan])
def test_keras_steps_make_a_loop_of_ones_own(build, data):
    model = compiled(build(), 0.01)
    assert moved(model, lambda: model.train_step((keras.ops.convert_to_tensor(data[0]),)))
    if build is tiny_mlp_vae:
        assert np.isfinite(float(model.test_step((keras.ops.convert_to_tensor(data[0]),))["loss"]))
    assert "sample" in refusal(lambda: model(data[0]), TypeError)  # as before


def test_a_classifier_predicts_by_keras(data):
    model = tiny_classifier()
    assert model(data[0]).shape == (16, 10)
    assert model.predict(data[0], verbose=0).shape == (16, 10)


@pytest.mark.parametrize(
    "name",
    ["batch_size", "epochs", "steps_per_epoch", "validation_batch_size", "validation_steps"],
)
@pytest.mark.parametrize("value", [0, -3, 2.5, "3"])
def test_sizes(name, value, data):
    model = compiled(tiny_mlp_vae())
    assert name in refusal(lambda: model.fit(data[0], **{name: value}))


@pytest.mark.parametrize("share", [-0.1, 1, 1.5, "0.1"])
def test_a_share_that_is_none(share, data):
    model = compiled(tiny_mlp_vae())
    assert "validation_split" in refusal(lambda: model.fit(data[0], validation_split=share))


@pytest.mark.parametrize("build", [tiny_mlp_vae, tiny_gan, tiny_classifier])
def test_what_cannot_be_compiled(build):
    for name, values in {
        "steps_per_execution": (0, "2"),
        "run_eagerly": ("yes",),
        "jit_compile": ("maybe", 2),
        "optimizer": ("adan", 3, {"class_name": "Adan"}, keras.optimizers.Adam, ["adam"]),
    }.items():
        for value in values:
            assert name in refusal(lambda given={name: value}: build().compile(**given))
    if build is not tiny_gan:  # whose optimizers have defaults
        assert "optimizer" in refusal(lambda: build().compile(None))


@pytest.mark.parametrize("callbacks", [3, [3], [keras.callbacks.Callback]])
def test_callbacks_that_are_none(callbacks, data):
    assert "callbacks" in refusal(
        lambda: compiled(tiny_mlp_vae()).fit(data[0], callbacks=callbacks)
    )


@pytest.mark.parametrize(
    "spoil, remedy",
    [
        (lambda x: x * 255, "divide them by 255"),
        (lambda x: x * 2 - 1, "(x + 1) / 2"),
        (lambda x: x * 3, "outside [0, 1]"),
        (lambda x: x * 255 - 100, "outside [0, 1]"),
        (lambda x: x * np.nan, "NaN"),
    ],
)
def test_the_remedy_fits_the_scale_of_pixels_in_batches(spoil, remedy, data):
    batches = tf.data.Dataset.from_tensor_slices(spoil(data[0])).batch(8)
    message = refusal(lambda: compiled(tiny_mlp_vae()).fit(batches, verbose=0))
    remedies = ["divide them by 255", "(x + 1) / 2", "outside [0, 1]", "NaN"]
    assert [each for each in remedies if each in message] == [remedy]


@pytest.mark.parametrize("build", [tiny_mlp_vae, tiny_gan])
def test_a_batch_of_four_parts(build, data):
    model = compiled(build(), 0.01)
    batch = (data[0], None, None, None)
    assert "4 parts" in refusal(lambda: model.train_step(batch))


@pytest.mark.parametrize("call", ["fit", "evaluate", "validation"])
def test_a_source_that_gives_nothing(call, data):
    model = compiled(tiny_mlp_vae())
    nothing = tf.data.Dataset.from_tensor_slices(data[0]).batch(8).take(0)
    calls = {
        "fit": lambda: model.fit(nothing, verbose=0),
        "evaluate": lambda: model.evaluate(nothing, verbose=0),
        "validation": lambda: model.fit(data[0], validation_data=nothing, verbose=0),
    }
    assert "none" in refusal(calls[call])


def test_what_gives_its_batches_once_is_not_asked_again(data, recwarn):
    model = compiled(tiny_mlp_vae())
    halves = lambda: (data[0][at : at + 8] for at in (0, 8))  # noqa: E731
    assert "steps_per_epoch" in refusal(lambda: model.fit(halves(), epochs=2))
    held_out = {"validation_data": halves(), "epochs": 2}
    assert "validation_steps" in refusal(lambda: model.fit(data[0], **held_out))
    endless = (data[0] for _ in itertools.count())
    history = model.fit(endless, epochs=2, steps_per_epoch=3, verbose=0).history
    assert len(history["loss"]) == 2 and int(model.optimizer.iterations) == 6
    recwarn.clear()
    held_out = model.fit(halves(), validation_data=halves(), verbose=0).history
    assert np.isfinite(held_out["val_loss"][0])
    assert not [each for each in recwarn if "shuffle" in str(each.message)]  # nobody asked for it


def test_labels_by_the_names_of_classes(data):
    x, y = data
    names = [f"digit {i}" for i in range(10)]
    model = compiled(tiny_mlp_vae(num_classes=events.Classes(10, names)))
    words = np.array(names)[y]
    for each in (words, words.tolist(), words.astype(object)):
        found = model.evaluate(x, each, verbose=0, batch_size=16)
        assert np.isfinite(found[0])
        np.testing.assert_array_equal(model.condition.array(each), y)
    drawn = [model.sample(3, condition, seed=0) for condition in ("digit 7", 7, [7, 7, 7])]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0], drawn[2])
    assert "digit 0" in refusal(lambda: model.sample(3, "dog"))
    nameless = compiled(tiny_mlp_vae(num_classes=10))
    assert "np.unique" in refusal(lambda: nameless.fit(x, words, **BATCH))
    batches = tf.data.Dataset.from_tensor_slices((x, words)).batch(8)
    assert "np.unique" in refusal(lambda: nameless.fit(batches, verbose=0))


@pytest.mark.parametrize("wrong", ["one-hot", "column"])
def test_labels_of_another_shape_in_batches(wrong, data):
    """What is known of a shape inside a step is told, and no tensor's name."""
    x, y = data
    labels = np.eye(10)[y] if wrong == "one-hot" else y[:, None]
    batches = tf.data.Dataset.from_tensor_slices((x, labels)).batch(8)
    message = refusal(lambda: compiled(tiny_mlp_vae(num_classes=10)).fit(batches, verbose=0))
    assert f"(None, {labels.shape[1]})" in message


def test_arguments_by_position(data):
    """Keras' own order: batch size, epochs, verbosity, callbacks."""
    seen = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    model = compiled(tiny_mlp_vae())
    model.fit(data[0], None, 8, 2, 0, [callback])
    assert seen == [0, 1] and int(model.optimizer.iterations) == 4


def test_files_that_lose_the_optimizer(tmp_path):
    model = compiled(tiny_mlp_vae())
    assert ".keras" in refusal(lambda: model.save(tmp_path / "model.h5"))


@pytest.mark.parametrize("method", ["log_prob", "encode", "reconstruct", "tokenize", "complete"])
def test_a_method_that_a_model_lacks_says_why(method):
    model = tiny_gan()
    assert not hasattr(model, method)
    message = refusal(lambda: getattr(model, method), AttributeError)
    assert method in message and "sample" in message
    with pytest.raises(AttributeError, match="smaple"):
        model.smaple(3)


@pytest.mark.parametrize("seed", [np.int64(3), np.uint8(3), 2**31, 2**32 - 1])
def test_seeds(seed):
    model = tiny_mlp_vae()
    np.testing.assert_array_equal(model.sample(2, seed=seed), model.sample(2, seed=int(seed)))


@pytest.mark.parametrize("seed", [-1, 2**32, 3.0, "a", True])
def test_what_is_no_seed(seed):
    model = tiny_mlp_vae()
    assert "seed" in refusal(lambda: model.sample(2, seed=seed))
    assert "seed" in refusal(lambda: model.log_prob(np.zeros((1, 8, 8, 1)), seed=seed))


@pytest.mark.parametrize("build", [tiny_mlp_vae, tiny_gan, tiny_autoregressive])
def test_the_first_fit_traces_its_step_once(build, data, monkeypatch):
    """What makes variables TensorFlow traces a second time, which takes as long again."""
    model, traces = build(), []
    step = type(model).train_step
    monkeypatch.setattr(
        type(model), "train_step", lambda self, *given: traces.append(1) or step(self, *given)
    )
    model.compile(keras.optimizers.Adam(1e-3))
    model.fit(np.round(data[0]), batch_size=8, epochs=2, verbose=0)
    assert len(traces) == 1
