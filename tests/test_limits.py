"""What fits a screen and a sitting: short functions, short files, one idea each."""

import ast
import pathlib

import kerasgen

PACKAGE = pathlib.Path(kerasgen.__file__).parent
FILE, FUNCTION = 300, 60  # lines


def excess(name, text):
    """What of a file is too long, and how long it is."""
    if text.count("\n") > FILE:
        yield name, text.count("\n")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION:
                yield f"{name}:{node.name}", length


def test_files_and_functions_are_short():
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        found |= dict(excess(path.relative_to(PACKAGE).as_posix(), path.read_text("utf-8")))
    assert found == {}


def test_what_is_too_long_is_found():
    long = "def long():\n" + "    pass\n" * FUNCTION
    assert dict(excess("a.py", long)) == {"a.py:long": FUNCTION + 1}
    assert dict(excess("b.py", "x = 1\n" * (FILE + 1))) == {"b.py": FILE + 1}
