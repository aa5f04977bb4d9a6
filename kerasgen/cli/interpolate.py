"""Walk from one picture to the next through the codes of a preset.

kerasgen interpolate vae_mnist 3.png 8.png 1.png
"""

import argparse

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["vae_mnist"]).steps
    8
    """
    arguments.add_preset(parser)
    arguments.add_pictures(parser, "pictures in the order of the walk (default: test images)")
    steps = "pictures of each way, with both ends' reconstructions (default: %(default)s)"
    parser.add_argument("--steps", type=arguments.several, default=8, metavar="N", help=steps)
    spherical = "go by great circles, near which codes of many dimensions lie"
    parser.add_argument("--spherical", action="store_true", help=spherical)
    arguments.add_test_images(parser, 5)
    arguments.add_out(parser, "interpolated.png")


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gmm_ring"))
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task interpolate` names. Received: ...
    """
    model = inputs.model(args.name, "interpolate")

    import numpy as np

    from kerasgen.tasks import editing
    from kerasgen.tasks.interpolation import interpolate

    editing.require(model)
    x = inputs.pictures(model, args)
    if len(x) < 2:
        raise ValueError(
            f"Expected at least two pictures to walk between. Received: {len(x)}. Name another."
        )
    rows = []
    for start, end in zip(x[:-1], x[1:]):
        way = interpolate(model, start, end, args.steps, args.spherical)
        rows += [start[None], np.asarray(way), end[None]]
    pictures = model.event.render(model.event.clip(np.concatenate(rows)))
    shares = [f"{share:.0%}" for share in np.linspace(0, 1, args.steps)]
    labels = ["picture", *shares, "picture"]
    kerasgen.plot.grid(pictures, args.out, columns=len(labels), column_labels=labels)
    print(f"{args.out}: rows of a picture, {args.steps} steps to the next, and that picture")
