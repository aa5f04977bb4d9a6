"""What is reported of a model: figures, pictures, monitors of training, facts for its card.

`report(model)` finds the family's own report. A family without one gets what its abilities allow.
"""

import dataclasses
import functools
import pathlib
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from kerasgen import plot
from kerasgen.abilities import methods
from kerasgen.metrics import features, fidelity, figure, likelihood, quality, reconstruction, shown
from kerasgen.plot.columns import MOST
from kerasgen.reports import sentences

_TRAINING = 60_000  # examples among which copies are sought
_JUDGED = 10_000  # samples of all classes
_SHOWN, _A_CLASS = 64, 10  # samples; of each class of a conditional model
_ROWS = 2000  # of a table
SHOWN_PAIRS = 10  # held-out examples above what the model makes of them

Figures = dict[str, figure.Figure]


@dataclasses.dataclass
class Study:
    """What figures are measured on.

    Attributes:
        data_name: of the set that the model was trained on.
        read: function of a split, "train" or "test", to `(examples, condition or None, what they
            are in words)`. It also takes `grey`, to leave pixels as they are where training draws
            them, `count`, how many to read, `name`, of another set, and `whole`, for all examples.
        judge: the `kerasgen.zoo.Judge` of that set, or None.
        judges, style_judges: those of its senses, by sense, and of what else these tell.
        num_samples: importance samples of each example, of models whose likelihood is estimated.
        with_quality: sample quality too, which is otherwise measured where there is nothing else.
        extractor: of the features that sample quality is measured on, by default the judge's.
        limit: the largest number of samples that are judged, None for what the protocols say.
        count: samples that quality is measured on, None for as many as there are test examples.
        progress: show a progress bar.

    >>> study = Study("ring", read=lambda split, **_: (np.zeros((5, 2)), None, f"5 {split} points"))
    >>> study.read("test")[2], study.with_quality
    ('5 test points', False)
    """

    data_name: str
    read: Callable[..., tuple]
    judge: Any = None
    num_samples: int = 5000
    with_quality: bool = False
    extractor: Any = None
    limit: int | None = None
    count: int | None = None
    progress: bool = False
    judges: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    style_judges: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Shown:
    """What pictures are drawn from: held-out examples and their condition, training examples, the
    path of a training run's logs, None for what is not at hand; by sense what makes waveforms.

    >>> Shown().fits(kerasgen.families.Mixture([2], num_components=3))
    False
    """

    examples: Any = None
    condition: Any = None
    training: Any = None
    history: Any = None
    sounds: Mapping[str, Callable] = dataclasses.field(default_factory=dict)

    def fits(self, model) -> bool:
        """Whether there are held-out examples, with a condition where the model needs one."""
        is_conditional = model.condition.encoded_size > 0
        return self.examples is not None and is_conditional == (self.condition is not None)


