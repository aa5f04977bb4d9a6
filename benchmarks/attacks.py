"""Presets as somebody would make them who means harm: a table of attacks by name.

Each takes a folder with a copy of `gmm_ring`, which it may spoil, and signs the manifest anew where
that is needed to come further. None may be loaded.
"""

import functools
import io
import json
import os
import pathlib
import shutil
import zipfile
import zlib

import h5py
import numpy as np
import yaml

from kerasgen.zoo import manifest

WEIGHTS, RECIPE, CARD = "model.weights.h5", "recipe.yaml", "card.md"
SECRET = 0.7182818  # values of a file outside of the preset, which must not come into weights
ATTACKS = {}


def attack(function=None, *, signed=True, **variants):
    """Registers an attack, or one for each of the variants, which are its last argument."""
    if function is None:
        return functools.partial(attack, signed=signed, **variants)
    for name, value in (variants or {"": None}).items():
        key = f"{function.__name__}: {name}" if name else function.__name__

        def spoil(folder, value=value):
            result = function(folder, value) if variants else function(folder)
            if signed:
                manifest.write(folder)
            return result or folder

        ATTACKS[key.replace("_", " ")] = spoil
    return function


def _change(folder, **values):
    """The recipe with other arguments of its model, or of its own where they have a value there."""
    path = folder / RECIPE
    recipe = yaml.safe_load(path.read_text(encoding="utf-8"))
    for key, value in values.items():
        (recipe if key in recipe else recipe["model"]["families.Mixture"])[key] = value
    path.write_text(yaml.safe_dump(recipe), encoding="utf-8")


def _line(folder, old, new):
    path = folder / RECIPE
    text = path.read_text(encoding="utf-8")
    assert old in text, old
    path.write_text(text.replace(old, new), encoding="utf-8")


def _sparse(path, size=40 * 2**30):
    with open(path, "wb") as file:
        file.truncate(size)


# Weights


def _elsewhere(folder, shape):
    path = folder.parent / "secret.h5"
    with h5py.File(path, "w") as file:
        file["secret"] = np.full(shape, SECRET, "float32")
    return path


def _external(file, name, shape, other):
    file.create_dataset(name, shape, "float32", external=[(str(other), 0, 4 * int(np.prod(shape)))])


def _virtual(file, name, shape, other):
    layout = h5py.VirtualLayout(shape, "float32")
    layout[...] = h5py.VirtualSource(str(other), "secret", shape)
    file.create_virtual_dataset(name, layout)


def _soft(file, name, shape, other):
    file["elsewhere"] = np.zeros(shape, "float32")
    file[name] = h5py.SoftLink("/elsewhere")


def _link(file, name, shape, other):
    file[name] = h5py.ExternalLink(str(other), "secret")


def _reference(file, name, shape, other):
    file["region"] = np.zeros(3)
    file.create_dataset(name, shape, h5py.regionref_dtype)[...] = file["region"].regionref[:2]


def _text(file, name, shape, other):
    file.create_dataset(name, shape, h5py.string_dtype())[...] = b"0"


def _unwritten(file, name, shape, other):
    file.create_dataset(name, shape, "float32")


def _fill(file, name, shape, other):
    file.create_dataset(name, shape, "float32", fillvalue=SECRET)


def _packed(file, name, shape, other):
    file.create_dataset(name, shape, "float32", compression="gzip")[...] = 0


def _long_chunk(file, name, shape, other):
    file.create_dataset(
        name, shape, "float32", maxshape=(None,) * len(shape), chunks=(2**14,) * len(shape)
    )


@attack(
    external=_external,
    virtual=_virtual,
    soft_link=_soft,
    external_link=_link,
    region_reference=_reference,
    text=_text,
    unwritten=_unwritten,
    fill_value=_fill,
    compressed=_packed,
    long_chunk=_long_chunk,
)
def array(folder, make):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        name, shape = "vars/1", file["vars/1"].shape
        del file[name]
        make(file, name, shape, _elsewhere(folder, shape))


@attack(**{name: name for name in ("int8", "bool", "complex64", "float64", "int32", "S4")})
def array_of(folder, dtype):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        values = file["vars/1"][()]
        del file["vars/1"]
        file["vars/1"] = values.astype(dtype)


