"""YAML and JSON that anybody may have written, read within bounds.

What comes out is plain: dicts whose keys are texts, lists, texts, numbers, True, False and None.
Size, depth and number of values are bounded while the text is parsed, and every fault is a
`ValueError` of one line. Numbers of YAML are those of YAML 1.2: `1e-1` is one.
"""

import json
import math
import os
import pathlib
import re
from typing import Any

import yaml

MOST_BYTES = 2**18  # of YAML, which PyYAML reads at some 300 kB a second
MOST_JSON = 2**22
_MOST_VALUES = 20_000
_MOST_DEPTH = 40
_MOST_DIGITS = 100
_LARGEST = 2**63  # of whole numbers, below which all libraries have them
_TAGS = ("null", "bool", "int", "float", "str", "seq", "map")


def content(path: str | os.PathLike, what: str, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file, whose length is compared with a bound before it is read.

    Args:
        path: of the file.
        what: it should be, for the error.
        most: bytes that it may have.

    Raises:
        FileNotFoundError: no file of that name.
        ValueError: a folder or a device, or too long a file.

    >>> _ = pathlib.Path("short.txt").write_text("abc")
    >>> content("short.txt", "a text")
    b'abc'
    """
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"Expected {what}. Received: {path}, which is not there.")
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no plain file"
        raise ValueError(f"Expected {what}. Received: {path}, {kind}. Name the file.")
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise ValueError(
                f"Expected {what} of at most {most:,} bytes. Received: {path}, {size:,} bytes."
            )
        return file.read(most)


def read_yaml(text: str | bytes) -> Any:
    """The value of a YAML text.

    Raises:
        ValueError: no YAML, aliases or tags in it, or more of something than the module allows.

    >>> read_yaml("{rate: 1e-1, layers: [2, 3]}")
    {'rate': 0.1, 'layers': [2, 3]}
    >>> read_yaml("a: &x [1]\\nb: *x")
    Traceback (most recent call last):
    ValueError: aliases are not read, write the value out (line 2)
    """
    text = _decoded(text, MOST_BYTES)
    try:
        return _checked(_Loader(text).get_single_data())
    except (yaml.YAMLError, RecursionError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1})" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ValueError(f"{' '.join(problem.split())}{place}") from None


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: no JSON, or more of something than the module allows.

    >>> read_json('{"value": 82.1}')
    {'value': 82.1}
    """
    text = _decoded(text, MOST_JSON)
    try:
        return _checked(json.loads(text), are_finite=False)  # figures may be NaN
    except RecursionError:
        raise ValueError(f"more than {_MOST_DEPTH} levels") from None


def write_yaml(values: Any, **layout: Any) -> str:
    """The YAML text of plain values, in the order of its keys.

    >>> write_yaml({"rate": "1e-1"})
    "rate: '1e-1'\\n"
    """
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, **layout)


class _Loader(yaml.SafeLoader):
    """Refuses aliases, depth and numbers of values before it makes something of them."""

    def __init__(self, text):
        super().__init__(text)
        self._depth = self._values = 0

    def compose_node(self, parent, index):
        event = self.peek_event()
        self._values += 1
        problem = None
        if isinstance(event, yaml.AliasEvent):
            problem = "aliases are not read, write the value out"
        elif self._values > _MOST_VALUES:
            problem = f"more than {_MOST_VALUES:,} values"
        elif self._depth >= _MOST_DEPTH:
            problem = f"more than {_MOST_DEPTH} levels"
        if problem:
            raise yaml.composer.ComposerError(None, None, problem, event.start_mark)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _Dumper(yaml.SafeDumper):
    """Quotes texts that `_Loader` would read as numbers, and writes everything out."""

    def ignore_aliases(self, data):
        return True


_TEXT = yaml.SafeLoader.yaml_constructors[None]  # says that it knows no such tag
_Loader.yaml_constructors = {None: _TEXT} | {
    f"tag:yaml.org,2002:{tag}": yaml.SafeLoader.yaml_constructors[f"tag:yaml.org,2002:{tag}"]
    for tag in _TAGS
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if not tag.endswith(":timestamp")]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _bounded(construct):
    """A constructor of numbers that are not too long to be read in no time."""

    def number(loader, node):
        if isinstance(node, yaml.ScalarNode) and len(node.value) > _MOST_DIGITS:
            problem = f"a number of more than {_MOST_DIGITS} digits"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return construct(loader, node)

    return number


for _kind in ("int", "float"):
    _tag = f"tag:yaml.org,2002:{_kind}"
    _Loader.yaml_constructors[_tag] = _bounded(_Loader.yaml_constructors[_tag])
for _class in (_Loader, _Dumper):
    _number = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$")
    _class.add_implicit_resolver("tag:yaml.org,2002:float", _number, list("-+.0123456789"))


def _decoded(text, most):
    if len(text) > most:
        raise ValueError(f"more than {most:,} bytes")
    try:
        return text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        raise ValueError("no text in UTF-8") from None


def _checked(value, are_finite=True):
    """Plain values; a ValueError of what else there is."""
    waiting, seen = [(value, 0)], 0
    while waiting:
        each, depth = waiting.pop()
        seen += 1
        if depth > _MOST_DEPTH or seen > _MOST_VALUES:
            raise ValueError(f"more than {_MOST_DEPTH} levels or {_MOST_VALUES:,} values")
        if isinstance(each, dict):
            if odd := [key for key in each if not isinstance(key, str)]:
                raise ValueError(f"the key {odd[0]!r}, which is no text")
            waiting += [(inner, depth + 1) for inner in each.values()]
        elif isinstance(each, list):
            waiting += [(inner, depth + 1) for inner in each]
        elif isinstance(each, int) and not -_LARGEST <= each < _LARGEST:
            raise ValueError("a whole number of more than 64 bits")
        elif are_finite and isinstance(each, float) and not math.isfinite(each):
            raise ValueError(f"the number {each}, which is not finite")
    return value
