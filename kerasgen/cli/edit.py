"""Give pictures more or less of an attribute, which examples with it and without it show.

kerasgen edit vae_mnist --with thick --without thin 3.png
"""

import argparse

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> import pathlib
    >>> pathlib.Path("thick.png").touch()
    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> given = ["vae_mnist", "--with", "thick.png", "--without", "thick.png"]
    >>> parser.parse_args(given).amounts
    [-0.5, -0.25, 0.0, 0.25, 0.5]
    """
    arguments.add_preset(parser)
    arguments.add_pictures(parser, "pictures to edit (default: test images)")
    for name, what in (("with", "have"), ("without", "lack")):
        some = f"pictures, or folders of them, that {what} the attribute"
        parser.add_argument(
            f"--{name}",
            nargs="+",
            required=True,
            type=arguments.existing,
            metavar="PATH",
            help=some,
        )
    amounts = (
        "of the attribute, below 0 for less; large ones change the rest (default: %(default)s)"
    )
    each = [-0.5, -0.25, 0.0, 0.25, 0.5]
    parser.add_argument(
        "--amounts", nargs="+", type=arguments.finite, default=each, metavar="A", help=amounts
    )
    arguments.add_test_images(parser, 8)
    arguments.add_out(parser, "edited.png")


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gmm_ring"))
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task edit` names. Received: ...
    """
    model = inputs.model(args.name, "edit")

    import numpy as np

    from kerasgen.data.picture_files import read
    from kerasgen.tasks.editing import direction, edit

    some, others = (read(getattr(args, name), model.event_shape)[0] for name in ("with", "without"))
    along = direction(model, some, others)
    x = inputs.pictures(model, args)
    edited = [edit(model, x, along, amount) for amount in args.amounts]
    pictures = np.stack([x, *edited], axis=1).reshape(-1, *model.event_shape)
    names = ["picture", *(f"{amount:+g}" for amount in args.amounts)]
    pictures = model.event.render(pictures)
    kerasgen.plot.grid(pictures, args.out, columns=len(names), column_labels=names)
    print(f"{args.out}: rows of a picture and its edits by {', '.join(names[1:])}")
