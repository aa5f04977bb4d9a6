"""What is known of data sets, by name; `kerasgen.data.catalog` has the rows."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from kerasgen import checks
from kerasgen.data import tfds
from kerasgen.data.reader import Reader
from kerasgen.data.synthetic import shapes
from kerasgen.events import Event


@dataclasses.dataclass(frozen=True)
class Entry:
    """What is known of a set.

    Attributes:
        name: of the set, as recipes and TFDS have it.
        title: what it is, in words; its name where nothing is known.
        licence: of the data.
        event: what an example is, which a reader says too. None where only TFDS says it: images of
            256 levels, of the size that it has.
        reader: reads it, from nowhere or from a library; None of one in the folder of data.
        condition: what its labels are: "labels", "attributes", "captions" or "small pictures"; None
            without any.
        judge: the preset that classifies what models of it draw, or None.
        style_judge: one that tells something else of them, as who speaks, or None.
        outside: a set of the same shape that a likelihood is to tell it from, or None.
        factors: of sprites, the `shapes.Shapes` that knows what each is drawn from, or None.
        transposed: whether TFDS keeps the columns of its images as rows.
        drawn: how what is drawn in its images stands out, "bright on dark" or "dark on bright", or
            None where neither holds for all.
        classes: names of its labels by number, where they have some.
        opener: function of `data_dir` and `download` to what reads it; None where TFDS does.
        by_hand: whether its files are to be fetched by hand, as no library brings them.
        masks: function of a split to which pixels belong to what the label says, or None.
        parts: of a set of several senses, the sets that they come from, by sense.
        sound: of spectrograms, the function of `[N, ...]` to waveforms `[N, T]`, or None.
        hearing: theirs of the path of a WAV file to one example, or None.

    >>> from kerasgen.events import Vector
    >>> Entry("mine", "points of my own", "CC0", Vector(2)).title
    'points of my own'
    """

    name: str
    title: str = ""
    licence: str = "see its source"
    event: Event | None = None
    reader: Reader | None = None
    condition: str | None = "labels"
    judge: str | None = None
    style_judge: str | None = None
    outside: str | None = None
    factors: shapes.Shapes | None = None
    transposed: bool = False
    drawn: str | None = None
    classes: tuple[str, ...] = ()
    opener: Callable[[Any, bool], Reader] | None = None
    by_hand: bool = False
    masks: Callable[[str], Any] | None = None
    parts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    sound: Callable[[Any], Any] | None = None
    hearing: Callable[[Any], Any] | None = None

    def __post_init__(self):
        object.__setattr__(self, "title", self.title or self.name)
        if self.reader:
            object.__setattr__(self, "event", self.reader.event)

    @property
    def sounds(self) -> dict[str, Callable[[Any], Any]]:
        """What makes waveforms of the senses that can be heard, by sense."""
        each = {sense: entry(name).sound for sense, name in self.parts.items()}
        return {sense: sound for sense, sound in each.items() if sound}

    def open(self, data_dir=None, download: bool = False) -> Reader:
        """The reader; arguments and errors are those of `kerasgen.data.open`."""
        if self.reader:
            return self.reader
        if self.opener:
            return self.opener(data_dir, download)
        levels = self.event.levels if self.event else 256
        return tfds.Reader(self.name, levels, self.transposed, data_dir, download, names())


_ENTRIES: dict[str, Entry] = {}


def add(entry: Entry) -> Entry:
    """Puts a set into the catalogue; one of the same name is replaced.

    >>> from kerasgen.data.reader import Computed
    >>> from kerasgen.events import Vector
    >>> points = np.eye(4, 2, dtype="float32")
    >>> reader = Computed(Vector(2), {"train": 4}, lambda split: (points, None))
    >>> kerasgen.data.size(add(Entry("my_points", reader=reader)).name)
    4
    >>> del _ENTRIES["my_points"]
    """
    _ENTRIES[entry.name] = entry
    return entry


def entry(name: str) -> Entry:
    """The row of a set, or of the set that `name` is a configuration of, as "emnist/letters".

    A set without a row is taken for one of TFDS.

    >>> entry("digits").licence, entry("emnist/letters").event
    ('CC BY 4.0', Image(height=28, width=28, channels=1, levels=256))
    """
    if not isinstance(name, str):
        raise ValueError(f"Expected the name of a set. Received: {checks.short(name)}.")
    base = name.partition(":")[0].partition("/")[0]
    found = _ENTRIES.get(name) or _ENTRIES.get(base) or Entry(base)
    return dataclasses.replace(found, name=name)


def names() -> list[str]:
    """The sets that have a row.

    >>> "mnist" in names()
    True
    """
    return list(_ENTRIES)
