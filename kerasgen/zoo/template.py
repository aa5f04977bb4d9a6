"""card.md, written from a preset's recipe, its figures and its model. Nothing in a card is written by hand."""

from kerasgen.recipe import dump

from kerasgen.data import catalog

_SCORES = ("LatentVariableModel", "AutoregressiveModel", "Mixture", "TwoStageModel")  # give log p(x)
# These need more than 8 bits.
_EXACT = ("AutoregressiveModel", "DiscreteAutoencoder", "Mixture", "SelfConditionedModel", "TwoStageModel")
_LOADED = ("batch_size", "binarize", "labels")  # what fine-tuning reads as training did
_MOMENTA = ("beta_1", "beta_2")  # on which the game of an adversarial model depends
_BINARIZED = {
    None: "values as they are",
    "dynamic": "pixels re-sampled as Bernoulli(intensity) at every visit",
    "fixed": "every image binarized once",
}


def render(recipe, metrics, parameters, weight_bytes, pictures, multiply_adds=None):
    """The card of a preset, as Markdown text.

    Args:
        recipe: its `Recipe`.
        metrics: the content of its metrics.json.
        parameters: number of the model's weights.
        weight_bytes: size of model.weights.h5.
        pictures: captions by file name.
        multiply_adds: that scoring an image takes, where they are known.
    """
    kind, arguments = next((name.rpartition(".")[2], value) for name, value in recipe.model.items())
    binary = ", every pixel 0 or 1" if catalog.is_binary(recipe.data) else ""
    data = f"images float32 in [0, 1]{binary}" if len(arguments["event"]) == 3 else "points float32"
    x = data.partition(" ")[0] + (", labels" if recipe.data.get("labels") else "")
    file = _own_file(recipe, metrics)
    read = [
        _quoted(file or recipe.data["name"]),
        *(f"{key}={_quoted(recipe.data[key])}" for key in _LOADED if key in recipe.data),
        "shuffle=True",
        *(["download=True"] if not file and _is_downloaded(recipe) else []),
    ]
    load = f"{'from_npz' if file else 'load'}({', '.join(read)})"
    rates = ", ".join(["1e-4", *(f"{key}={recipe.training[key]}" for key in _MOMENTA if key in recipe.training)])
    exact = kind in _EXACT or "likelihoods.Autoregressive" in arguments.get("likelihood", {})
    quantize = "" if exact else ', quantize="int8"'
    sections = {
        "What it is": _what(recipe, parameters, weight_bytes, multiply_adds),
        "Figures": _figures(metrics),
        "Pictures": "\n\n".join(f"![{caption}]({name})\n\n{caption}" for name, caption in pictures.items()),
        "Training": _training(recipe, metrics),
        "Where it falls short": "\n".join(f"- {note}" for note in metrics.get("notes", ())),
        "Intended use and limits": _limits(recipe, kind),
        "Fine-tune it": _FINETUNE.format(name=recipe.name, x=x, data=data, load=load, rates=rates),
        "Deploy it": _DEPLOY.format(name=recipe.name, quantize=quantize),
    }
    body = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in sections.items() if text)
    return f"# {recipe.name}\n\n{recipe.title or recipe.name}.\n\n{body}\n"


def _what(recipe, parameters, weight_bytes, multiply_adds):
    kind = next(iter(recipe.model)).rpartition(".")[2]
    structure = dump(recipe.model, width=100, default_flow_style=None).rstrip()
    article = "An" if kind[0] in "AEIOU" else "A"
    work = "" if multiply_adds is None else f" A pass takes {multiply_adds / 1e6:.3g} million multiply-adds an image."
    return (
        f"{article} `{kind}` of {parameters:,} parameters; its weights are {weight_bytes / 1e6:.2f} MB.{work}\n\n"
        f"```yaml\n{structure}\n```"
    )


