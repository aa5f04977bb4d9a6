"""What tasks reach: pictures that do not belong, digits in the style of others, enlarged garments.

python benchmarks/tasks.py detect --count 1000
python benchmarks/tasks.py left_out --count 1000
python benchmarks/tasks.py restyle --count 1000
python benchmarks/tasks.py edit --count 1000
python benchmarks/tasks.py enlarge --count 1000
python benchmarks/tasks.py hidden --count 500
"""

import argparse
import itertools

import keras
import numpy as np
import PIL.Image
import tensorflow_datasets as tfds
from sklearn.metrics import roc_auc_score

import kerasgen
from kerasgen import bottlenecks, data, families, likelihoods, networks, zoo
from kerasgen.cli import inputs
from kerasgen.data.small import shrink
from kerasgen.metrics.frechet import Moments, frechet_distance
from kerasgen.metrics.strokes import strokes
from kerasgen.tasks.denoising import nearness
from kerasgen.tasks.editing import direction, edit, restyle
from kerasgen.tasks.inpainting import hidden_nats
from kerasgen.tasks.novelty import novelty

# A preset and the set that it is to know. There is none of Omniglot or noise: digits' codes serve.
PAIRS = (
    ("vae_fashion", "fashion_mnist"),
    ("vae_mnist", "mnist"),
    ("vae_mnist", "omniglot"),
    ("vae_mnist", "noise"),
)
IN_TURN = ("gated_pixelcnn_mnist", "pixelcnn_mnist", "pixelrnn_mnist")
SETS = ("fashion_mnist", "mnist", "omniglot", "noise")


def pictures(name, split, count):
    """28x28 pictures of 256 levels, and the alphabet of each, None of sets without any; Omniglot's
    are bright on black and averaged down.
    """
    if name == "noise":
        rng = np.random.default_rng(split == "train")
        return rng.integers(0, 256, (count, 28, 28, 1)).astype("float32") / 255, None
    if name != "omniglot":
        return np.asarray(next(iter(data.load(name, split, count, labels=False)))), None
    some = list(itertools.islice(tfds.load("omniglot", split=split), count))
    small = [
        PIL.Image.fromarray(255 - each["image"].numpy()[..., 0]).resize((28, 28), PIL.Image.BOX)
        for each in some
    ]
    x = np.stack([np.asarray(each) for each in small])[..., None].astype("float32") / 255
    return x, np.array([int(each["alphabet"]) for each in some])


def detect(count, references, known):
    tests, kinds = {}, {}
    for name in SETS:
        tests[name], kinds[name] = pictures(name, "test", count)
    print("| model | reference | false alarms at 5 % | other | likelihood | fitted |")
    print("| --- | --- | ---: | --- | ---: | ---: |")
    for preset, own in (pair for pair in PAIRS if pair[1] in known):
        reference, groups = pictures(own, "train", references)
        detector = novelty(zoo.load(preset), reference, groups=groups)
        scores = {name: detector.scores(x) for name, x in tests.items()}
        is_alarm = detector.p_values(tests[own]) <= 0.05
        alarms = f"{100 * np.mean(is_alarm):.1f} ± {100 * error_of(is_alarm, kinds[own]):.1f}"
        is_other = np.repeat([0, 1], count)
        for other in (name for name in SETS if name != own):
            area = {
                score: roc_auc_score(is_other, np.concatenate([scores[own][score], strange]))
                for score, strange in scores[other].items()
            }
            cells = f"{area['likelihood']:.4f} | {area['fitted']:.4f}"
            print(f"| {preset} | {own} | {alarms} | {other} | {cells} |", flush=True)


def error_of(is_alarm, groups):
    """The standard error of a share, of pictures that came in groups: of the groups' shares."""
    groups = np.arange(len(is_alarm)) if groups is None else groups
    shares = [np.mean(is_alarm[groups == each]) for each in np.unique(groups)]
    return np.std(shares, ddof=1) / len(shares) ** 0.5


