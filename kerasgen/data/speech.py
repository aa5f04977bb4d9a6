"""Sound to log-mel spectrograms, and back.

    energy[b, t] = sum over f of filter[b, f] |STFT(waveform)[f, t]|^2
    value[b, t]  = (10 log10(energy + 10^-5.5) + 55) / 60

A waveform has 8,000 samples a second. A frame is 64 ms under a Hann window, and one begins every
20 ms; 32 frames are 0.64 seconds, a spoken digit. 32 bands are triangles over frequency whose tips
lie at equal steps of the mel scale, 2595 log10(1 + f / 700), between 60 and 4,000 Hz.

What sounds is cut out, from the first 10 ms to the last that are at most 30 dB below the loudest.
Of more than 0.64 seconds the loudest 0.64 stay, less is put into the middle of silence, and its
root mean square becomes 1. So loudness tells nothing; -55 dB and less is 0 and 5 dB is 1, which one
value in a hundred thousand of spoken digits exceeds and is cut to.

A waveform is found for a spectrogram by fast Griffin-Lim (Perraudin, Balazs and Søndergaard 2013):
energies are set by bands, as they are all that is known.
"""

import functools
import os
from typing import Any

import numpy as np

from kerasgen import checks
from kerasgen.data.wav import RATE, read_wav, resampled

BANDS = FRAMES = 32
HOP = 160  # samples, 20 ms
LENGTH = FRAMES * HOP  # samples of a waveform
_WINDOW = 512
_FRAMES = {"nperseg": _WINDOW, "noverlap": _WINDOW - HOP}
_EDGE = (_WINDOW - HOP) // 2  # samples of the first and the last window outside of a waveform
_RANGE = 60, 4000  # Hz
_FLOOR, _DECIBELS = 10**-5.5, 60  # energy and range of values
_PIECE, _AUDIBLE = RATE // 100, 1e-3  # samples that are loud or not; energy beside the loudest
_MOMENTUM = 0.99


def mel(frequency: Any) -> Any:
    """The mel scale of frequencies in Hz (O'Shaughnessy 1987).

    >>> round(mel(1000.0))
    1000
    """
    return 2595 * np.log10(1 + np.asarray(frequency) / 700)


def centres() -> np.ndarray:
    """The frequencies of the tips of the bands in Hz, `[32]`.

    >>> centres().round()[[0, -1]].tolist()
    [103.0, 3748.0]
    """
    return _tips()[1:-1]


def _tips():
    low, high = mel(_RANGE)
    return 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)


@functools.cache
def _filters():
    """`[bands, frequencies]`: triangles of height 1 from tip to tip of their neighbours."""
    below, tip, above = _tips()[:-2, None], _tips()[1:-1, None], _tips()[2:, None]
    frequency = np.fft.rfftfreq(_WINDOW, 1 / RATE)
    rising, falling = (frequency - below) / (tip - below), (above - frequency) / (above - tip)
    return np.maximum(0, np.minimum(rising, falling))


def log_mel(samples: np.ndarray, rate: int = RATE) -> np.ndarray:
    """The spectrogram of a recording, `[32, 32, 1]` float32 in [0, 1], bands from low to high.

    Args:
        samples, rate: as of `kerasgen.data.wav.resampled`, whose errors it has.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    >>> spectrogram = log_mel(tone)
    >>> spectrogram.shape, int(centres()[spectrogram[:, 16, 0].argmax()])
    ((32, 32, 1), 418)
    """
    energy = _energy(_stft(cut(resampled(samples, rate))))
    values = (10 * np.log10(energy + _FLOOR) - 10 * np.log10(_FLOOR)) / _DECIBELS
    return np.clip(values, 0, 1)[..., None].astype("float32")


def read(path: str | os.PathLike) -> np.ndarray:
    """The spectrogram of a WAV file of any kind, `[32, 32, 1]`; errors are those of `read_wav`.

    >>> from kerasgen.data.wav import write_wav
    >>> read(write_wav("tone.wav", np.sin(np.arange(800)))).shape
    (32, 32, 1)
    """
    return log_mel(read_wav(path))


