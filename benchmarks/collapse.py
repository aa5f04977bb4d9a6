"""Remedies against a code of sentences that tells nothing, each trained alike and measured alike.

    python benchmarks/collapse.py --data-dir FOLDER [--epochs 3] [--train 12000] [--test 300]

Trained on the first of the training split of `pros_cons`, measured on the first of its test split:
importance-weighted perplexity by 100 codes, KL, active units, mutual information, BLEU of
reconstructions, beside a language model of the same decoder without a code. "Aggressive" trains the
encoder alone for nine of ten steps of the first epoch (He and others 2019, arXiv 1901.05534), and
takes no more steps than the others.
"""

import argparse
import time

import keras
import numpy as np

from kerasgen import (
    LatentVariableModel,
    bottlenecks,
    data,
    families,
    likelihoods,
    networks,
    optimizers,
)
from kerasgen.metrics import sentences
from kerasgen.metrics.units import active_units
from kerasgen.objectives import ELBO, BagOfWords, FreeBits

SIZE, CODE = 96, 16
REMEDIES = {
    "none": lambda steps: (ELBO(), {}),
    "KL warm-up": lambda steps: (ELBO(warmup_steps=steps // 2), {}),
    "cyclic warm-up": lambda steps: (ELBO(warmup_steps=steps, warmup="cyclic"), {}),
    "word dropout 0.4": lambda steps: (ELBO(warmup_steps=steps // 2), {"word_dropout": 0.4}),
    "bag of words": lambda steps: (
        BagOfWords(ELBO(warmup_steps=steps // 2), weight=0.5),
        {"bag_of_words": True},
    ),
    "free bits, 0.4 a unit": lambda steps: (FreeBits(0.4, warmup_steps=steps // 2), {}),
    "aggressive encoder": lambda steps: (ELBO(warmup_steps=steps // 2), {}),
}


def likelihood(context=0, **options):
    network = networks.CausalGRU(size=SIZE, dropout=0.2)
    return likelihoods.AutoregressiveTokens(network, SIZE, context, **options)


def text_vae(event, objective, options):
    return LatentVariableModel(
        event,
        networks.SentenceEncoder(event.vocab_size, SIZE, dropout=0.2),
        bottlenecks.Gaussian(CODE),
        networks.MLP(hidden=()),
        likelihood(48, **options),
        objective,
    )


def train(model, x, epochs, aggressive=False):
    """By Adam; `aggressive`: in the first epoch at nine of ten steps of the encoder alone."""
    often = {"often": ["encoder", "gaussian"], "every": 10, "steps": len(x) // 64}
    adam = optimizers.UnevenAdam(0.003, **often) if aggressive else keras.optimizers.Adam(0.003)
    model.compile(adam, jit_compile=False)
    model.fit(x, epochs=epochs, batch_size=64, verbose=0)


def measured(model, x, seconds):
    words = model.event.lengths(x).sum()
    if not hasattr(model, "encode"):
        return [np.exp(-np.sum(model.log_prob(x)) / words), 0, 0, 0, 0, seconds]
    log_prob = model.log_prob(x, num_samples=100, seed=0)
    posterior = model.encode(x)
    kl = np.mean(np.sum(model.bottleneck.kl_by_unit(posterior, None), axis=-1))
    again, real = (model.event.words(each) for each in (model.reconstruct(x), x))
    return [
        np.exp(-np.sum(log_prob) / words),
        kl,
        active_units(posterior.mean()),
        sentences.mutual_information(model, x).value,
        sentences.bleu(again, [[each] for each in real]),
        seconds,
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir")
    for name, default in ("epochs", 3), ("train", 12_000), ("test", 300):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", choices=["language model", *REMEDIES])
    args = parser.parse_args()
    source = data.open("pros_cons", f"train[:{args.train}]", data_dir=args.data_dir)
    test = data.open("pros_cons", f"test[:{args.test}]", data_dir=args.data_dir).array()
    x, steps = source.array(), args.epochs * args.train // 64
    heads = "perplexity", "KL", "units", "information", "BLEU", "seconds"
    print(f"{'remedy':22s} " + " ".join(f"{head:>11s}" for head in heads), flush=True)
    for name in ["language model", *REMEDIES]:
        if args.only not in (None, name):
            continue
        keras.utils.set_random_seed(0)
        if name == "language model":
            model = families.LanguageModel(source.event, likelihood())
        else:
            model = text_vae(source.event, *REMEDIES[name](steps))
        began = time.monotonic()
        train(model, x, args.epochs, aggressive=name == "aggressive encoder")
        row = measured(model, test, time.monotonic() - began)
        print(f"{name:22s} " + " ".join(f"{value:11.2f}" for value in row), flush=True)


if __name__ == "__main__":
    main()
