"""Runs of models of sentences: resumed exactly, on text of any vocabulary, and their presets."""

import numpy as np
import pytest
import sentences

from kerasgen import cli, data, training, zoo
from kerasgen.recipe import Recipe
from kerasgen.registration import described


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "lines.txt"
    kinds = ["a {} red circle", "the {} blue square", "a square is {}, the red", "{} red square {}"]
    sizes = ["small", "large", "blue", "red", "the", "a", "is", "circle"]
    path.write_text("\n".join(kind.format(size, size) for kind in kinds for size in sizes))
    return path


def recipe_of(model, epochs=2):
    schedule = {"epochs": epochs, "learning_rate": 0.01}
    return Recipe("lines", {"name": "lines", "batch_size": 8}, described(model), schedule)


@pytest.mark.usefixtures("plain_ends")
@pytest.mark.parametrize("kind", ["text_vae", "language_model"])
def test_a_resumed_run_ends_as_one_that_was_never_stopped(kind, lines, tmp_path, monkeypatch):
    recipe = recipe_of(getattr(sentences, kind)())
    whole = training.run(recipe, tmp_path / "whole", data=lines)
    write = training.Checkpoints.on_epoch_end

    def write_and_stop(self, epoch, logs=None):
        write(self, epoch, logs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training.Checkpoints, "on_epoch_end", write_and_stop)
        training.run(recipe, tmp_path / "parts", data=lines)
    again = training.run(recipe, tmp_path / "parts", data=lines, resume=True)
    for mine, theirs in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    preset = zoo.load(tmp_path / "whole" / "preset")
    assert preset.event == sentences.EVENT and "circle" in preset.event.vocabulary.words


@pytest.mark.usefixtures("plain_ends")
def test_the_command_prints_sentences(lines, tmp_path, capsys):
    training.run(recipe_of(sentences.text_vae()), tmp_path / "run", data=lines)
    capsys.readouterr()
    name = str(tmp_path / "run" / "preset")
    cli.main(["sample", name, "-n", "3", "--seed", "0"])
    cli.main(["sample", name, "-n", "2", "--given", "a red circle"])
    cli.main(["sample", name, "-n", "4", "--out", str(tmp_path / "drawn.txt")])
    assert len(capsys.readouterr().out.splitlines()) == 6
    assert len((tmp_path / "drawn.txt").read_text().splitlines()) == 4
    with pytest.raises(SystemExit):
        cli.main(["sample", name, "--given", "purple elephants"])
    assert "a word that the model knows" in capsys.readouterr().err


def test_words_of_other_numbers_are_refused(lines, tmp_path):
    other = data.text(lines, tmp_path / "other" / "lines.npz", length=8).path
    with pytest.raises(ValueError, match="data of the recipe's vocabulary, 10 words"):
        training.run(recipe_of(sentences.text_vae()), tmp_path / "run", data=other)
