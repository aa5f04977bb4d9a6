"""What is reported of tokenizers: `DiscreteAutoencoder`."""

from kerasgen import plot
from kerasgen.families import DiscreteAutoencoder
from kerasgen.metrics import codes, features, tokenizer
from kerasgen.reports.base import report
from kerasgen.reports.latent import AutoencoderReport
from kerasgen.reports.monitors import CodeUsage


@report.register(DiscreteAutoencoder)
class TokenizerReport(AutoencoderReport):
    """What reconstruction loses, what tokens cost, how much of the codebook is used.

    >>> from kerasgen import bottlenecks, likelihoods, networks
    >>> tokenizer = kerasgen.families.DiscreteAutoencoder(
    ...     [8, 8, 1], networks.GridEncoder((4,), (1,)), bottlenecks.FiniteScalar((3, 3)),
    ...     networks.GridDecoder(1, (4,), (1,)), likelihoods.Bernoulli())
    >>> type(report(tokenizer)).__name__
    'TokenizerReport'
    """

    needs_precision = "tokens must not change"
    monitor_units = CodeUsage.units

    def evaluate(self, examples, condition=None, num_samples=5000, seed=0, progress=False):
        return tokenizer.tokens(self.model, examples, seed, progress)

    def protocol(self, study):
        if not tokenizer.is_bounded(self.model):
            return ""
        return ", reconstruction by the likeliest tokens, elbo by one draw of them"

    def own_figures(self, study):
        if study.judge is None:
            return
        own = features.of(study.judge)
        examples, _, what = study.read("test")
        grey, real = (
            study.read(split, grey=True, count=len(examples))[0] for split in ("test", "train")
        )
        protocol = (
            f"reconstructions of {what}, against the originals, grey where they were; floor: the "
            f"first {len(real):,} training examples in their place; features: {own.name}"
        )
        measure = tokenizer.reconstruction_quality
        yield measure(self.model, examples, grey, real, own), protocol

    def own_pictures(self, folder, given):
        if given.examples is None:
            return {}
        plot.usage(codes.count(self.model, given.examples), folder / "usage.png")
        count, size = len(given.examples), self.model.vocab_size
        what = f"How often each of {size} tokens occurs in {count:,} images; dashed: an even use."
        return {"usage.png": what}

    def monitors(self, examples, condition, output, writes):
        return [CodeUsage(examples)]
