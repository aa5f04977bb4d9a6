"""The `kerasgen` command. What is heavy is imported inside the command that needs it, so that help comes at once."""

import argparse
import dataclasses
import json
import os
import pathlib
import sys

import kerasgen


class _Parser(argparse.ArgumentParser):
    """argparse, but an error is one line: the usage is a `--help` away."""

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message} ({self.prog} --help lists what is possible)\n")


def _positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, received {value}")
    return value


_positive.__name__ = "integer"  # argparse names the type in its message


def parser():
    """The parser of the whole command line; `args.run(args)` runs the command that was read."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--debug", action="store_true", help="show the traceback of an error")
    top = _Parser(prog="kerasgen", description="Trained, understandable generative models for Keras 3.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(name, run, within=commands):
        sub = within.add_parser(name, help=run.__doc__, description=run.__doc__, parents=[shared])
        sub.set_defaults(run=run)
        return sub

    def preset(sub):
        sub.add_argument("name", metavar="NAME", help="a preset by name, or a preset folder by path")

    def source(sub):
        sub.add_argument("--data-dir", metavar="FOLDER", help="TFDS folder (default: TFDS_DATA_DIR, or TFDS's own)")
        sub.add_argument("--download", action="store_true", help="let TFDS download a set that is not there")

    command("list", _list)
    preset(command("card", _card))

    sub = command("sample", _sample)
    preset(sub)
    sub.add_argument("-n", type=_positive, default=64, help="number of images (default: %(default)s)")
    sub.add_argument("--seed", type=int, help="for the same images again (default: fresh ones)")
    what = sub.add_mutually_exclusive_group()
    what.add_argument("--label", type=int, help="the class drawn from a conditional preset (default: one a column)")
    what.add_argument("--prompt", metavar="SENTENCE", help="what is drawn from a preset that reads sentences")
    sub.add_argument("--mean", action="store_true", help="the mean of each image instead of a draw of its pixels")
    sub.add_argument("--temperature", type=float, metavar="T", help="below 1: likelier pixels or tokens (default: 1)")
    sub.add_argument("--top-k", type=_positive, metavar="K", help="draw among the K likeliest tokens (default: all)")
    sub.add_argument("--top-p", type=float, metavar="P", help="draw among the likeliest tokens that have probability P")
    sub.add_argument("--best-of", type=_positive, metavar="N", help="of N draws show the likeliest (default: 1)")
    sub.add_argument("--out", type=pathlib.Path, default=pathlib.Path("samples.png"), metavar="PNG")

    sub = command("reconstruct", _reconstruct)
    preset(sub)
    sub.add_argument("-n", type=_positive, default=16, help="number of images (default: %(default)s)")
    sub.add_argument("--split", default="test", help="of the data set that the preset was trained on")
    source(sub)
    sub.add_argument("--out", type=pathlib.Path, default=pathlib.Path("reconstructions.png"), metavar="PNG")

    sub = command("train", _train)
    sub.add_argument("recipe", metavar="RECIPE", help="a recipe file, or a preset whose recipe to run again")
    sub.add_argument("--strategy", choices=("none", "mirrored", "multiworker"), default="none")
    sub.add_argument("--devices", type=_positive, metavar="N", help="of the mirrored strategy (default: all GPUs)")
    sub.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="training.epochs=3")
    sub.add_argument("--resume", action="store_true", help="go on, exactly, from the last checkpoint in --out")
    sub.add_argument("--data", metavar="NPZ", help="read this file, made by `data export`, instead of TFDS")
    sub.add_argument("--out", type=pathlib.Path, metavar="FOLDER", help="(default: runs/ and the recipe's name)")

    sub = command("evaluate", _evaluate)
    preset(sub)
    sub.add_argument("--num-samples", type=_positive, default=5000, metavar="K", help="importance samples an image")
    sub.add_argument("--limit", type=_positive, metavar="N", help="only the first N test images")
    sub.add_argument("--quality", action="store_true", help="sample quality too, which others than GANs leave out")
    source(sub)
    sub.add_argument("--write", action="store_true", help="put the figures into the preset's metrics and card")

    sub = command("probe", _probe)
    sub.add_argument("names", nargs="+", metavar="NAME", help="presets with encoders, all of the same data set")
    sub.add_argument("--labels", nargs="+", type=_positive, default=[10, 100, 1000], metavar="N")
    sub.add_argument("--seeds", type=_positive, default=3, metavar="N", help="draws of the labels (default: 3)")
    source(sub)

    sub = command("export", _export)
    preset(sub)
    sub.add_argument("--format", choices=("savedmodel", "tflite"), required=True)
    sub.add_argument("--quantize", choices=("float16", "dynamic", "int8"), help="of TFLite weights (default: float32)")
    sub.add_argument("--out", type=pathlib.Path, help="a folder or a .tflite file (default: after the preset)")

    sub = command("tokenize", _tokenize)
    preset(sub)
    sources = "a folder, tfds:NAME[:SPLIT], or a pattern of TFRecord files"
    sub.add_argument("--input", required=True, metavar="SOURCE", help=sources)
    sub.add_argument("--output", required=True, metavar="FOLDER", help="on a disk that all workers reach")
    sub.add_argument("--format", choices=("tfrecord", "parquet"), default="tfrecord", help="(default: %(default)s)")
    sub.add_argument("--images-per-shard", type=_positive, default=10_000, metavar="N", help="(default: %(default)s)")
    sub.add_argument("--resize", action="store_true", help="fit images of another shape (default: leave them out)")

    data = commands.add_parser("data", help="Prepare data sets.").add_subparsers(metavar="COMMAND", required=True)
    sub = command("export", _data_export, within=data)
    sub.add_argument("name", metavar="NAME", help="of a data set, for example mnist")
    sub.add_argument("file", type=pathlib.Path, metavar="NPZ")
    source(sub)

    sub = command("demo", _demo)
    sub.add_argument("--preset", default="vae_mnist", metavar="NAME", help="(default: %(default)s)")
    sub.add_argument("--out", type=pathlib.Path, default=pathlib.Path("kerasgen-demo"), metavar="FOLDER")
    return top


def main(argv=None):
    """Runs one command.

    Args:
        argv: the words after `kerasgen`; those of the process by default.

    Raises:
        SystemExit: with status 2 after an error, which is one line on stderr.
    """
    top = parser()
    args, args.beam = top.parse_known_args(argv)
    if args.beam and args.run is not _tokenize:
        top.error(f"unrecognized arguments: {' '.join(args.beam)}")
    try:
        if args.run not in (_list, _card):
            _import_keras(quiet=not args.debug and "TF_CPP_MIN_LOG_LEVEL" not in os.environ)
        args.run(args)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if args.debug:
            raise
        print(f"kerasgen: error: {' '.join(str(error).split()) or type(error).__name__}", file=sys.stderr)
        sys.exit(2)


def _import_keras(quiet):
    """Imports Keras and its backend, if quiet without what TensorFlow writes to stderr whenever it is loaded."""
    if "tensorflow" not in sys.modules:
        # Left to itself, TensorFlow uses oneDNN on some processors only; it is faster on the others too.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    kept = os.dup(2)
    try:
        if quiet:
            os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 2)  # some of the lines come before any level is read
        kerasgen.register()
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _list(args):
    """List the presets with their figures, as a Markdown table."""
    import yaml

    from kerasgen import zoo

    print("| preset | what it is | measured | published | weights |")
    print("| --- | --- | --- | --- | --- |")
    for name in zoo.names():
        folder = zoo.folder(name)
        title = yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8")).get("title", "")
        figures = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["figures"]
        leading, figure = next(iter(figures.items()), ("", {}))
        measured = f"{leading} {figure['value']:.2f}" if figure else ""
        measured += f" ± {figure['standard_error']:.2f}" if figure.get("standard_error") is not None else ""
        measured += f" {figure['unit']}" if figure else ""
        published = ", ".join(f"{peer['model']} {peer['value']:.2f}" for peer in figure.get("published", ()))
        size = (folder / "model.weights.h5").stat().st_size
        size = f"{size / 1e6:.1f} MB" if size > 1e5 else f"{size / 1e3:.0f} kB"
        print(f"| `{name}` | {title} | {measured} | {published} | {size} |")


def _card(args):
    """Print a preset's card: what it is, its figures, its limits."""
    from kerasgen import zoo

    print(zoo.card(args.name))


