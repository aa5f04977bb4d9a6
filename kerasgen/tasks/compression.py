"""Examples to real bytes by a model, and back, bit for bit.

A file says by which weights and by which arithmetic it was made. The reader computes some of the
writer's numbers anew and refuses where they differ, as a last digit would spoil all that follows.
What it decodes is compared with a checksum of the pixels.
"""

import contextlib
import hashlib
import json
import math
import struct
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

import kerasgen
from kerasgen import checks, documents, machine
from kerasgen.model import GenerativeModel
from kerasgen.tasks import bits_back, conditions, range_coding
from kerasgen.tasks.codes import has_code
from kerasgen.tasks.frequencies import coder

_MAGIC = b"kgz1"
_CHECK = 16  # bytes of a SHA-256 at the end
_MOST = 2**31  # pixels of a file
_FACTS = {
    "model": (str, type(None)),
    "weights": str,
    "arithmetic": dict,
    "numbers": str,
    "condition": (str, type(None)),
    "count": int,
    "shape": list,
    "block": int,
    "pixels": str,
}


def compress(
    model: GenerativeModel,
    x: Any,
    condition: Any = None,
    block: int | None = None,
    names: list[str] | None = None,
    progress: bool = False,
) -> bytes:
    """The bytes of a `.kgz` file of images.

    Models whose pixels are known in turn spend the bits of `log_prob`, models with a normal code
    those of the evidence lower bound. Labels take the bits of their number of classes.

    Args:
        model: of pixels at levels.
        x: images `[N, height, width, channels]` in [0, 1], at the model's levels.
        condition: of a conditional model, of each image. Labels are stored; without any, each image
            gets the label that makes it likeliest. Another condition is to be given again.
        block: images that are coded together; memory and speed grow with it.
        names: one of each image, kept in the file.
        progress: show a progress bar.

    Raises:
        ValueError: a model that cannot, other images, no library constriction.

    >>> model = kerasgen.zoo.load("gated_pixelcnn_mnist")
    >>> digits = model.sample(2, seed=0).numpy()
    >>> file = compress(model, digits)
    >>> bool(np.all(decompress(model, file) == digits))
    True
    """
    engine = engine_of(model)
    x, given = conditions.of(model, x, condition)
    levels = _levels(model, x)
    block = engine.BLOCK if block is None else checks.positive("block", block)
    if names is not None and len(names) != len(levels):
        raise ValueError(
            f"Expected one name for each of {len(levels)} images. Received: {len(names)}."
        )
    with _bar(len(levels), progress) as advance:
        words = engine.encode(model, levels, given, block, advance)
    facts = {
        "model": model.preset,
        "weights": _fingerprint(model),
        "arithmetic": _arithmetic(),
        "numbers": _numbers(engine, model, len(levels), given, block),
        "condition": conditions.to_text(model, given),
        "count": len(levels),
        "shape": list(model.event_shape),
        "block": block,
        "pixels": _pixels(levels),
    } | ({"names": names} if names else {})
    head = json.dumps(facts, separators=(",", ":")).encode()
    content = _MAGIC + struct.pack("<I", len(head)) + head + words.astype("<u4").tobytes()
    return content + hashlib.sha256(content).digest()[:_CHECK]


def decompress(
    model: GenerativeModel, file: bytes, condition: Any = None, progress: bool = False
) -> np.ndarray:
    """The images that `compress` was given, `[N, height, width, channels]` float32.

    Args:
        model: of the weights that the file was made by.
        file: its bytes.
        condition: that of `compress`, of a model whose condition is no label.
        progress: show a progress bar.

    Raises:
        ValueError: a damaged file, other weights, or a machine on which numbers differ.

    >>> decompress(kerasgen.zoo.load("vae_mnist"), b"noise")
    Traceback (most recent call last):
    ValueError: Expected a file of kerasgen compress. Received: 5 bytes of another kind.
    """
    facts, words = _read(file)
    engine = engine_of(model)
    if facts["weights"] != _fingerprint(model):
        raise ValueError(
            f"Expected the weights that compressed the file, of {facts['model']}: "
            f"{facts['weights'][:16]}. Received: those of {model.preset}, "
            f"{_fingerprint(model)[:16]}. Load that preset, as it was then."
        )
    here, count, block = _arithmetic(), facts["count"], facts["block"]
    if here != facts["arithmetic"]:
        differing = {
            name: there for name, there in facts["arithmetic"].items() if here.get(name) != there
        }
        received = {name: here.get(name) for name in differing}
        raise ValueError(
            f"Expected the arithmetic that compressed the file, {differing}. Received: {received}. "
            "Decompress it there."
        )
    given = conditions.from_text(model, facts.get("condition"), count, condition)
    if facts["numbers"] != _numbers(engine, model, count, given, block):
        raise ValueError(
            "Expected the model to give the numbers that compressed the file. Received: others, "
            "by other settings of the backend. Decompress it with those it was compressed with."
        )
    with _bar(count, progress) as advance:
        levels = engine.decode(model, words, count, given, block, advance)
    if facts["pixels"] != _pixels(levels):
        raise ValueError(
            "Expected the pixels that were compressed. Received: others, as the model's numbers "
            "differ here. Decompress the file where it was compressed."
        )
    return levels.reshape(-1, *model.event_shape).astype("float32") / np.float32(model.levels - 1)


def facts(file: bytes) -> dict[str, Any]:
    """What a file says of itself: "model", "count", "shape" and, where it has them, "names".

    Raises:
        ValueError: a damaged file.

    >>> facts(b"")
    Traceback (most recent call last):
    ValueError: Expected a file of kerasgen compress. Received: 0 bytes of another kind.
    """
    return _read(file)[0]


