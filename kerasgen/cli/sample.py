"""Draw images from a preset into one picture, rows of a table into a CSV file, speech into a WAV,
or sentences.

Points in the plane are drawn between those of the data set and the model's density. Of a table, a
.png shows pairs of columns.
"""

import argparse
import csv
import functools
import pathlib

import kerasgen
from kerasgen import durable
from kerasgen.cli import arguments, inputs, senses
from kerasgen.zoo.known import of as known_of

_WAYS = ("truncation", "temperature", "top_k", "top_p", "best_of", "guidance")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments.

    >>> parser = argparse.ArgumentParser()
    >>> add_arguments(parser)
    >>> parser.parse_args(["vae_mnist", "-n", "8"]).n
    8
    """
    arguments.add_preset(parser)
    add = parser.add_argument
    add("-n", type=arguments.positive, default=64, help="number of images (default: %(default)s)")
    add("--seed", type=arguments.seed, help="for the same images again (default: fresh ones)")
    what = parser.add_mutually_exclusive_group()
    label = (
        "the class drawn from a conditional preset, by its name or number, or any: each drawn at "
        "random too (default: one a column)"
    )
    what.add_argument("--label", metavar="CLASS", help=label)
    prompt = "what is drawn from a preset that reads sentences"
    what.add_argument("--prompt", metavar="SENTENCE", help=prompt)
    given = (
        "of a preset of several senses, what one of them shows, and the others are drawn: a WAV "
        "file, a picture as SENSE=FILE, a class as SENSE=CLASS; again for further senses; of a "
        "preset of sentences with a code, a sentence that others are to say again"
    )
    add("--given", action="append", metavar="[SENSE=]FILE|SENTENCE", help=given)
    pixels = (
        "draw the pixels of images that decoders make, too: each by itself, which looks like noise "
        "(default: the mean of each image)"
    )
    add("--pixels", action="store_true", help=pixels)
    temperature = "below 1: likelier pixels or tokens (default: 1)"
    add("--temperature", type=arguments.above_zero, metavar="T", help=temperature)
    top_k = "draw among the K likeliest tokens (default: all)"
    add("--top-k", type=arguments.positive, metavar="K", help=top_k)
    top_p = "draw among the likeliest tokens that have probability P"
    add("--top-p", type=arguments.probability, metavar="P", help=top_p)
    guidance = (
        "above 1: what the class or sentence says counts for more (default: the preset's own)"
    )
    add("--guidance", type=arguments.at_least_zero, metavar="G", help=guidance)
    truncation = "of a GAN: cut its noise off at S deviations"
    add("--truncation", type=arguments.above_zero, metavar="S", help=truncation)
    best_of = "of N draws show the likeliest (default: 1)"
    add("--best-of", type=arguments.positive, metavar="N", help=best_of)
    out = (
        "a picture, or of a table a .csv, of speech a .wav; a .gif shows how a pixel-by-pixel "
        "preset draws it (default: samples.png, or of a table samples.csv)"
    )
    add("--out", type=arguments.new_file, metavar="FILE", help=out)
    arguments.add_source(parser)


def run(args: argparse.Namespace) -> None:
    """Runs the command.

    >>> kerasgen.cli.main(["sample", "gmm_ring", "-n", "3", "--out", "points.csv"])
    points.csv: 3 samples
    """
    asked = "label" if args.label is not None else "prompt" if args.prompt is not None else None
    if asked and not inputs.is_conditional(args.name):
        raise ValueError(
            f"Expected a preset that is told what to draw. Received: --{asked} for {args.name!r}. "
            "Drop it, or name another."
        )
    check = functools.partial(_check, args=args)
    if _is_of_sentences(args.name):
        return _write_sentences(inputs.model(args.name, "sample", check), args)
    if args.out is None:
        arguments.folder_to_fill(".")  # where samples.png or samples.csv goes
    given = senses.known(args.name, args.given) if args.given else None
    model = inputs.model(args.name, "sample", check)
    is_table = model.event.columns is not None and not model.event.is_plane
    args.out = args.out or pathlib.Path(f"samples.{'csv' if is_table else 'png'}")
    ways = _ways(args)
    condition, columns = _condition(model, args)
    is_image = model.event.is_picture
    progress = args.n > model.samples_at_once  # of several blocks, which take longer
    is_seen = is_image or senses.are_several(args.name)
    shows_means = model.shows_means and is_seen and not args.pixels
    if shows_means:
        ways["mean"] = True
    asked = condition if given is None else given
    samples = model.sample(args.n, asked, args.seed, progress, **ways)
    if args.out.suffix.lower() == ".gif":
        from kerasgen.tasks.appear import appear

        kerasgen.plot.animate(appear(samples, model.patch_size), args.out, 0.06)
    elif args.out.suffix.lower() == ".wav":
        senses.write_sounds(args.name, samples, args.out)
    elif args.out.suffix.lower() == ".csv":
        _write_rows(model, samples, condition, args.out)
    elif is_table:
        kerasgen.plot.columns(samples, model.event.columns, args.out)
    else:
        _draw(model, samples, columns, args)
    what = "samples"
    if shows_means:
        what = "samples of the code, shown as means of p(x | code); --pixels draws pixels, too"
    print(f"{args.out}: {args.n} {what}")


def _check(known, args):
    """Refuses what a model of which this is known has no way to draw, to show or to be told."""
    if args.label != "any" or not known.classes:
        inputs.told(known, args)
    if foreign := [f"--{name.replace('_', '-')}" for name in _ways(args) if name not in known.ways]:
        ways = [f"--{name.replace('_', '-')}" for name in _WAYS if name in known.ways]
        raise ValueError(
            f"Expected ways to draw that {args.name!r} has, {', '.join(ways) or 'which are none'}. "
            f"Received: {', '.join(foreign)}. Drop it."
        )
    if args.out and not _is_of_sentences(args.name):
        _check_kind(known, args)


def _check_kind(known, args):
    """Refuses a kind of file that the preset's samples do not fill."""
    suffix, makes = args.out.suffix.lower(), [".png"]
    makes += [".csv"] if known.columns is not None else []
    makes += [".gif"] if "complete" in known.does else []
    makes += [".wav"] if senses.are_several(args.name) else []
    if suffix and suffix not in makes:
        raise ValueError(
            f"Expected a file of a kind that {args.name!r} makes, {', '.join(makes)}. Received: "
            f"{args.out}. Name another."
        )


