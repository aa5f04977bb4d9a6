"""One process converts many files, and a fault in it is the fault of one file."""

import contextlib
import pathlib

import pytest

from kerasgen.export import conversion, convert
from kerasgen.export.conversion import Converter

PROGRAM = """
import json, os, pathlib, sys
for line in sys.stdin:
    request = json.loads(line)
    if request["kind"] == "crash":
        os.abort()
    pathlib.Path(request["output"]).write_text(str(os.getpid()))
    if request["kind"] == "fail":
        print("error: failed while converting: 'fail'", file=sys.stderr, flush=True)
    print("failed" if request["kind"] == "fail" else "converted", flush=True)
"""


@pytest.fixture
def process_of(tmp_path, monkeypatch):
    """A function that converts a file of a kind, and returns the number of the process that did."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.setattr(convert, "__file__", str(tmp_path / "program.py"))
    with contextlib.closing(Converter()) as converter:

        def run(kind):
            converter(kind=kind, output=str(tmp_path / "number"))
            return int((tmp_path / "number").read_text())

        yield run


def test_one_process_converts_many_files(process_of):
    assert process_of("right") == process_of("right")


def test_a_failure_is_told_once_and_the_process_goes_on(process_of):
    first = process_of("right")
    with pytest.raises(RuntimeError, match="^error: failed while converting: 'fail'$"):
        process_of("fail")
    assert process_of("right") == first


def test_a_fault_ends_the_process_and_another_takes_its_place(process_of):
    first = process_of("right")
    for _ in range(2):
        with pytest.raises(RuntimeError, match="^exit status -6$"):
            process_of("crash")
    assert process_of("right") != first


def test_paths_are_of_the_folder_that_the_caller_works_in(tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr(Converter, "__call__", lambda self, **request: asked.update(request))
    monkeypatch.chdir(tmp_path)
    conversion.convert(pathlib.Path("saved"), pathlib.Path("model.tflite"), ["sample"])
    assert asked["folder"] == str(tmp_path / "saved")
    assert asked["output"] == str(tmp_path / "model.tflite")
