"""Take the noise from pictures by a preset with a code, or of pixels in turn.

Without pictures of your own, test images get noise, and the result is compared with a median
filter, total variation and non-local means.
"""

import argparse

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["denoising_vae_mnist"]).noise
    'gaussian'
    """
    arguments.add_preset(parser)
    noisy = "noisy pictures, or folders of them (default: test images, with noise)"
    arguments.add_pictures(parser, noisy)
    kinds = ("gaussian", "salt and pepper", "missing")
    of = "of test images, and what a preset of pixels in turn takes it for"
    parser.add_argument("--noise", choices=kinds, default="gaussian", help=of)
    strength = (
        "standard deviation of the noise, or share of the pixels (default: of test images 0.3; of "
        "pictures the likeliest, where the preset's pixels are known in turn)"
    )
    parser.add_argument("--strength", type=arguments.above_zero, help=strength)
    arguments.add_test_images(parser, 200)
    parser.add_argument("--seed", type=arguments.seed, default=0)
    arguments.add_out(parser, "denoised.png")


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gmm_ring"))
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task denoise` names. Received: ...
    """
    model = inputs.model(args.name, "denoise")

    from kerasgen.data.picture_files import read
    from kerasgen.tasks import corruption, denoising

    denoising.require(model)
    if args.pictures:
        noisy, _ = read(args.pictures, model.event_shape)
        clean = {}
    else:
        x, _ = inputs.examples(inputs.recipe(args.name), "test", args, count=args.n)
        strength = args.strength or 0.3
        noisy = corruption.corrupted(x, args.noise, strength, args.seed)
        clean = {"clean": x[:16]}
        compared = denoising.comparison(model, x, args.noise, strength, args.seed)
        for way, (ratio, similar) in compared.items():
            print(f"{way:<16} {ratio:5.2f} dB, structural similarity {similar:.3f}")
    how = {"seed": args.seed, "kind": args.noise, "strength": args.strength, "progress": True}
    rows = clean | {"noisy": noisy[:16], "denoised": denoising.denoise(model, noisy[:16], **how)}
    pictures = [model.event.render(each) for each in rows.values()]
    kerasgen.plot.pairs(pictures, args.out, list(rows))
    print(f"{args.out}: {' above '.join(rows)}")
