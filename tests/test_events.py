"""Events: what they take and refuse, in NumPy and in traced functions, their files and their
pictures.
"""

import keras
import numpy as np
import pytest
from keras import ops

from kerasgen import backend, events
from kerasgen.text import Vocabulary

VOCABULARY = Vocabulary(["a", "red", "circle", "square"], 4, ["a red circle", "a square"])
EVENTS = {
    "image": events.Image(4, 5, 1),
    "colour": events.Image(4, 4, 3),
    "levels": events.Image(4, 5, 1, levels=2),
    "vector": events.Vector(3),
    "series": events.Series(6, 2),
    "tokens": events.Tokens(5, 7),
    "grid": events.Tokens((2, 3), 7),
    "classes": events.Classes(4),
    "attributes": events.Attributes([3, 2]),
    "sentences": events.Sentences(VOCABULARY),
    "joint": events.Joint({"image": [4, 5, 1], "label": events.Classes(3)}),
}
every_event = pytest.mark.parametrize("name", EVENTS)


def example(event, n=3):
    """Examples in range: noise, but of levels."""
    x = event.example(n, 0)
    return np.round(x) if getattr(event, "levels", None) else x


def leaves(x):
    return keras.tree.flatten(x)


@every_event
def test_it_takes_its_own_examples(name):
    event = EVENTS[name]
    x = example(event)
    checked = event.check(x)
    for have, want in zip(leaves(checked), leaves(x), strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(have), want)
    dtypes = event.dtype if isinstance(event.dtype, dict) else {None: event.dtype}
    assert [each.dtype for each in leaves(checked)] == list(dtypes.values())
    assert not any(event.faults(x, np).values())


@every_event
def test_another_size_is_refused(name):
    event = EVENTS[name]
    longer = keras.tree.map_structure(lambda x: np.stack([x, x], axis=-1), example(event))
    with pytest.raises(ValueError, match="Expected .* of shape .* Received: shape"):
        event.check(longer)


@every_event
def test_no_examples_are_refused(name):
    none = keras.tree.map_structure(lambda x: x[:0], example(EVENTS[name]))
    with pytest.raises(ValueError, match="Expected at least 1 example. Received: 0."):
        EVENTS[name].check(none)


OUT_OF_RANGE = {
    "image": (200.0, "Divide by 255"),
    "colour": (-1.0, "Rescale"),
    "levels": (0.25, "Binarize"),
    "vector": (np.nan, "Remove or repair"),
    "series": (np.inf, "Remove or repair"),
    "tokens": (7, "subtract 1"),
    "grid": (-1, "Expected tokens in 0..6"),
    "classes": (9, "Expected labels in 0..3"),
    "attributes": (2, r"Expected attribute 1 to be whole numbers in 0..1. Received: \d..2"),
    "sentences": (5, "Received: .*5"),
}


@pytest.mark.parametrize("name", OUT_OF_RANGE)
def test_a_value_out_of_range_is_refused_in_every_way(name):
    """By `check`, and by `faults` of NumPy, of tensors and in a compiled function, which agree."""
    event, (value, message) = EVENTS[name], OUT_OF_RANGE[name]
    wrong = np.maximum(example(event), name == "tokens").astype(
        np.result_type(event.dtype, type(value))
    )
    wrong[(1,) + (-1,) * (wrong.ndim - 1)] = value
    with pytest.raises(ValueError, match=message):
        event.check(wrong)
    found = event.faults(wrong, np)
    assert any(found.values())
    compiled = backend.function(lambda x: event.faults(x), keras.layers.Identity())
    for faults in (
        event.faults(ops.convert_to_tensor(wrong)),
        compiled(ops.convert_to_tensor(wrong)),
    ):
        assert {fault: bool(value) for fault, value in faults.items()} == found


@pytest.mark.parametrize("name", ["tokens", "classes", "attributes", "sentences"])
def test_fractions_are_no_whole_numbers(name):
    event = EVENTS[name]
    x = example(event).astype("float32")
    np.testing.assert_array_equal(event.check(x), example(event))
    x[(0,) * x.ndim] = 0.5
    with pytest.raises(ValueError, match="fractions|whole"):
        event.check(x)
    for xp in (np, ops):
        assert any(bool(value) for value in event.faults(x, xp).values())


@pytest.mark.parametrize(
    ("name", "x", "remedy"),
    [
        ("image", np.zeros((4, 5, 1)), r"x\[None\]"),
        ("image", np.zeros((2, 4, 5)), r"x\[..., None\]"),
        ("image", np.zeros((2, 4, 5, 3)), "grey"),
        ("image", np.zeros((2, 28, 28, 1)), "Resize or crop"),
        ("image", np.zeros((2, 20)), r"x.reshape\(-1, 4, 5, 1\)"),
        ("colour", np.zeros((2, 3, 4, 4)), "np.moveaxis"),
        ("colour", np.zeros((2, 4, 4, 1)), "np.repeat"),
        ("colour", np.zeros((2, 4, 4, 4)), r"x\[..., :3\]"),
        ("vector", np.zeros(3), r"x\[None\]"),
        ("series", np.zeros((2, 12)), r"x.reshape\(-1, 6, 2\)"),
        ("classes", np.zeros((2, 1)), r"labels\[:, 0\]"),
        ("classes", np.zeros((2, 4)), r"labels.argmax\(-1\)"),
    ],
)
def test_the_remedy_fits_what_came(name, x, remedy):
    with pytest.raises(ValueError, match=remedy):
        EVENTS[name].check(x)


