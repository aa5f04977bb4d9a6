"""Polarity of sentences flipped, beside two baselines.

    python benchmarks/transfer.py --data-dir FOLDER [--preset text_style_reviews] [--count 500]
        [--split test] [--draws 64]

Of the first sentences of a split of `pros_cons`, each with a word that the model knows:

polarity    share that an independent classifier takes for the asked class: TF-IDF of one and two
            words, logistic regression, fitted on train[:90%]; no model is chosen or searched by it
self-BLEU   BLEU against the sentence itself
content     share of the sentence's content words that are kept: words of five training sentences or
            more, 25 to 75 % of which are positive, without stop words
perplexity  of a word by text_lm_reviews
copied      share that are training sentences word for word

The baselines are the sentence itself and the nearest training sentence of the other class, by the
cosine of TF-IDF. "Without search" is the first draw.
"""

import argparse
import collections

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from kerasgen import data, zoo
from kerasgen.metrics import sentences as measures
from kerasgen.tasks.transfer import transfer
from kerasgen.text.words import UNKNOWN, split

FITTED = "train[:90%]"


def examples(split_name, data_dir):
    """Sentences with a word that the models know, and their classes."""
    source = data.open("pros_cons", split_name, data_dir=data_dir)
    x, labels = source.array(), np.asarray(source.labels)
    says_something = np.any(x > UNKNOWN, axis=1)
    return plain(source.event.words(x[says_something])), labels[says_something]


def plain(lines):
    """Without signs around what stands for unknown words."""
    return [line.replace("<unknown>", "unknown") for line in lines]


class Judge:
    """The classifier, and which words tell of content."""

    def __init__(self, lines, labels):
        self.features = TfidfVectorizer(token_pattern=r"[^\s]+", ngram_range=(1, 2))
        weights = self.features.fit_transform(map(spaced, lines))
        self.classifier = LogisticRegression(C=10, max_iter=500).fit(weights, labels)
        counts = collections.Counter(word for line in lines for word in set(split(line)))
        liked = collections.Counter(
            word for line, label in zip(lines, labels) if label for word in set(split(line))
        )
        self.content = (
            {
                word
                for word, count in counts.items()
                if count >= 5 and 0.25 <= liked[word] / count <= 0.75 and word.isalnum()
            }
            - ENGLISH_STOP_WORDS
            - {"unknown"}
        )

    def accuracy(self, lines, labels):
        return 100 * self.classifier.score(self.features.transform(map(spaced, lines)), labels)

    def kept(self, lines, originals):
        """Percent of the content words of all originals."""
        kept = total = 0
        for line, original in zip(lines, originals):
            words = self.content & set(split(original))
            kept, total = kept + len(words & set(split(line))), total + len(words)
        return 100 * kept / total


def spaced(line):
    return " ".join(split(line))


def nearest(lines, asked, training, classes):
    """Of each sentence the nearest training sentence of the asked class."""
    features = TfidfVectorizer(token_pattern=r"[^\s]+").fit(map(spaced, training))
    known_rows, rows = (features.transform(map(spaced, each)) for each in (training, lines))
    near = (rows @ known_rows.T).toarray() - 2.0 * (classes[None] != asked[:, None])
    return [training[best] for best in near.argmax(axis=1)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data-dir")
    parser.add_argument("--preset", default="text_style_reviews")
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--draws", type=int, default=64)
    args = parser.parse_args()
    model, reader = zoo.load(args.preset), zoo.load("text_lm_reviews")
    training, classes = examples(FITTED, args.data_dir)
    judge = Judge(training, classes)
    lines, labels = examples(args.split, args.data_dir)
    print(f"the classifier is right on {judge.accuracy(lines, labels):.1f} % of {args.split}")
    lines, labels = lines[: args.count], labels[: args.count]
    asked = 1 - labels
    ways = {
        "copy": lines,
        "nearest of the other class": nearest(lines, asked, training, classes),
        "without search": flipped(model, lines, asked, draws=1),
        f"best of {args.draws} draws": flipped(model, lines, asked, draws=args.draws),
    }
    heads = "polarity", "self-BLEU", "content", "perplexity", "copied"
    print(f"| way, {len(lines)} sentences | " + " | ".join(heads) + " |")
    print("| --- |" + " ---: |" * len(heads))
    for way, found in ways.items():
        x = reader.event.vocabulary.encode(found)
        figures = (
            judge.accuracy(found, asked),
            measures.bleu(found, [[line] for line in lines]),
            judge.kept(found, lines),
            np.exp(-np.sum(reader.log_prob(x)) / reader.event.lengths(x).sum()),
            measures.copied(found, training).value,
        )
        print(f"| {way} | " + " | ".join(f"{figure:.1f}" for figure in figures) + " |")
    for rows in list(zip(lines, asked, *list(ways.values())[1:]))[:20]:
        print(*rows, sep=" | ")


def flipped(model, lines, asked, draws):
    answers = (transfer(line, int(to), model, draws) for line, to in zip(lines, asked))
    return plain(answers)


if __name__ == "__main__":
    main()
