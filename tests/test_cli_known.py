"""What presets that ship do not do, take or make is told before Keras is imported."""

import pytest

from kerasgen import cli
from kerasgen.cli import sample
from kerasgen.zoo.known import shipped

KNOWN = shipped()
COMMANDS = {  # by what a preset must do
    "sample": "sample {}",
    "reconstruct": "reconstruct {}",
    "denoise": "denoise {}",
    "inpaint": "inpaint {}",
    "enlarge": "enlarge {}",
    "restyle": "restyle {}",
    "edit": "edit {} --with picture.png --without picture.png",
    "interpolate": "interpolate {}",
    "traverse": "traverse {}",
    "detect": "detect {} picture.png",
    "compress": "compress {} --out file.kgc",
    "transfer": "transfer {} slow --to 0",
    "encode": "probe {}",
}
WAYS = {"truncation": "1", "temperature": "0.5", "top_k": "3", "top_p": "0.9", "best_of": "2"}
WAYS |= {"guidance": "2"}


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """The line in which a command is refused at once, or None where it asks for Keras."""

    class NeedsKeras(BaseException):
        pass

    def needs():
        raise NeedsKeras

    monkeypatch.setattr("kerasgen.cli.inputs.load_keras", needs)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "picture.png").touch()

    def tell(words):
        try:
            cli.main(words.split())
        except NeedsKeras:
            return None
        except SystemExit as ended:
            (line,) = capsys.readouterr().err.splitlines()
            assert ended.code == 2 and "xpected" in line and "eceived" in line
            return line
        raise AssertionError("it needed no Keras")

    return tell


@pytest.mark.parametrize("does", COMMANDS)
def test_who_does_not_is_refused_and_who_does_is_loaded(does, told):
    for name, known in KNOWN.items():
        line = told(COMMANDS[does].format(name))
        if does not in known.does:
            assert line is not None
        elif "tokenize" not in known.does or does != "encode":  # probes take vectors
            assert line is None


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_draw_are_the_models(way, told):
    assert set(WAYS) == set(sample._WAYS)
    for name, known in KNOWN.items():
        if "sample" in known.does:
            line = told(f"sample {name} --{way.replace('_', '-')} {WAYS[way]}")
            assert (line is None) == (way in known.ways)


@pytest.mark.parametrize("command", ["sample {} --label", "inpaint {} --label", "restyle {} --to"])
def test_labels_are_the_models(command, told):
    for name, known in KNOWN.items():
        if command.split()[0] in known.does:
            right = [*map(str, range(known.classes)), *(known.names or [])]
            for label in (right[:1], right[-1:], ["horse"], [str(known.classes)], ["-1"]):
                words = " ".join([f"{command.format(name)}={word}" for word in label])
                assert not label or (told(words) is None) == (label[0] in right)


def test_sentences_are_told_to_who_reads(told):
    for name, known in KNOWN.items():
        if "sample" in known.does:
            assert (told(f"sample {name} --prompt square") is None) == known.reads


@pytest.mark.parametrize("suffix", ["png", "csv", "gif", "wav", "jpg", "xyz"])
def test_a_kind_of_file_is_one_that_the_preset_makes(suffix, told):
    makes = {"png": lambda known: True, "gif": lambda known: "complete" in known.does}
    makes["csv"] = lambda known: known.columns is not None
    for name in ("vae_mnist", "gan_mnist", "pixelcnn_mnist", "gmm_ring", "cgated_pixelcnn_mnist"):
        line = told(f"sample {name} --out drawn.{suffix}")
        assert (line is None) == makes.get(suffix, lambda known: False)(KNOWN[name])


def test_pictures_are_png_files(told):
    for does, command in COMMANDS.items():
        name = next(name for name, known in KNOWN.items() if does in known.does)
        if does in (
            "reconstruct",
            "denoise",
            "inpaint",
            "enlarge",
            "edit",
            "interpolate",
            "traverse",
        ):
            assert "drawn.bmp" in str(told(f"{command.format(name)} --out drawn.bmp"))


def test_a_demo_is_of_grey_pictures_that_can_be_walked(told):
    fits = [name for name in KNOWN if told(f"demo --preset {name}") is None]
    assert "vae_mnist" in fits
    for name in fits:
        assert KNOWN[name].shape[-1] == 1 and not KNOWN[name].classes
        assert {"sample", "reconstruct", "interpolate"} <= {*KNOWN[name].does}


def test_quality_is_of_samples_and_inceptions_of_pictures(told):
    for name, known in KNOWN.items():
        assert (told(f"evaluate {name} --quality") is None) == ("sample" in known.does)
        if "sample" in known.does:
            assert (told(f"evaluate {name} --inception x.h5") is None) == known.is_picture