@attack(
    nan=("float32", np.nan),
    infinity=("float32", np.inf),
    half_nan=("float16", np.nan),
    half_infinity=("float16", -np.inf),
)
def values(folder, kind):
    dtype, value = kind
    with h5py.File(folder / WEIGHTS, "r+") as file:
        array = file["vars/1"][()].astype(dtype)
        array.flat[-1] = value
        del file["vars/1"]
        file["vars/1"] = array


@attack(nested=1, wide=2, cyclic=3, twins=4)
def groups(folder, kind):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        if kind == 1:
            group = file
            for _ in range(2000):
                group = group.create_group("g")
        elif kind == 2:
            for i in range(30_000):
                file.create_group(f"g{i}")
        elif kind == 3:
            file["again"] = file["/"]
        else:
            group = file
            for _ in range(40):  # 2**40 paths
                inner = group.create_group("a")
                group["b"] = inner
                group = inner


@attack
def more_arrays(folder):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        file["vars/9"] = np.zeros(3, "float32")


@attack
def fewer_arrays(folder):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        del file["vars/0"]


@attack(nothing=b"", text=b"weights", png=b"\x89PNG\r\n\x1a\n", signature=b"\x89HDF\r\n\x1a\n")
def weights_are(folder, content):
    (folder / WEIGHTS).write_bytes(content)


@attack(signed=False, card=CARD, weights=WEIGHTS, recipe=RECIPE, manifest="manifest.json")
def sparse_file(folder, name):
    """40 GiB that take no room; the manifest agrees with the length."""
    _sparse(folder / name)
    if name != "manifest.json":
        _entry(folder, name, bytes=40 * 2**30)


@attack(signed=False)
def sparse_card_of_another_length(folder):
    _sparse(folder / CARD)


# Recipes


@attack(
    components={"num_components": 10**9},
    many_components={"num_components": 10**18},
    beyond_integers={"num_components": 10**30},
    no_components={"num_components": 0},
    minus={"num_components": -3},
    fraction={"num_components": 2.5},
    truth={"num_components": True},
    text={"num_components": "20; import os"},
    list={"num_components": [20]},
    event={"event": [10**7]},
    picture={"event": [10**6, 10**6, 1], "covariance": "diag"},
    square={"event": [10**5], "covariance": "full"},
    flat={"event": [0]},
    empty={"event": []},
    deep_event={"event": [1] * 5000},
    words={"event": ["two"]},
    covariance={"covariance": ["full"]},
    levels={"levels": 10**9},
    unknown={"unknown": 1},
    nothing={"event": None},
    not_a_number={"num_components": float("nan")},
    infinity={"num_components": float("inf")},
    dtype={"dtype": {"class_name": "os.system", "module": "os", "config": {}}},
    keras_object={"dtype": {"class_name": "Lambda", "module": "keras.layers", "config": {}}},
)
def arguments(folder, values):
    _change(folder, **values)


_VAE = {
    "event": [28, 28, 1],
    "encoder": {"networks.MLP": {"output_shape": [256], "hidden": [512]}},
    "bottleneck": {"bottlenecks.Gaussian": {"latent_dim": 2}},
    "decoder": {"networks.MLP": {"hidden": [256, 512]}},
    "likelihood": {"likelihoods.Bernoulli": {}},
}


@attack(
    latent={"bottleneck": {"bottlenecks.Gaussian": {"latent_dim": 10**7}}},
    layers={"encoder": {"networks.MLP": {"output_shape": [1], "hidden": [1] * 200}}},
    more_layers={"encoder": {"networks.MLP": {"output_shape": [1], "hidden": [1] * 10**5}}},
    wide={"encoder": {"networks.MLP": {"output_shape": [10**9], "hidden": [10**9]}}},
    picture={"event": [10**5, 10**5, 3]},
    encoder={"encoder": {"networks.ConvEncoder": {"channels": [10**6], "blocks": [10**6]}}},
    ladder={"bottleneck": {"bottlenecks.Hierarchical": {"latent_dims": [2] * 10**4}}},
    activation={
        "encoder": {
            "networks.MLP": {
                "output_shape": [2],
                "activation": {"class_name": "Lambda", "module": "keras.layers", "config": {}},
            }
        }
    },
)
def autoencoder(folder, parts):
    _change(folder, model={"families.LatentVariableModel": {**_VAE, **parts}})


