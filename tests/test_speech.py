"""Recordings as log-mel spectrograms and back, against formulas, and WAV files of every kind."""

import numpy as np
import pytest
from scipy.io import wavfile

from kerasgen.data import speech, wav

SECOND = np.arange(8000) / 8000


def tone(frequency, rate=8000, seconds=1.0):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


def word(seed=0):
    """Half a second of a voice: harmonics that rise, under two formants, and then a hiss."""
    rng = np.random.default_rng(seed)
    time = np.arange(2400) / 8000
    phase = 2 * np.pi * (120 * time + 60 * time**2)
    voice = sum(
        np.exp(-(((k * 120 - 500) / 300) ** 2)) * np.sin(k * phase)
        + 0.5 * np.exp(-(((k * 120 - 1800) / 400) ** 2)) * np.sin(k * phase)
        for k in range(1, 25)
    )
    hiss = np.diff(0.3 * rng.standard_normal(1601))
    return np.concatenate([voice * np.hanning(2400), hiss * np.hanning(1600)])


def energies(values):
    """What the documented map of energies to values came from."""
    return 10**-5.5 * (10 ** (6 * values.astype("float64")) - 1)


@pytest.mark.parametrize("frequency", [103, 250, 440, 1000, 2222, 3500])
def test_a_tone_lands_in_the_band_of_its_frequency(frequency):
    mels = 2595 * np.log10(1 + np.array([60, 4000, frequency]) / 700)
    tips = np.linspace(*mels[:2], 34)[1:-1]
    middle = speech.log_mel(tone(frequency))[:, 8:24, 0]
    assert set(middle.argmax(axis=0)) == {np.abs(tips - mels[2]).argmin()}


def test_bands_share_out_the_energy_of_a_tone():
    """A sine of root mean square 1 has A = sqrt(2), and a Hann window spreads A^2 / 4 over 1.5
    frequencies; triangles from tip to tip add up to 1 between the outermost ones.
    """
    total = energies(speech.log_mel(tone(1000)))[:, 8:24].sum(axis=0)
    np.testing.assert_allclose(total, 0.75, rtol=0.01)


def test_values_are_those_of_a_spectrogram_written_out():
    sound = np.random.default_rng(0).standard_normal(5120)
    sound = (sound - sound.mean()) / sound.std()
    window = np.sin(np.pi * np.arange(512) / 512) ** 2
    padded = np.pad(sound, 176)
    frames = np.stack([padded[k * 160 : k * 160 + 512] * window for k in range(32)])
    power = np.abs(np.fft.rfft(frames) / window.sum()) ** 2
    low, high = 2595 * np.log10(1 + np.array([60, 4000]) / 700)
    tips = 700 * (10 ** (np.linspace(low, high, 34) / 2595) - 1)
    bands = [
        power @ np.interp(np.arange(257) * 8000 / 512, tips[k : k + 3], [0, 1, 0])
        for k in range(32)
    ]
    expected = np.clip((10 * np.log10(np.array(bands) + 10**-5.5) + 55) / 60, 0, 1)
    np.testing.assert_allclose(speech.log_mel(0.1 * sound)[..., 0], expected, atol=1e-5)


def test_loudness_silence_around_and_channels_change_nothing():
    sound = word() / 4
    expected = speech.log_mel(sound)
    around = np.pad(sound / 8, (1600, 3200))
    stereo = np.stack([sound / 2, sound / 2], axis=1)
    np.testing.assert_allclose(speech.log_mel(stereo), expected, atol=1e-5)
    np.testing.assert_allclose(speech.log_mel(around), expected, atol=0.02)


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 48_000])
def test_the_rate_of_a_recording_does_not_matter(rate):
    resampled = wav.resampled(tone(700, rate), rate)
    assert len(resampled) == pytest.approx(8000, abs=1)
    # But for the ends, where a recording begins at once.
    np.testing.assert_allclose(resampled[200:-200], tone(700)[200:7800], atol=2e-3)


