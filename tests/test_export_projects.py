"""The projects for phones say of the files what the files say of themselves."""

import pathlib
import re

import keras
import pytest

if keras.backend.backend() != "tensorflow":
    pytest.skip("export needs the TensorFlow backend", allow_module_level=True)

from kerasgen import export, zoo

PLACE = pathlib.Path(__file__).parents[1] / "export"
SOURCES = {
    "android": PLACE / "android/app/src/main/kotlin/kerasgen/Models.kt",
    "ios": PLACE / "ios/Sources/Digits/Models.swift",
}
TENSOR = r'Tensor\("(\w+)", "(\w+)"[,\s\[]*([\d, ]+)\]?\)'


def signatures(source):
    """`{(file, name): (inputs, output)}` as a source has them, `{tensor: (shape, type)}`."""
    found = {}
    for call in re.findall(r'Signature\(\s*"[^=]*?\n\n', source.read_text() + "\n\n"):
        file, name = re.findall(r'"([\w.]+)"', call)[:2]
        tensors = [
            (key, ([int(size) for size in re.findall(r"\d+", shape)], dtype))
            for key, dtype, shape in re.findall(TENSOR, call)
        ]
        found[file, name] = dict(tensors[:-1]), dict(tensors[-1:])
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the files of the projects say."""
    folder, names = tmp_path_factory.mktemp("files"), set()
    for source in SOURCES.values():
        names |= {file for file, _ in signatures(source)}
    assert len(names) == 2
    for name in names:
        export.tflite(zoo.load(name.removesuffix(".tflite")), folder / name)
    return {name: export.facts(folder / name)["signatures"] for name in names}


@pytest.mark.parametrize("project", SOURCES)
def test_names_shapes_and_types_are_those_of_the_files(project, told):
    found = signatures(SOURCES[project])
    assert len(found) == 2
    for (file, name), sides in found.items():
        signature = told[file][name]
        for have, want in zip(sides, (signature["inputs"], signature["outputs"])):
            assert have == {key: (each["shape"], each["dtype"]) for key, each in want.items()}


@pytest.mark.parametrize("project", SOURCES)
def test_the_files_are_where_the_readme_writes_them(project):
    commands = re.findall(
        r"kerasgen export (\w+) .*--out (\S+)", (PLACE / project / "README.md").read_text()
    )
    files = {file for file, _ in signatures(SOURCES[project])}
    assert {pathlib.Path(path).name for _, path in commands} == files
    assert all(pathlib.Path(path).stem == preset for preset, path in commands)