_NETWORKS = {
    "gated": {"networks.GatedPixelCNN": {"num_layers": 10**4, "channels": 4, "kernel_size": 5}},
    "kernel": {"networks.PixelCNN": {"channels": 4, "num_blocks": 1, "kernel_size": 10**6}},
    "transformer": {"networks.CausalTransformer": {"dim": 10**6, "num_heads": 1, "num_layers": 1}},
}


@attack(**{name: {"network": network} for name, network in _NETWORKS.items()})
def autoregression(folder, parts):
    parts = {"event": [28, 28, 1], "likelihood": {"likelihoods.Bernoulli": {}}, **parts}
    _change(folder, model={"families.AutoregressiveModel": parts})


@attack(
    not_a_model={"likelihoods.Bernoulli": {}},
    schedule={"training.WarmupStableDecay": {}},
    unknown={"os.system": {"command": "true"}},
    list=[],
    text="families.Mixture",
    number_for_a_name={1: {}},
    arguments_as_list={"families.Mixture": [1]},
    arguments_as_text={"families.Mixture": "event"},
    nested={"families.Mixture": {"event": {"families.Mixture": {"event": [2]}}}},
    two={"families.Mixture": {}, "families.Classifier": {}},
    nothing={},
)
def model_is(folder, model):
    _change(folder, model=model)


@attack(
    parent="../../stolen",
    absolute="/tmp/stolen",
    backslash="..\\stolen",
    empty="",
    dots="..",
    hidden=".bashrc",
    escape="\x1b[2Jstolen",
    lines="two\nlines",
    number=3,
    list=["name"],
    long="n" * 5000,
)
def name(folder, value):
    _change(folder, name=value)


@attack(
    title={"title": ["a"]},
    text={"seed": "zero"},
    minus={"seed": -1},
    large={"seed": 10**40},
    data={"data": []},
    training={"training": 3},
)
def field(folder, values):
    _change(folder, **values)


def _aliases():
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    return "{a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1], " + ", ".join(levels) + "}"


@attack(
    aliases=_aliases(),
    recursive="&a [*a]",
    recursive_map="&a {event: *a}",
    merged="{<<: &a {b: 1}, c: {<<: *a}}",
    nested="[" * 500 + "]" * 500,
    deeply_nested="[" * 50_000 + "]" * 50_000,
    nested_maps="{a: " * 500 + "1" + "}" * 500,
    long="'" + "x" * 10_000_000 + "'",
    list="[" + "1, " * 1_000_000 + "1]",
    digits="1" * 100_000,
    hexadecimal="0x" + "f" * 100_000,
    sexagesimal="1" + ":59" * 50_000,
    date="2001-13-45",
    binary="!!binary '%%%'",
    object="!!python/object/apply:os.system [exit 7]",
    a_set="!!set {a, b}",
    pairs="!!pairs [a: 1]",
    a_key="{? [a, b] : 1}",
    alias_of_nothing="*nothing",
    control="'\x07'",
    tag="!<tag:example.org,2000:x> 1",
)
def yaml_text(folder, text):
    _line(folder, "event: [2]", f"event: {text}")


@attack(
    png=b"\x89PNG\r\n\x1a\n\0\0",
    nothing=b"",
    nul=b"\0" * 100,
    utf16="name: x".encode("utf-16"),
    list=b"- 1",
    number=b"7",
    documents=b"a: 1\n---\nb: 2",
    tabs=b"\tname: x",
    percent=b"%YAML 9.9\n---\na: 1",
    bytes=bytes(range(256)),
)
def recipe_is(folder, content):
    (folder / RECIPE).write_bytes(content)


# Manifests


def _entry(folder, name, **values):
    content = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    content["files"][name] = {"sha256": "0" * 64, **content["files"].get(name, {}), **values}
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")


