"""Recordings of a word: WAV files of any kind as one channel at 8,000 samples a second."""

import math
import os
import pathlib
import warnings

import numpy as np

from kerasgen import checks, durable

RATE = 8000  # samples a second
MOST_SECONDS = 10  # of one word
_RATES = 1000, 384_000  # that recordings have
_SILENCE = 1e-3  # of full scale


def resampled(samples: np.ndarray, rate: int) -> np.ndarray:
    """A recording as one channel of floats at 8,000 samples a second.

    Args:
        samples: `[T]` or, of several channels, `[T, channels]`; floats of full scale 1, or
            integers of the full scale of their type.
        rate: samples a second.

    Returns:
        Floats `[T]` of full scale 1 and mean 0.

    Raises:
        ValueError: no samples, silence, values that are not finite, more than ten seconds.

    >>> resampled(np.eye(44_100, 2), 44_100).shape
    (8000,)
    """
    from scipy import signal

    samples, rate = np.asarray(samples), checks.positive("rate", rate)
    if samples.ndim not in (1, 2) or not samples.size or samples.dtype.kind not in "iuf":
        raise ValueError(
            "Expected samples [T] or [T, channels], at least one. Received: "
            f"{samples.dtype} of shape {samples.shape}."
        )
    if not _RATES[0] <= rate <= _RATES[1]:
        raise ValueError(
            f"Expected a rate in {_RATES[0]}..{_RATES[1]} samples a second. Received: {rate}."
        )
    if len(samples) > MOST_SECONDS * rate:
        raise ValueError(
            f"Expected one word, at most {MOST_SECONDS} seconds. Received: "
            f"{len(samples) / rate:.1f} seconds. Cut it out."
        )
    sound = _full_scale(samples).reshape(len(samples), -1).mean(axis=1)
    if not np.all(np.isfinite(sound)):
        raise ValueError("Expected finite samples. Received: NaN or infinite ones.")
    common = math.gcd(RATE, rate)
    sound = signal.resample_poly(sound - sound.mean(), RATE // common, rate // common)
    if np.abs(sound).max() < _SILENCE:
        raise ValueError(
            "Expected a sound. Received: silence, nothing above -60 dB of full scale. Record it "
            "again, louder."
        )
    return sound


def _full_scale(samples):
    """Samples as floats in [-1, 1]."""
    if samples.dtype.kind == "f":
        return samples.astype("float64")
    limits = np.iinfo(samples.dtype)
    half = (int(limits.max) - int(limits.min) + 1) / 2
    return (samples.astype("float64") - (half + limits.min)) / half


def read_wav(path: str | os.PathLike) -> np.ndarray:
    """A WAV file of any rate, number of channels and type as `resampled` gives it.

    Raises:
        FileNotFoundError: no such file.
        ValueError: another kind of file, a damaged one, the errors of `resampled`.

    >>> read_wav(write_wav("tone.wav", np.sin(np.arange(800)))).shape
    (800,)
    """
    from scipy.io import wavfile

    path = checks.path("path", path)
    if not path.is_file():
        raise FileNotFoundError(f"Expected a WAV file. Received: {path}, which is not there.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # of chunks besides the sound
            rate, samples = wavfile.read(path)
    except Exception as error:  # of as many kinds as a header has fields
        raise ValueError(
            f"Expected a WAV file, uncompressed. Received: {path}: {' '.join(str(error).split())} "
            "Convert it."
        ) from None
    try:
        return resampled(samples, rate)
    except ValueError as error:
        raise ValueError(f"{error} In {path}.") from None


def write_wav(path: str | os.PathLike, waveform: np.ndarray, rate: int = RATE) -> pathlib.Path:
    """Writes a waveform `[T]` in [-1, 1] as 16-bit WAV; the file appears whole or not at all.

    Returns:
        The path.

    Raises:
        ValueError: another shape.

    >>> write_wav("noise.wav", np.random.default_rng(0).uniform(-1, 1, 5120)).name
    'noise.wav'
    """
    from scipy.io import wavfile

    waveform, rate = checks.rows("waveform", waveform, rank=1), checks.positive("rate", rate)
    samples = np.rint(32767 * np.clip(waveform, -1, 1)).astype("int16")
    with durable.placed(path) as new:
        wavfile.write(new, rate, samples)
    return pathlib.Path(path)