class Report:
    """What is reported of a model by its abilities; families add to it.

    Attributes:
        annealing_steps: training steps in which the loss still changes by itself.
        needs_precision: why the model's exported files need more than 8 bits, or None.
        fixed_settings: settings of a recipe's training on which fine-tuning depends, too.
        curves: what the curves of training show, in words.
        monitor_units: units of what `monitors` log, in words, by name.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> list(Report(model).evaluate(np.zeros((5, 2))))
    ['nll']
    """

    annealing_steps: int = 0
    needs_precision: str | None = None
    fixed_settings: tuple[str, ...] = ()
    curves = "What training logged, by epoch"
    monitor_units: dict[str, str] = {}

    def __init__(self, model):
        self.model = model

    @property
    def multiply_adds(self) -> float | None:
        """That scoring an example takes, where they are known."""

    @property
    def only_samples(self) -> bool:
        """Whether sample quality is all that there is to measure."""
        return self.model.likelihood_kind is None and "sample" in methods(self.model)

    # Figures

    def evaluate(
        self, examples, condition=None, num_samples=5000, seed=0, progress=False
    ) -> Figures:
        """`Figure`s of held-out examples by name, the leading one first.

        Args:
            examples: `[N, *event_shape]`, N at least 2.
            condition: `[N, ...]`, of a conditional model.
            num_samples: importance samples of each example, where the likelihood is estimated.
            seed: of all noise.
            progress: show a progress bar.
        """
        of = self.model, examples, condition
        measure = {
            "log_prob": lambda: likelihood.scored(*of, num_samples, seed, progress),
            "sample": lambda: quality.sample_quality(*of, seed=seed),
            "reconstruct": lambda: reconstruction.squared_error(*of, progress),
        }
        known = [method for method in measure if method in methods(self.model)]
        if not known:
            raise ValueError(
                f"Expected a model that scores, samples or reconstructs. "
                f"Received: {type(self.model).__name__}."
            )
        return measure[known[0]]()

    def protocol(self, study: Study) -> str:
        """How `evaluate` measures, in words, behind what the examples are."""
        if self.model.likelihood_kind != "estimate":
            return ""
        return f", nll by k = {study.num_samples:,} importance samples"

    def figures(self, study: Study) -> Iterator[tuple[Figures, str]]:
        """Everything that the model and the data allow: figures by name, and their protocol."""
        if not self.only_samples:
            examples, condition, what = study.read("test")
            measured = self.evaluate(
                examples, condition, study.num_samples, progress=study.progress
            )
            yield measured, what + self.protocol(study)
        yield from self.own_figures(study)
        yield from sentences.figures(self.model, study)
        if study.with_quality or self.only_samples:
            yield self._quality(study)
        if study.judge and self.model.num_classes and "sample" in methods(self.model):
            yield self._fidelity(study)

    def own_figures(self, study: Study) -> Iterator[tuple[Figures, str]]:
        """Figures of this family beyond `evaluate`."""
        yield from ()

    def _quality(self, study):
        examples, condition, what = study.read("test", grey=True)
        extractor = study.extractor or features.of(study.judge)
        count = study.count or len(examples)
        training = study.read("train", grey=True, count=count if extractor.slow else _TRAINING)[0]
        of = self.model, examples, condition, training, extractor
        measured = quality.sample_quality(*of, count=count)
        seen = len(training)
        return measured, quality.protocol(self.model, count, len(examples), what, seen, extractor)

    def _fidelity(self, study):
        count = min(_JUDGED, study.limit or _JUDGED)
        drawn = f"{count:,} {shown.in_words(self.model)}"
        measured = fidelity.label_fidelity(self.model, study.judge.classifier, count)
        return measured, f"{drawn}, seed 0, judged by {study.judge.name}"

    # Pictures

    def pictures(self, folder: pathlib.Path, given: Shown) -> dict[str, str]:
        """Draws what the model and the data at hand allow into a folder: captions by file name, in
        the order of the card."""
        captions = {}
        for draw in self._drawings():
            try:
                captions |= draw(folder, given)
            except Exception as error:  # a decoration, which costs no trained weights
                reason = " ".join(str(error).split())
                warnings.warn(f"A preset goes without a picture: {reason}", stacklevel=2)
        return captions

    def _drawings(self):
        """What draws the pictures, each a function of the folder and of what is at hand."""
        event = self.model.event
        if event.columns is not None:
            return [self._density if event.is_plane else self._columns, self._curves]
        known = methods(self.model)
        by_method = ("sample", self._samples), ("reconstruct", self._reconstructions)
        drawings = [draw for method, draw in by_method if method in known]
        return [*drawings, self.own_pictures, self._curves]

    def own_pictures(self, folder: pathlib.Path, given: Shown) -> dict[str, str]:
        """Pictures of this family beyond those of its abilities."""
        return {}

    def _density(self, folder, given):
        if given.examples is None or "sample" not in methods(self.model):
            return {}
        plot.density(self.model, given.examples, folder / "density.png")
        what = f"{len(given.examples):,} points, and the density that the model gives."
        return {"density.png": what}

    def _columns(self, folder, given):
        """Samples of a table beside its rows, the conditions as they are in them."""
        if given.examples is None or "sample" not in methods(self.model):
            return {}
        rows, names = given.examples[:_ROWS], self.model.event.columns
        count, condition = len(rows), None if given.condition is None else given.condition[:_ROWS]
        if condition is None and self.model.condition.encoded_size:
            condition = self.model.condition.shown(count)
        samples = self.model.sample(count, condition, seed=0)
        plot.columns(samples, names, folder / "samples.png", rows)
        which = f"the first {MOST} of " if len(names) > MOST else ""
        what = f"{count:,} samples, seed 0, not selected, over as many rows of the data"
        return {"samples.png": f"{what}: {which}{len(names)} columns and their pairs."}

    def _samples(self, folder, given):
        """One row of samples for each condition that is shown."""
        condition, kinds = self.model.condition, self.model.condition.num_shown
        if condition.is_picture and not given.fits(self.model):
            return {}  # given noise for a picture, samples show nothing
        count, columns, labels = _SHOWN if kinds is None else kinds * _A_CLASS, None, ()
        asked = given.condition[:count] if condition.is_picture else condition.shown(count)
        if kinds is not None:
            columns, labels = _A_CLASS, condition.words(condition.shown(kinds))
            asked = np.repeat(condition.shown(kinds), _A_CLASS, axis=0)
        pictures = self.model.event.render(self.model.shown_samples(count, asked, seed=0))
        above = [self.model.event.side_by_side]
        plot.grid(pictures, folder / "samples.png", columns, labels, above)
        rows, means = "" if kinds is None else f", {condition.rows}", self.model.shows_means
        drawn = "Samples: means of p(x | z) for z drawn from the prior" if means else "Samples"
        return {"samples.png": f"{drawn}{rows}, seed 0, the first {count}, not selected."}

    def _reconstructions(self, folder, given):
        if not given.fits(self.model):
            return {}
        first = keras.tree.map_structure(lambda x: x[:SHOWN_PAIRS], given.examples)
        condition = None if given.condition is None else given.condition[:SHOWN_PAIRS]
        again = self.model.reconstruct(first, condition)
        rows = [self.model.event.render(each) for each in (first, again)]
        labels, above = ["real", "reconstructed"], [self.model.event.side_by_side]
        plot.pairs(rows, folder / "reconstructions.png", labels, above)
        what = f"{len(rows[0])} {self.model.event.meaning} above"
        return {"reconstructions.png": f"{what}, their reconstructions below."}

    def _curves(self, folder, given):
        history = given.history and pathlib.Path(given.history).read_text(encoding="utf-8")
        if not history or len(history.splitlines()) < 3:  # one epoch is no curve
            return {}
        known = self.model.log_units | self.monitor_units
        plot.curves(given.history, folder / "curves.png", known)
        return {"curves.png": f"{self.curves}."}

    # Training

    def monitors(self, examples, condition, output: pathlib.Path, writes: bool) -> list:
        """Callbacks that add to the logs of every epoch.

        Args:
            examples, condition: the first of the training set.
            output: folder of the run, for tables.
            writes: False for workers that only take part in the computation.
        """
        return []

    @property
    def follows_newest_weights(self) -> str | None:
        """Why a run cannot end with averaged weights, or None."""


@functools.singledispatch
def report(model) -> Report:
    """The report of a model: that of its family, or what its abilities allow.

    >>> type(report(kerasgen.families.Mixture([2], num_components=3))).__name__
    'MixtureReport'
    """
    return Report(model)
