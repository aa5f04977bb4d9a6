"""Figures of models of sentences, whatever their family."""

from kerasgen.abilities import methods
from kerasgen.bottlenecks import Gaussian
from kerasgen.metrics import sentences
from kerasgen.metrics.figure import Figure

_DRAWN = 1000  # samples, and held-out examples that are reconstructed
_COMPARED = 200  # samples with each other


def figures(model, study):
    """Figures by name, and their protocol, of what the model can do.

    >>> list(figures(kerasgen.families.Mixture([2], num_components=3), study=None))
    []
    """
    if model.event.vocabulary is None:
        return
    words, (examples, condition, what) = model.event.words, study.read("test", count=_DRAWN)
    if "sample" in methods(model):
        training = words(study.read("train", whole=True)[0])
        drawn = words(model.sample(_DRAWN, model.condition.shown(_DRAWN), seed=0))
        real = words(examples)
        yield (
            {
                "copied": sentences.copied(drawn, training),
                "copied_real": sentences.copied(real, training),
                "self_bleu": Figure(sentences.self_bleu(drawn[:_COMPARED]), "of 100"),
                "self_bleu_real": Figure(sentences.self_bleu(real[:_COMPARED]), "of 100"),
            },
            f"{_DRAWN:,} samples, seed 0, against {len(training):,} training sentences, and the "
            f"first {_COMPARED} of them against each other; beside them {what}",
        )
    if "reconstruct" in methods(model):
        again = words(model.reconstruct(examples, condition))
        measured = {
            "bleu": Figure(sentences.bleu(again, [[each] for each in words(examples)]), "of 100")
        }
        if isinstance(model.bottleneck, Gaussian) and condition is None:
            measured["mutual_information"] = sentences.mutual_information(model, examples)
        yield measured, f"reconstructions, and one code, of the first {len(examples):,} of {what}"
