"""`kerasgen new` writes recipes that fit the data; runs keep what is best on held-out examples."""

import csv
import json

import keras
import numpy as np
import pytest
from command_line import fails, is_png, needs_tensorflow

import kerasgen
from kerasgen import cli, data, reports, starter, training, zoo
from kerasgen.recipe import Recipe
from kerasgen.training import schedule as schedules
from kerasgen.zoo import rounding

RNG = np.random.default_rng(0)


def file(folder, shape=(16, 16, 3), count=60, classes=("cat", "dog"), **options):
    """A file of noise: pictures of bytes, or rows of numbers."""
    if len(shape) == 3:
        x = RNG.integers(options.get("maximum", 255) + 1, size=(count, *shape), dtype="uint8")
    else:
        x = RNG.normal(5, 3, (count, *shape))
        options = {"columns": [f"c{i}" for i in range(*shape)], "means": x.mean(0), **options}
        options["scales"] = x.std(0)
    labels = {}
    if classes:
        options["classes"] = list(classes)
        numbers = np.arange(count, dtype="int32") % len(classes)
        labels = {"train_labels": numbers, "test_labels": numbers[:20]}
    path = folder / "mine.npz"
    return data.save_npz(path, train_images=x, test_images=x[:20], **labels, **options)


def built(path, family, folder):
    text = starter.recipe(path, family, "mine")
    (folder / "mine.yaml").write_text(text)
    return Recipe.load(folder / "mine.yaml"), text


IMAGES = ["vae", "cvae", "pixelcnn", "wgan", "vqvae", "gmm"]


@pytest.mark.parametrize("family", IMAGES)
@pytest.mark.parametrize("shape, maximum", [((16, 16, 3), 255), ((28, 28, 1), 1)])
def test_recipes_of_pictures_build(family, shape, maximum, tmp_path):
    recipe, text = built(file(tmp_path, shape, maximum=maximum), family, tmp_path)
    model = recipe.build()
    assert model.event.shape == shape
    assert (model.num_classes == 2) == (family in ("cvae", "pixelcnn", "wgan"))
    assert "#" in text
    if model.num_classes:
        assert model.condition.names == ["cat", "dog"]


@pytest.mark.parametrize("family", ["vae", "cvae", "gmm"])
def test_recipes_of_tables_build(family, tmp_path):
    recipe, _ = built(file(tmp_path, (4,)), family, tmp_path)
    event = recipe.build().event
    assert event.columns == ["c0", "c1", "c2", "c3"] and min(event.scales) > 1


