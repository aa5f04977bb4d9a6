"""Spoken digits: from a folder of recordings and from TFDS, split by their names; on tones in the
place of speech, and on the real set where it is at hand.
"""

import numpy as np
import pytest

from kerasgen import data
from kerasgen.data import speech, spoken_digits, wav

NAMES = [
    f"{digit}_{who}_{index}.wav"
    for digit in (0, 3, 7)
    for who in ("theo", "jackson", "zoe")
    for index in (0, 4, 5, 11)
]


def tone(name):
    """A sound that tells its name."""
    digit, who, index = name.removesuffix(".wav").split("_")
    time = np.arange(2400) / 8000
    return 0.4 * np.sin(2 * np.pi * time * (300 + 200 * int(digit) + 9 * int(index) + len(who)))


@pytest.fixture
def folder(tmp_path):
    recordings = tmp_path / spoken_digits.FOLDER
    for name in [*NAMES, "notes.wav"]:
        wav.write_wav(recordings / name, tone(name) if name in NAMES else tone("0_x_0.wav"))
    return tmp_path


def test_the_split_is_by_the_index_and_labels_are_in_the_names(folder):
    train, test = (data.open("spoken_digits", part, folder) for part in ("train", "test"))
    assert (train.num_examples, test.num_examples) == (18, 18)
    train.event.validate(train.array())
    assert np.bincount(test.labels).tolist() == [6, 0, 0, 6, 0, 0, 0, 6]
    assert len({row.tobytes() for part in (train, test) for row in part.array()}) == len(NAMES)
    for digit in (0, 3, 7):
        bands = test.array()[test.labels == digit][..., 16, 0].argmax(axis=1)
        np.testing.assert_allclose(speech.centres()[bands], 300 + 200 * digit, atol=130)


def test_speakers_are_numbered_and_new_ones_come_after(folder):
    source = data.open("spoken_digits_speakers", "test", folder)
    reader = spoken_digits.reader("speaker", folder)
    assert reader.speakers() == [*spoken_digits.SPEAKERS, "zoe"]
    who = [reader.speakers()[number] for number in source.labels]
    assert {each: who.count(each) for each in who} == {"theo": 6, "jackson": 6, "zoe": 6}
    np.testing.assert_array_equal(
        source.array(), data.open("spoken_digits", "test", folder).array()
    )


def test_slices_are_the_split(folder):
    whole = data.open("spoken_digits", "train", folder)
    parts = data.open("spoken_digits", "train[:5]+train[5:]+test[:0]", folder)
    np.testing.assert_array_equal(parts.array(), whole.array())
    np.testing.assert_array_equal(parts.labels, whole.labels)


def test_a_broken_recording_is_named(folder):
    (folder / spoken_digits.FOLDER / "7_theo_5.wav").write_bytes(b"RIFF")
    assert data.open("spoken_digits", "test", folder).num_examples == 18
    with pytest.raises(ValueError, match=r"7_theo_5\.wav"):
        data.open("spoken_digits", "train", folder)


def test_a_set_that_is_not_there_names_both_remedies(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"Clone .*download=True") as caught:
        data.open("spoken_digits", data_dir=tmp_path)
    assert "\n" not in str(caught.value)


def test_what_tfds_has_prepared_is_read(tmp_path):
    tf = pytest.importorskip("tensorflow")
    tfds = pytest.importorskip("tensorflow_datasets")
    features = {
        "audio": tfds.features.Tensor(shape=(None,), dtype=np.int64),
        "audio/filename": tfds.features.Text(),
        "label": tfds.features.ClassLabel(num_classes=10),
    }

    def examples():
        for name in NAMES:
            audio = np.rint(32767 * tone(name)).astype("int64")
            yield {"audio": audio, "audio/filename": name, "label": int(name[0])}

    tfds.dataset_builders.store_as_tfds_dataset(
        name="spoken_digit",
        version="1.0.9",
        data_dir=tmp_path,
        features=tfds.features.FeaturesDict(features),
        split_datasets={
            "train": tf.data.Dataset.from_generator(
                examples,
                output_signature={
                    "audio": tf.TensorSpec((None,), "int64"),
                    "audio/filename": tf.TensorSpec((), "string"),
                    "label": tf.TensorSpec((), "int64"),
                },
            )
        },
    )
    found = data.open("spoken_digits", "test", tmp_path)
    names = sorted((n for n in NAMES if "_0." in n or "_4." in n), key=lambda n: (n[-5], n))
    expected = [speech.log_mel(tone(name)) for name in names]
    np.testing.assert_allclose(found.array(), expected, atol=0.01)
    assert found.labels.tolist() == [int(name[0]) for name in names]


def test_no_recording_of_the_real_set_is_there_twice():
    try:
        reader = spoken_digits.reader()
    except FileNotFoundError:
        pytest.skip("needs the recordings; set TFDS_DATA_DIR to a folder that holds them")
    assert reader.sizes["test"] * 9 == reader.sizes["train"]
    rows = [row for part, n in reader.sizes.items() for row in reader.read(part, 0, n)[0]]
    assert len({row.tobytes() for row in rows}) == len(rows)
