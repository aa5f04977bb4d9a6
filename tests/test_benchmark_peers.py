"""The networks of peers in PyTorch and Keras, and the report of a race with them."""

import argparse
import importlib.util
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from scripts import SCRIPT, script

from kerasgen import networks
from kerasgen.recipe import build

pytestmark = pytest.mark.slow

train_vae = script(SCRIPT)
train_gated_pixelcnn = script(SCRIPT.with_name("train_gated_pixelcnn.py"))
train_wgan_gp = script(SCRIPT.with_name("train_wgan_gp.py"))
legs = script(SCRIPT.with_name("legs.py"))
turns = script(SCRIPT.with_name("turns.py"))
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="needs PyTorch: pip install 'kerasgen[benchmark]'",
)


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
    images = legs.binary_images(3)
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
    images = legs.binary_images(3)
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
    facts, _ = legs.pytorch_leg(
        train_vae.TASK, legs.LEGS["pytorch"], batch=2, steps=10, seconds=1.0, threads=1
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
