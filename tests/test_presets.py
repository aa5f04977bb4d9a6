"""What ships: every preset is what its card says, and every recipe builds and takes a step."""

import contextlib
import json
import re

import keras
import numpy as np
import PIL.Image
import pytest
from shipped import RECIPES, ROOT

import kerasgen
from kerasgen import data, recipe, reports, training, zoo
from kerasgen.metrics import codes, features, quality
from kerasgen.metrics.published import LIKELIHOODS, published
from kerasgen.zoo import known

if keras.backend.backend() != "tensorflow":
    pytest.skip("data sets are read through TFDS", allow_module_level=True)


PRESETS = zoo.names()
SUBSET = 200


def with_every_part(recipes):
    """Names of recipes that have all parts between them: each has one that no other of them has.

    The longest go first, as they take the longest.
    """
    texts = {name: path.read_text() for name, path in recipes.items()}
    parts = {name: {*re.findall(r"\b[a-z_]+\.[A-Z]\w+", text)} for name, text in texts.items()}
    kept = dict(parts)
    for name in sorted(texts, key=lambda name: (-len(texts[name]), name)):
        others = set().union(*(parts[other] for other in kept if other != name))
        if parts[name] <= others:
            del kept[name]
    assert set().union(*kept.values()) == set().union(*parts.values())
    return set(kept)


QUICK = ("gan_mnist", "gmm_ring", "vae_mnist")
LOADED = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in PRESETS]
STEPPED = with_every_part(RECIPES)
AT_ONCE = ("critic", "LatentVariableModel", "families.Mixture")  # and so in a moment
SAMPLED = [name for name in PRESETS if any(word in RECIPES[name].read_text() for word in AT_ONCE)]
ALL_PARTS = with_every_part({name: RECIPES[name] for name in SAMPLED})
DRAWN = [
    pytest.param(name, marks=() if name in ALL_PARTS else pytest.mark.slow) for name in SAMPLED
]


def test_what_each_preset_does_is_known_of_all():
    assert list(known.shipped()) == PRESETS


@pytest.mark.parametrize("name", LOADED)
def test_what_a_preset_does_is_what_its_model_does(name):
    assert known.shipped()[name] == known.of(zoo.load(name))


@contextlib.contextmanager
def there():
    """A skip that says what is missing."""
    try:
        yield
    except FileNotFoundError as error:
        pytest.skip(f"needs a data set: {error}")


def examples(recipe, split, labels):
    """Arrays of a split."""
    binarize = recipe.data.get("binarize") and "fixed"
    with there():
        batches = list(data.load(recipe.data["name"], split, 1000, binarize, labels))
    return [np.concatenate(part) for part in zip(*batches)] if labels else [np.concatenate(batches)]


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_figures_come_again(name):
    """Measured anew on the first test examples, a figure lies around the card's, as far as so few
    examples can tell.

    Their standard error follows from the card's, which comes from all examples, or from as many as
    its command says. The NLL is taken with few importance samples, so it may lie above the card's
    by the looseness of that bound.
    """
    model, run = zoo.load(name), recipe.Recipe.load(zoo.folder(name) / "recipe.yaml")
    with there():
        whole = data.size(run.data["name"], "test")
    size = min(SUBSET, whole)
    subset = examples(run, f"test[:{size}]", bool(run.data.get("labels")))
    report = reports.report(model)
    if report.only_samples:
        extractor = features.of(zoo.judge(run.data["name"]))
        measured = quality.sample_quality(model, *subset, extractor=extractor)
    else:
        measured = report.evaluate(*subset, num_samples=50)
    figures = json.loads((zoo.folder(name) / "metrics.json").read_text())["figures"]
    limit = re.search(r"--limit (\d+)", next(iter(figures.values()))["command"])
    measured_on = int(limit[1]) if limit else whole
    fewer = np.sqrt(measured_on / size)
    assert next(iter(figures)) == next(iter(measured)), "the leading figure"
    for key in figures.keys() & measured.keys():
        if "[" in key:
            # Quality depends on the number of examples; the Fréchet distance grows with fewer.
            assert "frechet" not in key or measured[key].value > figures[key]["value"], key
            continue
        value, error = measured[key].value, figures[key]["standard_error"]
        if key == "used_codes":
            # Rare codes show in many images only, so of this figure all are read again.
            (everything,) = examples(run, "test", False)
            value = codes.usage(codes.count(model, everything))[key].value
        if error is None:
            assert abs(value - figures[key]["value"]) <= 2  # counts, such as that of active units
            continue
        error *= fewer
        looseness = 1.5 if key == "nll" else 0.01 if key == "bits_per_dim" else 0.0
        assert (
            figures[key]["value"] - 4 * error
            <= value
            <= figures[key]["value"] + 4 * error + looseness
        ), key


