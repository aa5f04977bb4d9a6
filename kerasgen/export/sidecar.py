"""What a file says of itself: what its signatures take and give, whose model it holds, under which
licence. It stands in the file's own metadata and, with the file's checksum, in the JSON beside it.

    images.tflite    images.tflite.json

The facts are those of the model's events and abilities, shapes and types those of the file.
"""

import hashlib
import importlib.metadata
import json
import pathlib
from typing import Any

from kerasgen import abilities, durable, zoo
from kerasgen.data import catalog
from kerasgen.events import Tensor
from kerasgen.export import metadata
from kerasgen.export import signatures as _signatures
from kerasgen.zoo.facts import LICENCE

FORMAT = 1  # of the facts


def path_of(file: pathlib.Path) -> pathlib.Path:
    """The JSON beside a file.

    >>> path_of(pathlib.Path("images.tflite")).name
    'images.tflite.json'
    """
    return file.with_name(f"{file.name}.json")


def describe(model, signatures, file, quantize, left_out) -> dict[str, Any]:
    """The facts of a TFLite file, in JSON's types.

    Args:
        model: that the file was made of.
        signatures: those of the file, by name.
        file: its path.
        quantize: how its weights are kept.
        left_out: why it lacks a signature, by name.
    """
    known = _signatures.tensors(model)
    return {
        "format": FORMAT,
        "written_by": f"kerasgen {importlib.metadata.version('kerasgen')}",
        "model": type(model).__name__,
        **_origin(model),
        "weights": quantize or "float32",
        "min_runtime_version": metadata.read(file, metadata.RUNTIME),
        "signatures": {
            name: _signature(model, name, signatures[name], tensors, known)
            for name, tensors in metadata.tensors(file).items()
        },
        "left_out": left_out,
    }


def put(facts: dict[str, Any], file: pathlib.Path) -> None:
    """Writes facts into the metadata of a file."""
    metadata.write(file, metadata.FACTS, json.dumps(facts))


def put_beside(facts: dict[str, Any], file: pathlib.Path) -> None:
    """Writes facts and what only a finished file has, its size and its SHA-256, beside it."""
    content = file.read_bytes()
    told = {
        "file": file.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    durable.write_text(path_of(file), json.dumps(told | facts, indent=1) + "\n")


def facts(file: str | pathlib.Path) -> dict[str, Any]:
    """What a TFLite file of kerasgen says of itself, from its own metadata.

    Raises:
        ValueError: a file of somebody else.
    """
    text = metadata.read(pathlib.Path(file), metadata.FACTS)
    if text is None:
        raise ValueError(
            f"Expected a TFLite file that kerasgen wrote. Received: {file}, which has no facts in "
            "its metadata. Export it again."
        )
    return json.loads(text)


def _signature(model, name, signature, tensors, known):
    inputs, outputs = tensors
    function = signature.function if signature.replay is None else signature.replay
    told = {
        "meaning": " ".join((function.__doc__ or "").split()),
        "inputs": {key: _tensor(*inputs[key], each) for key, each in signature.inputs.items()},
        "outputs": {key: _tensor(*found, known.get(key)) for key, found in outputs.items()},
    }
    if name.startswith("sample") and isinstance(model, abilities.Samples):
        told["defaults"] = model.exported_ways()
    return told


def _tensor(shape, dtype, tensor: Tensor | None):
    """A tensor of a file; sizes that are free are None."""
    told = {"shape": shape, "dtype": dtype}
    if tensor is None:
        return told
    return told | {"values": tensor.values, "meaning": tensor.meaning, **tensor.details}


def _origin(model):
    """Whose weights the model has, what it was trained on, and what may be done with them."""
    if model.preset_folder is None:
        classes = getattr(model.condition, "names", None)
        return {"name": None, "classes": classes, "licence": None, "card": None}
    recipe = zoo.recipe(model.preset_folder)
    data = catalog.entry(recipe.data["name"])
    classes = getattr(model.condition, "names", None) or list(data.classes) or None
    return {
        "name": recipe.name,
        "title": recipe.title,
        "classes": classes if model.condition.count else None,
        "data": {
            "name": data.name,
            "title": data.title,
            "drawn": data.drawn,
            "binary": catalog.is_binary(recipe.data),
        },
        "licence": {"weights": LICENCE, "data": data.licence},
        "card": zoo.card(model.preset_folder),
    }
