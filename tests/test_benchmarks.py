"""The benchmarks measure what they say: the PyTorch side is the same model, and the table's
arithmetic is right.
"""

import argparse
import importlib.util
import logging
import pathlib
import re
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from command_line import TINY

from kerasgen import networks, zoo
from kerasgen.metrics.likelihood import scored
from kerasgen.recipe import build

SCRIPT = pathlib.Path(__file__).parent.parent / "benchmarks" / "train_vae.py"


sys.path[:0] = map(str, (SCRIPT.parent, SCRIPT.parents[1]))  # as programs find their neighbours


def script(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


train_vae = script(SCRIPT)
train_gated_pixelcnn = script(SCRIPT.with_name("train_gated_pixelcnn.py"))
train_wgan_gp = script(SCRIPT.with_name("train_wgan_gp.py"))
turns = script(SCRIPT.with_name("turns.py"))
sample_autoregressive = script(SCRIPT.with_name("sample_autoregressive.py"))

pytestmark = pytest.mark.slow
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="needs PyTorch: pip install 'kerasgen[benchmark]'",
)


def test_the_table_of_mode_coverage(capsys):
    mode_coverage = script(SCRIPT.with_name("mode_coverage.py"))
    options = (
        "--games least_squares wasserstein_spectral --toys eight_gaussians --seeds 0 --steps 2"
    )
    table = mode_coverage.main(options.split())
    assert list(table) == [
        ("least_squares", "eight_gaussians"),
        ("wasserstein_spectral", "eight_gaussians"),
    ]
    rows = capsys.readouterr().out.splitlines()
    for (game, _), [(modes, good)] in table.items():
        assert 0 <= modes <= 8 and 0 <= good <= 100
        assert f"| {game} | {modes} | {good:.1f} |" in rows


def test_the_table_of_sampling_presets():
    sample_presets = script(SCRIPT.with_name("sample_presets.py"))
    table = sample_presets.report(["gmm_ring -n 4"], rounds=1)
    numbers = re.search(
        r"^\| `gmm_ring -n 4` \| (\S+) \| \1 \| \1 \| (-?\S+) \|$", table, re.MULTILINE
    )
    imports = float(re.search(r"^- imports: (\S+) s$", table, re.MULTILINE)[1])
    assert float(numbers[1]) - imports == pytest.approx(float(numbers[2]), abs=0.11)
    with pytest.raises(subprocess.CalledProcessError):
        sample_presets.report(["no_such_preset"], rounds=1)


def kernels(model):
    """Every convolution and dense layer in order, with the height and width that it works at."""
    found, side = [], model.event_shape[0]
    for part in (model.encoder, model.bottleneck, model.decoder):
        for layer in getattr(part, "stack", None) or [part.statistics]:
            if isinstance(layer, networks.SpaceToDepth):
                side //= 2
            if isinstance(layer, networks.DepthToSpace):
                side *= 2
            if isinstance(layer, networks.ResidualBlock):
                found += [(layer.conv1, side), (layer.conv2, side)]
            if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)):
                found.append((layer, side))
    return found


def channels_first(values, shape, axis):
    """Reorders an axis from `(*space, channels)` as Keras flattens it to PyTorch's `(channels,
    *space)`.
    """
    *others, channels = shape
    order = np.arange(np.prod(shape)).reshape(-1, channels).T.ravel()
    return np.take(values, order, axis)