@pytest.mark.parametrize("name", DRAWN)
def test_pictures_of_samples_come_again(name, tmp_path):
    """Seed 0 draws what the cards show, which a change of the seeds' order would alter; and of
    adversarial models few examples say little else."""
    model = zoo.load(name)
    pictures = reports.report(model).pictures(tmp_path, reports.Shown())
    needs_examples = model.condition.is_picture or model.event.columns is not None
    assert bool(pictures) != needs_examples
    for picture in pictures:
        drawn, shown = (
            np.asarray(PIL.Image.open(folder / picture), "float32")
            for folder in (tmp_path, zoo.folder(name))
        )
        assert drawn.shape == shown.shape, picture
        assert np.abs(drawn - shown).mean() < 1, picture  # of 255 levels


def test_the_zoo_holds_whole_presets_only():
    assert sorted(path.name for path in (ROOT / "zoo").iterdir() if path.is_dir()) == PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_a_card_names_how_each_figure_was_measured(name):
    folder = zoo.folder(name)
    figures = json.loads((folder / "metrics.json").read_text())["figures"]
    card = zoo.card(name)
    assert figures
    for key, figure in figures.items():
        if "_floor" in key:
            continue  # a column of the table
        (line,) = (
            line for line in card.splitlines() if line.startswith("- ") and f"**{key}**" in line
        )
        assert line.endswith(f": {figure['protocol']}. `{figure['command']}`")
        assert figure["command"].startswith(
            (f"kerasgen evaluate {name}", f"kerasgen tokenize {name}")
        )
    for picture in folder.glob("*.png"):
        assert f"({picture.name})" in card
    assert (folder / "model.weights.h5").stat().st_size < 4e6


@pytest.fixture(scope="module")
def built(request):
    """A recipe and its model, once for all tests of it."""
    run = recipe.Recipe.load(RECIPES[request.param])
    return run, run.build()


@pytest.mark.parametrize("built", PRESETS, indirect=True)
def test_published_figures_stand_beside_figures_of_the_same_kind(built):
    """Exact beside exact, estimates beside estimates, given the class beside given the class."""
    run, model = built
    figures = json.loads((zoo.folder(run.name) / "metrics.json").read_text())["figures"]
    peers = published(run, model)
    for key, rows in peers.items():
        assert key in figures and figures[key]["published"] == rows, key
    assert all(not figure["published"] for key, figure in figures.items() if key not in peers)
    if isinstance(model, kerasgen.abilities.Scores):
        place = run.data["name"], run.data.get("binarize"), model.num_classes is not None
        known = LIKELIHOODS.get(place, {}).get(model.likelihood_kind, {})
        assert peers.keys() - {"nll_marginal"} == known.keys()


def test_published_bounds_have_the_sign_of_their_figure():
    for kinds in LIKELIHOODS.values():
        for figures in kinds.values():
            for key, rows in figures.items():
                assert all((value < 0) == (key == "elbo") for _, value, _ in rows)


def test_every_figure_is_explained():
    text = (ROOT / "docs" / "figures.md").read_text()
    for name in PRESETS:
        for key in json.loads((zoo.folder(name) / "metrics.json").read_text())["figures"]:
            plain = re.sub(r"\[.*|_floor|_held_out|_best_of_\d+", "", key)
            assert re.search(rf"`{plain}[`\[]", text), key  # in brackets: of what the figure is


def trace_for_any_batch(model, *arrays):
    """The loss, or what a classifier gives, as a graph of a free batch size, as in `fit`."""
    import tensorflow as tf

    function = getattr(model, "loss_terms", lambda x, y, training: model(x, training=training))

    def spec(array):
        return tf.TensorSpec((None, *array.shape[1:]), array.dtype)

    specs = keras.tree.map_structure(spec, [array for array in arrays if array is not None])
    graph = tf.function(lambda *given: function(*given, training=True), autograph=False)
    graph.get_concrete_function(*specs)


@pytest.mark.parametrize("built, name", [(name, name) for name in RECIPES], indirect=["built"])
def test_every_recipe_builds_what_it_describes_and_every_part_takes_a_step(built, name):
    run, model = built
    assert run.name == name and run.title
    x = keras.tree.map_structure(np.round, model.event.example(2, 0))
    y = model.condition.example(2, 0)
    assert bool(run.data.get("labels")) == (y is not None)
    if name not in STEPPED:
        return
    if "em" in run.training:
        assert np.all(np.isfinite(model.log_prob(x)))
        return
    trace_for_any_batch(model, x, y)
    # Compiling the graph of a step takes ten times as long as the step; tiny models do it.
    model.compile(training.TrainingConfig(**run.training).optimizer(10), run_eagerly=True)
    history = model.fit(x, y, batch_size=2, verbose=0).history
    assert np.isfinite(history["loss"][0])
    assert isinstance(model, (kerasgen.GenerativeModel, kerasgen.families.Classifier))
