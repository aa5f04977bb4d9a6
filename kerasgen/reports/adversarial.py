"""What is reported of adversarial models."""

import keras

from kerasgen import plot
from kerasgen.families import AdversarialModel
from kerasgen.metrics.memorisation import nearest_neighbours
from kerasgen.reports.base import Report, report
from kerasgen.reports.monitors import CollapseMonitor
from kerasgen.tasks import noise
from kerasgen.tasks.traversal import picture

_COMPARED = 10  # samples with training examples


@report.register(AdversarialModel)
class AdversarialReport(Report):
    """What the noise stands for, and whether samples are copies.

    >>> from kerasgen import divergences, networks
    >>> model = kerasgen.families.AdversarialModel(
    ...     [4, 4, 1], networks.MLP(hidden=()), networks.MLP((4,), ()),
    ...     divergences.Hinge(), latent_dim=2)
    >>> report(model).only_samples
    True
    """

    fixed_settings = ("beta_1", "beta_2")  # on which the game depends
    monitor_units = CollapseMonitor.units

    @property
    def needs_precision(self):
        hidden = self.model.label_event is not self.model.condition
        return "a number of the noise decides the component" if hidden else None

    @property
    def curves(self):
        return (
            "What training logged, by epoch: the losses of critic and generator, which pull "
            "against each other; divergence, the critic's estimate of "
            f"{self.model.divergence.meaning}; critic_separation, how often it scores a real "
            "example above a sample; sample_diversity, the samples' variance as a share of the "
            "data's"
        )

    def own_pictures(self, folder, given):
        if not self.model.event.is_picture:
            return {}
        captions = {
            "interpolation.png": "From the noise of one sample to that of another, along great "
            "circles.",
            "truncation.png": "The same noise cut off at half, one and two standard deviations, "
            "and "
            "not at all, from the top: less varied and more typical, or the reverse.",
            "arithmetic.png": "Latent arithmetic: the noise of the samples in the middle column, "
            "minus and plus half of the mean of the three samples of most ink less that of the "
            "three "
            "of least, of 256.",
        }
        ink = noise.arithmetic(self.model, lambda samples: samples.mean(axis=(1, 2, 3)))
        drawn = noise.interpolations(self.model), noise.truncations(self.model), ink
        kinds = self.model.condition
        labels = [f"sample {row}" for row in range(1, len(ink) + 1)]
        if kinds.num_shown is not None:
            labels = kinds.words(kinds.shown(len(ink)))
        walks, cuts, moves = (range(each.shape[1]) for each in drawn)
        of_rows = labels, ["0.5", "1", "2", "not cut"], labels
        of_columns = (
            [f"{step / walks[-1]:.0%}" for step in walks],
            [f"noise {number + 1}" for number in cuts],
            [f"{step / moves[-1] - 0.5:+g}" for step in moves],
        )
        for name, rows, beside, above in zip(captions, drawn, of_rows, of_columns):
            picture(rows, folder / name, beside, above)
        return captions | self._nearest(folder, given) if given.training is not None else captions

    def _nearest(self, folder, given):
        condition = self.model.condition.shown(_COMPARED)
        samples, training = (
            keras.ops.convert_to_numpy(x)
            for x in (self.model.sample(_COMPARED, condition, seed=0), given.training)
        )
        nearest, _ = nearest_neighbours(samples, training)
        plot.pairs([samples, training[nearest]], folder / "nearest.png", ["sample", "nearest"])
        what = f"the nearest of {len(training):,} training examples, by their pixels, below."
        return {"nearest.png": f"{_COMPARED} samples above, {what}"}

    def monitors(self, examples, condition, output, writes):
        return [CollapseMonitor(examples, condition)]