def left_out(count, references):
    """Each digit among the others, of which alone a small VAE, a small classifier and the detector
    have learned."""
    (x, labels), (test, test_labels) = (
        map(np.asarray, next(iter(data.load("mnist", split, size, labels=True))))
        for split, size in (("train", 30_000 + 2 * references), ("test", 10_000))
    )
    areas = []
    for digit in range(10):
        keras.utils.set_random_seed(digit)
        others, named = x[labels != digit], labels[labels != digit]
        named = named - (named > digit)
        models = [small_vae(), small_classifier()]
        for model, given, epochs in zip(models, ((), (named[:-references],)), (4, 5)):
            steps = epochs * (len(others) - references) // 128
            model.compile(
                keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps))
            )
            model.fit(others[:-references], *given, batch_size=128, epochs=epochs, verbose=0)
        detector = novelty(models[0], others[-references:], classifier=models[1])
        is_digit = test_labels == digit
        own, strange = (test[here][:count] for here in (~is_digit, is_digit))
        scores = [detector.scores(each) for each in (own, strange)]
        is_other = np.repeat([0, 1], [len(own), len(strange)])
        areas.append(
            {
                name: roc_auc_score(is_other, np.concatenate([each[name] for each in scores]))
                for name in scores[0]
            }
        )
        print(digit, {name: round(float(area), 3) for name, area in areas[-1].items()}, flush=True)
    means = {name: np.mean([area[name] for area in areas]) for name in areas[0]}
    print("mean", {name: round(float(mean), 3) for name, mean in means.items()})


def small_vae():
    return kerasgen.LatentVariableModel(
        [28, 28, 1],
        networks.MLP((256,), ()),
        bottlenecks.Gaussian(16),
        networks.MLP(hidden=(256,)),
        likelihoods.Bernoulli(),
    )


