"""Move one unit of a code after the other, and see what each does to the picture.

kerasgen traverse vae_mnist 3.png --out traversal.gif
"""

import argparse

from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["vae_mnist"]).limit
    3.0
    """
    arguments.add_preset(parser)
    start = "the picture whose code is the start (default: the mean of the prior)"
    parser.add_argument("picture", nargs="?", type=arguments.file, metavar="PICTURE", help=start)
    steps = "values that a unit takes (default: %(default)s)"
    parser.add_argument("--steps", type=arguments.positive, default=9, metavar="N", help=steps)
    limit = "they go from -S to S standard deviations of the prior (default: %(default)s)"
    number = {"type": arguments.above_zero, "metavar": "S"}
    parser.add_argument("--limit", default=3.0, **number, help=limit)
    parser.add_argument(
        "--out",
        type=arguments.new_png_or_gif,
        default="traversal.png",
        metavar="FILE",
        help="a PNG of rows, or a GIF in which all units move (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gmm_ring"))
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task traverse` names. Received: ...
    """
    model = inputs.model(args.name, "traverse")

    import numpy as np
    from keras import ops

    from kerasgen.data.picture_files import read
    from kerasgen.tasks import traversal

    traversal.require(model)
    start = read([args.picture], model.event_shape)[0][0] if args.picture else None
    moved = ops.convert_to_numpy(traversal.traverse(model, start, args.steps, args.limit))
    pictures = model.event.render(moved.reshape(-1, *model.event_shape))
    moved = pictures.reshape(*moved.shape[:2], *pictures.shape[1:])
    if str(args.out).lower().endswith(".gif"):
        traversal.animation(moved, args.out)
    else:
        values = [f"{value:g}" for value in np.linspace(-args.limit, args.limit, args.steps)]
        traversal.picture(moved, args.out, [f"unit {i}" for i in range(len(moved))], values)
    print(f"{args.out}: {len(moved)} units of the code, each at {args.steps} values")
