"""Spoken digits, house numbers, pushes: what a spectrogram keeps of speech, how fast all are made.

    TFDS_DATA_DIR=FOLDER python benchmarks/senses.py

FOLDER holds MNIST and the Free Spoken Digit Dataset, as docs/data.md says. Each test recording is
given the class of the nearest training recording: by its spectrogram; by that of the sound that
Griffin-Lim makes of it; and by other features, a linear spectrogram of windows of 25 ms, of the
recording and of that sound. Seconds are of processor time. The picture of ten triples goes to
docs/digits_in_three.png, that of twelve pushes to docs/pushing.png, all else to standard output.
"""

import pathlib
import time

import numpy as np
from matplotlib import colormaps
from PIL import Image
from scipy import signal
from sklearn.neighbors import KNeighborsClassifier

from kerasgen import data, plot
from kerasgen.data import speech, spoken_digits
from kerasgen.data.synthetic import house_numbers, pushing

DOCS = pathlib.Path(__file__).parents[1] / "docs"


def linear(sound):
    """Log power of 101 frequencies in frames of 25 ms, half of each in the next."""
    return np.log10(signal.spectrogram(sound, speech.RATE, nperseg=200, noverlap=100)[2] + 1e-8)


def accuracy(train, labels, test, answers):
    train, test = (np.reshape(each, (len(each), -1)) for each in (train, test))
    return 100 * KNeighborsClassifier(1).fit(train, labels).score(test, answers)


def timed(function):
    start = time.process_time()
    return function(), time.process_time() - start


def speech_figures():
    train, test = (data.open("spoken_digits", split) for split in ("train", "test"))
    speakers = [data.open("spoken_digits_speakers", split).labels for split in ("train", "test")]
    sounds, seconds = timed(lambda: speech.waveform(test.stored))
    again = np.stack([speech.log_mel(sound) for sound in sounds])
    print(f"spectrograms of sounds differ by {np.abs(again - test.stored).mean():.4f} on average")
    print(f"{seconds / len(sounds):.3f} s for a sound")
    for what, (labels, answers) in {
        "digit": (train.labels, test.labels),
        "speaker": speakers,
    }.items():
        before, after = (
            accuracy(train.stored, labels, values, answers) for values in (test.stored, again)
        )
        print(f"{what}: {before:.1f} % of recordings, {after:.1f} % of sounds")


def linear_figures():
    """Of recordings and of the sounds of their spectrograms, by other features than the models'."""
    reader = spoken_digits.reader()
    names = sorted(reader.names)
    is_test = np.array([int(name.removesuffix(".wav").split("_")[2]) < 5 for name in names])
    digits = np.array([int(name[0]) for name in names])
    recordings = [reader.recording(name)[0] for name in names]
    features = np.stack([linear(speech.cut(sound)) for sound in recordings])
    spectrograms = [speech.log_mel(recordings[row]) for row in np.flatnonzero(is_test)]
    sounds = speech.waveform(np.stack(spectrograms)).astype("float64")
    made = np.stack([linear(speech.cut(sound)) for sound in sounds])
    before, after = (
        accuracy(features[~is_test], digits[~is_test], each, digits[is_test])
        for each in (features[is_test], made)
    )
    print(f"digit by linear spectrograms: {before:.1f} % of recordings, {after:.1f} % of sounds")


def speeds():
    _, seconds = timed(lambda: data.open("spoken_digits", "train+test"))
    print(f"{seconds:.1f} s to read and transform all recordings")
    numbers = house_numbers.draw(10_000, seed=0)
    numbers[:1].render()  # fonts are read once
    _, seconds = timed(numbers.render)
    print(f"{len(numbers) / seconds:,.0f} house numbers a second")
    pushes = pushing.draw(10_000, seed=0)
    _, seconds = timed(lambda: (pushes.camera(), pushes.force(), pushes.joints()))
    print(f"{len(pushes) / seconds:,.0f} pushes a second, with force and torque")


def picture():
    senses = data.open("digits_in_three", "test[:10]").array()
    shown = [
        np.pad(
            np.repeat(1 - senses["handwriting"], 3, axis=-1),
            [(0, 0), (2, 2), (2, 2), (0, 0)],
            constant_values=1,
        ),
        colormaps["magma"](senses["speech"][:, ::-1, :, 0])[..., :3],
        senses["house_number"],
    ]
    cells = [
        np.pad(each, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=1).repeat(3, 1).repeat(3, 2)
        for each in shown
    ]
    rows = [np.concatenate(list(each), axis=1) for each in cells]
    Image.fromarray(np.rint(255 * np.concatenate(rows)).astype("uint8")).save(
        DOCS / "digits_in_three.png"
    )


def pushing_picture():
    pushes = pushing.draw(12, seed=1)
    flow = np.clip(0.5 + pushes.flow() / 6, 0, 1)
    flow = np.concatenate([flow, np.full((*flow.shape[:3], 1), 0.5)], axis=-1)
    rows = [pushes.camera() / 255, pushes.camera(at=40) / 255, flow]
    plot.pairs(rows, DOCS / "pushing.png", ["now", "next", "flow"])


if __name__ == "__main__":
    speech_figures()
    linear_figures()
    speeds()
    picture()
    pushing_picture()
