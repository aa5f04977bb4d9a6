"""Texts from the templates in `kerasgen/templates/`, by Jinja.

Jinja escapes what is filled into HTML. What is filled into Markdown brings no tags; where a
template calls it code, it does not leave its code span or block. Neither brings control characters,
which a terminal would obey.
"""

import functools
import unicodedata

import jinja2
from markupsafe import Markup


def render(template, **facts):
    """The text of a template.

    Args:
        template: name of a file in `kerasgen/templates/`.
        facts: what the template names; an `UndefinedError` where one is missing.
    """
    return _environment().get_template(template).render(facts)


def printable(text):
    """A text without control characters, but with its ends of lines and tabs."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf"))


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
    environment.filters["code"] = _code
    return environment


@jinja2.pass_eval_context
def _finalize(context, value):
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    text = printable(value)
    return text if context.autoescape else text.replace("<", "&lt;")


def _code(value):
    return Markup(printable(str(value)).replace("`", "'"))