@pytest.mark.parametrize("family", IMAGES)
def test_classes_that_a_family_is_not_told_are_named(family, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cli.main(["new", "mine", "--data", str(file(tmp_path)), "--family", family])
    told = "2 classes are left out" in capsys.readouterr().out
    assert told == ("2 classes are left out" in (tmp_path / "mine.yaml").read_text())
    assert told == (Recipe.load(tmp_path / "mine.yaml").build().num_classes is None)


@pytest.mark.parametrize("count", [40, 400, 5000, 60_000])
@pytest.mark.parametrize("family", ["vae", "wgan"])
def test_a_run_is_longer_than_its_warm_ups_and_averages(count, family, tmp_path, capsys):
    recipe, _ = built(file(tmp_path, (8, 8, 1), count), family, tmp_path)
    schedule = schedules.of(recipe)
    source = training.source.of(recipe.data, recipe.data["file"])
    steps, _ = source.epoch_steps(schedule.steps_per_execution, schedule.passes)
    total = steps * schedule.epochs
    assert 1000 < total < 20_000
    assert 1 / (1 - schedule.ema) < total / 10 and schedule.warmup_steps < total / 10
    assert reports.report(recipe.build()).annealing_steps < total / 5
    training.start.warn_of_short(recipe.build(), schedule, steps)
    assert capsys.readouterr().err == ""
    schedule.epochs = 1
    schedule.ema = 0.99999
    training.start.warn_of_short(recipe.build(), schedule, steps)
    assert "training.epochs=" in capsys.readouterr().err


def test_what_does_not_fit_is_refused(tmp_path):
    with pytest.raises(ValueError, match="--size 40x40"):
        starter.recipe(file(tmp_path, (37, 41, 3)), "vae")
    with pytest.raises(ValueError, match="family vae"):
        starter.recipe(file(tmp_path, classes=()), "cvae")
    with pytest.raises(ValueError, match="of \\['vae', 'cvae', 'gmm'\\]"):
        starter.recipe(file(tmp_path, (4,)), "wgan")
    with pytest.raises(ValueError, match="at least 20"):
        starter.recipe(file(tmp_path, count=5), "vae")
    assert set(starter.FAMILIES) == set(cli.new.FAMILIES)


TINY = {"training.epochs": 3, "training.passes": 1, "training.warmup_steps": 1}
TINY |= {"training.ema": 0.5, "training.steps_per_execution": 1}


def short(path, folder, **settings):
    recipe, _ = built(path, "cvae", folder)
    settings = {f"training.{key}": value for key, value in settings.items()}
    objective = "model.families.LatentVariableModel.objective.objectives.ELBO.warmup_steps=0"
    return recipe.override([objective, *(f"{k}={v}" for k, v in (TINY | settings).items())])


@pytest.mark.usefixtures("plain_ends")
@needs_tensorflow
def test_the_run_ends_on_the_weights_that_are_best_held_out(tmp_path):
    """By a large learning rate some epochs are worse than those before."""
    recipe = short(file(tmp_path, (4,), 200), tmp_path, epochs=9, patience=2, learning_rate=0.1)
    run = tmp_path / "run"
    model = training.run(recipe, run)
    with (run / "history.csv").open() as rows:
        losses = [float(row["val_loss"]) for row in csv.DictReader(rows)]
    best = json.loads((run / "checkpoints" / "best.json").read_text())
    assert losses[best["epoch"] - 1] == pytest.approx(min(losses), rel=1e-6) == best["loss"]
    assert len(losses) == min(best["epoch"] + 2, 9) and losses[-1] > min(losses)
    held_out = training.source.of(recipe.data, recipe.data["file"]).held_out("train[90%:]")
    model.compile()
    again = model.evaluate(held_out, verbose=0, return_dict=True)["loss"]
    assert again == pytest.approx(best["loss"], rel=0.2)  # another draw of the codes
    assert len(list((run / "checkpoints").glob("best-*.h5"))) == 1
    resumed = training.run(recipe, run, resume=True)  # which has nothing to add
    for ours, theirs in zip(model.get_weights(), resumed.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.usefixtures("plain_ends")
@needs_tensorflow
@pytest.mark.slow
def test_a_longer_run_goes_on_and_a_preset_is_made_of_any_checkpoint(tmp_path):
    path, run = file(tmp_path, (4,), 200), tmp_path / "run"
    training.run(short(path, tmp_path, epochs=1, decay=0.0), run)
    training.run(short(path, tmp_path, epochs=3, decay=0.0), run, resume=True)
    with (run / "history.csv").open() as rows:
        assert [row["epoch"] for row in csv.DictReader(rows)] == ["0", "1", "2"]
    with pytest.raises(ValueError, match="training.epochs"):
        training.run(short(path, tmp_path, epochs=2, decay=0.0), run, resume=True)
    cli.main(["preset", str(run), "--out", str(tmp_path / "again")])
    models = [zoo.load(folder) for folder in (run / "preset", tmp_path / "again")]
    for ours, theirs in zip(*(model.get_weights() for model in models)):
        np.testing.assert_array_equal(ours, theirs)


@needs_tensorflow
def test_classes_are_drawn_by_name_and_tables_written_as_csv(tmp_path, monkeypatch, capsys):
    path = file(tmp_path, (4,), 200)
    recipe = short(path, tmp_path, epochs=1)
    monkeypatch.chdir(tmp_path)
    training.run(recipe, "run")
    assert is_png(tmp_path / "run" / "preset" / "samples.png")
    cli.main(["sample", "run/preset", "-n", "5", "--label", "dog", "--seed", "0"])
    with open("samples.csv") as rows:
        found = list(csv.DictReader(rows))
    assert [row["class"] for row in found] == ["dog"] * 5
    model = zoo.load("run/preset")
    drawn = np.asarray(model.sample(5, [1] * 5, seed=0))
    written = np.array([[float(row[f"c{i}"]) for i in range(4)] for row in found])
    np.testing.assert_allclose(written, drawn, rtol=1e-5)
    cli.main(["sample", "run/preset", "-n", "5", "--out", "pairs.png"])
    assert is_png(tmp_path / "pairs.png")
    assert "cat, dog" in fails(capsys, "sample", "run/preset", "--label", "horse")


def test_a_model_that_was_trained_by_fit_becomes_a_preset(tmp_path):
    from tiny import tiny_mlp_vae

    model = tiny_mlp_vae()
    model.compile("adam")
    x = RNG.integers(2, size=(64, *model.event_shape)).astype("float32")
    model.fit(x, verbose=0)
    zoo.save(model, tmp_path / "mine")
    model.save(tmp_path / "mine.keras")
    for place in (tmp_path / "mine", tmp_path / "mine.keras"):
        loaded = zoo.load(place)
        np.testing.assert_allclose(
            *(each.log_prob(x, num_samples=3, seed=0) for each in (model, loaded)), atol=0.05
        )
        assert zoo.folder(place).is_dir() and "fit" in zoo.card(place)
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "other.keras")
    with pytest.raises(zoo.PresetError, match="kerasgen model"):
        zoo.load(tmp_path / "other.keras")


def test_parts_that_recipes_cannot_name_are_told(tmp_path):
    from kerasgen import bottlenecks, likelihoods, networks

    model = kerasgen.LatentVariableModel(
        [4],
        keras.Sequential([keras.layers.Dense(3)]),
        bottlenecks.Gaussian(2),
        networks.MLP(hidden=[3]),
        likelihoods.Gaussian(),
    )
    with pytest.raises(ValueError, match=r"Sequential.*\.keras"):
        zoo.save(model, tmp_path / "mine")


@pytest.mark.usefixtures("plain_ends")
@needs_tensorflow
def test_a_recipe_names_a_folder_itself(tmp_path):
    from test_own_data import picture

    for number in range(40):
        picture(tmp_path / "pets" / ("cat", "dog")[number % 2] / f"{number}.png", size=(20, 30))
    path = data.folder(tmp_path / "pets", tmp_path / "mine.npz", size=16).path
    recipe = short(path, tmp_path, epochs=1)
    recipe.data["file"] = str(tmp_path / "pets")
    training.run(recipe, tmp_path / "run")
    assert Recipe.load(tmp_path / "run" / "preset" / "recipe.yaml").data.keys() == {
        "name",
        "split",
        "batch_size",
        "labels",
    }


@pytest.mark.usefixtures("plain_ends")
@needs_tensorflow
def test_rounding_is_judged_by_examples_that_were_held_out(tmp_path, monkeypatch):
    judged = []
    monkeypatch.setattr(rounding, "round_weights", lambda model, *given: judged.append(given))
    recipe = short(file(tmp_path, (8, 8, 1), 80), tmp_path, epochs=1)
    training.run(recipe, tmp_path / "run")
    ((x, labels),) = judged
    source = data.open(None, recipe.training["validation"], npz=recipe.data["file"])
    np.testing.assert_array_equal(x, source.array())
    np.testing.assert_array_equal(labels, source.labels)


@pytest.mark.usefixtures("plain_ends")
@pytest.mark.slow
@needs_tensorflow
@pytest.mark.parametrize("family", ["pixelcnn", "wgan", "vqvae", "gmm"])
def test_recipes_of_pictures_train(family, tmp_path):
    recipe, _ = built(file(tmp_path, (8, 8, 3), 80), family, tmp_path)
    short = ["epochs=1", "passes=1", "warmup_steps=0", "steps_per_execution=1"]
    if family != "gmm":
        recipe = recipe.override([f"training.{setting}" for setting in short])
    training.run(recipe, tmp_path / "run")
    model = zoo.load(tmp_path / "run" / "preset")
    assert model.event.shape == (8, 8, 3)


@needs_tensorflow
def test_tensorboard_shows_samples_and_never_ends_a_run(tmp_path, monkeypatch, capsys):
    from tiny import tiny_mlp_vae

    model = tiny_mlp_vae()
    model.compile("adam")
    pictures = training.SamplePictures(tmp_path, epochs=5)
    pictures.set_model(model)
    pictures.on_epoch_end(3)
    assert not (tmp_path / "samples").exists()
    pictures.on_epoch_end(4)
    assert [*(tmp_path / "samples").glob("*tfevents*")]
    monkeypatch.setattr(model, "shown_samples", lambda *a, **k: 1 / 0)
    pictures.on_epoch_end(9)
    pictures.on_epoch_end(14)
    assert capsys.readouterr().err.count("no pictures") == 1
