"""Weights files: half precision where it is safe, and nothing that is not exactly the model's."""

import zlib
from functools import partial

import h5py
import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits
from tiny import tiny_gan, tiny_tokenizer, tiny_two_stage, tiny_vae
from tiny_preset import METRICS, tiny_recipe

from kerasgen import bottlenecks, events, families, likelihoods, networks, zoo
from kerasgen.zoo import manifest, rounding, stored, weights

FILE = "model.weights.h5"


def arrays_of(path):
    with stored.opened(path) as arrays:
        return {name: array[()] for name, array in arrays.items()}


def values_of(model):
    return {name: np.asarray(variable) for name, variable in weights.variables(model).items()}


@pytest.mark.parametrize(
    "make",
    [tiny_vae, tiny_gan, tiny_two_stage, *(partial(tiny_tokenizer, k) for k in ("vq", "gumbel"))],
)
def test_names_are_those_of_keras_files_and_keras_reads_ours(make, tmp_path):
    model, other = make(), make()
    model.save_weights(tmp_path / "keras.weights.h5")
    expected = arrays_of(tmp_path / "keras.weights.h5")
    np.testing.assert_equal(values_of(model), expected)
    other.set_weights([weight + 1 for weight in model.get_weights()])
    rounding.round_weights(model)
    weights.save(model, tmp_path / "ours.weights.h5")
    other.load_weights(tmp_path / "ours.weights.h5")
    np.testing.assert_equal(values_of(other), values_of(model))


def test_float16_halves_the_file_and_loads_as_float32(tiny_model, tmp_path, images):
    half = zoo.save(tiny_model, tmp_path / "half", tiny_recipe(), METRICS, images)
    full = zoo.save(tiny_model, tmp_path / "full", tiny_recipe(), METRICS, images, dtype="float32")
    # All but the counter of steps, an int32, in two bytes a value.
    halved, kept = arrays_of(half / FILE), arrays_of(full / FILE)
    stored = sum(array.nbytes for array in halved.values())
    assert stored == 2 + 2 * sum(map(np.size, kept.values()))
    for name, variable in weights.variables(zoo.load(half)).items():
        assert variable.dtype == kept[name].dtype
        np.testing.assert_array_equal(variable, kept[name].astype(halved[name].dtype))
    np.testing.assert_equal(values_of(zoo.load(full)), values_of(tiny_model))


def test_another_dtype_is_refused(tiny_model, tmp_path):
    with pytest.raises(ValueError, match="to be 'float16' or 'float32'. Received: dtype='int8'"):
        zoo.save(tiny_model, tmp_path / "tiny", tiny_recipe(), METRICS, dtype="int8")
    assert not (tmp_path / "tiny").exists()


def test_what_mixed_precision_leaves_alone_is_not_rounded():
    tokenizer = weights.variables(tiny_tokenizer("vq")).values()
    kept = [variable.name for variable in tokenizer if not weights.may_round(variable)]
    assert sorted(kept) == ["step", "sums", "uses", "vectors"]
    gan = weights.variables(tiny_gan())
    kept = {name for name, variable in gan.items() if not weights.may_round(variable)}
    assert kept and all("norm" in name for name in kept)


def test_no_token_changes():
    """Digits with a token near a border, which rounding everything would move across it."""
    x = (load_digits().images[..., None] / 16).astype("float32")
    model, rounded = tiny_tokenizer("gumbel"), tiny_tokenizer("gumbel")
    for variable in rounded.weights:
        if weights.may_round(variable):
            variable.assign(weights.to_half(np.asarray(variable)).astype("float32"))
    tokens = np.asarray(model.tokenize(x))
    near = np.any(tokens != np.asarray(rounded.tokenize(x)), axis=(1, 2))
    assert 0 < near.sum() < 200
    rounding.round_weights(model, x[near])
    np.testing.assert_array_equal(model.tokenize(x[near]), tokens[near])
    for ours, all_rounded in zip(model.decoder.weights, rounded.decoder.weights):
        np.testing.assert_array_equal(ours, all_rounded)


def test_parts_whose_rounding_moves_a_figure_stay(images):
    """A mixture far from the origin, where neighbours in half precision are further apart than "
    "its scale."""
    mixture = families.Mixture((2,), 3)
    mixture.means.assign(np.full((3, 2), 1000.3))
    points = np.full((50, 2), 1000.3, "float32")
    before = mixture.log_prob(points)
    mixture.logits.assign([0.1, 0.2, 0.3])
    rounding.round_weights(mixture, points)
    np.testing.assert_array_equal(mixture.means, np.full((3, 2), 1000.3, "float32"))
    np.testing.assert_array_equal(mixture.logits, np.float16([0.1, 0.2, 0.3]).astype("float32"))
    np.testing.assert_allclose(mixture.log_prob(points), before, atol=1e-3)


@pytest.mark.parametrize("nats", [2, 1000])
def test_what_may_move_is_a_share_of_the_figure(nats):
    """Rounding a mean of 1.0005, between 1 and 1.00098, moves ten log p by 0.005 nats."""
    mixture, x = families.Mixture((1,), 1), np.full((4, 1), 2.0, "float32")
    mixture.means.assign([[1.0005]])
    log_prob, before = mixture.log_prob, float(mixture.log_prob(x)[0])
    mixture.log_prob = lambda *given: 10 * (log_prob(*given) - before) - nats
    rounding.round_weights(mixture, x)
    moved = 10 * abs(before - float(log_prob(x)[0]))
    assert 1e-3 < moved < 1e-2 if nats == 1000 else moved < 1e-3


