"""Texts from the templates in `kerasgen/templates/`, by Jinja.

Jinja escapes what is filled into HTML. What is filled into Markdown brings no tags and no lines of
its own; where a template calls it code, it does not leave its code span or block. Neither brings
control characters, which a terminal would obey.
"""

import functools
import unicodedata
from collections.abc import Mapping
from typing import Any

import jinja2
from markupsafe import Markup


def render(template: str, **facts: Any) -> str:
    """The text of a template.

    Args:
        template: name of a file in `kerasgen/templates/`.
        facts: what the template names; an `UndefinedError` where one is missing.

    >>> render("presets.md.j2", tables=[]).splitlines()[0]
    '# Presets'
    """
    return _environment().get_template(template).render(facts)


def printable(text: str) -> str:
    r"""A text without control characters, but with its ends of lines and tabs.

    >>> printable("a\x1b[31mb")
    'a[31mb'
    """
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf"))


def number(value: float) -> str:
    """A figure in three digits, or with two decimals: `0.123`, `82.17`; integers as they are.

    >>> number(82.1743), number(0.5), number(60)
    ('82.17', '0.500', '60')
    """
    if isinstance(value, int):
        return str(value)
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:#.3g}"


def error(figure: Mapping[str, Any]) -> str:
    """` ± 0.12`, the standard error of a figure, where it has one.

    >>> error({"value": 82.17, "standard_error": 0.2099}), error({"value": 60})
    (' ± 0.21', '')
    """
    size = figure.get("standard_error")
    return "" if size is None else f" ± {size:.2g}"


@functools.cache
def _environment():
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("kerasgen"),
        autoescape=jinja2.select_autoescape(("html.j2",)),
        finalize=_finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = {"code": _code, "code_block": _code_block, "number": number, "error": error}
    environment.filters.update(filters)
    return environment


@jinja2.pass_eval_context
def _finalize(context, value):
    if isinstance(value, Markup):
        return value
    text = printable(str(value))
    return text if context.autoescape else text.replace("<", "&lt;").replace("\n", " ")


def _code(value):
    return _code_block(value).replace("\n", " ")


def _code_block(value):
    return Markup(printable(str(value)).replace("`", "'"))
