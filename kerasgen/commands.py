"""What each `kerasgen` command does with its parsed arguments; a docstring is the command's help.

What is heavy is imported inside the command that needs it, so that help comes at once.
"""

import dataclasses
import itertools
import json
import os
import pathlib


def list_(args):
    """List the presets with their figures, as a Markdown table."""
    import yaml

    from kerasgen import zoo

    print("| preset | what it is | measured | published | weights |")
    print("| --- | --- | --- | --- | --- |")
    for name in zoo.names():
        folder = zoo.folder(name)
        title = yaml.safe_load((folder / "recipe.yaml").read_text(encoding="utf-8")).get("title", "")
        figures = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["figures"]
        first = next(iter(figures), "")
        leading = "nll_marginal" if "nll_marginal" in figures else first  # which compares with models without a class
        figure = figures.get(leading, {})
        measured = f"{leading} {figure['value']:.2f}" if figure else ""
        measured += f" ± {figure['standard_error']:.2f}" if figure.get("standard_error") is not None else ""
        measured += f" {figure['unit']}" if figure else ""
        published = ", ".join(f"{peer['model']} {peer['value']:.2f}" for peer in figure.get("published", ()))
        size = (folder / "model.weights.h5").stat().st_size
        size = f"{size / 1e6:.1f} MB" if size > 1e5 else f"{size / 1e3:.0f} kB"
        print(f"| `{name}` | {title} | {measured} | {published} | {size} |")


def card(args):
    """Print a preset's card: what it is, its figures, its limits."""
    from kerasgen import zoo
    from kerasgen.metrics.published import published

    if args.write or args.note:
        model, folder, recipe = zoo.load(args.name), zoo.folder(args.name), _recipe(args.name)
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        metrics["notes"] = args.note or metrics.get("notes", [])
        for name, peers in published(recipe).items():
            if name in metrics["figures"]:
                metrics["figures"][name]["published"] = peers
        _rewrite(model, folder, recipe, metrics, args)
    print(zoo.card(args.name))


def _rewrite(model, folder, recipe, metrics, args):
    """The preset again, with other figures or notes, and new pictures."""
    from kerasgen import zoo
    from kerasgen.metrics import evaluation

    grey = dataclasses.replace(recipe, data={**recipe.data, "binarize": None})
    training = _examples(grey, "train", args)[0] if evaluation.only_samples(model) else None
    images, labels = _examples(recipe, "test", args, recipe.data.get("labels"))
    zoo.save(model, folder, recipe, metrics, images, training, labels=labels)


_QUICK = 32  # rows of pixels that are drawn before anyone would look for a progress bar
_WAYS = ("mean", "truncation", "temperature", "top_k", "top_p", "best_of", "guidance")


def sample(args):
    """Draw images from a preset into one picture; points, between those of its data set and its density."""
    import inspect

    import numpy as np

    from kerasgen import plot, zoo
    from kerasgen.tasks.appear import appear

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
    elif args.label is not None and model.num_classes is None:
        raise ValueError(f"Expected a preset of classes. Received: --label for {args.name!r}. Drop it.")
    elif args.label == "any":
        condition = np.random.default_rng(args.seed).integers(model.num_classes, size=args.n)
    elif args.label is not None:
        condition = np.full(args.n, args.label)
    else:
        condition, columns = model.shown_condition(args.n), model.num_shown_conditions
    is_animated = args.out.suffix.lower() == ".gif"
    if is_animated and not hasattr(model, "patch_size"):
        raise ValueError(
            f"Expected a preset that draws pixel by pixel for {args.out}, an animation. Received: {args.name!r}. "
            "Write a .png."
        )
    if "progress" in takes and model.num_rows(args.n) > _QUICK:
        ways["progress"] = True
    samples = model.sample(args.n, condition, seed=args.seed, **ways)
    if is_animated:
        plot.animate(appear(samples, model.patch_size), args.out, 0.06)
    elif model.event_shape == (2,):
        plot.density(model, _examples(_recipe(args.name), "test", args)[0], args.out, samples)
    else:
        plot.grid(samples, args.out, columns)
    print(f"{args.out}: {args.n} samples")


