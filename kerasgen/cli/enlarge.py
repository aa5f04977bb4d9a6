"""Draw what a small picture may look like in full, several times.

Without a picture test images are made smaller first, and stand beside what is drawn of them.
"""

import argparse

import kerasgen
from kerasgen.cli import arguments, inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["superres_fashion"]).factor
    2
    """
    arguments.add_preset(parser)
    arguments.add_pictures(parser, "small pictures (default: test images, made smaller)")
    factor = "how many times smaller in height and width (default: %(default)s)"
    parser.add_argument("--factor", type=arguments.positive, default=2, metavar="F", help=factor)
    count = "number of draws of each (default: %(default)s)"
    parser.add_argument("-n", type=arguments.positive, default=4, help=count)
    arguments.add_test_images(parser, 4, "--images")
    parser.add_argument("--seed", type=arguments.seed, default=0)
    arguments.add_out(parser, "enlarged.png")


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gmm_ring"))
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task enlarge` names. Received: ...
    """
    model = inputs.model(args.name, "enlarge")

    import numpy as np
    from rich.progress import track

    from kerasgen.data.picture_files import read
    from kerasgen.data.small import shrink
    from kerasgen.tasks import enlarging

    enlarging.require(model)
    height, width, channels = model.event_shape
    full = None
    if args.pictures:
        small, _ = read(args.pictures, (height // args.factor, width // args.factor, channels))
    else:
        full, _ = inputs.examples(inputs.recipe(args.name), "test", args, count=args.images)
        small = shrink(full, args.factor)
    rows = []
    for i, picture in enumerate(track(small, "pictures", transient=True)):
        enlarged = enlarging.enlarge(model, picture, args.factor, args.n, args.seed)
        seen = picture.repeat(args.factor, axis=0).repeat(args.factor, axis=1)
        rows += [seen[None], *([full[i : i + 1]] if full is not None else []), enlarged.draws]
        if enlarged.quality:
            print(f"picture {i + 1}{enlarged.told()}")
    pictures = model.event.render(np.concatenate(rows))
    labels = ["small", *([] if full is None else ["it was"])]
    labels += [f"draw {i}" for i in range(1, args.n + 1)]
    kerasgen.plot.grid(pictures, args.out, columns=len(labels), column_labels=labels)
    beside = "" if full is None else "the picture that it was, "
    print(f"{args.out}: rows of a small picture, {beside}{args.n} draws")
