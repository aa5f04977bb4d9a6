"""Change what test images or pictures of files show, and keep their style, by a preset of classes.

A table without pictures: a column of each class, in the style of the row's first picture.
"""

import argparse
import functools

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["cvae_mnist"]).n
    8
    """
    arguments.add_preset(parser)
    arguments.add_pictures(parser, "pictures, all of the class --label (default: test images)")
    label = "what the pictures show, by name or number"
    parser.add_argument("--label", metavar="CLASS", help=label)
    to = "what they are to show (default: every class)"
    parser.add_argument("--to", metavar="CLASS", help=to)
    arguments.add_test_images(parser, 8)
    arguments.add_out(parser, "restyled.png")


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="vae_mnist"))
    Traceback (most recent call last):
    ValueError: Expected a preset of classes. Received: 'vae_mnist', ... Name another.
    """
    if not inputs.is_conditional(args.name):
        raise ValueError(
            f"Expected a preset of classes. Received: {args.name!r}, without a condition. Name "
            "another."
        )
    model = inputs.model(args.name, "restyle", functools.partial(_check, args=args))

    import numpy as np

    from kerasgen.tasks.editing import restyle

    x, labels = _pictures(model, args)
    classes = model.condition
    asked = range(classes.count) if args.to is None else [classes.number(args.to)]
    restyled = [restyle(model, x, labels, label) for label in asked]
    pictures = np.stack([x, *restyled], axis=1).reshape(-1, *model.event_shape)
    names = ["picture", *(classes.name_of(label) for label in asked)]
    pictures = model.event.render(pictures)
    kerasgen.plot.grid(pictures, args.out, columns=len(names), column_labels=names)
    print(f"{args.out}: rows of a picture and {len(asked)} more in its style")


def _check(known, args):
    """Refuses classes that there are not, and pictures without."""
    if args.pictures and args.label is None:
        raise ValueError(
            "Expected --label, what the pictures show. Received: pictures without. Name the class."
        )
    for name in (args.label, args.to):
        if name is not None:
            known.number(name)


def _pictures(model, args):
    """Pictures and what they show."""
    import numpy as np

    if not args.pictures:
        return inputs.examples(inputs.recipe(args.name), "test", args, labels=True, count=args.n)
    from kerasgen.data.picture_files import read

    x, _ = read(args.pictures, model.event_shape)
    return x, np.full(len(x), model.condition.number(args.label))
