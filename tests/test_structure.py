"""Which modules import what, and what an import costs."""

import ast
import graphlib
import pathlib
import subprocess
import sys

import kerasgen

PACKAGE = pathlib.Path(kerasgen.__file__).parent


MODULES = {
    path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8"))
    for path in PACKAGE.rglob("*.py")
}


MAY_IMPORT_TENSORFLOW = ("backend/tensorflow.py", "training/", "data/", "export/", "tokenization/")


def imports(tree):
    """Top-level names of all packages that a module imports, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def test_tensorflow_is_imported_only_where_it_may_be():
    importers = {name for name, tree in MODULES.items() if "tensorflow" in set(imports(tree))}
    assert "backend/tensorflow.py" in importers
    assert [name for name in importers if not name.startswith(MAY_IMPORT_TENSORFLOW)] == []


def packages():
    """What each package, or module at the top, imports of the others, wherever an import stands.

    A `__main__` is a program: nobody imports it.
    """
    needs = {}
    for name, tree in MODULES.items():
        unit = name.partition("/")[0].removesuffix(".py")
        for node in ast.walk(tree) if not name.endswith("__main__.py") else ():
            if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("kerasgen."):
                _, _, path = node.module.partition(".")
                imported = {path.partition(".")[0]} if path else {a.name for a in node.names}
                needs.setdefault(unit, set()).update(imported - {unit})
    return needs


def test_no_package_depends_on_itself_by_way_of_others():
    order = list(graphlib.TopologicalSorter(packages()).static_order())  # raises a CycleError
    assert (
        order.index("model") < order.index("families") < order.index("reports") < order.index("zoo")
    )


def test_packages_lie_in_few_layers():
    """A layer imports of those below it only."""
    needs, layers = packages(), graphlib.TopologicalSorter(packages())
    layers.prepare()
    count = 0
    while ready := layers.get_ready():
        layers.done(*ready)
        count += 1
    assert len(needs) > 20
    assert count <= 14


def test_legacy_keras_is_not_imported():
    assert [
        name for name, tree in MODULES.items() if {"tf_keras", "tf_agents"} & set(imports(tree))
    ] == []


def test_nothing_that_runs_code_from_a_file():
    """No pickle, no Lambda layers, no unsafe deserialization, no yaml.load, no eval."""
    found = []
    for name, tree in MODULES.items():
        found += [
            f"{name}: import {module}"
            for module in {"pickle", "dill", "marshal", "shelve"} & set(imports(tree))
        ]
        for node in ast.walk(tree):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            unsafe = isinstance(node, ast.keyword) and (
                (node.arg == "safe_mode" and ast.unparse(node.value) != "True")
                or (node.arg == "allow_pickle" and ast.unparse(node.value) != "False")
            )
            if unsafe or called.endswith(
                (".Lambda", "yaml.load", "enable_unsafe_deserialization", ".unsafe_load")
            ):
                found.append(
                    f"{name}:{node.lineno if hasattr(node, 'lineno') else ''} {ast.unparse(node)}"
                )
            if called in ("eval", "exec", "Lambda"):
                found.append(f"{name}:{node.lineno} {called}")
    assert found == []


def test_importing_is_silent_and_light():
    code = """
import sys, keras
before = set(sys.modules)
import kerasgen
heavy = {"tensorflow_probability", "sklearn", "matplotlib", "tensorflow_datasets"}
heavy |= {"scipy", "ai_edge_litert", "rich"}
print(sorted(heavy & ({name.partition(".")[0] for name in set(sys.modules) - before})))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    assert done.stdout == "[]\n"
    noise = [line for line in done.stderr.splitlines() if "kerasgen" in line]
    assert noise == []
