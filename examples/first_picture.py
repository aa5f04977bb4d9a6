"""Draws the first picture of the README: samples of three presets, seed 0, not selected."""

import argparse

import numpy as np

import kerasgen

ROWS = {
    "cgan_mnist, by class": ("cgan_mnist", True),
    "vqvae_fashion_prior, by class": ("vqvae_fashion_prior", True),
    "vae_mnist, means": ("vae_mnist", False),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default="docs/first_picture.png", metavar="PNG")
    args = parser.parse_args()
    rows = []
    for name, by_class in ROWS.values():
        model = kerasgen.zoo.load(name)
        rows.append(model.shown_samples(10, np.arange(10) if by_class else None, seed=0))
    kerasgen.plot.pairs(rows, args.out, list(ROWS))


if __name__ == "__main__":
    main()
