"""Examples to codes, and codes to examples."""

from kerasgen.abilities.base import Ability
from kerasgen.batches import count, in_blocks


class Encodes(Ability):
    """Gives the posterior of a code. The block: `posterior(x, condition, training)`.

    >>> model = kerasgen.zoo.load("vae_mnist_2d")
    >>> isinstance(model, Encodes), model.encode(np.zeros((3, 28, 28, 1))).mean().shape
    (True, TensorShape([3, 2]))
    """

    method = "encode"
    absence = "It has no code with a posterior."

    def encode(self, x, condition=None):
        """The posterior q(z | x), batch shape `[B]`, as a distribution."""
        x, condition = self.check(x, condition)
        self.require_finite()
        return self.posterior(x, condition)


class Reconstructs(Ability):
    """Reconstructs examples from their codes. The block: `_reconstruct(x, condition)`.

    >>> model = kerasgen.zoo.load("vae_mnist_2d")
    >>> isinstance(model, Reconstructs), model.reconstruct(np.zeros((3, 28, 28, 1))).shape
    (True, TensorShape([3, 28, 28, 1]))
    """

    method = "reconstruct"
    absence = "It has no code to reconstruct from."
    reconstructions_at_once = 256

    def reconstruct(self, x, condition=None):
        """Examples `[B, *event_shape]` as their codes tell them, within the event's range."""
        x, condition = self.check(x, condition)
        block = self._compiled("_reconstruct")
        return in_blocks(block, count(x), self.reconstructions_at_once, x, condition)


class Tokenizes(Ability):
    """Turns examples into tokens and back: a tokenizer, as `TwoStageModel` takes it.

    `token_event` is the event of its tokens. The blocks: `_tokenize(x)` and `_detokenize(tokens)`;
    `decode_tokens(tokens)` gives p(x | tokens).

    >>> model = kerasgen.zoo.load("dvae_mnist")
    >>> isinstance(model, Tokenizes), model.tokenize(np.zeros((3, 28, 28, 1))).shape
    (True, TensorShape([3, 7, 7]))
    """

    method = "tokenize"
    absence = "Its code is not of tokens: DiscreteAutoencoder has one."
    tokenized_at_once = 256

    @property
    def vocab_size(self) -> int:
        """Number of different tokens."""
        return self.token_event.vocab_size

    @property
    def grid_shape(self) -> tuple[int, ...]:
        """Shape of an example's tokens."""
        return self.token_event.shape

    def tokenize(self, x):
        """The likeliest tokens of examples, `[B, *grid_shape]` int32."""
        x = self.event.check(x)
        return in_blocks(self._compiled("_tokenize"), count(x), self.tokenized_at_once, x)

    def detokenize(self, tokens):
        """Examples `[B, *event_shape]` of tokens `[B, *grid_shape]`, means of p(x | tokens)."""
        tokens = self.token_event.check(tokens)
        block = self._compiled("_detokenize")
        return in_blocks(block, count(tokens), self.tokenized_at_once, tokens)
