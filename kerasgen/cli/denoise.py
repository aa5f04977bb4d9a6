"""Take the noise from pictures by a preset with a code.

Without pictures of your own, test images get noise, and the result is compared with a median
filter, total variation and non-local means.
"""

import argparse
import pathlib

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["denoising_vae_mnist"]).strength
    0.3
    """
    arguments.add_preset(parser)
    paths = "noisy pictures, or folders of them (default: test images, with noise)"
    parser.add_argument("paths", nargs="*", type=arguments.existing, metavar="PATH", help=paths)
    kinds = ("gaussian", "salt and pepper", "missing")
    parser.add_argument("--noise", choices=kinds, default="gaussian", help="of test images")
    strength = "standard deviation of the noise, or share of the pixels (default: %(default)s)"
    parser.add_argument("--strength", type=arguments.above_zero, default=0.3, help=strength)
    count = "number of test images (default: %(default)s)"
    parser.add_argument("-n", type=arguments.positive, default=200, help=count)
    parser.add_argument("--seed", type=arguments.seed, default=0)
    arguments.add_source(parser)
    out = pathlib.Path("denoised.png")
    parser.add_argument("--out", type=arguments.new_file, default=out, metavar="PNG")


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gmm_ring"))
    Traceback (most recent call last):
    ValueError: Expected a preset whose model has 'encode'. Received: 'gmm_ring', ...
    """
    model = inputs.model(args.name, "Encodes")

    from kerasgen.data.picture_files import read
    from kerasgen.tasks import denoising

    if args.paths:
        noisy, _ = read(args.paths, model.event_shape)
        clean = {}
    else:
        x, _ = inputs.examples(inputs.recipe(args.name), "test", args, count=args.n)
        noisy = denoising.corrupted(x, args.noise, args.strength, args.seed)
        clean = {"clean": x[:16]}
        compared = denoising.comparison(model, x, args.noise, args.strength, args.seed)
        for way, (ratio, similar) in compared.items():
            print(f"{way:<16} {ratio:5.2f} dB, structural similarity {similar:.3f}")
    rows = clean | {
        "noisy": noisy[:16],
        "denoised": denoising.denoise(model, noisy[:16], seed=args.seed),
    }
    pictures = [model.event.render(each) for each in rows.values()]
    kerasgen.plot.pairs(pictures, args.out, list(rows))
    print(f"{args.out}: {' above '.join(rows)}")
