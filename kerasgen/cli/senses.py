"""What `kerasgen sample --given` reads: a sound, a picture or a class of one sense."""

import pathlib

from kerasgen.cli import inputs

_PAUSE = 2400  # samples between two sounds


def are_several(name):
    """Whether the recipe of a preset is of several senses, which is known without Keras.

    >>> are_several("gmm_ring")
    False
    """
    (arguments,) = inputs.recipe(name).model.values()
    return "encoders" in arguments


def known(name, words):
    """The senses that are given, `[1, ...]` each, from words `FILE` or `SENSE=FILE or class`.

    >>> known("gmm_ring", ["speech.wav"])
    Traceback (most recent call last):
    ValueError: Expected a preset of several senses for --given. Received: 'gmm_ring'. ...
    """
    if not are_several(name):
        raise ValueError(
            f"Expected a preset of several senses for --given. Received: {name!r}. Drop it, or "
            "name another."
        )
    files = [pathlib.Path(word.rpartition("=")[2]) for word in words]
    if missing := [file for file in files if file.suffix and not file.is_file()]:
        raise FileNotFoundError(
            f"Expected a file to draw from. Received: {missing[0]}, which is not there."
            f"{inputs.near_files(missing[0])}"
        )
    model = inputs.model(name, "sample")
    found = {}
    for word, file in zip(words, files):
        sense = word.rpartition("=")[0] or _sense(name, model, file)
        if sense not in model.event.events:
            raise ValueError(
                f"Expected a sense of {sorted(model.event.events)}. Received: --given {word}."
            )
        found[sense] = _read(name, model.event.events[sense], sense, file)[None]
    return found


def _sense(name, model, file):
    """The one sense that a file can be of."""
    is_sound = file.suffix.lower() == ".wav"
    heard = _parts(name, "hearing")
    fits = [
        sense
        for sense, event in model.event.events.items()
        if event.is_picture and (sense in heard) == is_sound
    ]
    if len(fits) != 1:
        raise ValueError(
            f"Expected SENSE=FILE, with a sense of {fits or sorted(model.event.events)}. "
            f"Received: --given {file}."
        )
    return fits[0]


def _read(name, event, sense, file):
    import numpy as np

    from kerasgen.data import pictures

    if event.count:
        return np.array(event.number(str(file)), "int32")
    if file.suffix.lower() == ".wav" and (hearing := _parts(name, "hearing").get(sense)):
        return hearing(file)
    return pictures.read(file, event.shape)


def _parts(name, what):
    """By sense, what the catalogue has of the sets that the senses come from."""
    from kerasgen.data import catalog

    parts = catalog.entry(inputs.recipe(name).data["name"]).parts
    found = {sense: getattr(catalog.entry(each), what) for sense, each in parts.items()}
    return {sense: value for sense, value in found.items() if value}


def write_sounds(name, samples, path):
    """The samples of the sense that can be heard, one after the other, as a WAV file.

    >>> write_sounds("gmm_ring", None, "ring.wav")
    Traceback (most recent call last):
    ValueError: Expected a preset that draws sounds for ring.wav. Received: 'gmm_ring'. ...
    """
    import numpy as np

    from kerasgen.data import wav

    sounds = _parts(name, "sound")
    if not sounds:
        raise ValueError(
            f"Expected a preset that draws sounds for {path}. Received: {name!r}. Write a .png."
        )
    sense, sound = next(iter(sounds.items()))
    heard = sound(np.asarray(samples[sense]))
    wav.write_wav(path, np.pad(heard, [(0, 0), (0, _PAUSE)]).reshape(-1))
