"""What is reported of encoders that learn by telling."""

import keras

from kerasgen import plot
from kerasgen.families import SelfSupervisedEncoder
from kerasgen.metrics import telling
from kerasgen.reports.base import SHOWN_PAIRS, report
from kerasgen.reports.latent import AutoencoderReport


@report.register(SelfSupervisedEncoder)
class SelfSupervisedReport(AutoencoderReport):
    """What the code tells of held-out examples, and what of it can be drawn.

    >>> from kerasgen import bottlenecks, events, likelihoods, networks
    >>> model = SelfSupervisedEncoder(
    ...     events.Partial({"seen": [3], "touches": events.Classes(2)}),
    ...     {"seen": networks.MLP((8,), (8,))},
    ...     bottlenecks.Experts(2),
    ...     {"touches": networks.MLP(hidden=(8,))},
    ...     {"touches": likelihoods.CategoricalTokens()},
    ... )
    >>> list(report(model).evaluate(model.event.example(4, seed=0)))
    ['told[touches]', 'commonest[touches]']
    """

    def evaluate(self, examples, condition=None, num_samples=5000, seed=0, progress=False):
        return telling.told(self.model, examples, list(self.model.encoder.networks), progress)

    def _drawings(self):
        return [self.own_pictures, self._curves]

    def own_pictures(self, folder, given):
        """Examples of the senses that are pictures: asked, told in truth, and as the code tells."""
        if given.examples is None:
            return {}
        x = keras.tree.map_structure(lambda rows: rows[:SHOWN_PAIRS], dict(given.examples))
        said = self.model.reconstruct({name: x[name] for name in self.model.encoder.networks})
        pictures = {n: each for n, each in self.model.event.events.items() if each.is_picture}
        rows = {name: event.render(x[name]) for name, event in pictures.items()}
        told = pictures.keys() & said.keys()
        rows |= {f"told {name}": pictures[name].render(said[name]) for name in sorted(told)}
        if not told:
            return {}
        side = max(each.shape[1] for each in rows.values())
        shown = [
            each.repeat(side // each.shape[1], 1).repeat(side // each.shape[2], 2)
            for each in rows.values()
        ]
        plot.pairs(shown, folder / "told.png", list(rows))
        names = " and ".join(sorted(told))
        return {"told.png": f"Test examples, and {names} as the code of the other senses tells."}
