"""What is reported of models whose likelihood is known exactly: `AutoregressiveModel`,
`LanguageModel`, `FlowModel`, `Mixture`.
"""

import contextlib

import keras
import numpy as np

from kerasgen import plot
from kerasgen.data import catalog
from kerasgen.families import AutoregressiveModel, FlowModel, LanguageModel, Mixture
from kerasgen.metrics import novelty
from kerasgen.reports.base import SHOWN_PAIRS, Report, report
from kerasgen.tasks.appear import appear

_RANKED = 1000  # images of each kind
_APPEARING = 16


class ExactReport(Report):
    """How well log p(x) tells the data from other images.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> isinstance(kerasgen.reports.report(model), ExactReport)
    True
    """

    def protocol(self, study):
        how = super().protocol(study)
        if self.model.num_classes:
            classes = f"all {self.model.num_classes} classes, equally likely a priori"
            how += f", nll_marginal by {classes}"
        return how

    def own_figures(self, study):
        if not self.model.event.is_picture:
            return
        examples, _, what = study.read("test")
        examples, others = examples[:_RANKED], {}
        other = catalog.entry(study.data_name).outside
        if other:
            with contextlib.suppress(FileNotFoundError):  # the set is not on this machine
                others[other] = study.read("test", count=len(examples), name=other)[0]
        classes = ", all classes equally likely" if self.model.num_classes else ""
        protocol = (
            f"the first {len(examples):,} of {what} against as many of "
            f"{', '.join([*others, 'noise'])} and the constant ones, by log p(x){classes}"
        )
        yield novelty.ood_auroc(self.model, examples, others, progress=study.progress), protocol


@report.register(AutoregressiveModel)
class AutoregressiveReport(ExactReport):
    """How images appear, pixel by pixel, and completions of held-out ones.

    >>> from kerasgen import likelihoods, networks
    >>> network = networks.PixelCNN(channels=4, num_blocks=1, head_channels=4)
    >>> model = kerasgen.families.AutoregressiveModel([4, 4, 1], network, likelihoods.Bernoulli())
    >>> type(kerasgen.reports.report(model)).__name__
    'AutoregressiveReport'
    """

    needs_precision = "a pixel decides those after it"

    @property
    def multiply_adds(self):
        return self.model.network.multiply_adds()

    def own_pictures(self, folder, given):
        model = self.model
        samples = model.sample(_APPEARING, model.condition.shown(_APPEARING), seed=0)
        plot.animate(appear(samples, model.patch_size), folder / "appearing.gif", 0.06)
        what = "Samples as they are drawn, one pixel or patch given those before it."
        captions = {"appearing.gif": what}
        return captions | self._completions(folder, given) if given.fits(model) else captions

    def _completions(self, folder, given):
        model, n = self.model, SHOWN_PAIRS
        images = keras.ops.convert_to_numpy(given.examples[:n])
        condition = None if given.condition is None else given.condition[: len(images)]
        rows, columns = (side * model.patch_size for side in model.grid_shape[:2])
        upper = model.grid_shape[0] // 2 * model.patch_size
        mask = np.repeat(np.arange(rows)[:, None] < upper, columns, axis=1)
        drawn = [model.complete(images, mask, condition, seed=seed) for seed in range(2)]
        known = np.where(mask[..., None], images, 0.5)
        labels = ["real", "given", *(f"draw {number}" for number in range(1, len(drawn) + 1))]
        plot.pairs([images, known, *drawn], folder / "completions.png", labels)
        what = "Held-out images, their upper halves, and two draws of the rest given these."
        return {"completions.png": what}


@report.register(LanguageModel)
class LanguageReport(Report):
    """Its files need more than 8 bits.

    >>> from kerasgen import events, likelihoods, networks
    >>> likelihood = likelihoods.AutoregressiveTokens(networks.CausalGRU(size=4), size=4)
    >>> model = kerasgen.families.LanguageModel(events.Tokens(3, 5), likelihood)
    >>> kerasgen.reports.report(model).needs_precision
    'a word decides those after it'
    """

    needs_precision = "a word decides those after it"


@report.register(FlowModel)
class FlowReport(Report):
    """Its files need more than 8 bits.

    >>> model = kerasgen.families.FlowModel([2], kerasgen.networks.RealNVP(2, hidden=4))
    >>> kerasgen.reports.report(model).needs_precision
    'densities of narrow parts'
    """

    needs_precision = "densities of narrow parts"


@report.register(Mixture)
class MixtureReport(ExactReport):
    """Exact by distribution functions where pixels have levels and covariances are diagonal.

    >>> model = kerasgen.families.Mixture([2], num_components=3)
    >>> type(kerasgen.reports.report(model)).__name__
    'MixtureReport'
    """

    needs_precision = "densities of narrow components"

    def protocol(self, study):
        if not self.model.levels:
            return ""
        if self.model.likelihood_kind == "exact":
            return ", exact by differences of normal distribution functions"
        return ", a bound by one draw of uniform noise for each pixel"

    def evaluate(self, examples, condition=None, num_samples=1, seed=0, progress=False):
        return super().evaluate(examples, condition, 1, seed, progress)
