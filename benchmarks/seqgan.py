"""The oracle experiment of SeqGAN: sentences of a random network, whose probabilities are known.

    python benchmarks/seqgan.py [--size 32] [--vocab 500] [--length 12] [--sentences 5000]
        [--epochs 30] [--steps 200] [--rollouts 0] [--paper]

A recurrent network with normal weights is the truth (Yu and others 2017, arXiv 1609.05473, section
4). `--paper` takes theirs: an LSTM of 32 units, weights of deviation 1, 5,000 tokens, 20 in a row,
10,000 sentences; without it a GRU, weights of deviation 0.5.
Maximum likelihood trains a generator of the same architecture on its sentences until the held-out
likelihood no longer grows; adversarial steps follow. Beside `nll_oracle`, -log p of what the
generator says by the truth, in nats a token, which a generator of few good sentences lowers too,
stand `nll_test`, -log p of the truth's held-out sentences by the generator, and self-BLEU, which
tell what the first one hides. The variance is that of the gradient of 64 sentences with respect to
the bias of the tokens, summed over them.
"""

import argparse
import time

import keras
import numpy as np
import tensorflow as tf

from kerasgen import events, families, likelihoods, networks
from kerasgen.metrics import sentences

AT_ONCE = 50  # adversarial steps between two rows of the table


PAPER = {"size": 32, "vocab": 5000, "length": 20, "sentences": 10_000}


def likelihood(args):
    network = networks.CausalLSTM if args.paper else networks.CausalGRU
    return likelihoods.AutoregressiveTokens(network(size=args.size), args.size)


def truth(event, args):
    """A language model of normal weights."""
    model = families.LanguageModel(event, likelihood(args))
    rng, deviation = np.random.default_rng(0), 1.0 if args.paper else 0.5
    model.set_weights([rng.normal(0, deviation, weight.shape) for weight in model.get_weights()])
    if args.paper:  # where the state itself is the last layer's input
        model.likelihood.network.head.set_weights([np.eye(args.size), np.zeros(args.size)])
    return model


def likeliest(event, args, x, held_out):
    """A language model trained until held-out sentences get no likelier."""
    keras.utils.set_random_seed(1)
    model = families.LanguageModel(event, likelihood(args))
    model.compile(keras.optimizers.Adam(0.01), jit_compile=False)
    stop = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    how = {"epochs": args.epochs, "batch_size": 64, "verbose": 0, "callbacks": [stop]}
    model.fit(x, validation_data=(held_out, None), **how)
    return model


def game(event, args, start, **options):
    keras.utils.set_random_seed(2)
    critic = networks.SentenceEncoder(event.vocab_size, args.size, dropout=0.25)
    part = likelihood(args)
    model = families.PolicyGradientModel(event, part, critic, **options)
    part.set_weights(start.likelihood.get_weights())
    model.compile(
        keras.optimizers.Adam(args.rate),
        critic_optimizer=keras.optimizers.Adam(1e-3),
        jit_compile=False,
    )
    return model


def variance(model, batches=40):
    """Of the generator's gradient, summed over the bias."""

    @tf.function
    def gradient():
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(model.surrogate(model._made(64, None)))
        return tape.gradient(value, model.likelihood.bias.value)

    found = np.stack([gradient().numpy() for _ in range(batches)])
    return found.var(axis=0).sum()


def row(name, model, oracle, held_out):
    drawn = np.asarray(model.sample(1000, seed=0))
    length = drawn.shape[1]
    words = [" ".join(f"w{token}" for token in row) for row in drawn[:200]]
    figures = (
        -np.mean(oracle.log_prob(drawn)) / length,
        -np.mean(model.log_prob(held_out)) / length,
        sentences.self_bleu(words),
    )
    print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    defaults = {"size": 32, "vocab": 500, "length": 12, "sentences": 5000, "epochs": 30}
    for name, default in (defaults | {"steps": 200, "rollouts": 0}).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--rate", type=float, default=1e-3, help="of the generator in the game")
    parser.add_argument("--paper", action="store_true", help="the published truth and sizes")
    args = parser.parse_args()
    vars(args).update(PAPER if args.paper else {})
    event = events.Tokens(args.length, args.vocab)
    oracle = truth(event, args)
    x = np.asarray(oracle.sample(args.sentences, seed=0))
    held_out = np.asarray(oracle.sample(1000, seed=1))
    print("| generator | nll_oracle | nll_test | self-BLEU |\n| --- | ---: | ---: | ---: |")
    row("the truth itself", oracle, oracle, held_out)
    start = likeliest(event, args, x, held_out)
    row("maximum likelihood", start, oracle, held_out)
    began, rng = time.monotonic(), np.random.default_rng(0)
    model, plain = (
        game(event, args, start, rollouts=args.rollouts, baseline=baseline)
        for baseline in (True, False)
    )
    play(model, x, rng)  # from which the critic is kept: it first learns to tell
    model.likelihood.set_weights(start.likelihood.get_weights())
    for part in ("critic", "head"):
        getattr(plain, part).set_weights(getattr(model, part).get_weights())
    variances = variance(model), variance(plain)
    for done in range(AT_ONCE, args.steps + 1, AT_ONCE):
        play(model, x, rng)
        row(f"{done} adversarial steps", model, oracle, held_out)
    print("variance of the gradient: {:.3g} with the baseline, {:.3g} without".format(*variances))
    print(f"{time.monotonic() - began:.0f} s of adversarial training")


def play(model, x, rng):
    """Some steps of both sides on sentences drawn from the training set."""
    model.fit(x[rng.integers(len(x), size=AT_ONCE * 64)], batch_size=64, verbose=0)


if __name__ == "__main__":
    main()
