"""Nobody guesses from outside what a model is: abilities and events declare it, families are not
asked for.
"""

import ast
import pathlib

import kerasgen
from kerasgen import abilities, events, families

PACKAGE = pathlib.Path(kerasgen.__file__).parent
MAY_ASK = ("families/", "reports/", "abilities/", "model.py", "__init__.py")
FAMILIES = set(families.__all__)
METHODS = {ability.method for ability in abilities.ALL}
KINDS = {ability.__name__ for ability in abilities.ALL} | {*events.__all__} | {"Model", "Layer"}
ALLOWED = 7  # lines outside families that ask what a model, its event or a part is


def questions(tree):
    """Lines that ask for a family, or for a method of an ability by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            words = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            words |= {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
            texts = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant)}
            asks_family = node.func.id in ("isinstance", "issubclass") and words & FAMILIES
            asks_method = node.func.id in ("hasattr", "getattr") and texts & METHODS
            if asks_family or asks_method:
                yield node.lineno
        elif isinstance(node, ast.Constant) and node.value in FAMILIES:
            yield node.lineno


def kinds(tree):
    """Lines that ask of what ability, event or Keras class something is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            named = [part for part in ast.walk(node) if isinstance(part, (ast.Name, ast.Attribute))]
            texts = [text for text in map(ast.unparse, named) if not text.startswith("tfds.")]
            words = {text.rpartition(".")[2] for text in texts}
            if node.func.id in ("isinstance", "issubclass") and words & KINDS:
                yield node.lineno


def asked(find, but):
    """Places of the package, but for some files, where `find` finds a question."""
    return [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if not path.relative_to(PACKAGE).as_posix().startswith(but)
        for line in find(ast.parse(path.read_text("utf-8")))
    ]


def test_families_are_not_asked_for_from_outside():
    assert asked(questions, but=MAY_ASK) == []


def test_few_lines_ask_what_a_model_is():
    """Where callers may pass several things, or Keras has no declaration to read."""
    found = asked(kinds, but=("families/", "abilities"))
    assert len(found) <= ALLOWED, found


def test_the_question_is_found_where_it_is_asked():
    asked = ast.parse(
        "isinstance(model, families.Mixture)\nhasattr(model, 'sample')\nx = 'Mixture'"
    )
    assert sorted(questions(asked)) == [1, 2, 3]