_QUICK = 32  # rows of pixels that are drawn before anyone would look for a progress bar
_WAYS = ("mean", "temperature", "top_k", "top_p", "best_of")


def _sample(args):
    """Draw images from a preset into one picture; points, beside the preset's density."""
    import inspect

    import numpy as np

    from kerasgen import plot, zoo

    model = zoo.load(args.name)
    _needs(model, "sample", args.name)
    takes = inspect.signature(model.sample).parameters
    given = {name: getattr(args, name) for name in _WAYS}
    ways = {name: value for name, value in given.items() if value is not None and value is not False}
    if foreign := [f"--{name.replace('_', '-')}" for name in ways if name not in takes]:
        kind, known = type(model).__name__, [name for name in _WAYS if name in takes]
        raise ValueError(f"Expected ways to draw that {kind} has, of {known}. Received: {', '.join(foreign)}. Drop it.")
    condition = columns = None
    if args.prompt is not None:
        if getattr(model, "text", None) is None:
            raise ValueError(f"Expected a preset that reads sentences. Received: --prompt for {args.name!r}. Drop it.")
        condition = [args.prompt] * args.n
    elif args.label is not None:
        condition = np.full(args.n, args.label)
    else:
        condition, columns = model.shown_condition(args.n), model.num_shown_conditions
    if "progress" in takes and model.event_shape[0] > _QUICK:
        ways["progress"] = True
    samples = model.sample(args.n, condition, seed=args.seed, **ways)
    if model.event_shape == (2,):
        plot.density(model, samples, args.out)
    else:
        plot.grid(samples, args.out, columns)
    print(f"{args.out}: {args.n} samples")


