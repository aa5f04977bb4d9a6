"""Vocabularies of text: words by frequency, parts of words; what text files may hold."""

import string

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kerasgen import data, recipe
from kerasgen.data import catalog, importing
from kerasgen.data.sentences import Lines, read_lines
from kerasgen.events import Sentences
from kerasgen.registration import described
from kerasgen.text import SubwordVocabulary, WordVocabulary

TEXT = ["Easy to use, cheap!", "slow but cheap", "2.3 MP; can't zoom", "user-friendly menu"] * 5
sentence = st.text(string.printable + "äß€", max_size=40)


def test_words_are_numbered_by_how_often_they_occur():
    vocabulary = WordVocabulary.of(["b a", "b c", "b a"], size=2, length=3)
    assert vocabulary.words == ["b", "a"]
    np.testing.assert_array_equal(vocabulary.encode("A b C"), [[3, 2, 1]])
    assert vocabulary.size == 4 and vocabulary.unknown("a b c d") == ["c", "d"]


def test_signs_are_words_and_numbers_whole():
    vocabulary = WordVocabulary.of(TEXT, size=99, length=9)
    numbers = vocabulary.encode("Easy to use, can't zoom 2.3 MP!")
    assert vocabulary.decode(numbers) == ["easy to use, can't zoom 2.3 mp!"]


@given(st.lists(sentence, max_size=5))
def test_what_is_decoded_encodes_to_the_same(sentences):
    vocabulary = WordVocabulary.of(TEXT, size=99, length=30)
    sentences = [each for each in sentences if vocabulary.fault(each) is None]
    numbers = vocabulary.encode(sentences)
    assert numbers.shape == (len(sentences), 30) and numbers.dtype == "int32"
    known = np.all(numbers != 1, axis=1)  # what is unknown is written as a word of signs
    again = [each for each, whole in zip(vocabulary.decode(numbers), known) if whole]
    np.testing.assert_array_equal(vocabulary.encode(again), numbers[known])


@pytest.fixture(scope="module")
def subwords():
    pytest.importorskip("tokenizers")
    return SubwordVocabulary.of(TEXT, size=280, length=30, num_examples=2)


def test_parts_of_words_spell_any_word(subwords):
    new = ["cheap zoomer, größer €5", "xyz"]
    assert subwords.decode(subwords.encode(new)) == new
    assert subwords.size <= 281 and len(subwords.words) == subwords.size - 1
    assert np.count_nonzero(subwords.encode("cheap")) < 5  # that of training is no row of letters


@pytest.mark.parametrize("kind", ["words", "subwords"])
def test_vocabularies_survive_configuration_recipe_and_file(kind, request, tmp_path):
    if kind == "subwords":
        vocabulary = request.getfixturevalue("subwords")
    else:
        vocabulary = WordVocabulary.of(TEXT, 9, 8, num_examples=2)
    event = Sentences(vocabulary)
    x = vocabulary.encode(TEXT)
    path = data.save_npz(tmp_path / "text.npz", train_images=x, **event.stored_with())
    for copy in (
        keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(event)),
        recipe.build(described(event)),
        data.open(None, npz=path).event,
    ):
        assert copy == event
        np.testing.assert_array_equal(copy.vocabulary.encode(TEXT), x)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "'', which has no words"),
        ("word " * 2500, r"'word word .*\.\.\.', which has 2,500 words, more than 8\.$"),
    ],
)
def test_sentences_that_have_no_row(given, message):
    with pytest.raises(ValueError, match=message) as error:
        WordVocabulary.of(TEXT, 9, 8).encode([given])
    assert len(str(error.value)) < 200


def test_vocabularies_that_no_sentence_has():
    with pytest.raises(ValueError, match="different words in lower case. Received: repeats"):
        WordVocabulary("a a", 3)
    with pytest.raises(ValueError, match=r"Received: \['A'\]"):
        WordVocabulary(["A"], 3)