def test_no_figure_moves_by_more_than_a_share_of_its_standard_error():
    for name in zoo.names():
        nll = zoo.metrics(name)["figures"].get("nll", {})
        if nll.get("standard_error"):
            assert max(1e-3, 1e-5 * abs(nll["value"])) < 0.2 * nll["standard_error"], name


def test_bytes_of_one_rank_lie_together_and_archives_gain(tmp_path):
    model = keras.Sequential([keras.Input((200,)), keras.layers.Dense(100)])
    ours, theirs = tmp_path / FILE, tmp_path / "keras.weights.h5"
    weights.save(model, ours)
    model.save_weights(theirs)
    np.testing.assert_equal(arrays_of(ours), values_of(model))
    packed, packed_by_keras = (len(zlib.compress(path.read_bytes())) for path in (ours, theirs))
    assert packed < 0.95 * packed_by_keras
    model.load_weights(ours)
    np.testing.assert_equal(arrays_of(ours), values_of(model))


def test_weights_that_are_the_same_keep_their_file(preset):
    """Git would keep two versions of them."""
    before = arrays_of(preset / FILE)
    with h5py.File(preset / FILE, "w") as file:
        for name, array in before.items():
            file[name] = array
    manifest.write(preset)
    written = (preset / FILE).read_bytes()
    zoo.save(zoo.load(preset), preset, tiny_recipe(), METRICS)
    assert (preset / FILE).read_bytes() == written


def test_weights_beyond_half_precision_stay(images):
    model = tiny_vae()
    dense = model.decoder.weights[-1]
    dense.assign(np.full(dense.shape, 1e5))
    rounding.round_weights(model, (images > 0.5).astype("float32"))
    np.testing.assert_array_equal(dense, np.full(dense.shape, 1e5, "float32"))


def test_a_density_over_pixels_of_levels_is_rounded(tmp_path):
    """Its own draws lie between the levels, where its event has no pixels."""
    model = families.LatentVariableModel(
        events.Image(4, 4, 1, levels=256),
        networks.MLP((4,), ()),
        bottlenecks.Gaussian(2),
        networks.MLP(hidden=()),
        likelihoods.Gaussian("shared"),
    )
    folder = zoo.save(model, tmp_path / "density")
    assert zoo.load(folder).weights[0].dtype == "float32"
    kernel = np.asarray(model.weights[0])
    np.testing.assert_array_equal(zoo.load(folder).weights[0], kernel.astype("float16"))


def test_half_precision_is_refused_where_it_is_not_stored(tmp_path):
    model = tiny_tokenizer("vq")
    weights.save(model, tmp_path / FILE)
    with h5py.File(tmp_path / FILE, "r+") as file:
        name = next(n for n, v in weights.variables(model).items() if v.name == "vectors")
        vectors = file[name][()]
        del file[name]
        file[name] = vectors.astype("float16")
    with pytest.raises(zoo.PresetError, match="in float32 where the file has shape .* in float16"):
        weights.load(model, tmp_path / FILE)


@pytest.mark.parametrize("kind", ["int32", "float64", "S4"])
def test_arrays_of_other_types_are_refused(preset, kind):
    name, variable = next(iter(weights.variables(zoo.load(preset)).items()))
    with h5py.File(preset / FILE, "r+") as file:
        del file[name]
        file[name] = np.zeros(variable.shape, kind)
    manifest.write(preset)
    with pytest.raises(zoo.PresetError, match="in float32 where the file has shape"):
        zoo.load(preset)


def external(file, name, shape, other):
    file.create_dataset(name, shape, "float32", external=[(str(other), 0, 4 * int(np.prod(shape)))])


def virtual(file, name, shape, other):
    layout = h5py.VirtualLayout(shape, "float32")
    layout[...] = h5py.VirtualSource(str(other), "secret", shape)
    file.create_virtual_dataset(name, layout)


def soft_link(file, name, shape, other):
    file["elsewhere"] = np.zeros(shape, "float32")
    file[name] = h5py.SoftLink("/elsewhere")


def external_link(file, name, shape, other):
    file[name] = h5py.ExternalLink(str(other), "secret")


@pytest.mark.parametrize("way_out", [external, virtual, soft_link, external_link])
def test_values_outside_of_the_file_are_not_followed(preset, tmp_path, way_out):
    model = zoo.load(preset)
    name, variable = next(iter(weights.variables(model).items()))
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.full(variable.shape, 7.0, "float32")
    with h5py.File(preset / FILE, "r+") as file:
        del file[name]
        way_out(file, name, tuple(variable.shape), other)
    manifest.write(preset)
    before = values_of(model)
    for read in (zoo.load, partial(zoo.load_into, model), partial(zoo.warm_start, model)):
        with pytest.raises(zoo.PresetError, match="lie in another file|a link to somewhere else"):
            read(preset)
    np.testing.assert_equal(values_of(model), before)


def test_an_array_larger_than_its_variable_is_refused_unread(preset):
    """A compressed array of zeros can be larger than memory."""
    name = next(iter(weights.variables(zoo.load(preset))))
    with h5py.File(preset / FILE, "r+") as file:
        del file[name]
        file.create_dataset(
            name, (2**24, 2**24), "float32", chunks=(2**10, 2**10), compression="gzip"
        )
    manifest.write(preset)
    with pytest.raises(zoo.PresetError, match="compressed, in chunks"):
        zoo.load(preset)


def test_a_layer_has_the_names_that_it_has_alone():
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    assert {name: variable.shape for name, variable in weights.variables(layer).items()} == {
        "vars/0": (3, 2),
        "vars/1": (2,),
    }