def copy_weights(model, twin):
    """Gives the PyTorch twin the Keras model's weights."""
    import torch

    layers = [layer for layer, _ in kernels(model)]
    modules = [
        module
        for module in twin.modules()
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear))
    ]
    assert len(layers) == len(modules)
    stacks = [*model.encoder.stack, *model.decoder.stack]
    stacks = [layer for layer in stacks if not isinstance(layer, keras.layers.Dropout)]
    for layer, module in zip(layers, modules):
        kernel, bias = (weight.numpy() for weight in layer.weights)
        index = stacks.index(layer) if layer in stacks else None
        if index is not None:
            before, after = stacks[index - 1], stacks[(index + 1) % len(stacks)]
            if isinstance(before, networks.SpaceToDepth):
                kernel = channels_first(kernel, (2, 2, kernel.shape[2] // 4), axis=2)
            if isinstance(before, keras.layers.Flatten):
                channels = model.encoder.get_config()["channels"][-1]
                kernel = channels_first(kernel, (kernel.shape[0] // channels, channels), axis=0)
            if isinstance(after, networks.DepthToSpace):
                shape = (2, 2, kernel.shape[3] // 4)
                kernel, bias = (
                    channels_first(kernel, shape, axis=3),
                    channels_first(bias, shape, axis=0),
                )
            if isinstance(after, keras.layers.Reshape):
                kernel, bias = (
                    channels_first(values, after.target_shape, axis=-1) for values in (kernel, bias)
                )
        axes = (3, 2, 0, 1) if kernel.ndim == 4 else (1, 0)
        module.weight.data = torch.from_numpy(np.ascontiguousarray(kernel.transpose(axes)))
        module.bias.data = torch.from_numpy(bias)


@pytest.fixture(scope="module")
def model():
    """The benchmark's Keras model, off the initial weights that make every residual block the
    identity.
    """
    model = build(train_vae.model_config())
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(scale=0.05, size=variable.shape))
    return model


@needs_torch
def test_the_pytorch_twin_has_the_same_parameters_and_elbo_terms(model):
    import torch

    twin = train_vae.pytorch_vae(train_vae.model_config())
    trainable = sum(int(np.prod(variable.shape)) for variable in model.trainable_variables)
    assert sum(parameter.numel() for parameter in twin.parameters()) == trainable

    copy_weights(model, twin)
    images = turns.binary_images(3)
    noise = np.random.default_rng(1).normal(size=(3, model.bottleneck.latent_dim)).astype("float32")
    posterior = model.encode(images)
    z = posterior.mean() + posterior.stddev() * noise
    with torch.no_grad():
        reconstruction, kl = twin(
            torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(noise)
        )
    np.testing.assert_allclose(reconstruction.numpy(), -model.decode(z).log_prob(images), rtol=1e-4)
    np.testing.assert_allclose(
        kl.numpy(), posterior.kl_divergence(model.bottleneck.prior()), rtol=1e-4
    )


def copy_kernels(layers, modules):
    """Gives PyTorch's convolutions, in order, the weights of those of Keras."""
    import torch

    assert len(layers) == len(modules)
    for layer, module in zip(layers, modules):
        kernel = layer.kernel.numpy()
        module.weight.data = torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)))
        if layer.use_bias:
            module.bias.data = torch.from_numpy(layer.bias.numpy())


@needs_torch
def test_the_pytorch_pixelcnn_gives_the_same_likelihood(monkeypatch):
    import torch

    for name, value in {"LAYERS": 3, "CHANNELS": 6, "HEAD": 5}.items():
        monkeypatch.setattr(train_gated_pixelcnn, name, value)
    model, twin = train_gated_pixelcnn.keras_model(), train_gated_pixelcnn.pytorch_gated_pixelcnn()
    layers = [
        part
        for each in model.network.stack
        for part in (each.vertical, each.horizontal, each.link, each.output_layer)
    ]
    layers += [model.network.head.hidden, model.network.head.output_layer]
    copy_kernels(
        layers, [module for module in twin.modules() if isinstance(module, torch.nn.Conv2d)]
    )
    images = turns.binary_images(3)
    with torch.no_grad():
        found = twin(torch.from_numpy(images).permute(0, 3, 1, 2))
    np.testing.assert_allclose(found.numpy(), -model.log_prob(images), rtol=1e-4)


@needs_torch
def test_the_pytorch_wgan_has_the_same_networks():
    import torch

    model = train_wgan_gp.keras_model()
    generator, critic = train_wgan_gp.pytorch_networks(
        train_wgan_gp.model_config()["families.AdversarialModel"]
    )
    convolutions = (torch.nn.Conv2d, torch.nn.ConvTranspose2d)
    ours = [
        layer for layer in model.generator.stack if isinstance(layer, keras.layers.Conv2DTranspose)
    ]
    copy_kernels(ours, [module for module in generator if isinstance(module, convolutions)])
    ours = [layer for layer in model.critic.stack if isinstance(layer, keras.layers.Conv2D)]
    copy_kernels(ours, [module for module in critic if isinstance(module, convolutions)])
    for theirs, variables in (
        (generator, model.generator.trainable_variables),
        (critic, model._critic_variables),
    ):
        assert sum(each.numel() for each in theirs.parameters()) == sum(
            int(np.prod(v.shape)) for v in variables
        )

    # The dense layers order positions and channels differently; what follows or precedes them must
    # agree.
    values = np.random.default_rng(0).random((2, 7, 7, 64)).astype("float32")
    generated = keras.ops.convert_to_tensor(values)
    for layer in model.generator.stack[2:]:
        generated = layer(generated)
    generator.eval()
    with torch.no_grad():
        found = generator[2:](torch.from_numpy(values).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    np.testing.assert_allclose(found.numpy(), generated, atol=1e-4)
    features = keras.ops.reshape(model.critic(found.numpy()), (2, 7, 7, 64))
    with torch.no_grad():
        found = critic[:-3](found.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    np.testing.assert_allclose(found.numpy(), features, atol=1e-4)


@needs_torch
def test_multiply_adds_are_those_of_the_layers(model):
    forward = [
        int(np.prod(layer.kernel.shape))
        * (side**2 if isinstance(layer, keras.layers.Conv2D) else 1)
        for layer, side in kernels(model)
    ]
    facts, _ = turns.pytorch_leg(
        train_vae.TASK, turns.LEGS["pytorch"], batch=2, steps=10, seconds=1.0, threads=1
    )
    # Backward, one product for the kernel and one for the input, which the first layer's image does
    # not need.
    assert facts["flops"] == 2 * (3 * sum(forward) - forward[0])


@needs_torch
@pytest.mark.parametrize("name", ["train_vae", "train_gated_pixelcnn", "train_wgan_gp"])
def test_the_command_prints_a_ratio(name):
    settings = [
        "--legs",
        "keras",
        "pytorch",
        "--batch",
        "2",
        "--steps",
        "10",
        "--rounds",
        "1",
        "--threads",
        "1",
    ]
    run = subprocess.run(
        [sys.executable, SCRIPT.with_name(f"{name}.py"), *settings],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    assert re.search(r"^\| keras / pytorch \| \d+\.\d\d \|", run.stdout, re.MULTILINE)


def test_the_report_compares_the_best_keras_leg_with_every_pytorch_leg():
    def rated(*rates):
        return [{"examples_per_second": rate, "matmul_gflops": 40.0} for rate in rates]

    options = argparse.Namespace(threads=2, batch=64, rounds=3, steps=10, seconds=5.0)
    measured = {
        "keras-xla": rated(100, 300, 200),
        "keras": rated(10, 10, 10),
        "pytorch": rated(100, 100, 50),
    }
    facts = {"torch": "2", "flops": 4e7, "other_share": 0.02}
    text = turns.report(facts, measured, options)
    assert "forward and backward: 20.00 million" in text
    assert "| keras-xla | 200 | 100 | 300 | 8.0 | 20% |" in text
    assert "| keras-xla / pytorch | 2.00 | 3.00, 1.00 to 4.00 |" in text
    assert "other processes took during the turns: 2%.\n" in text
    assert "mean nothing" in turns.report(facts | {"other_share": 0.4}, measured, options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--steps", "15"], "Expected --steps to be a multiple of 10. Received: 15"),
        (["--legs", "keras"], "Expected legs of both frameworks. Received: keras"),
    ],
)
def test_bad_arguments_are_named(arguments, message, capsys):
    with pytest.raises(SystemExit):
        turns.main(train_vae.TASK, arguments)
    assert message in capsys.readouterr().err


def test_both_samplers_draw_the_same_images_and_the_check_would_see_if_not(monkeypatch):
    options = argparse.Namespace(layers=2, channels=4)
    sample_autoregressive.check(options)
    naive = sample_autoregressive.naive
    monkeypatch.setattr(
        sample_autoregressive, "naive", lambda *arguments: lambda: 1 - naive(*arguments)()
    )
    with pytest.raises(AssertionError, match="Mismatched elements"):
        sample_autoregressive.check(options)


def test_the_table_of_samplers():
    options = argparse.Namespace(
        batch=2, side=6, layers=2, channels=4, passes=1, rounds=1, sides=[4], clock="wall"
    )
    rows = sample_autoregressive.report(options).splitlines()
    for name in ("cached", "cached xla"):
        assert [row.endswith("| 1 |") for row in rows if row.startswith(f"| {name} |")] == [True]
    for name, unknown in (
        ("naive", False),
        ("tfd.PixelCNN", True),
    ):  # another network's operations are not counted
        assert [row.split(" | ")[5] == "-" for row in rows if row.startswith(f"| {name} |")] == [
            unknown
        ]
    assert rows[-1].startswith("| 4 |")


def test_the_example_of_keras_io_trains_and_is_measured_beside_the_recipe(monkeypatch, rng, capsys):
    frechet_wgan_gp = script(SCRIPT.with_name("frechet_wgan_gp.py"))
    peer, _ = frechet_wgan_gp.peer()
    assert (peer.generator.count_params(), peer.critic.count_params()) == (910_660, 4_305_409)
    images = rng.uniform(size=(600, 28, 28, 1)).astype("float32")
    monkeypatch.setattr(frechet_wgan_gp.data, "load", lambda *_: [images])
    monkeypatch.setattr(frechet_wgan_gp.features, "of", lambda _: frechet_wgan_gp.features.VALUES)
    monkeypatch.setattr(frechet_wgan_gp, "_SAMPLES", 100)
    monkeypatch.setattr(frechet_wgan_gp.Peer, "batch_size", 8)
    model, _ = frechet_wgan_gp.ours()
    model.optimizer.generator.iterations.assign(100_000)
    assert float(model.optimizer.learning_rate) == pytest.approx(4e-4), (
        "the rate stays where the recipe starts"
    )
    distances = frechet_wgan_gp.main(["--seconds", "0"])
    rows = capsys.readouterr().out.splitlines()
    for name, make in (("kerasgen", frechet_wgan_gp.ours), ("keras.io", frechet_wgan_gp.peer)):
        assert distances[name] > 0
        assert any(row.startswith(f"| {name} | 2 | 0 |") for row in rows)
        _, steps, seen = frechet_wgan_gp.leg(make, images, 0)
        assert (steps, seen) == (2, 2 * make()[1])


def test_the_table_of_disentanglement_keeps_what_it_measured(monkeypatch, tmp_path, capsys):
    benchmark = script(SCRIPT.with_name("disentanglement.py"))
    trained = []

    def run(recipe, output, resume):
        output.mkdir(parents=True)
        trained.append(recipe)
        return recipe.build()

    monkeypatch.setattr(benchmark.training, "run", run)
    measured = {0: {"mig": 0.1, "sap": 0.4}, 1: {"mig": 0.3, "sap": 0.4}}
    points = []

    def evaluate(model, shapes, num_train, num_test, forest):
        points.append((num_train, num_test))
        return measured[trained[-1].seed]

    monkeypatch.setattr(benchmark.disentanglement, "evaluate", evaluate)
    arguments = [
        "--betas",
        "1",
        "4",
        "--seeds",
        "0",
        "1",
        "--split",
        "train[:700]",
        "--points",
        "40",
    ]
    arguments += ["--out", str(tmp_path)]
    benchmark.main(arguments)
    rows = capsys.readouterr().out.splitlines()
    assert "| objective | beta | mig | sap |" in rows
    for objective in ("beta-VAE", "beta-TCVAE"):
        for beta in (1, 4):
            assert f"| {objective} | {beta} | 0.200 ± 0.141 | 0.400 ± 0.000 |" in rows
    assert {recipe.build().objective.beta for recipe in trained} == {1.0, 4.0}
    assert {type(recipe.build().objective).__name__ for recipe in trained} == {"ELBO", "TCVAE"}
    assert {recipe.data["split"] for recipe in trained} == {"train[:700]"} and len(
        {each.name for each in trained}
    ) == 8
    assert set(points) == {(40, 20)}
    benchmark.main(arguments)
    assert len(trained) == 8


def test_the_table_of_fixed_binarization(monkeypatch, tmp_path, rng, capsys):
    benchmark = script(SCRIPT.with_name("fixed_binarization.py"))
    images = (rng.random((4, 28, 28, 1)) < 0.1).astype("float32")
    runs = []

    def run(recipe, output, resume):
        runs.append((recipe, output, resume))
        return recipe.build()

    monkeypatch.setattr(benchmark.training, "run", run)
    monkeypatch.setattr(benchmark.data, "load", lambda *_: tf.data.Dataset.from_tensors(images))
    benchmark.main(["--presets", "pixelcnn_mnist", "row_lstm_mnist", "--out", str(tmp_path)])
    rows = capsys.readouterr().out.splitlines()[2:]
    for row, name, precision in zip(
        rows, ("pixelcnn_mnist", "row_lstm_mnist"), ("mixed_bfloat16", None), strict=True
    ):
        recipe, output, resume = runs.pop(0)
        preset = zoo.load(name)
        nats = [scored(model, images)["nll"] for model in (preset, recipe.build())]
        assert row == f"| `{name}` | {nats[0]} | {nats[1]} |"
        assert resume and output == tmp_path / recipe.name != tmp_path / name
        assert [w.shape for w in recipe.build().weights] == [w.shape for w in preset.weights]
        assert (recipe.data["name"], recipe.data["split"]) == ("binarized_mnist", "train")
        assert (recipe.training["start_from"], recipe.training.get("precision")) == (
            name,
            precision,
        )


def test_forms_of_the_gate_are_the_same_function(rng):
    profile = script(SCRIPT.with_name("profile_gated_pixelcnn.py"))
    x, slope = (tf.cast(rng.normal(size=(2, 3, 3, size)), tf.bfloat16) for size in (8, 4))
    exact_ones = profile.with_gradient(
        profile.plain, *(tf.cast(each, tf.float32) for each in (x, slope))
    )
    for gate in profile.GATES:
        for value, expected in zip(profile.with_gradient(gate, x, slope), exact_ones, strict=True):
            np.testing.assert_allclose(tf.cast(value, tf.float32), expected, atol=0.05)


def test_multiply_adds_of_a_step_are_counted_with_those_of_its_gradients():
    count = script(SCRIPT.with_name("profile_recipe.py")).multiply_adds
    conv = keras.layers.Conv2D(4, 3, padding="same")
    conv.build((2, 5, 6, 3))
    x, matrix = np.ones((2, 5, 6, 3), "float32"), tf.ones((4, 7))

    def gradients():
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.reshape(conv(x), (-1, 4)) @ matrix)
        return y, tape.gradient(y, conv.kernel.value)

    products, of_matrix = 2 * 5 * 6 * 9 * 3 * 4, 2 * 5 * 6 * 4 * 7
    # Of the convolution and its kernel, of the matrices and of what they read.
    assert count(gradients) == 2 * products + 2 * of_matrix


def test_the_profile_of_a_recipe(capsys, tmp_path):
    run = TINY.override(["data.batch_size=4", "training.precision=float32"])
    run.save(tmp_path / "tiny.yaml")
    profile = script(SCRIPT.with_name("profile_recipe.py"))
    profile.main([str(tmp_path / "tiny.yaml"), "--steps", "2"])
    table, _, last = capsys.readouterr().out.strip().rpartition("\n\n")
    spent = [float(line.strip("| ").split(" | ")[1]) for line in table.splitlines()[2:]]
    assert max(spent) == spent[-1] > 0
    assert re.search(r"ms a step of 4: .* million multiply-adds an example, .*% of the", last)


def test_the_profile_of_a_step():
    command = [sys.executable, str(SCRIPT.with_name("profile_gated_pixelcnn.py")), "--batch", "2"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.strip("| ").split(" | ") for line in out.splitlines()]
    spent = {kind: float(ms) for kind, ms in rows[2 : rows.index([""])]}
    assert "BackpropFilter" in next(iter(spent))
    assert max(spent.values()) == spent["all"] >= 0.99 * (sum(spent.values()) - spent["all"]) > 0
    assert [len(row) for row in rows if row[0].endswith(("2x3", "1x1", "1x2", "xla"))] == [
        7,
        7,
        7,
        7,
        2,
    ]


def test_a_soak_tells_growth_and_warnings():
    soak, kept = script(SCRIPT.with_name("soak.py")), []

    def act(number):
        time.sleep(0.01)
        kept.extend([np.ones(2**23)] * (number < 6))  # 64 MiB, which nobody frees
        if number == 1:
            logging.getLogger("tensorflow").warning("triggered tf.function retracing")

    *_, growth, warnings = soak.report(seconds=5, every=0, act=act)
    assert float(re.search(r"([\d.]+) %", growth)[1]) > 1
    assert warnings.endswith(": 1")


def test_what_an_act_keeps_is_measured():
    kept_memory = script(SCRIPT.with_name("kept_memory.py"))
    held = []
    # Blocks as large as these come from the system and go back to it.
    assert kept_memory.kept(lambda: held.append(np.ones(2**23)), 5) == pytest.approx(64, abs=4)
    assert kept_memory.kept(lambda: np.ones(2**23).sum(), 5) < 4


def test_the_table_of_compiled_samplers():
    sample_compiled = script(SCRIPT.with_name("sample_compiled.py"))
    table = sample_compiled.report((sample_compiled.Case("pixelrnn_mnist", 1, 1000.0),), calls=1)
    (row,) = [row for row in table.splitlines() if row.startswith("| 1 of `pixelrnn_mnist`")]
    goal, seconds, cpu, ratio, macs = (float(each) for each in row.split(" | ")[1:6])
    assert seconds > 0 and cpu > 0 and ratio == pytest.approx(seconds / goal, abs=0.01)
    assert macs > 1
    assert "above 1 s: " in sample_compiled.loading(["gmm_ring"])
