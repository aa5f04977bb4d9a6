"""The Free Spoken Digit Dataset: digits that six people said, as spectrograms.

    github.com/Jakobovski/free-spoken-digit-dataset, Z. Jackson and others, CC BY-SA 4.0

A recording is a file `{digit}_{speaker}_{index}.wav`. Those of an index below 5 are the test split,
a tenth, as its authors have it. `kerasgen.data.speech` makes spectrograms of them.
"""

import dataclasses
import os
import pathlib
import re
from collections.abc import Callable, Sequence

import numpy as np

from kerasgen import backend
from kerasgen.data import speech, tfds, wav
from kerasgen.events import Image

FOLDER = pathlib.Path("free-spoken-digit-dataset", "recordings")
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
EVENT = Image(speech.BANDS, speech.FRAMES, 1)
_NAME = re.compile(r"(\d)_(.+)_(\d+)\.wav")
_NUM_TEST = 5  # recordings of a digit by a speaker


@dataclasses.dataclass(frozen=True)
class Recordings:
    """Recordings by their names; a `kerasgen.data.reader.Reader`.

    Attributes:
        names: `{digit}_{speaker}_{index}.wav`; others are left out.
        recording: function of a name to its samples and their rate.
        label: what the labels are, "digit" or "speaker": their number in `SPEAKERS`, and after
            those in alphabetical order.

    >>> def tone(name):
    ...     return np.sin(np.arange(4000) * int(name[0])), 8000
    >>> recordings = Recordings(["3_theo_0.wav", "1_theo_7.wav", "3_lucas_7.wav"], tone)
    >>> recordings.sizes, recordings.read("train", 0, 2)[1]
    ({'train': 2, 'test': 1}, array([1, 3], dtype=int32))
    """

    names: Sequence[str]
    recording: Callable[[str], tuple[np.ndarray, int]]
    label: str = "digit"
    event = EVENT

    @property
    def sizes(self):
        return {split: len(self._split(split)) for split in ("train", "test")}

    def read(self, split, start, stop):
        found = self._split(split)[start:stop]
        values = np.empty((len(found), *EVENT.shape), "float32")
        for row, (*_, name) in enumerate(found):
            try:
                values[row] = speech.log_mel(*self.recording(name))
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        numbers = {who: number for number, who in enumerate(self.speakers())}
        is_digit = self.label == "digit"
        labels = [digit if is_digit else numbers[who] for _, digit, who, _ in found]
        return values, np.array(labels, "int32")

    def speakers(self) -> list[str]:
        """Names of the speakers by their number."""
        others = {who for split in ("train", "test") for _, _, who, _ in self._split(split)}
        return [*SPEAKERS, *sorted(others.difference(SPEAKERS))]

    def _split(self, split):
        """Index, digit, speaker and name of each recording, so that slices are even samples."""
        matches = [match for name in self.names if (match := _NAME.fullmatch(name))]
        return sorted(
            (int(match[3]), int(match[1]), match[2], match[0])
            for match in matches
            if (int(match[3]) < _NUM_TEST) == (split == "test")
        )


def reader(
    label: str = "digit", data_dir: str | os.PathLike | None = None, download: bool = False
) -> Recordings:
    """Reads a clone of the repository in the folder of data, or else what TFDS has prepared there.

    TFDS' version 1.0.9 has 2,500 recordings, the repository 3,000.

    Args:
        label: as of `Recordings`.
        data_dir, download: as of `kerasgen.data.open`.

    Raises:
        FileNotFoundError: neither is there.

    >>> path = wav.write_wav(FOLDER / "7_theo_0.wav", np.sin(np.arange(4000)))
    >>> reader(data_dir=".").sizes
    {'train': 0, 'test': 1}
    """
    home = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    folder = pathlib.Path(home).expanduser() / FOLDER
    if folder.is_dir():
        names = [path.name for path in folder.glob("*.wav")]
        return Recordings(names, lambda name: (wav.read_wav(folder / name), wav.RATE), label)
    try:
        builder = tfds.builder("spoken_digit", data_dir, download)
    except FileNotFoundError:
        raise FileNotFoundError(
            f"Expected the Free Spoken Digit Dataset in {folder}. Received: no such folder. Clone "
            "github.com/Jakobovski/free-spoken-digit-dataset there, set TFDS_DATA_DIR or data_dir= "
            "to a folder that has it, or pass download=True (--download; pip install pydub)."
        ) from None
    found = {
        str(each["audio/filename"].decode()): each["audio"].astype("int16")
        for each in backend.library("tensorflow_datasets").as_numpy(
            builder.as_dataset(split="train", shuffle_files=False)
        )
    }
    return Recordings([*found], lambda name: (found[name], wav.RATE), label)