def _is_of_sentences(name):
    """Whether a preset makes sentences, which is known without Keras."""
    (arguments,) = inputs.recipe(name).model.values()
    return "events.Sentences" in str(arguments["event"])[:40]


def _write_sentences(model, args):
    """A line for each sentence, to a file where one is named."""
    from kerasgen.tasks.sentences import alike

    if args.given:
        inputs.needs(model, "encode", args.name)
        samples = alike(model, " ".join(args.given), args.n, args.seed)
    else:
        samples = model.sample(args.n, _condition(model, args)[0], args.seed, **_ways(args))
    lines = model.event.words(samples)
    if args.out is None:
        return print("\n".join(lines))
    durable.write_text(args.out, "\n".join(lines) + "\n")
    print(f"{args.out}: {args.n} sentences")


def _draw(model, samples, columns, args):
    """A grid, with what each column is of above it; points of the plane beside the density."""
    if model.event.is_plane:
        points, _ = inputs.examples(inputs.recipe(args.name), "test", args)
        return kerasgen.plot.density(model, points, args.out, samples)
    labels = [model.event.side_by_side]
    if columns:
        labels = model.condition.words(model.condition.shown(min(columns, args.n)))
    pictures = model.event.render(samples)
    return kerasgen.plot.grid(pictures, args.out, columns, column_labels=labels)


def _write_rows(model, samples, condition, path):
    """A line for each sample of numbers, below the names of the columns."""
    import keras

    classes = model.num_classes is not None
    with durable.placed(path) as new, new.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*model.event.columns, *(["class"] if classes else [])])
        for at, row in enumerate(keras.ops.convert_to_numpy(samples)):
            label = [model.condition.name_of(int(condition[at]))] if classes else []
            table.writerow([*(f"{value:.7g}" for value in row), *label])


def _ways(args):
    """The ways to draw that were given."""
    return {name: getattr(args, name) for name in _WAYS if getattr(args, name) is not None}


def _condition(model, args):
    """What the samples are of, and the columns of their picture."""
    import numpy as np

    if args.label == "any" and model.num_classes:
        return np.random.default_rng(args.seed).integers(model.num_classes, size=args.n), None
    told = inputs.told(known_of(model), args)
    if told is None:
        return model.condition.shown(args.n), model.condition.num_shown
    return [told] * args.n, None
