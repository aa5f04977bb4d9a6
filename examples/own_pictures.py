"""Draws 400 colour pictures of five classes, to try `kerasgen data import` on; and, of a preset
that was trained on them, the README's picture.

    python examples/own_pictures.py pictures
    kerasgen data import pictures mine.npz
    kerasgen new mine --data mine.npz --family cvae
    kerasgen train mine.yaml --out runs/mine
    python examples/own_pictures.py pictures --preset runs/mine/preset --out docs/own_pictures.png
"""

import argparse
import math
import pathlib

import numpy as np
from PIL import Image, ImageDraw

import kerasgen

SIZE, ZOOM = (40, 36), 4  # width and height; drawn larger, so that edges are smooth


def apple(d, x, y, s, tint):
    d.ellipse((x - s, y - s, x + s, y + s), fill=(180 + tint, 30, 30))
    d.rectangle((x - 3, y - s - 15, x + 3, y - s), fill=(80, 50, 20))


def car(d, x, y, s, tint):
    d.rectangle((x - s - 10, y - s / 3, x + s + 10, y + s / 3), fill=(30, 60, 170 + tint))
    d.rectangle((x - s / 2, y - 0.8 * s, x + s / 2, y - s / 3), fill=(100, 140, 220))
    for wheel in (x - 0.7 * s, x + 0.7 * s):
        d.ellipse((wheel - 10, y + s / 3 - 10, wheel + 10, y + s / 3 + 10), fill=(10, 10, 10))


def house(d, x, y, s, tint):
    d.rectangle((x - 0.7 * s, y - 0.2 * s, x + 0.7 * s, y + s), fill=(140 + tint, 160, 110))
    d.polygon([(x - 0.9 * s, y - 0.2 * s), (x, y - s), (x + 0.9 * s, y - 0.2 * s)], (140, 40, 30))
    d.rectangle((x - 8, y + 0.4 * s, x + 8, y + s), fill=(70, 40, 20))


def star(d, x, y, s, tint):
    radii, angles = (s, 0.4 * s) * 5, [i * math.pi / 5 for i in range(10)]
    corners = [(x + r * math.sin(a), y - r * math.cos(a)) for r, a in zip(radii, angles)]
    d.polygon(corners, fill=(250, 180 + tint, 0))


def tree(d, x, y, s, tint):
    d.rectangle((x - 7, y, x + 7, y + s), fill=(90, 60, 30))
    d.ellipse((x - 0.7 * s, y - s, x + 0.7 * s, y + 0.35 * s), fill=(20, 100 + tint, 40))


CLASSES = {kind.__name__: kind for kind in (apple, car, house, star, tree)}


def picture(kind, rng):
    """A drawing of a class, of random place, size, tint and ground."""
    width, height = (side * ZOOM for side in SIZE)
    image = Image.new("RGB", (width, height), tuple(map(int, rng.integers(150, 256, 3))))
    x, y = width / 2 + rng.integers(-20, 21), height / 2 + rng.integers(-15, 16)
    kind(ImageDraw.Draw(image), x, y, int(rng.integers(30, 51)), int(rng.integers(60)))
    return image.resize(SIZE, Image.Resampling.LANCZOS)


def draw(folder, count=80):
    """`count` pictures of each class, in a sub-folder of its name."""
    rng = np.random.default_rng(0)
    for name, kind in CLASSES.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            picture(kind, rng).save(folder / name / f"{number:02}.png")


def compare(folder, preset, out):
    """Five pictures of each class on the left, seven samples of each on the right."""
    model = kerasgen.zoo.load(preset)
    left, right = [], []
    for label, name in enumerate(CLASSES):
        files = sorted((folder / name).iterdir())[:5]
        left += [np.asarray(Image.open(file), "float32") / 255 for file in files]
        right += [*np.asarray(model.sample(7, label, seed=label, mean=True))]
    sides = [kerasgen.plot.grid(np.stack(left), columns=5)]
    sides += [kerasgen.plot.grid(np.stack(right), columns=7)]
    gap = np.ones((len(sides[0]), 60, 3), "float32")
    whole = np.concatenate([sides[0], gap, sides[1]], axis=1)
    Image.fromarray(np.round(255 * whole).astype("uint8")).save(out)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--preset", help="trained on the folder: compare, and draw none")
    parser.add_argument("--out", default="own_pictures.png", metavar="PNG")
    args = parser.parse_args(argv)
    if args.preset:
        compare(args.folder, args.preset, args.out)
    else:
        draw(args.folder)


if __name__ == "__main__":
    main()