def reconstruct(args):
    """Show images of a preset's data set (upper row) and their reconstructions (lower row)."""
    from kerasgen import plot, zoo

    model = zoo.load(args.name)
    _needs(model, "reconstruct", args.name)
    recipe = _recipe(args.name)
    images, labels = _examples(recipe, args.split, args, recipe.data.get("labels"), args.n)
    plot.pairs([images, model.reconstruct(images, labels)], args.out)
    print(f"{args.out}: {len(images)} images of {args.split}, each above its reconstruction")


def train(args):
    """Train a model from a recipe, with checkpoints and logs."""
    recipe = _recipe(args.recipe).override(args.set)
    output = args.out or pathlib.Path("runs", recipe.name)

    from kerasgen import training

    here = {"data": args.data, "data_dir": args.data_dir, "download": args.download}
    training.run(recipe, output, args.strategy, args.devices, args.resume, **here)
    print(f"{output / 'preset'}: trained {recipe.name}")


def evaluate(args):
    """Measure a preset on the test examples of its data set."""
    if args.write and args.split != "test":
        raise ValueError("Expected --write with figures of the data set's test split. Drop --split.")
    from kerasgen import zoo
    from kerasgen.metrics import evaluation, features
    from kerasgen.metrics.published import published

    recipe = _recipe(args.name)
    model = zoo.load(args.name)
    with_quality = args.quality or args.inception is not None
    if with_quality:
        _needs(model, "sample", args.name)
    if args.inception and len(model.event_shape) != 3:
        raise ValueError(f"Expected a preset of images for --inception. Received: {args.name!r}. Use --quality.")
    if args.samples and not with_quality and not evaluation.only_samples(model):
        raise ValueError("Expected --samples with --quality, whose samples it counts. Add --quality, or drop it.")
    extractor = features.inception(args.inception) if args.inception else None

    def read(split, grey=False, count=None, name=recipe.data["name"]):
        if name != recipe.data["name"]:
            if args.data:
                raise FileNotFoundError(f"Expected {name}. Received: {args.data}, which holds {recipe.data['name']}.")
        elif split == "test":
            split = args.split
        draws = recipe.is_binary and name != "binarized_mnist" and not grey
        shown = dataclasses.replace(recipe, data={**recipe.data, "name": name, "binarize": "fixed" if draws else None})
        count = min((bound for bound in (count, args.limit) if bound), default=None)
        examples, labels = _examples(shown, split, args, recipe.data.get("labels"), count)
        what = f"{len(examples):,} {split} examples of {name}"
        return examples, labels, what + (" binarized once with seed 0" if draws else "")

    command = f"kerasgen evaluate {zoo.folder(args.name).name}"  # the flags that figures depend on
    if evaluation.is_estimated(model):
        command += f" --num-samples {args.num_samples}"
    if args.limit:
        command += f" --limit {args.limit}"
    if args.quality:
        command += " --quality"
    if args.inception:
        command += f" --inception {pathlib.Path(args.inception).name}"
    if args.samples:
        command += f" --samples {args.samples}"
    if args.data:
        command += f" --data {pathlib.Path(args.data).name}"
    figures, protocols = {}, {}
    data_name = recipe.data["name"]
    options = (zoo.judge(data_name), args.num_samples, with_quality, extractor, args.limit, args.samples)
    for measured, protocol in evaluation.measure(model, data_name, read, *options, progress=True):
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
        _rewrite(model, folder, recipe, metrics, args)


