"""How a two-stage model draws its tokens, one after the other, and what it then shows.

A network that in training sometimes saw no condition can be guided by one (Ho and Salimans,
Classifier-Free Diffusion Guidance, 2022, arXiv 2207.12598; of tokens Gafni and others,
Make-A-Scene, 2022, arXiv 2203.13131): tokens are drawn from

    logits without a condition + guidance * (logits given it - logits without one)
"""

from keras import ops

from kerasgen import backend, checks, decoding
from kerasgen.abilities import Samples
from kerasgen.entrance import entrance
from kerasgen.networks.autoregressive.sampler import generate_rows
from kerasgen.networks.autoregressive.turns import elements


class DrawsTokens(Samples):
    """Draws the tokens of a model of two stages: what `TwoStageModel` does when it samples.

    >>> isinstance(kerasgen.zoo.load("vqvae_fashion_prior"), DrawsTokens)
    True
    """

    tokens_in_turn = True

    def sample_tokens(self, n, condition=None, seed=None, progress=False, **ways):
        """The tokens `[n, h, w]` int32 that `sample` shows; its arguments and errors."""
        return self._drawn("_sample_tokens", n, condition, seed, progress, ways)

    def check_sampling(self, temperature, top_k, top_p, best_of, guidance):
        decoding.Sampler(temperature, top_k, top_p)
        guidance = self.guidance if guidance is None else self._checked_guidance(guidance)
        return {
            "temperature": float(temperature),
            "top_k": top_k,
            "top_p": None if top_p is None else float(top_p),
            "best_of": checks.positive("best_of", best_of),
            "guidance": None if guidance == 1 else guidance,
        }

    def _checked_guidance(self, guidance):
        decoding.Sampler(guidance=guidance)
        if guidance != 1 and not self.condition_dropout:
            raise ValueError(
                "Expected guidance=1: this model never learned what is likely without a condition. "
                f"Received: guidance={guidance!r}. Train it with condition_dropout."
            )
        return float(guidance)

    def _sample(
        self,
        n,
        seed,
        condition,
        *,
        temperature=1.0,
        top_k=None,
        top_p=None,
        best_of=1,
        guidance=None,
    ):
        ways = temperature, top_k, top_p, best_of, guidance
        return self.tokenizer.detokenize(self._sample_tokens(n, seed, condition, *ways))

    def _sample_tokens(
        self, n, seed, condition, temperature=1.0, top_k=None, top_p=None, best_of=1, guidance=None
    ):
        condition = condition if condition is None else ops.repeat(condition, best_of, axis=0)
        uniform = backend.tfd.Uniform().sample((n * best_of, *self.tokenizer.grid_shape), seed=seed)
        tokens = self._draw_by_examples(uniform, condition, temperature, guidance, top_k, top_p)
        if best_of == 1:
            return tokens
        log_prob = ops.reshape(self._log_prob_tokens(tokens, condition), (n, best_of))
        rows = ops.arange(n) * best_of + ops.cast(ops.argmax(log_prob, axis=-1), "int32")
        return ops.take(tokens, rows, axis=0)

    def _draw(self, uniform, condition, temperature=1.0, guidance=None, top_k=None, top_p=None):
        """Tokens `[B, h, w]` from uniform numbers of that shape; guidance None, which is 1, takes
        half the work."""
        batch, network = ops.shape(uniform)[0], self.network
        prefix = self._prefix(condition, batch)
        sampler = decoding.Sampler(temperature, top_k, top_p, guidance)

        def draw_twice(logits, noise):  # the same token given the condition and without it
            tokens = sampler(logits, noise)
            return ops.concatenate([tokens, tokens])

        draw = sampler
        if guidance is not None:
            draw, prefix = draw_twice, ops.concatenate([prefix, self._unconditional(prefix)])
        noise = ops.transpose(uniform, (1, 2, 0))
        like = ops.zeros_like(prefix[:, 0], dtype="int32")
        carry, rows = network.init_cache(prefix), self.tokenizer.grid_shape[0]
        _, tokens = generate_rows(network, draw, noise, carry, rows, network.embedding, like)
        return ops.transpose(tokens, (2, 0, 1))[:batch]

    @entrance
    def in_turn(self, n, condition=None):
        """A generator of the distribution of each token of n examples given those before it,
        without guidance.

        It yields `(place, log_probs [n, vocab_size])`, is sent the tokens `[n]`, and goes on: see
        `AutoregressiveModel.in_turn`. Of what is sent the log-probabilities sum to
        `log_prob_tokens`.

        Args:
            n: number of examples, which take their tokens together.
            condition: as of `sample`.

        >>> turns = kerasgen.zoo.load("vqvae_fashion_prior").in_turn(2, condition=3)
        >>> place, log_probs = next(turns)
        >>> place, log_probs.shape
        (0, (2, 512))
        """
        network, shape = self.network, (*self.tokenizer.grid_shape, 1)
        prefix = self._prefix(self.condition.request(n, condition), n)
        return elements(
            network.init_cache(prefix),
            self._compiled("_start_row"),
            lambda *state, **_: self._compiled("_of_token")(*state),
            None,
            shape,
            self.tokenizer.vocab_size,
            read=lambda drawn: network.embedding(drawn[:, 0]),
        )

    def _start_row(self, cache, row):
        return self.network.start_row(cache, row)

    def _of_token(self, cache, column, left):
        """log p of each token, what else decides of it, nothing, and the network's state."""
        logits, cache, trace = self.network.step(cache, column, left)
        return ops.log_softmax(ops.cast(logits, "float32")), (), cache, trace
