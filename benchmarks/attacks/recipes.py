"""Recipes that ask for too much, name what they should not, or are none."""

import yaml

from attacks.registry import RECIPE, attack


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