@attack(
    signed=False,
    nested="[" * 100_000,
    closed="[" * 100_000 + "]" * 100_000,
    digits='{"files": {"card.md": {"sha256": "", "bytes": ' + "9" * 5000 + "}}}",
    exponent='{"files": {"card.md": {"sha256": "", "bytes": 1e999}}}',
    list='{"files": []}',
    text='"files"',
    nothing="",
    nul="\0",
    surrogate='{"files": {"\\ud800": {"sha256": "", "bytes": 1}}}',
    long='{"files": {' + ",".join(f'"f{i}": {{}}' for i in range(100_000)) + "}}",
)
def manifest_is(folder, text):
    (folder / "manifest.json").write_text(text, encoding="utf-8")


@attack(
    signed=False,
    up="../secret.h5",
    absolute="/etc/hostname",
    inner="sub/card.md",
    nul="a\0b",
    escape="\x1b[31mred",
    lines="a\nb",
    itself="manifest.json",
    long="n" * 5000,
    surrogate="\ud800",
)
def manifest_names(folder, name):
    _elsewhere(folder, (2,))
    _entry(folder, name, bytes=1)


@attack(signed=False, truth=True, text="319", minus=-1, fraction=319.5, nothing=None, list=[319])
def length_is(folder, value):
    _entry(folder, RECIPE, bytes=value)


@attack(signed=False, link_out=0, link_to_device=1, pipe=2, folder=3, link_within=4, dangling=5)
def file_is(folder, kind):
    path = folder / CARD
    if kind == 4:
        shutil.copyfile(path, folder.parent / "card-copy")
    path.unlink()
    if kind == 2:
        os.mkfifo(path)
    elif kind == 3:
        path.mkdir()
    else:
        targets = {0: "/etc/hostname", 1: "/dev/zero", 4: folder.parent / "card-copy", 5: "nothing"}
        path.symlink_to(targets[kind])


@attack(signed=False, weights="extra.weights.h5", code="setup.py", part="model.weights.h5.1")
def unlisted(folder, name):
    shutil.copyfile(folder / WEIGHTS, folder / name)


# Archives


def _packed_as(folder, files=None, method=zipfile.ZIP_DEFLATED):
    path = folder.parent / "packed.zip"
    if files is None:
        files = {each.name: each.read_bytes() for each in folder.iterdir()}
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@attack(
    up={"../evil": b"x"},
    absolute={"/tmp/evil": b"x"},
    drive={"C:\\evil": b"x"},
    two_folders={"a/card.md": b"x", "b/card.md": b"x"},
    nothing={},
    zeros={"model.weights.h5": bytes(2**28), "card.md": bytes(2**28)},
    escape={"\x1b[2J/../x": b"x"},
    long={"n" * 3000: b"x"},
    many={f"f{i}": b"" for i in range(5000)},
)
def archive_of(folder, files):
    return _packed_as(folder, files)


@attack(crc=14, size=22, method=8, flags=6, name=26)
def archive_header(folder, offset):
    """One field of the first local header and of its central one is another."""
    path = _packed_as(folder)
    content = bytearray(path.read_bytes())
    content[offset] ^= 0xFF
    central = content.index(b"PK\x01\x02")
    content[central + offset + 2] ^= 0xFF
    path.write_bytes(content)
    return path


@attack
def archive_that_says_less(folder):
    """A member of a gibibyte of zeros that says it has three bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(bytes(2**20)) for _ in range(1024)) + packer.flush()
    info = zipfile.ZipInfo("card.md")
    info.compress_type = zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, b"abc")
    content = buffer.getvalue()
    central = content.index(b"PK\x01\x02")
    directory = bytearray(content[central:])
    name = len(b"card.md")
    directory[20:24] = len(packed).to_bytes(4, "little")
    end = directory.index(b"PK\x05\x06")
    directory[end + 16 : end + 20] = (30 + name + len(packed)).to_bytes(4, "little")
    path = folder.parent / "packed.zip"
    path.write_bytes(content[: 30 + name] + packed + bytes(directory))
    return path


def spoiled(name, source, folder):
    """A copy of a preset in an empty folder, spoiled by an attack; what is to be loaded."""
    target = pathlib.Path(folder, "preset")
    shutil.copytree(source, target)
    return ATTACKS[name](target)