def _figures(metrics):
    figures = metrics["figures"]
    if not figures:
        return "None measured yet."
    floors = {name.replace("_floor", ""): figure for name, figure in figures.items() if "_floor" in name}
    head = ["figure", "this preset", *(["real data in its place"] if floors else []), "published"]
    rows, ways = [head, ["---"] * len(head)], {}
    for name, figure in figures.items():
        if "_floor" in name:
            continue
        ways.setdefault((figure["protocol"], figure["command"]), []).append(f"**{name}**")
        floor = [_value(floors[name]) if name in floors else "-"] if floors else []
        published = "<br>".join(
            f"{peer['model']}: {_number(peer['value'])} ({peer['source']})" for peer in figure.get("published", ())
        )
        rows.append([f"{name} ({figure['unit']})", _value(figure, "**{}**"), *floor, published or "-"])
    table = [f"| {' | '.join(row)} |" for row in rows]
    protocols = [f"- {', '.join(names)}: {protocol}. `{command}`" for (protocol, command), names in ways.items()]
    meaning = "[What the figures mean](../../docs/figures.md). ± is the standard error over what was measured."
    return "\n".join([*table, "", f"{meaning} How each was measured:", "", *protocols])


def _value(figure, form="{}"):
    error = figure.get("standard_error")
    return form.format(_number(figure["value"])) + (f" ± {error:.2g}" if error is not None else "")


def _number(value):
    return str(value) if isinstance(value, int) else f"{value:.2f}" if abs(value) >= 10 else f"{value:#.3g}"


def _training(recipe, metrics):
    name = recipe.data["name"]
    entry = catalog.entry(name)
    seconds = metrics["training_time_seconds"]
    amounts = ((3600, "hours", 1), (60, "minutes", 0), (1, "seconds", 0))
    time = next(f"{seconds / s:.{d}f} {unit}" for s, unit, d in amounts if seconds >= 1.5 * s or s == 1)
    if "em" in recipe.training:
        schedule = "expectation maximization on the whole set at once, " + _settings(recipe.training["em"])
    else:
        schedule = f"{_settings(recipe.training)}; batches of {recipe.data['batch_size']}"
    binarize = recipe.data.get("binarize")
    binarized = _BINARIZED.get(binarize, binarize)
    file = _own_file(recipe, metrics)
    source_flag = f" --data {file}" if file else " --download" if _is_downloaded(recipe) else ""
    return "\n".join(
        [
            f"- Data: {entry.title}, `{name}` of `kerasgen.data`, "
            f"split `{recipe.data.get('split', 'train')}`; {binarized}.",
            f"- Licence of the data: {entry.licence}.",
            f"- Schedule: {schedule}; seed {recipe.seed}.",
            f"- Took {time} on {metrics['machine']}.",
            f"- Repeat it: `kerasgen train {recipe.name}{source_flag}`. Every digit of the figures: `metrics.json`.",
        ]
    )


def _quoted(value):
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _own_file(recipe, metrics):
    """The file that training read, where the data are to be had nowhere else; else None."""
    return None if recipe.data["name"] in catalog.names() else metrics.get("data_file")


def _is_downloaded(recipe):
    """Whether TFDS fetches the data, which are otherwise computed or come with a library."""
    return catalog.entry(recipe.data["name"]).reader is None


def _settings(values):
    return ", ".join(f"{key} {value}" for key, value in values.items())


def _limits(recipe, kind):
    entry = catalog.entry(recipe.data["name"])
    sentences = [
        "For teaching, research, features, fine-tuning and as a baseline.",
        f"It has seen nothing but {entry.title}: on other data what it says means little before fine-tuning.",
    ]
    if kind in _SCORES:
        sentences.append("A high likelihood does not show that an example is of its kind.")
    if entry.licence != catalog.COMPUTED:
        sentences.append(
            "It was not made for recognising people or for decisions about them. Whoever passes on samples should mind "
            f"the licence of the data ({entry.licence})."
        )
    return " ".join(sentences) + " Licence of the weights: Apache-2.0."


_FINETUNE = """```python
import keras
import kerasgen

model = kerasgen.zoo.load("{name}")
train = kerasgen.data.{load}
model.compile(keras.optimizers.Adam({rates}))
model.fit(train, epochs=1)  # or {x}: {data}
```"""

_DEPLOY = """```python
import kerasgen

model = kerasgen.zoo.load("{name}")
kerasgen.export.saved_model(model, "{name}")
kerasgen.export.tflite(model, "{name}.tflite"{quantize})
```

[Signatures, sizes, errors and times of the files](../../export/README.md)."""