def test_of_a_long_recording_the_loudest_part_stays():
    long = np.concatenate([0.1 * tone(400, seconds=2), tone(2000, seconds=0.64)])
    bands = speech.log_mel(long)[..., 0].argmax(axis=0)
    assert np.abs(speech.centres()[np.unique(bands)] - 2000).max() < 150


@pytest.mark.parametrize("seed", [0, 1])
def test_a_waveform_has_the_spectrogram_that_it_was_made_for(seed):
    wanted = speech.log_mel(word(seed))
    sound = speech.waveform(wanted[None])[0]
    assert sound.dtype == "float32" and sound.shape == (5120,) and np.abs(sound).max() <= 1
    found = speech.log_mel(sound)
    assert np.abs(found - wanted).mean() < 0.02
    amplitudes, target = np.sqrt(energies(found)), np.sqrt(energies(wanted))
    assert np.linalg.norm(amplitudes - target) < 0.1 * np.linalg.norm(target)
    noise = np.random.default_rng(seed).standard_normal(5120)
    assert np.abs(speech.log_mel(noise) - wanted).mean() > 0.2


def test_waveforms_of_silence_are_silent_and_each_depends_on_its_own_spectrogram():
    wanted = np.stack([speech.log_mel(word(0)), np.zeros((32, 32, 1)), speech.log_mel(word(1))])
    sounds = speech.waveform(wanted, iterations=4)
    assert np.abs(sounds[1]).max() == 0 and np.abs(sounds[0]).max() == pytest.approx(0.9)
    np.testing.assert_allclose(speech.waveform(wanted[2:], iterations=4)[0], sounds[2], atol=1e-5)
    with pytest.raises(ValueError, match=r"Expected spectrograms .* Received: shape \(2, 2\)"):
        speech.waveform(np.zeros((2, 2)))


@pytest.mark.parametrize("kind", ["uint8", "int16", "int32", "float32"])
def test_files_of_every_type_and_of_two_channels_are_read(tmp_path, kind):
    sound = tone(500, 16_000)[:, None] * [1, 0.5]
    full = 1 if kind == "float32" else np.iinfo(kind).max // (2 if kind == "uint8" else 1)
    samples = (sound * full + (128 if kind == "uint8" else 0)).astype(kind)
    wavfile.write(tmp_path / "tone.wav", 16_000, samples)
    found = wav.read_wav(tmp_path / "tone.wav")
    expected = wav.resampled(sound, 16_000)
    np.testing.assert_allclose(found, expected, atol=0.01 if kind == "uint8" else 1e-3)


def test_a_written_file_is_read_as_it_was(tmp_path):
    path = wav.write_wav(tmp_path / "tone.wav", tone(440))
    np.testing.assert_allclose(wav.read_wav(path), tone(440), atol=1e-3)


@pytest.mark.parametrize(
    ("samples", "rate", "received"),
    [
        (np.zeros(8000), 8000, "silence"),
        (np.full(8000, 0.3), 44_100, "silence"),
        (tone(3000, 8000) * 1e-4, 8000, "silence"),
        (np.zeros(0), 8000, "shape"),
        (np.full(800, np.nan), 8000, "NaN"),
        (tone(440, 44_100, 12), 44_100, "12.0 seconds"),
        (tone(440), 3, "3"),
    ],
)
def test_what_is_no_recording_of_a_word_is_told_in_a_line(tmp_path, samples, rate, received):
    wavfile.write(tmp_path / "bad.wav", rate, samples.astype("float32"))
    for read in (lambda: speech.log_mel(samples, rate), lambda: wav.read_wav(tmp_path / "bad.wav")):
        with pytest.raises(ValueError, match=rf"^Expected .* Received: .*{received}") as caught:
            read()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"no sound at all", b"RIFF\x00\x00\x00\x00WAVEjunk"]
)
def test_a_file_of_another_kind_is_named(tmp_path, content):
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(ValueError, match=r"Expected a WAV file.* Received: .*x\.wav"):
        wav.read_wav(tmp_path / "x.wav")
    with pytest.raises(FileNotFoundError, match="not there"):
        wav.read_wav(tmp_path / "y.wav")
