"""What a critic's rewards give a language model of reviews, and what they take.

    kerasgen train examples/recipes/seqgan_reviews_start.yaml
    python benchmarks/seqgan_reviews.py --data-dir FOLDER [--split test] [--count 1000]
        [--start runs/seqgan_reviews_start/preset] [--preset seqgan_reviews]

Of the split's first sentences, of what the language model says that the game starts from, and of
what the preset says:

nll          -log p of the split's sentences, nats a sentence
reader       perplexity of a word by text_lm_reviews, a language model of another size and seed
self-BLEU    of 200 sentences with each other
copied       share that are training sentences word for word
unlike       share of different ones
critic       share of them that the preset's critic takes for data

The variance is that of the gradient of 64 sentences with respect to the bias of the words, summed
over them, with and without the baseline.
"""

import argparse

import numpy as np
from seqgan import variance

from kerasgen import data, zoo
from kerasgen.metrics import sentences


def figures(x, model, game, reader, held_out, training):
    """A row of the table, of sentences `[N, T]` that a model says, or of data."""
    lines = game.event.words(x)
    return (
        np.nan if model is None else -np.mean(model.log_prob(held_out)),
        np.exp(-np.sum(reader.log_prob(x)) / reader.event.lengths(x).sum()),
        sentences.self_bleu(lines[:200]),
        sentences.copied(lines, training).value,
        100 * len(set(lines)) / len(lines),
        100 * np.mean(np.asarray(game.score(x)) > 0),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--start", default="runs/seqgan_reviews_start/preset")
    parser.add_argument("--preset", default="seqgan_reviews")
    args = parser.parse_args()
    game, start = zoo.load(args.preset), zoo.load(args.start)
    reader = zoo.load("text_lm_reviews")
    held_out = data.open("pros_cons", args.split, data_dir=args.data_dir).array()[: args.count]
    training = data.open("pros_cons", "train[:90%]", data_dir=args.data_dir).array()
    training = game.event.words(training)
    rows = {
        "data": (held_out, None),
        "by likelihood": (np.asarray(start.sample(args.count, seed=0)), start),
        "after the game": (np.asarray(game.sample(args.count, seed=0)), game),
    }
    heads = "nll", "reader", "self-BLEU", "copied", "unlike", "critic"
    print(f"| {len(held_out)} sentences | " + " | ".join(heads) + " |")
    print("| --- |" + " ---: |" * len(heads))
    for name, (x, model) in rows.items():
        row = figures(x, model, game, reader, held_out, training)
        print(f"| {name} | " + " | ".join(f"{figure:.2f}" for figure in row) + " |", flush=True)
    found = []
    for baseline in (True, False):
        game.baseline = baseline
        found.append(variance(game))
    print("variance of the gradient: {:.3g} with the baseline, {:.3g} without".format(*found))


if __name__ == "__main__":
    main()
