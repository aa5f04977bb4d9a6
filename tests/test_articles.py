"""Messages say "an AutoregressiveModel" and "a Mixture": one function knows the article."""

import pathlib
import re

import numpy as np
import pytest

import kerasgen
from kerasgen import abilities, checks, families
from kerasgen.cli import inputs

PACKAGE = pathlib.Path(kerasgen.__file__).parent
BY_EAR = "an MLP, a UNet, an IWAE, a VAE, an ELBO, an RNN, a RowLSTM, a Uniform, an Upsample, a GRU"


@pytest.mark.parametrize("name", families.__all__)
def test_a_family_is_refused_with_its_article(name):
    family = getattr(families, name)
    lacks = next(each for each in abilities.ALL if not issubclass(family, each))
    with pytest.raises(ValueError) as refused:
        inputs.needs(object.__new__(family), lacks.method, "mine")
    assert f" {'an' if name[0] in 'AEIOU' else 'a'} {name}," in str(refused.value)


def test_abbreviations_are_named_as_they_are_spoken():
    for words in BY_EAR.split(", "):
        assert checks.kind(type(words.split()[1], (), {})()) == words
    assert checks.kind(np.zeros(1)) == "an ndarray"


def test_no_message_writes_an_article_before_the_name_of_a_class():
    article = re.compile(r"""\ban?["\s]+f?["']?\{(type\([^{}]*\)|\w+)\.__name__""")
    assert article.search('f"Received: a {type(model).__name__}."')
    assert article.search('"Received: a "\n            f"{type(model).__name__}."')
    files = PACKAGE.rglob("*.py")
    found = {path.name: article.findall(path.read_text("utf-8")) for path in files}
    assert not any(found.values()), found
