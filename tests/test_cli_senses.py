"""`kerasgen sample --given`: any WAV, pictures and classes to the other senses, and sounds."""

import keras
import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from kerasgen import bottlenecks, cli, events, families, likelihoods, networks, zoo
from kerasgen.recipe import Recipe


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """A small model of the three senses of a digit, untrained."""
    senses = {"handwriting": [28, 28, 1], "speech": [32, 32, 1], "house_number": [32, 32, 3]}
    keras.utils.set_random_seed(0)
    model = families.MultimodalVAE(
        events.Partial(senses | {"digit": events.Classes(10)}),
        {name: networks.MLP([8], hidden=[]) for name in senses},
        bottlenecks.Experts(3, {"speech": 1}, clusters={"digit": 10}),
        {name: networks.MLP(hidden=[]) for name in senses},
        {name: likelihoods.Gaussian("shared") for name in senses}
        | {"digit": likelihoods.CategoricalTokens()},
    )
    recipe = Recipe.of(model, "tiny_senses")
    recipe.data["name"] = "digits_in_three"
    return str(zoo.save(model, tmp_path_factory.mktemp("presets") / "tiny_senses", recipe))


def tone(path, rate, channels, seconds=0.5, kind="int16"):
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)
    scale = 32767 if kind == "int16" else 1
    samples = (scale * wave).astype(kind)
    wavfile.write(path, rate, np.stack([samples] * channels, 1) if channels > 1 else samples)
    return str(path)


@pytest.mark.parametrize("rate,channels,kind", [(8000, 1, "int16"), (44_100, 2, "float32")])
def test_any_sound_is_heard_and_a_picture_drawn(preset, rate, channels, kind, tmp_path, capsys):
    sound = tone(tmp_path / "said.wav", rate, channels, kind=kind)
    out = tmp_path / "drawn.png"
    cli.main(["sample", preset, "--given", sound, "-n", "4", "--seed", "0", "--out", str(out)])
    assert Image.open(out).size[0] > 100 and str(out) in capsys.readouterr().out


def test_what_is_given_decides_what_is_drawn(preset, tmp_path):
    pictures = []
    for digit in (0, 0, 7):
        out = tmp_path / "drawn.png"
        given = ["--given", f"digit={digit}", "-n", "4", "--seed", "0"]
        cli.main(["sample", preset, *given, "--out", str(out)])
        pictures.append(np.asarray(Image.open(out)))
    assert np.array_equal(pictures[0], pictures[1]) and not np.array_equal(*pictures[1:])


def test_a_picture_becomes_a_sound(preset, tmp_path):
    Image.new("RGB", (60, 60), "red").save(tmp_path / "seven.png")
    out, given = tmp_path / "said.wav", f"house_number={tmp_path / 'seven.png'}"
    cli.main(["sample", preset, "--given", given, "-n", "2", "--out", str(out)])
    rate, sound = wavfile.read(out)
    assert rate == 8000 and len(sound) == 2 * (5120 + 2400) and sound.std() > 100


@pytest.mark.parametrize(
    "given,says",
    [
        ("{tmp}/silence.wav", "silence"),
        ("{tmp}/missing.wav", "not there"),
        ("{tmp}/text.wav", "WAV"),
        ("{tmp}/long.wav", "seconds"),
        ("{tmp}/some.png", "SENSE=FILE"),
        ("smell={tmp}/some.png", "speech"),
        ("digit=eleven", "class"),
        ("house_number={tmp}/text.wav", "picture"),
    ],
)
def test_one_line_says_what_cannot_be_drawn_from(preset, given, says, tmp_path, capsys):
    wavfile.write(tmp_path / "silence.wav", 8000, np.zeros(4000, "int16"))
    (tmp_path / "text.wav").write_text("no sound")
    tone(tmp_path / "long.wav", 8000, 1, seconds=11)
    Image.new("L", (8, 8)).save(tmp_path / "some.png")
    with pytest.raises(SystemExit):
        cli.main(["sample", preset, "--given", given.format(tmp=tmp_path)])
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert says in line


@pytest.mark.parametrize("words", [["--given", "x.wav"], ["--out", "x.wav"]])
def test_presets_of_one_sense_refuse_sounds(words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        cli.main(["sample", "gmm_ring", *words])
    assert capsys.readouterr().err.count("\n") == 1