def _reconstruct(args):
    """Show images of a preset's data set (upper row) and their reconstructions (lower row)."""
    from kerasgen import plot, zoo

    model = zoo.load(args.name)
    _needs(model, "reconstruct", args.name)
    recipe = _recipe(args.name)
    images, labels = _held_out(recipe, f"{args.split}[:{args.n}]", args, recipe.data.get("labels"))
    plot.pairs([images, model.reconstruct(images, labels)], args.out)
    print(f"{args.out}: {len(images)} images of {args.split}, each above its reconstruction")


def _train(args):
    """Train a model from a recipe, with checkpoints and logs."""
    recipe = _recipe(args.recipe).override(args.set)
    output = args.out or pathlib.Path("runs", recipe.name)

    from kerasgen import training

    training.run(recipe, output, args.strategy, args.devices, args.resume, args.data)
    print(f"{output / 'preset'}: trained {recipe.name}")


def _evaluate(args):
    """Measure a preset on the test examples of its data set."""
    from kerasgen import zoo
    from kerasgen.metrics import evaluation
    from kerasgen.metrics.published import published

    recipe = _recipe(args.name)
    model = zoo.load(args.name)
    if args.quality:
        _needs(model, "sample", args.name)

    def read(split, grey=False, count=args.limit, name=recipe.data["name"]):
        draws = recipe.data.get("binarize") and not grey
        shown = dataclasses.replace(recipe, data={**recipe.data, "name": name, "binarize": draws or None})
        examples, labels = _held_out(shown, f"{split}[:{count}]" if count else split, args, recipe.data.get("labels"))
        what = f"{len(examples):,} {split} examples of {name}"
        return examples, labels, what + (" binarized once with seed 0" if draws else "")

    command = f"kerasgen evaluate {zoo.folder(args.name).name}"
    if evaluation.is_estimated(model):
        command += f" --num-samples {args.num_samples}"
    if args.limit:
        command += f" --limit {args.limit}"
    if args.quality:
        command += " --quality"
    figures, protocols = {}, {}
    for measured, protocol in evaluation.measure(
        model, recipe.data["name"], read, args.num_samples, args.quality, progress=True
    ):
        figures |= measured
        protocols |= dict.fromkeys(measured, protocol)
    print("\n".join(dict.fromkeys(protocols.values())))
    for name, figure in figures.items():
        print(f"{name:{max(map(len, figures))}} {figure}")
    if args.write:
        folder = zoo.folder(args.name)
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        known = {name: entry["published"] for name, entry in metrics["figures"].items() if entry.get("published")}
        known |= published(recipe)
        metrics["figures"] |= {
            name: {
                **figure._asdict(),
                "protocol": protocols[name],
                "command": command,
                "published": known.get(name, []),
            }
            for name, figure in figures.items()
        }
        shown = read("train", grey=True)[0] if evaluation.only_samples(model) else None
        zoo.save(model, folder, recipe, metrics, read("test")[0], shown)


