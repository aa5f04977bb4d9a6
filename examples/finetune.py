"""What a preset is worth to someone with other data, or with few labels. Under two minutes on two
cores.

    python examples/finetune.py

1. Fine-tuning: `vae_mnist` on Fashion-MNIST with plain `fit`, against the same steps from scratch.
2. Features: 100 labelled digits, a logistic regression on the frozen encoder's features and on raw
pixels.
"""

import argparse

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression

import kerasgen
from kerasgen.recipe import Recipe


def arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="vae_mnist", help="name or path")
    parser.add_argument("--fine-tune-on", default="fashion_mnist", help="data set without labels")
    parser.add_argument("--classify", default="mnist", help="data set of the classifier")
    parser.add_argument(
        "--data-dir", help="of TFDS data sets (default: TFDS_DATA_DIR, then TFDS's own)"
    )
    parser.add_argument("--steps", type=int, default=120, help="training steps of 64 images")
    parser.add_argument("--held-out", type=int, default=2000, help="test images")
    parser.add_argument("--labels", type=int, default=100, help="labelled images of the classifier")
    parser.add_argument(
        "--pool", type=int, default=5000, help="training images that these are chosen from"
    )
    parser.add_argument(
        "--draws",
        type=int,
        default=10,
        help="random choices of the labelled images to average over",
    )
    return parser.parse_args(argv)


def fine_tuning(args):
    """Mean ELBOs of held-out images in nats: fine-tuned, from scratch."""
    options = {"data_dir": args.data_dir, "download": True}
    train = kerasgen.data.load(
        args.fine_tune_on, binarize="dynamic", shuffle=True, repeat=True, **options
    )
    test = kerasgen.data.load(
        args.fine_tune_on, f"test[:{args.held_out}]", args.held_out, binarize="fixed", **options
    )
    recipe = Recipe.load(kerasgen.zoo.folder(args.preset) / "recipe.yaml")
    preset, fresh = kerasgen.zoo.load(args.preset), recipe.build()
    fresh.objective.step.assign(
        preset.objective.step
    )  # both go on with the objective that the preset ended on
    elbos = []
    for model in (preset, fresh):
        model.compile(
            keras.optimizers.Adam(1e-3), jit_compile=False
        )  # too few steps to win back compilation
        model.fit(
            train, steps_per_epoch=args.steps, shuffle=False
        )  # the data set does the shuffling
        elbos.append(float(np.mean(model.elbo(next(iter(test)), seed=0))))
    return elbos


def few_labels(args):
    """Test accuracies, mean over the draws: on the encoder's features, on raw pixels."""
    encoder = kerasgen.zoo.load(args.preset)
    pool, pool_labels = labelled("train", args.pool, args)
    test, test_labels = labelled("test", args.held_out, args)
    rng = np.random.default_rng(0)
    draws = [rng.choice(len(pool), args.labels, replace=False) for _ in range(args.draws)]

    def accuracy(features):
        train_features, test_features = features(pool), features(test)
        return np.mean(
            [
                LogisticRegression(max_iter=1000)
                .fit(train_features[draw], pool_labels[draw])
                .score(test_features, test_labels)
                for draw in draws
            ]
        )

    return accuracy(lambda x: np.asarray(encoder.features(x))), accuracy(
        lambda x: x.reshape(len(x), -1)
    )


def labelled(split, n, args):
    """The first `n` images and labels of the classifier's data set."""
    options = {"labels": True, "data_dir": args.data_dir, "download": True}
    images, labels = next(iter(kerasgen.data.load(args.classify, f"{split}[:{n}]", n, **options)))
    return np.asarray(images), np.asarray(labels)


def main(argv=None):
    args = arguments(argv)
    tuned, scratch = fine_tuning(args)
    print(
        f"ELBO on {args.fine_tune_on}, {args.steps} steps: fine-tuned {tuned:.1f}, from scratch "
        f"{scratch:.1f} nats"
    )
    features, pixels = few_labels(args)
    print(
        f"Accuracy on {args.classify} from {args.labels} labels: features {features:.1%}, pixels "
        f"{pixels:.1%}"
    )
    return tuned, scratch, features, pixels


if __name__ == "__main__":
    main()
