"""What tasks reach: pictures that do not belong, and digits in the style of others, as tables.

python benchmarks/tasks.py detect --count 1000
python benchmarks/tasks.py restyle --count 1000
"""

import argparse
import itertools

import numpy as np
import PIL.Image
import tensorflow_datasets as tfds
from sklearn.metrics import roc_auc_score

from kerasgen import data, zoo
from kerasgen.metrics.strokes import strokes
from kerasgen.tasks.editing import restyle
from kerasgen.tasks.novelty import novelty

# A preset and the set that it is to know. There is none of Omniglot or noise: digits' codes serve.
PAIRS = (
    ("vae_fashion", "fashion_mnist"),
    ("vae_mnist", "mnist"),
    ("vae_mnist", "omniglot"),
    ("vae_mnist", "noise"),
)
SETS = ("fashion_mnist", "mnist", "omniglot", "noise")


def pictures(name, split, count):
    """28x28 pictures of 256 levels; Omniglot's bright on black and averaged down."""
    if name == "noise":
        rng = np.random.default_rng(split == "train")
        return rng.integers(0, 256, (count, 28, 28, 1)).astype("float32") / 255
    if name != "omniglot":
        return np.asarray(next(iter(data.load(name, split, count, labels=False))))
    small = [
        PIL.Image.fromarray(255 - each["image"].numpy()[..., 0]).resize((28, 28), PIL.Image.BOX)
        for each in itertools.islice(tfds.load("omniglot", split=split), count)
    ]
    return np.stack([np.asarray(each) for each in small])[..., None].astype("float32") / 255


def detect(count, references, known):
    tests = {name: pictures(name, "test", count) for name in SETS}
    print("| model | reference | false alarms at 5 % | other | likelihood | fitted |")
    print("| --- | --- | ---: | --- | ---: | ---: |")
    for preset, own in (pair for pair in PAIRS if pair[1] in known):
        detector = novelty(zoo.load(preset), pictures(own, "train", references))
        scores = {name: detector.scores(x) for name, x in tests.items()}
        alarms = 100 * np.mean(detector.p_values(tests[own]) <= 0.05)
        is_other = np.repeat([0, 1], count)
        for other in (name for name in SETS if name != own):
            area = {
                score: roc_auc_score(is_other, np.concatenate([scores[own][score], strange]))
                for score, strange in scores[other].items()
            }
            cells = f"{area['likelihood']:.4f} | {area['fitted']:.4f}"
            print(f"| {preset} | {own} | {alarms:.1f} | {other} | {cells} |", flush=True)


def fidelity(count, preset="cvae_mnist"):
    x, labels = map(np.asarray, next(iter(data.load("mnist", "test", count, labels=True))))
    rng = np.random.default_rng(0)
    others = (labels + rng.integers(1, 10, count)) % 10
    restyled = restyle(zoo.load(preset), x, labels, others)
    judged = np.argmax(zoo.load("classifier_mnist").probabilities(restyled), axis=-1)
    print(f"{preset}, {count} digits: shown as asked for {100 * np.mean(judged == others):.1f} %")
    before, after = strokes(x), strokes(restyled)
    for name in before:
        print(f"{name}: correlation {np.corrcoef(before[name], after[name])[0, 1]:.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("task", choices=("detect", "restyle"))
    parser.add_argument("--count", type=int, default=1000, help="of test pictures of each set")
    parser.add_argument("--references", type=int, default=4000, help="of the set that is known")
    parser.add_argument(
        "--known", nargs="+", choices=SETS, default=SETS, help="sets to detect from"
    )
    args = parser.parse_args()
    if args.task == "detect":
        detect(args.count, args.references, args.known)
    else:
        fidelity(args.count)


if __name__ == "__main__":
    main()
