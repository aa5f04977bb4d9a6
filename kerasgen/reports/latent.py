"""What is reported of models with a code of real numbers: `LatentVariableModel` and
`Autoencoder`.
"""

import keras
import numpy as np

from kerasgen import plot
from kerasgen.batches import count
from kerasgen.data import catalog
from kerasgen.families import Autoencoder, LatentVariableModel
from kerasgen.metrics import disentanglement, likelihood, units
from kerasgen.reports.base import Report, report
from kerasgen.reports.monitors import KL_BY_UNIT, ActiveUnits, KLByUnit
from kerasgen.tasks.traversal import animation, picture, traverse

_TRAVERSED = 10  # units of the code
_STEPS = 9  # values of each
_LIMIT = 3  # the largest of them, in standard deviations of the prior


@report.register(Autoencoder)
class AutoencoderReport(Report):
    """Active units while it trains, and the plane of a code of two numbers.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> [type(each).__name__ for each in AutoencoderReport(vae).monitors(None, None, None, True)]
    ['ActiveUnits']
    """

    monitor_units = ActiveUnits.units

    def monitors(self, examples, condition, output, writes):
        return [ActiveUnits(examples, condition)]

    @property
    def needs_precision(self):
        return "a pixel decides those after it" if self.model.likelihood.autoregressive else None

    @property
    def annealing_steps(self):
        objective = self.model.objective
        return max(getattr(objective, name, 0) for name in ("warmup_steps", "start_step"))

    @property
    def follows_newest_weights(self):
        if self.model.bottleneck.averages_codebook:
            return "a VectorQuantizer of codebook 'ema', which follows the newest encoder"
        return None

    def own_pictures(self, folder, given):
        latent_shape, condition = self.model.bottleneck.latent_shape, self.model.condition
        if latent_shape != (2,) or condition.encoded_size:
            return {}
        plot.manifold(self.model, path=folder / "manifold.png")
        what = "What every part of the code stands for: codes at equally likely quantiles."
        return {"manifold.png": what}


@report.register(LatentVariableModel)
class LatentReport(AutoencoderReport):
    """Likelihood by importance samples, disentanglement, the KL of every unit, traversals.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> vae = kerasgen.LatentVariableModel(
    ...     [4, 4, 1], networks.MLP((4,), ()), bottlenecks.Gaussian(2), networks.MLP(hidden=()),
    ...     likelihoods.Bernoulli())
    >>> report(vae).monitor_units, isinstance(report(vae), LatentReport)
    ({'active_units': 'units'}, True)
    """

    def evaluate(self, examples, condition=None, num_samples=5000, seed=0, progress=False):
        measure = likelihood.importance_weighted
        return measure(self.model, examples, condition, num_samples, seed, progress)

    def protocol(self, study):
        return f"{super().protocol(study)}, elbo by {likelihood.ELBO_SAMPLES}"

    def own_figures(self, study):
        factors = catalog.entry(study.data_name).factors
        if factors and self.model.bottleneck.independent_units:
            how = "posterior means, 10,000 points to fit and 5,000 to measure each score"
            yield disentanglement.figures(self.model, factors), f"{how}, seed 0, DCI by forests"

    def own_pictures(self, folder, given):
        captions = super().own_pictures(folder, given)
        if not given.fits(self.model):
            return captions
        kl = units.kl_by_unit(self.model, given.examples, given.condition)
        plot.units(kl, folder / "units.png")
        over = f"{count(given.examples):,} {self.model.event.meaning}"
        what = f"KL of every unit of the code, mean over {over}."
        captions["units.png"] = what
        if self.model.bottleneck.independent_units and given.condition is None:
            captions |= self._traversal(folder, given, np.argsort(-kl, kind="stable"))
        return captions

    def _traversal(self, folder, given, order):
        first = keras.tree.map_structure(lambda x: x[0], given.examples)
        rows = traverse(self.model, first, _STEPS, _LIMIT, data=given.examples)
        each = keras.tree.map_structure(lambda x: keras.ops.reshape(x, (-1, *x.shape[2:])), rows)
        pictures = self.model.event.render(each)
        rows = pictures.reshape(-1, _STEPS, *pictures.shape[1:])[:_TRAVERSED]
        names = [f"unit {unit}" for unit in order[: len(rows)]]
        values = [f"{value:g}" for value in np.linspace(-_LIMIT, _LIMIT, _STEPS)]
        picture(rows, folder / "traversal.png", names, values)
        animation(rows, folder / "traversal.gif")
        what = f"In every row one unit of a code moved from -{_LIMIT} to {_LIMIT}, the others held"
        return {
            "traversal.png": f"{what}; the {len(rows)} most telling.",
            "traversal.gif": "The same in motion.",
        }

    def monitors(self, examples, condition, output, writes):
        table = KLByUnit(output / KL_BY_UNIT, examples, condition, writes)
        return [*super().monitors(examples, condition, output, writes), table]
