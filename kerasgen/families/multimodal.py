"""Multimodal VAEs: one code for several senses, from whichever of them are there.

    p(x_1, ..., x_M) = integral of p(z) product over m of p(x_m | shared, private_m) dz

Each sense has an encoder, an expert of the code, and a decoder: see
`kerasgen.families.senses.Multisensory`.
"""

from keras import ops

from kerasgen import backend, batches
from kerasgen.entrance import entrance
from kerasgen.families.latent import LatentVariableModel
from kerasgen.families.senses import Multisensory
from kerasgen.registration import register


@register
class MultimodalVAE(Multisensory, LatentVariableModel):
    """A VAE of several senses, of which any may be missing.

    Everywhere a batch is a dict by sense, and a sense that is missing is left out: `log_prob` then
    is that of those given, `encode` rests on them, `fit` learns from what there is. Where examples
    differ in what they lack, "present" says so: see `kerasgen.events.Partial`.

    A sense without an encoder is told and never asked: a label, for one, that the code is to know.

    Arguments and errors are those of `Multisensory`; every sense is told, and so has a decoder.

    >>> from kerasgen import bottlenecks, events, likelihoods, networks
    >>> senses = "left", "right"
    >>> model = MultimodalVAE(
    ...     events.Partial({name: [2] for name in senses}),
    ...     {name: networks.MLP((8,), (8,)) for name in senses},
    ...     bottlenecks.Experts(shared_dim=1),
    ...     {name: networks.MLP(hidden=(8,)) for name in senses},
    ...     {name: likelihoods.Gaussian() for name in senses},
    ... )
    >>> tuple(model.sample(given={"left": np.zeros((3, 2), "float32")}, seed=0)["right"].shape)
    (3, 2)
    """

    def sample(self, n=None, given=None, seed=None, progress=False, **ways):
        """Draws `n` examples, or what examples lack, given some of their senses.

        Args:
            n: number of examples; by default as many as are given.
            given: a dict of some senses of each example, or of one for all. What is given stays as
                it is; the rest is drawn by q(z | given), of the bottleneck's largest sets.
            seed, progress, mean: as of `LatentVariableModel.sample`.

        Raises:
            ValueError: neither n nor given; a sense that the model has not, or another number of
                examples than n.
        """
        if n is None:
            if given is None:
                raise ValueError("Expected a number of samples n, or given=. Received: neither.")
            n = batches.count(given)
        return super().sample(n, given, seed, progress, **ways)

    def _requested(self, n, given, seeds):
        return None if given is None else self.event.request(n, given)

    def _sample(self, n, seed, given, *, mean=False):
        if given is None:
            return super()._sample(n, seed, None, mean=mean)
        of_code, of_pixels = seed
        likelihood = self.decode(self._codes(given, of_code))
        drawn = likelihood.mean() if mean else likelihood.sample(seed=of_pixels)
        present = given["present"]
        return {name: _chosen(present[name], given[name], drawn[name]) for name in drawn}

    def _codes(self, given, seed):
        """Of q(z | given), or where no sense with an expert is, of p(z | the class that is)."""
        z, present = self.whole(given).sample(seed=seed), given["present"]
        for name in self.bottleneck.clusters:
            experts = [present[each] for each in self.encoder.networks]
            of_class = self.bottleneck.of_class(z, given[name], present[name])
            z = ops.where(ops.any(ops.stack(experts), axis=0)[:, None], z, of_class)
        return z

    @entrance
    def swap(self, content, style, seed=None):
        """What `content` says in the way of `style`: means of p(x | z) whose shared factor is drawn
        for the one and whose private factors for the other.

        Args:
            content, style: dicts of examples by sense, as many of each, N.
            seed: of the codes.

        Returns:
            A dict by sense, `[N, ...]` each.

        Raises:
            ValueError: examples that the model does not take, or unequal numbers of them.
        """
        content, style = (self.check(x)[0] for x in (content, style))
        sizes = [batches.count(x) for x in (content, style)]
        if sizes[0] != sizes[1]:
            raise ValueError(f"Expected as many of content as of style. Received: {sizes}.")
        seeds = backend.split_seed(backend.next_seed(backend.draws(seed)), 2)
        _, end = self.bottleneck.factors["shared"]

        def swapped(*both):
            told, kept = (self.whole(x).sample(seed=each) for x, each in zip(both, seeds))
            z = ops.concatenate([told[:, :end], kept[:, end:]], axis=-1)
            return self.event.clip(self.decode(z).mean())

        return batches.in_blocks(swapped, sizes[0], self.samples_at_once, content, style)

    def conditional_log_prob(self, x, given, num_samples=None, seed=None):
        """log p(the other senses | the senses named `given`), `[B]` in nats.

        The difference of two estimates by importance samples, log p(x) - log p(x_given): a lower
        bound minus a lower bound, and itself none.

        Args:
            x: examples with all the senses that are asked about.
            given: names of those that are known.
            num_samples, seed: as of `log_prob`.
        """
        known = {name: x[name] for name in given}
        return self.log_prob(x, None, num_samples, seed) - self.log_prob(
            known, None, num_samples, seed
        )

    def export_signatures(self):
        """Those of `LatentVariableModel` but the ELBO, and one for each direction between senses:
        `speech_to_picture` gives the mean of the picture by the mean of q(z | speech)."""
        signatures = super().export_signatures()
        del signatures["elbo"]  # a mixture is not a function of one noise
        tensors = self.event.tensors()

        def direction(source, target):
            def answer(**given):
                z = self.whole(self.event.array(given)).mean()
                event = self.event.events[target]
                return {target: event.clip(self.decode(z).parts[target].mean())}

            return answer, {source: tensors[source]}

        return signatures | {
            f"{source}_to_{target}": direction(source, target)
            for source in self.encoder.networks
            for target in self.event.events
            if target != source
        }


def _chosen(present, given, drawn):
    """Rows that are given where they are, of the type that is drawn."""
    present = ops.reshape(present, (-1, *[1] * (len(drawn.shape) - 1)))
    return ops.where(present, ops.cast(given, drawn.dtype), drawn)