def waveform(spectrograms: np.ndarray, iterations: int = 64, seed: int = 0) -> np.ndarray:
    """What spectrograms sound like, `[N, 5120]` float32 in [-1, 1], 0.64 seconds each.

    Args:
        spectrograms: `[N, 32, 32, 1]` in [0, 1].
        iterations: of Griffin-Lim.
        seed: of the noise that it starts from.

    Raises:
        ValueError: another shape, iterations below 1.

    >>> waveform(np.zeros((2, 32, 32, 1))).shape  # silence
    (2, 5120)
    """
    spectrograms = checks.rows("spectrograms", spectrograms, rank=None)
    if spectrograms.shape[1:] != (BANDS, FRAMES, 1):
        raise ValueError(
            f"Expected spectrograms [N, {BANDS}, {FRAMES}, 1]. Received: shape "
            f"{spectrograms.shape}."
        )
    wanted = _FLOOR * (10 ** (np.clip(spectrograms[..., 0], 0, 1) * _DECIBELS / 10) - 1)
    noise = np.random.default_rng(checks.seed(seed)).standard_normal(LENGTH)
    found = consistent = _stft(np.tile(noise, (len(wanted), 1)))
    for _ in range(checks.positive("iterations", iterations)):
        before, consistent = consistent, _stft(_istft(_with_energy(found, wanted)))
        found = consistent + _MOMENTUM * (consistent - before)
    sound = _istft(_with_energy(consistent, wanted))
    return (0.9 * sound / np.maximum(np.abs(sound).max(1, keepdims=True), 1e-9)).astype("float32")


def _with_energy(transform, wanted):
    """The transform, its frequencies made as loud as their bands are to be."""
    filters = _filters()
    covered = filters.sum(axis=0)
    shares = filters / np.where(covered > 0, covered, 1)
    gain = np.swapaxes(wanted / (_energy(transform) + 1e-9), -1, -2) @ shares
    return transform * np.sqrt(np.swapaxes(gain, -1, -2))


def _energy(transform):
    return _filters() @ np.abs(transform) ** 2


def _stft(sound):
    """Frequencies by frames `[..., 257, 32]`; a sine of amplitude A has A / 2 at its frequency."""
    from scipy import signal

    edges = [(0, 0)] * (sound.ndim - 1) + [(_EDGE, _EDGE)]
    return signal.stft(np.pad(sound, edges), **_FRAMES, boundary=None, padded=False)[2]


def _istft(transform):
    """The sound that fits a transform best, if the frames before and after it are silent."""
    from scipy import signal

    silent = [(0, 0)] * (transform.ndim - 1) + [(1, 1)]
    return signal.istft(np.pad(transform, silent), **_FRAMES)[1][..., HOP // 2 : -HOP // 2]


def cut(sound: np.ndarray) -> np.ndarray:
    """What sounds of a recording `[T]`, in the middle of `[5120]`, of root mean square 1.

    >>> np.flatnonzero(cut(np.pad(np.ones(800), 4000)))[[0, -1]].tolist()
    [2160, 2959]
    """
    loudness = np.pad(sound, (0, -len(sound) % _PIECE)).reshape(-1, _PIECE) ** 2
    loudness = loudness.mean(axis=1)
    audible = np.flatnonzero(loudness > _AUDIBLE * loudness.max())
    sound = sound[audible[0] * _PIECE : (audible[-1] + 1) * _PIECE]
    if len(sound) > LENGTH:
        energy = np.concatenate([[0], np.cumsum(sound**2)])
        start = np.argmax(energy[LENGTH:] - energy[:-LENGTH])
        sound = sound[start : start + LENGTH]
    sound = sound / np.sqrt(np.mean(sound**2))
    left = (LENGTH - len(sound)) // 2
    return np.pad(sound, (left, LENGTH - len(sound) - left))
