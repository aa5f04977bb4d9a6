"""What is reported of models of several senses."""

import numpy as np
from keras import tree

from kerasgen import plot
from kerasgen.batches import count
from kerasgen.data import catalog, wav
from kerasgen.families import MultimodalVAE
from kerasgen.metrics import coherence, localisation, senses
from kerasgen.reports.base import report
from kerasgen.reports.latent import LatentReport
from kerasgen.tasks.attribution import attribution

_SHOWN = 8  # columns of a picture
_STYLES = 4  # rows of the swaps
_DRAWN = 1000  # samples, for joint coherence
_ESTIMATED = 1000  # examples, whose likelihoods are estimated from every sense
_MAPPED = 500  # examples, whose maps are scored
_PAUSE = 2400  # samples between two sounds


@report.register(MultimodalVAE)
class MultimodalReport(LatentReport):
    """Coherence, likelihood and quality of every sense, given others and alone; swaps; sounds.

    >>> from kerasgen import bottlenecks, events, likelihoods, networks
    >>> model = MultimodalVAE(
    ...     events.Partial({"left": [2], "right": [2]}),
    ...     {name: networks.MLP((8,), (8,)) for name in ("left", "right")},
    ...     bottlenecks.Experts(1, {"left": 1, "right": 1}),
    ...     {name: networks.MLP(hidden=(8,)) for name in ("left", "right")},
    ...     {name: likelihoods.Gaussian() for name in ("left", "right")},
    ... )
    >>> type(report(model)).__name__
    'MultimodalReport'
    """

    def own_figures(self, study):
        examples, _, what = study.read("test")
        n, k = count(examples), study.num_samples
        first = tree.map_structure(lambda x: x[:_ESTIMATED], examples)
        how = f"k = {k:,} importance samples"
        yield (
            senses.nll(self.model, first, k),
            f"the first {count(first):,} of {what}, {how}",
        )
        label = next((name for name, each in self.model.event.events.items() if each.count), None)
        yield from self._located(study)
        if label is None or not study.judges:
            return
        labels, judges = examples[label], study.judges
        classifiers = {sense: judge.classifier for sense, judge in judges.items()}
        asked = {name: x for name, x in examples.items() if name != label}
        of = f"seed 0, judged by {', '.join(judge.name for judge in judges.values())}"
        found = coherence.coherence(self.model, asked, labels, classifiers, _DRAWN)
        yield found, f"means of p(x | z) given senses of {what}, {_DRAWN:,} samples for joint; {of}"
        training = study.read("train", count=n)[0]
        drawn = f"{n:,} samples, seed 0, against {what}; floor: the first as many training examples"
        yield senses.quality(self.model, examples, training, judges), drawn
        if self.model.bottleneck.private_dims:
            styles = {sense: judge.classifier for sense, judge in study.style_judges.items()}
            swapped = senses.swaps(self.model, examples, labels, classifiers, styles)
            names = [judge.name for judge in study.style_judges.values()]
            yield swapped, f"pairs of two classes of {what}, {of}{''.join(f', {n}' for n in names)}"

    def _located(self, study):
        """How well maps of the factors find what the data know to be the class's pixels."""
        for sense, name in catalog.entry(study.data_name).parts.items():
            if masks := catalog.entry(name).masks:
                x, _, what = study.read("test", name=name, count=_MAPPED)
                maps, where = attribution(self.model, {sense: x}), masks("test")[np.arange(len(x))]
                found = {
                    f"attribution_auroc[{factor} to {sense}]": localisation.auroc(
                        each[sense], where
                    )
                    for factor, each in maps.items()
                    if sense in each
                }
                yield found, f"{what}, whose digits' pixels are known, encoded alone"

    def own_pictures(self, folder, given):
        captions = super().own_pictures(folder, given)
        if given.examples is None:
            return captions
        captions |= self._conditional(folder, given)
        if self.model.bottleneck.private_dims:
            captions |= self._swaps(folder, given)
        return captions | self._attribution(folder, given) | self._sounds(folder, given)

    def _attribution(self, folder, given):
        """Of each sense that is a picture, examples above maps of the factors that it reads."""
        captions = {}
        first = _rows(given.examples, slice(_SHOWN))
        maps = attribution(self.model, first)
        for sense, event in self.model.event.events.items():
            read = {factor: each[sense] for factor, each in maps.items() if sense in each}
            if event.is_picture and read:
                real = event.render(first[sense])
                shown = [
                    _scaled(each)[..., None].repeat(real.shape[-1], -1) for each in read.values()
                ]
                labels = ["real", *("shared" if name == "shared" else "private" for name in read)]
                plot.pairs([real, *shown], folder / f"attribution_{sense}.png", labels)
                what = (
                    "how far each value of the reconstruction moves with the shared and the private"
                )
                captions[f"attribution_{sense}.png"] = f"Attribution of {sense}: {what} factors."
        return captions

    def _conditional(self, folder, given):
        """Each row from one sense of the examples in the first row."""
        real = _rows(given.examples, slice(_SHOWN))
        asked = list(self.model.encoder.networks)
        rows = [real] + [
            self.model.sample(given={name: real[name]}, seed=0, mean=True) for name in asked
        ]
        labels = ["real", *(f"from {name}" for name in asked)]
        self._draw(rows, folder / "conditional.png", labels)
        what = f"{', '.join(self.model.event.events)} side by side"
        how = "drawn given one sense of the example above, which stays as it is"
        return {"conditional.png": f"The first {_SHOWN} test examples, {what}; below, {how}."}

    def _swaps(self, folder, given):
        """A row for each example whose private factors are kept, below the shared factors' own."""
        content = _rows(given.examples, slice(_SHOWN))
        rows = [content]
        for row in range(_SHOWN, min(_SHOWN + _STYLES, count(given.examples))):
            rows.append(self.model.swap(content, _rows(given.examples, [row] * _SHOWN), seed=0))
        labels = ["real", *(f"style {number}" for number in range(1, len(rows)))]
        self._draw(rows, folder / "swaps.png", labels)
        how = "the shared factor of the example above, the private factors of one other a row"
        return {"swaps.png": f"Swaps: {how}."}

    def _sounds(self, folder, given):
        """Ten draws of each sense that can be heard, given the others."""
        captions = {}
        for sense, sound in given.sounds.items():
            others = {name for name in self.model.encoder.networks if name != sense}
            asked = _rows({name: given.examples[name] for name in others}, slice(10))
            drawn = self.model.sample(given=asked, seed=0, mean=True)[sense]
            heard = sound(np.asarray(drawn))
            pauses = np.pad(heard, [(0, 0), (0, _PAUSE)]).reshape(-1)
            wav.write_wav(folder / f"{sense}.wav", pauses)
            given_as = " and ".join(sorted(others))
            captions[f"{sense}.wav"] = f"Hear the {sense} drawn for ten test examples' {given_as}."
        return captions

    def _draw(self, rows, path, labels):
        """Senses side by side, which are named above the first column."""
        event = self.model.event
        pictures = [event.render({name: row[name] for name in event.events}) for row in rows]
        plot.pairs(pictures, path, labels, [event.side_by_side])


def _scaled(maps):
    """Maps `[N, H, W]` in [0, 1], the largest hundredth of all values cut off."""
    return np.clip(maps / max(np.quantile(maps, 0.99), 1e-9), 0, 1)


def _rows(examples, rows):
    return tree.map_structure(lambda x: x[rows], dict(examples))
