"""Presets spoiled at random, by Hypothesis: bytes, recipes, manifests and weights files.

What is drawn is `(files, signed)`: the files of a preset by name, and whether the manifest was made
anew for them. Accidents do not sign, people do.
"""

import copy
import hashlib
import io
import json

import h5py
import numpy as np
import yaml
from hypothesis import strategies as st

NAMES = ("recipe.yaml", "model.weights.h5", "metrics.json", "card.md", "manifest.json")
_HUGE = (10**5, 10**7, 2**31, 2**63, 10**18, 10**30)
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 30),
    st.sampled_from(_HUGE + tuple(-n for n in _HUGE)),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["../x", "/tmp/x", "\x1b[2J", "families.Mixture", "full", "diag", "1e999"]),
    st.lists(st.integers(-2, 10**9), max_size=5),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    st.builds(lambda n: [1] * n, st.integers(0, 3000)),
)
_TYPES = ("float32", "float16", "float64", "int8", "uint8", "int32", "bool", "complex64", "S3")


@st.composite
def corrupted(draw, files):
    """A preset's files by name, spoiled, and whether they are signed anew."""
    kind = draw(st.sampled_from((_bytes, _bytes, _recipe, _recipe, _manifest, _weights)))
    files = kind(draw, dict(files))
    signed = kind is not _manifest and draw(st.booleans())
    if signed:
        files["manifest.json"] = signature(files)
    return files, signed


@st.composite
def trees(draw, tree):
    """A nested value with some nodes replaced, left out, renamed or repeated."""
    return _tree(draw, tree)


def signature(files):
    """The manifest of files by name."""
    entries = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in sorted(files.items())
        if name != "manifest.json"
    }
    return json.dumps({"format": 1, "files": entries}).encode()


def _bytes(draw, files):
    """A few edits of the bytes of one file."""
    name = draw(st.sampled_from(NAMES))
    content = bytearray(files[name])
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        length = draw(st.sampled_from((1, 1, 2, 4, 8, 64, 512)))
        edit = draw(st.sampled_from(("flip", "set", "cut", "insert", "zero", "repeat", "end")))
        if edit == "flip" and content:
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif edit == "set":
            content[at : at + length] = draw(st.binary(min_size=length, max_size=length))
        elif edit == "cut":
            del content[at : at + length]
        elif edit == "insert":
            content[at:at] = draw(st.binary(max_size=length))
        elif edit == "zero":
            content[at : at + length] = bytes(length)
        elif edit == "repeat":
            content[at:at] = content[at : at + length]
        elif edit == "end":
            del content[at:]
    return {**files, name: bytes(content)}


def _recipe(draw, files):
    tree = yaml.safe_load(files["recipe.yaml"])
    text = yaml.safe_dump(_tree(draw, tree), allow_unicode=draw(st.booleans()))
    return {**files, "recipe.yaml": text.encode("utf-8", "surrogatepass")}


def _manifest(draw, files):
    tree = _tree(draw, json.loads(files["manifest.json"]))
    return {**files, "manifest.json": json.dumps(tree).encode()}


def _tree(draw, tree):
    """Nested dicts and lists with some nodes replaced, left out, renamed or repeated."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        owner = tree
        while True:
            if not isinstance(owner, (dict, list)) or not owner:
                return tree
            keys = sorted(owner) if isinstance(owner, dict) else range(len(owner))
            key = draw(st.sampled_from(list(keys)))
            if not isinstance(owner[key], (dict, list)) or draw(st.integers(0, 3)) == 0:
                break
            owner = owner[key]
        edit = draw(st.sampled_from(("replace", "replace", "wrap", "delete", "rename")))
        if edit == "replace":
            owner[key] = draw(_VALUES)
        elif edit == "wrap":
            owner[key] = {draw(st.text(max_size=8)): owner[key]}
        elif edit == "delete":
            del owner[key]
        elif isinstance(owner, dict):
            owner[draw(st.text(max_size=12))] = owner.pop(key)
        if not all(isinstance(key, str) for key in tree):
            return tree
    return tree


def _weights(draw, files):
    """An array of another type, shape, layout or of values that are no numbers."""
    buffer = io.BytesIO(files["model.weights.h5"])
    with h5py.File(buffer, "r+") as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if hasattr(item, "dtype") else None)
        for _ in range(draw(st.integers(1, 2))):
            name = draw(st.sampled_from(names))
            if name not in file:
                continue
            values = file[name][()]
            del file[name]
            edit = draw(st.sampled_from(("type", "shape", "value", "rename", "layout", "delete")))
            with np.errstate(all="ignore"):
                if edit == "type" and values.dtype.kind != "S":  # texts are no numbers again
                    file[name] = values.astype(draw(st.sampled_from(_TYPES)))
                elif edit == "shape":
                    file[name] = values.reshape(-1)[: draw(st.integers(0, values.size))]
                elif edit == "value" and values.dtype.kind == "f" and values.size:
                    values.flat[draw(st.integers(0, values.size - 1))] = draw(st.floats(width=32))
                    file[name] = values
                elif edit == "rename":
                    other = draw(st.sampled_from(("vars/7", "other", "a/b/c/d")))
                    if other not in file:
                        file[other] = values
                elif edit == "layout" and values.dtype.kind != "S":  # texts have no fill of 3.0
                    layout = draw(
                        st.sampled_from(
                            ({}, {"compression": "gzip"}, {"fletcher32": True}, {"fillvalue": 3.0})
                        )
                    )
                    file.create_dataset(name, values.shape, values.dtype, **layout)
    return {**files, "model.weights.h5": buffer.getvalue()}