def told(model: GenerativeModel, count: int, size: int, seconds: float) -> str:
    """What became of `count` images of a model in `size` bytes, as a line.

    >>> told(kerasgen.zoo.load("gated_pixelcnn_mnist"), count=1000, size=14_500, seconds=2.0)
    '1,000 images as 14,500 bytes, 116.0 bits an image of 784; 49.0 kB of pixels a second'
    """
    bits = model.event.size * np.log2(model.levels)
    return (
        f"{count:,} images as {size:,} bytes, {8 * size / count:.1f} bits an image of {bits:,.0f}; "
        f"{count * bits / 8000 / seconds:.1f} kB of pixels a second"
    )


def require(model: GenerativeModel) -> None:
    """Refuses a model that cannot compress.

    Raises:
        ValueError: what `compress` raises for it.

    >>> require(kerasgen.zoo.load("gated_pixelcnn_mnist"))
    """
    engine_of(model)


def _read(file):
    """The facts of a file, and its words."""
    if not file.startswith(_MAGIC) or len(file) < len(_MAGIC) + 4 + _CHECK:
        raise ValueError(
            f"Expected a file of kerasgen compress. Received: {len(file):,} bytes of another kind."
        )
    content, check = file[:-_CHECK], file[-_CHECK:]
    if hashlib.sha256(content).digest()[:_CHECK] != check:
        raise ValueError(
            f"Expected a whole file of kerasgen compress. Received: {len(file):,} bytes that do "
            "not fit their checksum, a damaged file. Copy it again."
        )
    start = len(_MAGIC) + 4
    end = start + struct.unpack("<I", file[len(_MAGIC) : start])[0]
    try:
        facts = documents.read_json(content[start:end])
        wrong = _faults(facts)
    except ValueError as error:
        facts, wrong = {}, [str(error)]
    if (len(content) - end) % 4:
        wrong.append("no whole number of words")
    if wrong:
        raise ValueError(
            "Expected a file of kerasgen compress, whose checksum anyone can make. Received: one "
            f"of another make: {', '.join(wrong)}. Ask for the right one."
        )
    return facts, np.frombuffer(content[end:], "<u4").astype("uint32")


def _faults(facts):
    """What a head lacks or has of another type or size."""
    if not isinstance(facts, dict):
        return ["a head that is none"]
    wrong = [name for name, kind in _FACTS.items() if not isinstance(facts.get(name), kind)]
    if wrong:
        return wrong
    sizes = [facts["count"], facts["block"], *facts["shape"]]
    if not all(type(size) is int and 0 < size <= _MOST for size in sizes):
        return ["count, block and shape"]
    pixels = math.prod(sizes) // facts["block"]
    return [] if pixels <= _MOST else [f"more than {_MOST:,} pixels"]


def engine_of(model: GenerativeModel) -> Any:
    """The module that codes by what the model can do; a ValueError where none does.

    >>> assert engine_of(kerasgen.zoo.load("vae_mnist")) is bits_back
    """
    coder()
    received = f"Received: {checks.kind(model)}"
    if model.likelihood_kind is None or not model.levels:
        raise ValueError(f"Expected a model of pixels at levels. {received} of none. Name another.")
    if model.known_in_turn:
        return range_coding
    if has_code(model, prior=True) and model.bottleneck.normal_in_turn:
        return bits_back
    raise ValueError(
        "Expected a model whose pixels are known in turn, or one with a code of normals under "
        f"posterior and prior. {received} without. Name another."
    )


def _levels(model, x):
    """Images as whole numbers `[N, size]`."""
    x = ops.convert_to_numpy(x)
    levels = np.round(x * (model.levels - 1))
    if between := np.count_nonzero(np.abs(levels - x * (model.levels - 1)) > 0.01):
        raise ValueError(
            f"Expected pixels at the model's {model.levels} levels, which come back bit for bit. "
            f"Received: {between:,} between two. Round them first."
        )
    return levels.reshape(len(levels), -1).astype("int32")


def _fingerprint(model):
    """SHA-256 of the weights by which the model computes."""
    digest = hashlib.sha256()
    for weight in model.weights:
        digest.update(np.ascontiguousarray(ops.convert_to_numpy(weight)).tobytes())
    return digest.hexdigest()


def _arithmetic():
    """What decides the last digits of the model's numbers."""
    import importlib

    backend = importlib.import_module(keras.backend.backend())
    processor = machine.describe().rpartition(", ")[0]
    versions = {"kerasgen": kerasgen.__version__, "keras": keras.__version__}
    return versions | {"backend": f"{backend.__name__} {backend.__version__}", "on": processor}


def _numbers(engine, model, count, given, block):
    """SHA-256 of some of the numbers that the model gives for blocks of every size that is met."""
    digest = hashlib.sha256()
    for each in engine.numbers(model, count, given, block):
        digest.update(np.ascontiguousarray(each).tobytes())
    return digest.hexdigest()[:32]


def _pixels(levels):
    return hashlib.sha256(levels.astype("<i4").tobytes()).hexdigest()[:32]


@contextlib.contextmanager
def _bar(total, shown) -> Iterator[Any]:
    """A function to tell of images that are done."""
    from rich.progress import Progress  # not with the package, which imports quickly

    with Progress(disable=not shown) as bar:
        task = bar.add_task("images", total=total)
        yield lambda n: bar.advance(task, n)
