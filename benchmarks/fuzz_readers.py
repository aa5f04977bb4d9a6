"""Coverage-guided fuzzing of what reads a stranger's bytes.

    pip install -e ".[fuzz]"
    python benchmarks/fuzz_readers.py recipe -max_total_time=600

Readers are recipe, manifest, metrics, caption, archive and weights. A finding is any error but the
one that the reader promises, or one of several lines, or more than 5 seconds or 1 GB; libFuzzer
then writes the input to a file, which the same command takes as an argument.
"""

import io
import pathlib
import sys
import tempfile

import atheris

with atheris.instrument_imports(include=["kerasgen", "yaml", "json", "zipfile"]):
    import json  # noqa: F401
    import zipfile  # noqa: F401

    import kerasgen.cli  # noqa: F401, without which kerasgen imports Keras
    from kerasgen.recipe import Recipe
    from kerasgen.zoo import archive, figures, manifest, stored

_SEEDS = pathlib.Path(kerasgen.zoo.folder("gmm_ring"))
_SCRATCH = tempfile.TemporaryDirectory(prefix="kerasgen-fuzz-")
_FOLDER = pathlib.Path(_SCRATCH.name)


def recipe(data):
    Recipe.parse(data, "recipe.yaml")


def read_manifest(data):
    (_FOLDER / "manifest.json").write_bytes(data)
    manifest.verify(_FOLDER)


def metrics(data):
    figures.read("metrics.json", data)


def caption(data):
    from kerasgen.data.synthetic.captions import VOCABULARY

    rows = VOCABULARY.encode(data.decode("utf-8", "replace"))
    assert VOCABULARY.encode(VOCABULARY.decode(rows)).tolist() == rows.tolist()


def read_archive(data):
    path, target = _FOLDER / "packed.zip", _FOLDER / "target"
    path.write_bytes(data)
    target.mkdir(exist_ok=True)
    archive.unpack(path, target)
    assert all(each.parent == target and each.is_file() for each in target.rglob("*"))


def weights(data):
    with stored.opened(pathlib.Path("model.weights.h5"), data) as arrays:
        held = sum(array[()].nbytes for array in arrays.values())
    assert held <= len(data)


def _zip():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("manifest.json", "recipe.yaml"):
            file.write(_SEEDS / name, name)
    return packed.getvalue()


READERS = {
    "recipe": (recipe, lambda: (_SEEDS / "recipe.yaml").read_bytes()),
    "manifest": (read_manifest, lambda: (_SEEDS / "manifest.json").read_bytes()),
    "metrics": (metrics, lambda: (_SEEDS / "metrics.json").read_bytes()),
    "caption": (caption, lambda: b"a small red circle above a box"),
    "archive": (read_archive, _zip),
    "weights": (weights, lambda: (_SEEDS / "model.weights.h5").read_bytes()),
}


def main():
    _, name, *flags = sys.argv
    if name == "caption":  # which imports Keras, and that is not what is timed
        with atheris.instrument_imports(include=["kerasgen"]):
            from kerasgen.data.synthetic import captions

            assert captions
    reader, seed = READERS[name]
    corpus = _FOLDER / "corpus"
    corpus.mkdir()
    (corpus / "seed").write_bytes(seed())

    def one(data):
        try:
            reader(data)
        except ValueError as error:  # PresetError is one
            text = str(error)
            assert text.startswith("Expected ") and "\n" not in text, text

    bounds = ["-timeout=5", "-rss_limit_mb=1000", "-max_len=65536"]
    atheris.Setup([sys.argv[0], *bounds, *flags, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
