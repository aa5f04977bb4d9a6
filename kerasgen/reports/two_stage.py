"""What is reported of priors over tokens: `TwoStageModel`."""

import itertools

from kerasgen import data
from kerasgen.families import TwoStageModel
from kerasgen.metrics import captions, likelihood, shown
from kerasgen.reports.base import Report, report

_ASKED = 2000  # sentences
_BEST_OF = 8


@report.register(TwoStageModel)
class TwoStageReport(Report):
    """A bound by the tokens of each example's own encoding; what sentences ask for.

    >>> issubclass(TwoStageReport, Report)
    True
    """

    needs_precision = "tokens must not change"

    def evaluate(self, examples, condition=None, num_samples=5000, seed=0, progress=False):
        return likelihood.two_stage(self.model, examples, condition, progress)

    def protocol(self, study):
        return ", nll an upper bound by the tokens of each image's own encoding"

    def own_figures(self, study):
        """Of compositions that were seen in training and held out, and by the best of several."""
        if not (self.model.reads_text and study.judge):
            return
        count = min(_ASKED, study.limit or _ASKED)
        for split, best_of in itertools.product(("test", "held_out"), (1, _BEST_OF)):
            asked = data.open(study.data_name, f"{split}[:{count}]").stored.items
            classifier = study.judge.classifier
            measured = captions.caption_fidelity(self.model, classifier, asked, best_of=best_of)
            what = f"{shown.in_words(self.model)} for {count:,} sentences of the split {split}"
            best = f", of {best_of} draws the likeliest" if best_of > 1 else ""
            ending = "_held_out" * (split == "held_out") + f"_best_of_{best_of}" * (best_of > 1)
            figures = {name + ending: value for name, value in measured.items()}
            yield figures, f"{what}, seed 0, judged by {study.judge.name}{best}"