def probe(args):
    """Compare what presets' features are worth to a classifier with few labels, as a Markdown table."""
    from kerasgen import zoo
    from kerasgen.families import Classifier
    from kerasgen.metrics.figure import over_seeds
    from kerasgen.tasks import probe

    recipe, *others = (_recipe(name) for name in args.names)
    for other in others:
        if other.data["name"] != recipe.data["name"]:
            raise ValueError(
                f"Expected presets of one data set, {recipe.data['name']}, as {args.names[0]!r} is. "
                f"Received: {other.name!r}, of {other.data['name']}. Compare it by itself."
            )
    models = {name: zoo.load(name) for name in args.names}
    for name, model in models.items():
        _needs(model, "encoder", name)
        if isinstance(model, Classifier):
            raise ValueError(f"Expected encoders trained without labels. Received: the classifier {name!r}. Drop it.")
        if hasattr(model, "tokenize"):
            raise ValueError(f"Expected encoders that give vectors. Received: {name!r}, a tokenizer. Name another.")
    recipe.data["binarize"] = None  # grey pixels for all, whatever each was trained on
    _, some = _examples(recipe, "train", args, labels=True, count=2)
    if some.ndim > 1:
        raise ValueError(
            f"Expected a set of classes, one label an image. Received: {recipe.data['name']!r}, of {some.shape[1]} "
            "labels an image. Name presets of another set."
        )
    train, test = (_examples(recipe, split, args, labels=True) for split in ("train", "test"))
    cells = probe.table(models, train, test, args.labels, range(args.seeds))
    print(f"Test accuracy in percent on {recipe.data['name']}: mean and standard deviation of draws: {args.seeds}.\n")
    print("| classifier | features | " + " | ".join(f"{count} labels" for count in args.labels) + " |")
    print("| --- | --- |" + " --- |" * len(args.labels))
    for way, name in dict.fromkeys((way, name) for way, name, _ in cells):
        columns = [over_seeds(cells[way, name, count], 1) for count in args.labels]
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
    from kerasgen.zoo import manifest

    if os.path.isfile(name):
        return Recipe.load(name)
    if pathlib.PurePath(name).suffix in (".yaml", ".yml"):
        raise FileNotFoundError(f"Expected a recipe file or a preset. Received: {name}, which is not there.")
    folder = zoo.folder(name)
    manifest.verify(folder)
    return Recipe.load(folder / "recipe.yaml")


def _examples(recipe, split, args, labels=False, count=None):
    """The first `count` of a split of the recipe's data set, or all, as arrays (images, labels or None).

    Pixels are drawn once if training draws them at every visit.
    """
    import numpy as np

    from kerasgen import data

    options = {"batch_size": 1000, "binarize": recipe.data.get("binarize") and "fixed", "labels": bool(labels)}
    if args.data:
        batches = data.from_npz(args.data, split, recipe.data["name"], **options)
    else:
        where = {"data_dir": args.data_dir, "download": args.download}
        batches = data.load(recipe.data["name"], split, **options, **where)
    batches = list(itertools.islice(batches, count and -(-count // options["batch_size"])))
    images, labels = zip(*batches) if labels else (batches, None)
    return np.concatenate(images)[:count], labels and np.concatenate(labels)[:count]


def export(args):
    """Write a preset for deployment, checked against the Keras model."""
    if args.quantize and args.format != "tflite":
        raise ValueError(f"Expected --quantize with --format tflite only. Received: --format {args.format}. Drop one.")
    from kerasgen import export, zoo

    model = zoo.load(args.name)
    ending = "_saved_model" if args.format == "savedmodel" else ".tflite"
    out = args.out or pathlib.Path(zoo.folder(args.name).name + ending)
    report = export.saved_model(model, out) if args.format == "savedmodel" else export.tflite(model, out, args.quantize)
    print(f"{out}: {report}")


def tokenize(args):
    """Write the ids of any number of images, as an Apache Beam pipeline; other flags are Beam's, such as --runner."""
    import time

    from kerasgen import zoo

    recipe = _recipe(args.name)
    try:
        from kerasgen.tokenization import tokenize
    except ImportError as error:
        raise ValueError(
            f"Expected Apache Beam, which pip install 'kerasgen[tokenize]' brings. Received: {error}."
        ) from error
    began = time.monotonic()
    counts = tokenize(
        zoo.load(args.name),
        args.input,
        args.output,
        args.format,
        args.images_per_shard,
        args.resize,
        binary=recipe.is_binary,
        options=args.beam,
        data_dir=args.data_dir,
        download=args.download,
    )
    seconds = time.monotonic() - began
    print(
        f"{args.output}: {counts['images']:,} images in {counts['shards']} shards, {counts['wrote']} of them written "
        f"in {seconds:.0f} s; {counts['skipped']:,} images could not be read: see the shards' JSON files"
    )


def data_export(args):
    """Write a data set as one NumPy file, which trains without TensorFlow."""
    from kerasgen import data

    data.save_npz(args.name, args.file, data_dir=args.data_dir, download=args.download)
    print(f"{args.file}: {args.name}")


def demo(args):
    """Sample, reconstruct, interpolate, fine-tune and deploy a preset into one folder to look at; needs no network."""
    from kerasgen import demo

    demo.run(args.out, args.preset)
    print(f"{args.out}: open {args.out / 'index.html'} in a browser")