def _probe(args):
    """Compare what presets' features are worth to a classifier with few labels, as a Markdown table."""
    import numpy as np

    from kerasgen import zoo
    from kerasgen.tasks import probe

    recipe = _recipe(args.names[0])
    models = {name: zoo.load(name) for name in args.names}
    for name, model in models.items():
        _needs(model, "encoder", name)
    recipe.data["binarize"] = None  # grey pixels for all, whatever each was trained on
    train, test = (_held_out(recipe, split, args, labels=True) for split in ("train", "test"))
    cells = probe.table(models, train, test, args.labels, range(args.seeds))
    print(f"Test accuracy in percent on {recipe.data['name']}, mean and standard deviation of {args.seeds} draws.\n")
    print("| classifier | features | " + " | ".join(f"{count} labels" for count in args.labels) + " |")
    print("| --- | --- |" + " --- |" * len(args.labels))
    for way in ("linear", "fine-tuned"):
        for name in ("pixels", *models):
            accuracies = (cells[way, name, count] for count in args.labels)
            columns = [f"{np.mean(each):.1f} ± {np.std(each):.1f}" for each in accuracies]
            print(f"| {way} | {name} | " + " | ".join(columns) + " |")


def _needs(model, part, name):
    if not hasattr(model, part):
        raise ValueError(
            f"Expected a preset whose model has {part!r}. Received: {name!r}, whose model is {type(model).__name__}. "
            "Name another."
        )


def _recipe(name):
    """The recipe in a file, or that of a preset."""
    from kerasgen import zoo
    from kerasgen.recipe import Recipe

    return Recipe.load(name if os.path.isfile(name) else zoo.folder(name) / "recipe.yaml")


def _held_out(recipe, split, args, labels=False):
    """A split of the recipe's data set as arrays (images, labels or None).

    Pixels are drawn once if training draws them at every visit.
    """
    import numpy as np

    from kerasgen import data

    binarize = recipe.data.get("binarize") and "fixed"
    where = {"data_dir": args.data_dir, "download": args.download}
    batches = data.load(recipe.data["name"], split, 1000, binarize, bool(labels), **where)
    if not labels:
        return np.concatenate([np.asarray(x) for x in batches]), None
    images, labels = zip(*batches)
    return np.concatenate(images), np.concatenate(labels)


def _export(args):
    """Write a preset for deployment, checked against the Keras model."""
    if args.quantize and args.format != "tflite":
        raise ValueError(f"Expected --quantize with --format tflite only. Received: --format {args.format}. Drop one.")
    from kerasgen import export, zoo

    model = zoo.load(args.name)
    ending = "_saved_model" if args.format == "savedmodel" else ".tflite"
    out = args.out or pathlib.Path(zoo.folder(args.name).name + ending)
    report = export.saved_model(model, out) if args.format == "savedmodel" else export.tflite(model, out, args.quantize)
    print(f"{out}: {report}")


def _tokenize(args):
    """Write the ids of any number of images, as an Apache Beam pipeline; other flags are Beam's, such as --runner."""
    import time

    from kerasgen import zoo

    try:
        from kerasgen.export.pipeline import tokenize
    except ImportError as error:
        raise ValueError(
            f"Expected Apache Beam, which pip install 'kerasgen[tokenize]' brings. Received: {error}."
        ) from error
    began = time.monotonic()
    counts = tokenize(
        zoo.load(args.name), args.input, args.output, args.format, args.images_per_shard, args.resize, args.beam
    )
    seconds = time.monotonic() - began
    print(
        f"{args.output}: {counts['images']:,} images in {counts['shards']} shards, {counts['wrote']} of them written "
        f"in {seconds:.0f} s; {counts['skipped']:,} images could not be read: see the shards' JSON files"
    )


def _data_export(args):
    """Write a data set as one NumPy file, which trains without TensorFlow."""
    from kerasgen import data

    data.save_npz(args.name, args.file, data_dir=args.data_dir, download=args.download)
    print(f"{args.file}: {args.name}")


def _demo(args):
    """Sample, reconstruct, interpolate, fine-tune and deploy a preset into one folder to look at; needs no network."""
    from kerasgen import demo

    demo.run(args.out, args.preset)
    print(f"{args.out}: open {args.out / 'index.html'} in a browser")


if __name__ == "__main__":
    main()