def test_every_eight_bit_pixel_is_a_level():
    levels, event = (
        (np.arange(256) / 255).astype("float32").reshape(1, 16, 16, 1),
        events.Image(16, 16, 1, 256),
    )
    event.check(levels)
    with pytest.raises(ValueError, match="Expected pixels of 256 levels.*Round them"):
        event.check(np.maximum(levels - 0.002, 0))


def test_a_large_array_is_looked_at_to_its_end():
    x = np.zeros((10_000, 2), "float32")
    x[-1] = np.nan
    with pytest.raises(ValueError, match="Received: 2 NaN"):
        events.Vector(2).check(x)


def test_inside_a_traced_function_the_shape_alone_is_checked():
    check = backend.function(lambda x: EVENTS["image"].check(x), keras.layers.Identity())
    assert check(ops.full((2, 4, 5, 1), 7.0)).shape == (2, 4, 5, 1)
    with pytest.raises(ValueError, match="of shape"):
        check(ops.zeros((2, 5, 4, 1)))


@every_event
def test_named_tensors_stand_for_a_batch(name):
    event = EVENTS[name]
    x = example(event)
    tensors = event.unpack(x)
    described = event.tensors()
    assert tensors.keys() == described.keys()
    for key, tensor in described.items():
        assert tensors[key].shape[1:] == tensor.shape and tensors[key].dtype == tensor.dtype
        assert tensor.values and tensor.meaning
    for have, want in zip(leaves(event.pack(tensors)), leaves(x), strict=True):
        np.testing.assert_array_equal(have, want)
    symbolic = leaves(event.symbolic())
    assert [each.shape for each in symbolic] == [(None, *each.shape[1:]) for each in leaves(x)]


@every_event
def test_it_survives_its_configuration(name):
    event = EVENTS[name]
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(event))
    assert copy.get_config() == event.get_config()
    assert copy.shape == event.shape and repr(copy) == repr(event)
    copy.check(example(event))


@pytest.mark.parametrize("name", [name for name in EVENTS if name != "sentences"])
def test_equal_events_are_equal(name):
    event = EVENTS[name]
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(event))
    assert copy == event and hash(copy) == hash(event)
    assert all((event == other) == (key == name) for key, other in EVENTS.items())


@pytest.mark.parametrize(
    "name", ["image", "colour", "levels", "vector", "series", "tokens", "grid", "joint"]
)
def test_pictures_are_images(name):
    event = EVENTS[name]
    pictures = event.render(example(event, 4))
    assert pictures.ndim == 4 and len(pictures) == 4 and pictures.shape[-1] in (1, 3)
    assert pictures.min() >= 0 and pictures.max() <= 1
    assert len({picture.tobytes() for picture in pictures}) > 1


@pytest.mark.parametrize("name", ["image", "vector", "series", "joint"])
def test_what_is_drawn_is_brought_into_range(name):
    event = EVENTS[name]
    wide = keras.tree.map_structure(
        lambda x: 3 * x - 1 if x.dtype == "float32" else x, example(event)
    )
    assert any(event.faults(wide, np).values()) == (
        name in ("image", "joint")
    )  # the others are of reals
    clipped = event.clip(wide)
    event.check(clipped)
    assert not any(event.faults(keras.tree.map_structure(np.asarray, clipped), np).values())


@every_event
def test_a_condition_of_one_stands_for_all_that_are_asked_for(name):
    event = EVENTS[name]
    x = example(event)
    one = keras.tree.map_structure(lambda x: x[0], x)
    for condition in (one, keras.tree.map_structure(lambda x: x[:1], x)):
        for have, want in zip(leaves(event.request(3, condition)), leaves(one), strict=True):
            np.testing.assert_array_equal(have, np.stack([want] * 3))
    for have, want in zip(leaves(event.request(3, x)), leaves(x), strict=True):
        np.testing.assert_array_equal(have, want)
    with pytest.raises(
        ValueError, match="Expected a condition for each of n=2 examples.*Received: 3"
    ):
        event.request(2, x)
    encoded = ops.convert_to_numpy(event.encoded(event.check(x)))
    assert encoded.shape == (3, event.encoded_size) and encoded.dtype == "float32"


def test_classes_are_encoded_as_one_hot_vectors():
    np.testing.assert_array_equal(
        events.Classes(3).encoded(np.array([2, 0])), [[0, 0, 1], [1, 0, 0]]
    )


def test_sentences_are_their_tokens():
    event, sentences = EVENTS["sentences"], ["a red circle", "a square"]
    np.testing.assert_array_equal(event.check(sentences), VOCABULARY.encode(sentences))
    np.testing.assert_array_equal(event.request(2, "a square"), VOCABULARY.encode(["a square"] * 2))
    with pytest.raises(ValueError, match="what a sentence says"):
        event.request(2, None)
    with pytest.raises(ValueError, match="Expected a vocabulary with examples"):
        events.Sentences(Vocabulary(["a"], 2))


def test_nothing_takes_nothing():
    nothing = events.Nothing()
    assert nothing.check(None) is None and nothing.request(3, None) is None
    assert nothing.tensors() == nothing.unpack(None) == nothing.faults(None) == {}
    assert nothing.encoded_size == 0 and nothing.shown(3) is None
    with pytest.raises(ValueError, match="unconditional"):
        nothing.check(np.zeros(2))


def test_a_joint_names_what_is_wrong():
    event = EVENTS["joint"]
    x = example(event)
    with pytest.raises(
        ValueError, match=r"Expected a dict of \['image', 'label'\]. Received: \['image'\]"
    ):
        event.check({"image": x["image"]})
    with pytest.raises(ValueError, match="label: Expected labels in 0..2"):
        event.check(x | {"label": np.array([0, 3, 1])})
    with pytest.raises(ValueError, match="Expected as many examples of each. Received: .*2"):
        event.check(x | {"label": np.array([0, 1])})