def small_classifier(classes=9):
    layers = keras.layers
    encoder = keras.Sequential(
        [
            layers.Conv2D(32, 5, 2, "same", activation="relu"),
            layers.Conv2D(64, 3, 2, "same", activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
        ]
    )
    turned = networks.RandomAffine(rotation=10, zoom=0.1, shift=0.08)
    return families.Classifier([28, 28, 1], classes, encoder, augmentation=[turned])


def fidelity(count, preset="cvae_mnist"):
    x, labels = map(np.asarray, next(iter(data.load("mnist", "test", count, labels=True))))
    rng = np.random.default_rng(0)
    others = (labels + rng.integers(1, 10, count)) % 10
    restyled = restyle(zoo.load(preset), x, labels, others)
    judged = np.argmax(zoo.load("classifier_mnist").probabilities(restyled), axis=-1)
    print(f"{preset}, {count} digits: shown as asked for {100 * np.mean(judged == others):.1f} %")
    sides = [np.ptp(np.argwhere(each[..., 0] > 0), axis=0).max() + 1 for each in x]
    print(f"longer side of the ink's box is 20 pixels: {100 * np.mean(np.equal(sides, 20)):.1f} %")
    again = restyle(zoo.load(preset), x, labels, labels)
    before, after, same = (measured(each) for each in (x, restyled, again))
    print("| measure | correlation | within classes | of a perfect transfer | same class |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name in before:
        own, theirs = (
            less_class(each[name], of) for each, of in ((before, labels), (after, others))
        )
        cells = [
            np.corrcoef(before[name], after[name])[0, 1],
            np.corrcoef(own, theirs)[0, 1],
            ceiling(before[name], labels, others),
            np.corrcoef(before[name], same[name])[0, 1],
        ]
        print(f"| {name} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |")


def measured(x):
    return strokes(x) | {"ink": x.sum(axis=(1, 2, 3))}


def less_class(measure, labels):
    """A measure less its mean over each class."""
    means = np.array([measure[labels == label].mean() for label in range(10)])
    return measure - means[labels]


def ceiling(measure, labels, others):
    """The correlation where each digit keeps exactly what it differs from its class by."""
    means = measure - less_class(measure, labels)
    of_class = np.array([means[labels == label][0] for label in range(10)])
    perfect = less_class(measure, labels) + of_class[others]
    return np.corrcoef(measure, perfect)[0, 1]


def edited(count, preset="vae_mnist"):
    """Digits made thicker and more slanted by the difference of examples' mean codes, which are of
    training digits: the 500 that have most and the 500 that have least of it, or three of each.
    """
    x, known = (
        np.asarray(next(iter(data.load("mnist", split, size, labels=False))))
        for split, size in (("test", count), ("train", 10_000))
    )
    model, judge, rng = zoo.load(preset), zoo.load("classifier_mnist"), np.random.default_rng(0)
    of_known, before = strokes(known), edit(model, x, np.zeros(model.bottleneck.latent_shape))
    measures, digits = strokes(before), np.argmax(judge.probabilities(before), axis=-1)
    print("| more | examples a side | amount | changed, % | same digit, % | others kept, % |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, size, amount in itertools.product(("thickness", "slant"), (3, 500), (0.5, 1.0)):
        order = np.argsort(of_known[name])
        most, least = (rng.permutation(side)[:size] for side in (order[-500:], order[:500]))
        along = direction(model, known[most], known[least])
        after = edit(model, x, along, amount)
        moved = {each: now - measures[each] for each, now in strokes(after).items()}
        asked = amount * (of_known[name][most].mean() - of_known[name][least].mean())
        others = [
            np.abs(moved[each]) < np.std(measures[each]) / 2 for each in moved if each != name
        ]
        shares = [
            moved[name] > asked / 2,
            np.argmax(judge.probabilities(after), axis=-1) == digits,
            np.all(others, axis=0),
        ]
        cells = " | ".join(f"{100 * np.mean(share):.1f}" for share in shares)
        print(f"| {name} | {size} | {amount} | {cells} |", flush=True)


def enlarged(count, preset="superres_fashion"):
    """Garments from their 14x14 block means, by interpolation and by a preset."""
    x = np.asarray(next(iter(data.load("fashion_mnist", "test", count, labels=False))))
    small, model = shrink(x, 2), zoo.load(preset)
    kinds = {"nearest": "NEAREST", "bicubic": "BICUBIC", "Lanczos": "LANCZOS"}
    ways = {name: resized(small, getattr(PIL.Image, kind)) for name, kind in kinds.items()}
    draws = [np.asarray(model.sample(count, small, seed=seed)) for seed in range(8)]
    ways["mean picture of a code"] = np.asarray(model.shown_samples(count, small, seed=0))
    ways |= {"a draw of pixels": draws[0], "mean of 8 draws": np.mean(draws, axis=0)}
    features = zoo.load("classifier_fashion").features
    real = Moments.of([np.asarray(features(x))])
    print(f"{preset}, {count} garments")
    print("| way | dB | structural similarity | Fréchet distance |")
    print("| --- | ---: | ---: | ---: |")
    for name, found in ways.items():
        ratio, similar = nearness(x, found)
        distance = frechet_distance(real, Moments.of([np.asarray(features(found))]))
        print(f"| {name} | {ratio:.2f} | {similar:.3f} | {distance:.2f} |")


def hidden(count):
    """Lower halves of digits, given the upper ones."""
    source = argparse.Namespace(data=None, data_dir=None, download=False)
    print("| preset | nats of the lower half | of the digit |")
    print("| --- | ---: | ---: |")
    for preset in IN_TURN:
        model = zoo.load(preset)
        x, _ = inputs.examples(inputs.recipe(preset), "test", source, count=count)
        lower = hidden_nats(model, x, np.arange(28)[:, None] < np.full(28, 14)).mean()
        whole = -np.mean(model.log_prob(x))
        print(f"| {preset} | {lower:.1f} | {whole:.1f} |", flush=True)


def resized(small, kind):
    made = [
        np.asarray(PIL.Image.fromarray(each[..., 0], "F").resize((28, 28), kind)) for each in small
    ]
    return np.clip(np.stack(made)[..., None], 0, 1)


OTHERS = {"restyle": fidelity, "edit": edited, "enlarge": enlarged, "hidden": hidden}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("task", choices=("detect", "left_out", *OTHERS))
    parser.add_argument("--count", type=int, default=1000, help="of test pictures of each set")
    parser.add_argument("--references", type=int, default=4000, help="of the set that is known")
    parser.add_argument(
        "--known", nargs="+", choices=SETS, default=SETS, help="sets to detect from"
    )
    args = parser.parse_args()
    if args.task == "detect":
        detect(args.count, args.references, args.known)
    elif args.task == "left_out":
        left_out(args.count, args.references)
    else:
        OTHERS[args.task](args.count)


if __name__ == "__main__":
    main()
