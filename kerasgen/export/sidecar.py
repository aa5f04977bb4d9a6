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

import numpy as np

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
    """Writes the facts of a TFLite file into its metadata, and returns them, in JSON's types.

    Args:
        model: that the file was made of.
        signatures: those of the file, by name.
        file: its path.
        quantize: how its weights are kept.
        left_out: why it lacks a signature, by name.

    >>> model = kerasgen.zoo.load("gmm_ring")
    >>> file = kerasgen.export.tflite(model, "ring.tflite", signatures=["sample"]).path
    >>> describe(model, _signatures.of(model), file, None, {})["licence"]["weights"]
    'Apache-2.0'
    """
    known, content = _signatures.tensors(model), file.read_bytes()
    told = {
        "format": FORMAT,
        "written_by": f"kerasgen {importlib.metadata.version('kerasgen')}",
        "model": type(model).__name__,
        **_origin(model),
        "weights": quantize or "float32",
        "min_runtime_version": metadata.read(content, metadata.RUNTIME),
        "signatures": {
            name: _signature(model, name, signatures[name], tensors, known)
            for name, tensors in _tensors(file).items()
        },
        "left_out": left_out,
    }
    file.write_bytes(metadata.write(content, metadata.FACTS, json.dumps(told)))
    return told


def put_beside(told: dict[str, Any], file: pathlib.Path) -> None:
    """Writes facts beside a finished file, with what only that has, its size and its SHA-256.

    >>> file = pathlib.Path("empty.tflite")
    >>> _ = file.write_bytes(b"")
    >>> put_beside({"format": 1}, file)
    >>> json.loads(path_of(file).read_text())["bytes"]
    0
    """
    content = file.read_bytes()
    of_file = {
        "file": file.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    durable.write_text(path_of(file), json.dumps(of_file | told, indent=1) + "\n")


def facts(file: str | pathlib.Path) -> dict[str, Any]:
    """What a TFLite file of kerasgen says of itself, from its own metadata.

    Raises:
        ValueError: a file of somebody else.

    >>> file = "ring.tflite"
    >>> _ = kerasgen.export.tflite(kerasgen.zoo.load("gmm_ring"), file)
    >>> facts(file)["signatures"]["sample"]["outputs"]["vectors"]["shape"]
    [1, 2]
    """
    text = metadata.read(pathlib.Path(file).read_bytes(), metadata.FACTS)
    if text is None:
        raise ValueError(
            f"Expected a TFLite file that kerasgen wrote. Received: {file}, which has no facts in "
            "its metadata. Export it again."
        )
    return json.loads(text)


def _tensors(file):
    """Of each signature its inputs and outputs, what the file says of them by name."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(file))
    found = {}
    for name in sorted(interpreter.get_signature_list()):
        runner = interpreter.get_signature_runner(name)
        sides = runner.get_input_details(), runner.get_output_details()
        found[name] = [{key: _stored(detail) for key, detail in side.items()} for side in sides]
    return found


def _stored(detail):
    """Shape, with None for free sizes, and type; of whole numbers that stand for others, which
    these are: scale * (number - zero_point).
    """
    sizes = [None if size == -1 else int(size) for size in detail["shape_signature"]]
    told, (scale, zero) = (
        {"shape": sizes, "dtype": np.dtype(detail["dtype"]).name},
        detail["quantization"],
    )
    return told | ({"scale": float(scale), "zero_point": int(zero)} if scale else {})


def _signature(model, name, signature, tensors, known):
    inputs, outputs = tensors
    function = signature.function if signature.replay is None else signature.replay
    told = {
        "meaning": " ".join((function.__doc__ or "").split()),
        "inputs": {key: _tensor(inputs[key], each) for key, each in signature.inputs.items()},
        "outputs": {key: _tensor(found, known.get(key)) for key, found in outputs.items()},
    }
    if name.startswith("sample") and "sample" in abilities.methods(model):
        told["defaults"] = model.exported_ways()
    return told


def _tensor(found, tensor: Tensor | None):
    """A tensor of a file and what it means; values and range are those before quantization."""
    if tensor is None:
        return found
    return found | {"values": tensor.values, "meaning": tensor.meaning, **tensor.details}


def _origin(model):
    """Whose weights the model has, what it was trained on, and what may be done with them."""
    if model.preset_folder is None:
        classes = model.condition.names
        return {"name": None, "classes": classes, "licence": None, "card": None}
    recipe = zoo.recipe(model.preset_folder)
    data = catalog.entry(recipe.data["name"])
    classes = model.condition.names or list(data.classes) or None
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
