"""Language models: the probability of a sentence as a product over its words, exactly known.

    p(x) = product over t of p(x_t | x_1, ..., x_{t-1})

Mikolov and others, Recurrent neural network based language model, 2010. What a text VAE without its
code is.
"""

from typing import Any

from keras import ops

from kerasgen import backend, decoding, events, fitting
from kerasgen.abilities import Samples, Scores
from kerasgen.checks.arguments import Part
from kerasgen.likelihoods import AutoregressiveTokens
from kerasgen.loss import Loss
from kerasgen.model import GenerativeModel
from kerasgen.registration import register


@register
class LanguageModel(Samples, Scores, GenerativeModel):
    """A language model: a likelihood of rows of tokens, with a condition or without.

    Ways to draw: those of `decoding.Sampler`, `sample(n, temperature=..., top_k=..., top_p=...)`.

    Args:
        event: rows of tokens, such as `kerasgen.events.Sentences`.
        likelihood: a `kerasgen.likelihoods.AutoregressiveTokens`, its context as large as the
            condition's vector: 0 without one.
        condition: a number of classes, any of `kerasgen.events`, or None.

    Raises:
        ValueError: another likelihood, or a context of another size.

    >>> from kerasgen import likelihoods, networks
    >>> likelihood = likelihoods.AutoregressiveTokens(networks.CausalGRU(size=8), size=8)
    >>> model = LanguageModel(kerasgen.events.Tokens(5, vocab_size=7), likelihood)
    >>> model.sample(3, seed=0).shape, model.log_prob(np.zeros((3, 5), "int32")).shape
    (TensorShape([3, 5]), TensorShape([3]))
    """

    samples_at_once = 256
    autoregressive_signatures = ("sample",)
    logged = ("nll",)  # names of the loss terms

    def __init__(
        self,
        event: Any,
        likelihood: Part[AutoregressiveTokens],
        condition: Any = None,
        **kwargs: Any,
    ):
        super().__init__(events.of(event), condition, self.logged, support=likelihood, **kwargs)
        if likelihood.context != self.condition.encoded_size:
            raise ValueError(
                f"Expected a likelihood whose context is {self.condition.encoded_size}, as is the "
                f"condition. Received: {likelihood.context}. Set the likelihood's context."
            )
        self.likelihood = likelihood
        self.build()

    def build(self, input_shape=None):
        if not self.built:
            self.likelihood.build_for(self.event)
            self.built = True

    def _log_probs(self, x, condition, training=False):
        return self.likelihood.log_probs(self.condition.encoded(condition), x, training)

    def _log_prob(self, x, condition, training=False):
        return ops.sum(self._log_probs(x, condition, training), axis=-1)

    def loss_terms(self, x, condition=None, training=False):
        """`nll`, the negative log-likelihood `[B]` in nats."""
        return Loss({"nll": -self._log_prob(x, condition, training)})

    def check_sampling(self, temperature, top_k, top_p):
        decoding.Sampler(temperature, top_k, top_p)
        ways = {"temperature": float(temperature), "top_k": top_k}
        return ways | {"top_p": None if top_p is None else float(top_p)}

    def _sample(self, n, seed, condition, *, temperature=1.0, top_k=None, top_p=None):
        uniform = backend.tfd.Uniform().sample((n, *self.event_shape), seed=seed)
        return self._draw(uniform, condition, decoding.Sampler(temperature, top_k, top_p))

    def _draw(self, uniform, condition, sampler=decoding.Sampler()):  # noqa: B008, frozen
        return self.likelihood.draw_rows(self.condition.encoded(condition), uniform, sampler)

    def export_signatures(self):
        """What an exported file can do: name -> (function of named tensors, the tensors it takes).

        `sample` takes two standard normal numbers for every uniform one: see `decoding.uniform`.
        """
        condition = self.condition.tensors()

        def log_prob(**tensors):
            """How likely examples are."""
            return {"log_prob": self._log_prob(*self.unpacked(tensors))}

        def log_prob_by_token(**tensors):
            """How likely each token is given those before it; 0 behind an end."""
            return {"log_probs": self._log_probs(*self.unpacked(tensors))}

        def sample(noise, **tensors):
            """New examples, drawn token by token by noise."""
            x = self._draw(decoding.uniform(noise), self.condition.pack(tensors))
            return self.event.unpack(x)

        x = self.event.tensors() | condition
        noise = {"noise": fitting.noise_tensor((*self.event_shape, 2))}
        return {
            "log_prob": (log_prob, x),
            "log_prob_by_token": (log_prob_by_token, x),
            "sample": (sample, noise | condition),
        }
