"""Draw what a picture may show where a mask is black, several times.

Without a picture the lower half of a test image is drawn.
"""

import argparse
import functools

import kerasgen
from kerasgen.cli import arguments, inputs
from kerasgen.zoo import known


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["vae_mnist"]).n
    8
    """
    arguments.add_preset(parser)
    of = "a picture (default: a test image)"
    parser.add_argument("picture", nargs="?", type=arguments.file, metavar="PICTURE", help=of)
    mask = "a grey picture, black where pixels are unknown (default: the lower half)"
    parser.add_argument("--mask", type=arguments.file, metavar="PNG", help=mask)
    told = parser.add_mutually_exclusive_group()
    label = "what the picture shows, of a conditional preset, by name or number"
    told.add_argument("--label", metavar="CLASS", help=label)
    prompt = "what it shows, of a preset that reads sentences"
    told.add_argument("--prompt", metavar="SENTENCE", help=prompt)
    parser.add_argument("-n", type=arguments.positive, default=8, help="number of draws")
    way = (
        "chains of the code (hmc) or code and pixels by turns (turns), of a model with a code; "
        "candidates that known pixels weigh, of one whose pixels are known in turn, or of tokens; "
        "a search over the noise of a generator (default: the first that the model has)"
    )
    ways = ("hmc", "turns", "weighted", "tokens", "search")
    parser.add_argument("--way", choices=ways, help=way)
    parser.add_argument("--seed", type=arguments.seed, default=0)
    arguments.add_source(parser)
    arguments.add_out(parser, "inpainted.png")


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> run(argparse.Namespace(name="gmm_ring", picture=None))
    Traceback (most recent call last):
    ValueError: Expected a preset that `kerasgen list --task inpaint` names. Received: ...
    """
    if args.picture and inputs.is_conditional(args.name) and not (args.label or args.prompt):
        raise ValueError(
            "Expected --label or --prompt, what the picture shows. Received: a picture without. "
            "Name it."
        )
    model = inputs.model(args.name, "inpaint", functools.partial(inputs.told, args=args))

    import numpy as np
    from rich.console import Console

    from kerasgen.data.picture_files import read
    from kerasgen.tasks import inpainting

    inpainting.require(model)
    told = inputs.told(known.of(model), args)
    if args.picture:
        (image,), _ = read([args.picture], model.event_shape)
    else:
        recipe, is_told = inputs.recipe(args.name), bool(model.condition.encoded_size)
        (image,), labels = inputs.examples(recipe, "test", args, is_told, count=1)
        told = labels[0] if is_told and told is None else told
    height, width = model.event_shape[:2]
    seen = np.arange(height)[:, None] < np.full(width, height // 2)
    if args.mask:
        seen = read([args.mask], (height, width, 1))[0][0, ..., 0] > 0.5
    with Console().status(f"{args.n} draws"):
        painted = inpainting.inpaint(model, image, seen, args.n, args.way, args.seed, told)
    shown = np.where(seen[..., None], image, 0.5)
    pictures = model.event.render(np.stack([image, shown, *painted.draws]))
    columns = min(len(pictures), 10)
    labels = ["picture", "known", *(f"draw {i}" for i in range(1, columns - 1))]
    kerasgen.plot.grid(pictures, args.out, columns, column_labels=labels)
    print(f"{args.out}: the picture, what is known, {args.n} draws{painted.told()}")
