"""Test images as bytes by presets, beside PNG and WebP, as a Markdown table.

python benchmarks/compression.py --count 10000
"""

import argparse
import io
import math
import time

import numpy as np
import PIL.Image

import kerasgen
from kerasgen.cli import inputs
from kerasgen.tasks import conditions
from kerasgen.tasks.compression import compress, decompress

PRESETS = ("gated_pixelcnn_mnist", "vae_mnist", "pixelcnnpp_fashion", "vae_fashion")
SETTINGS = {"PNG": {"optimize": True}, "WebP": {"lossless": True, "method": 6}}


def bits(x, kind):
    """Of an image on average, each in a file of its own; binary ones of one bit a pixel."""
    total = 0
    for pixels in np.round(255 * x[..., 0]).astype("uint8"):
        picture, file = PIL.Image.fromarray(pixels), io.BytesIO()
        if kind == "PNG" and not set(np.unique(pixels)) - {0, 255}:
            picture = picture.convert("1")
        picture.save(file, kind, **SETTINGS[kind])
        total += 8 * len(file.getvalue())
    return total / len(x)


def row(name, count):
    model, recipe = kerasgen.zoo.load(name), inputs.recipe(name)
    source = argparse.Namespace(data=None, data_dir=None, download=False)
    x, _ = inputs.examples(recipe, "test", source, count=count)
    compress(model, x[:1])  # compiles
    began = time.monotonic()
    file = compress(model, x)
    coded = time.monotonic()
    assert np.array_equal(decompress(model, file), x)
    decoded = time.monotonic()
    _, given = conditions.of(model, x, None)  # the likeliest labels, which the file has
    exact = model.likelihood_kind == "exact"
    nats = model.log_prob(x, given) if exact else model.elbo(x, given, num_samples=10, seed=0)
    told = -float(np.mean(nats)) / math.log(2)
    size, pixels = 8 * len(file) / len(x), x.size * math.log2(model.levels) / 8000  # kB
    others = [bits(x, kind) for kind in SETTINGS]
    speeds = [pixels / seconds for seconds in (coded - began, decoded - coded)]
    cells = [size, told, 100 * (size / told - 1), *others, others[0] / size, *speeds]
    return f"| {name} | {len(x):,} | " + " | ".join(f"{cell:,.1f}" for cell in cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--presets", nargs="+", default=PRESETS, metavar="NAME")
    parser.add_argument("--count", type=int, default=10_000, help="of test images")
    args = parser.parse_args()
    print(
        "| preset | images | bits an image | model's bits | above them, % | PNG | WebP | times "
        "smaller than PNG | compress, kB/s | decompress, kB/s |"
    )
    print("| --- |" + " ---: |" * 9)
    for name in args.presets:
        print(row(name, args.count), flush=True)


if __name__ == "__main__":
    main()