def test_text_files_in_any_state(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_bytes("\ufeffeins\r\nzwei\n\n".encode())
    assert read_lines(path) == ["eins", "zwei", ""]
    path.write_bytes(b"one\ntw\x96o\n")
    with pytest.raises(ValueError, match="whose line 2 is not. Convert it"):
        read_lines(path)
    path.write_bytes("one".encode("utf-16"))
    with pytest.raises(ValueError, match="UTF-8"):
        read_lines(path)
    path.write_bytes(b"a\0b")
    with pytest.raises(ValueError, match="bytes of 0"):
        read_lines(path)
    with pytest.raises(FileNotFoundError, match="not there"):
        read_lines(tmp_path / "none.txt")


def labeled(count=400):
    return [(f"good number {number}", number % 2) for number in range(count)]


def test_what_is_held_out_is_a_function_of_its_content():
    lines, more = Lines(labeled(), 8, 50), Lines([("a new one", 0), *labeled()[::-1]], 8, 50)
    for split in ("train", "test"):
        of_both = [
            {str(row) for row in each.event.vocabulary.decode(each.read(split, 0, 999)[0])}
            for each in (lines, Lines(labeled()[::-1], 8, 50))
        ]
        assert of_both[0] == of_both[1]
    assert 0.05 < lines.sizes["test"] / 400 < 0.15
    assert sum(more.sizes.values()) == 401
    assert np.mean(lines.read("train", 0, 100)[1]) == pytest.approx(0.5, abs=0.2)  # mixed


def test_copies_stand_on_one_side_and_count_once():
    lines = Lines([("Good price!", 1), ("good  price !", 1), ("good price!", 0), ("", 0)], 4, 9)
    assert sum(lines.sizes.values()) == 2 and len(lines.sizes) == 1
    assert lines.left_out == {"has no words": 1}
    long = Lines([("word " * 2000, None), ("short", None)], 4, 9)
    assert long.left_out == {"has more than 4": 1} and long.read(*long.sizes, 0, 9)[1] is None


@pytest.mark.parametrize(
    ("name", "folder", "files"),
    [
        ("pros_cons", "pros_cons", ("IntegratedCons.txt", "IntegratedPros.txt")),
        ("film_reviews", "sentence_polarity", ("rt-polarity.neg", "rt-polarity.pos")),
    ],
)
def test_sets_of_reviews_are_read_from_the_folder_of_data(name, folder, files, tmp_path):
    with pytest.raises(FileNotFoundError, match=f"Expected {files[0]}"):
        catalog.entry(name).open(tmp_path)
    (tmp_path / folder).mkdir()
    for tag, file in zip(("Cons", "Pros"), files):
        lines = [f"<{tag}>{tag} &amp;amp; {i}</{tag}>" for i in range(50)]
        (tmp_path / folder / file).write_text("\n".join(lines))
    source = data.open(name, "train", data_dir=tmp_path)
    words = source.event.words(source.array())
    assert "cons & 1" in words or "cons & 2" in words
    is_pro = np.array([each.startswith("pros") for each in words])
    np.testing.assert_array_equal(source.labels, is_pro)
    assert catalog.entry(name).classes == ("negative", "positive")


def test_a_text_file_becomes_a_set(tmp_path):
    path, lines = tmp_path / "own.txt", [f"good number {i}" for i in range(99)]
    path.write_text("\n".join([*lines, lines[0], "", "word " * 2000]))
    done = data.text(path, tmp_path / "own.npz", length=4, vocab_size=50)
    assert sum(done.sizes.values()) == 99 and "99" not in str(done.notes)
    assert any("more than 4" in note for note in done.notes) and len(done.notes) == 3
    source = data.open(None, npz=tmp_path / "own.npz")
    assert source.event == done.event and source.event.words(source.array())[0].startswith("good")
    read = importing.as_npz(path, "own", done.event)
    assert data.open(None, npz=read).event == done.event
    path.write_text("\n\n")
    with pytest.raises(ValueError, match="2 different sentences.*2 lines were left out"):
        data.text(path, tmp_path / "none.npz")
