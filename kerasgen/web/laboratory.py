"""The folder of the laboratory: page, runtime, models, and `laboratory.json`, which says what the
page asks: files with checksums, words, tokens.
"""

import hashlib
import importlib.resources
import json
import pathlib
import shutil
from typing import Any, NamedTuple

import kerasgen
from kerasgen import durable

CONTENTS = "laboratory.json"


class Model(NamedTuple):
    """What the page takes of a preset.

    Attributes:
        signatures: that the exhibits run; with few the file is small.
        quantize: as of `export.tflite`: float16 where it moves no output by 0.001.

    >>> MODELS["classifier_mnist"]
    Model(signatures=('classify',), quantize='float16')
    """

    signatures: tuple[str, ...]
    quantize: str | None = None


MODELS = {
    "vae_mnist_2d": Model(("decode", "reconstruct"), "float16"),
    "vae_mnist": Model(("encode", "decode")),
    "dvae_mnist": Model(("encode", "decode")),
    "gated_pixelcnn_mnist": Model(("sample", "complete", "log_prob_by_pixel")),
    "classifier_mnist": Model(("classify",), "float16"),
    "gan_mnist": Model(("sample",)),
    "wgan_gp_mnist": Model(("sample",)),
    "text_to_image_shapes": Model(("sample",)),
}


def write(folder: Any, runtime_files: dict[str, bytes], progress: bool = False) -> pathlib.Path:
    """Writes the laboratory; files of an earlier one that are still right are taken over.

    Args:
        folder: new, or an earlier laboratory.
        runtime_files: of `runtime.read` or `runtime.download`.
        progress: show a progress bar.

    Returns:
        The folder's path.

    Raises:
        FileExistsError: the folder holds something else.
        ValueError: a model whose exported file disagrees with it.

    >>> write("laboratory", kerasgen.web.runtime.download())  # doctest: +SKIP
    PosixPath('laboratory')
    """
    folder = pathlib.Path(folder)
    check(folder)
    earlier = _contents(folder)
    with durable.placed(folder) as new:
        with importlib.resources.as_file(importlib.resources.files("kerasgen.web")) as package:
            shutil.copytree(package / "page", new)
        (new / "runtime").mkdir()
        for name, data in runtime_files.items():
            (new / "runtime" / name).write_bytes(data)
        (new / "models").mkdir()
        models = {}
        from rich.progress import track

        for name, wanted in track(MODELS.items(), "models", disable=not progress):
            models[name] = _kept(earlier, folder, new, name, wanted) or _exported(new, name, wanted)
        contents = {"version": kerasgen.__version__, "models": models}
        (new / CONTENTS).write_text(json.dumps(contents, indent=1), encoding="utf-8")
    return folder


def check(folder: pathlib.Path) -> None:
    """Raises a FileExistsError for a folder that holds something else than a laboratory.

    >>> check(pathlib.Path("new"))
    """
    is_free = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    if not is_free and not (folder / CONTENTS).is_file():
        raise FileExistsError(
            f"Expected a new folder or an earlier laboratory. Received: {folder}, which holds "
            "something else. Name another."
        )


def _contents(folder):
    try:
        return json.loads((folder / CONTENTS).read_text(encoding="utf-8"))["models"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _path(name):
    return f"models/{name}.tflite"


def _origin(name, wanted):
    """What tells a file of the same preset, exported by the same version in the same way."""
    manifest = (kerasgen.zoo.folder(name) / "manifest.json").read_bytes()
    return _sha256(f"{kerasgen.__version__} {wanted}".encode() + manifest)


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


def _kept(earlier, folder, new, name, wanted):
    """What the earlier laboratory says of a model whose file is still right, or None."""
    said, file = earlier.get(name, {}), folder / _path(name)
    is_right = (
        said.get("origin") == _origin(name, wanted)
        and file.is_file()
        and _sha256(file.read_bytes()) == said.get("sha256")
    )
    if not is_right:
        return None
    shutil.copy(file, new / _path(name))
    return said


def _exported(new, name, wanted):
    """Exports a model, and returns what the page asks of it."""
    from kerasgen.web.facts import facts  # imports Keras

    model = kerasgen.zoo.load(name)
    path = new / _path(name)
    kerasgen.export.tflite(model, path, wanted.quantize, wanted.signatures)
    data = path.read_bytes()
    return {
        "file": _path(name),
        "bytes": len(data),
        "sha256": _sha256(data),
        "origin": _origin(name, wanted),
        **facts(model),
    }
