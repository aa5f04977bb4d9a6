"""The legs of a race between Keras and PyTorch: one model, trained by each in its own ways."""

import math
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import NamedTuple

STEPS_PER_EXECUTION = 10  # of Keras
LEARNING_RATE = 1e-3
EPSILON = 1e-7  # Keras' default; PyTorch's is 1e-8


class Task(NamedTuple):
    """What a script trains.

    Attributes:
        script: path of the script, which hands `main` its own task.
        title: what it measures, in a line.
        keras_model: function that builds the model.
        optimizers: how many optimizers the model takes.
        pytorch_step: function of a `Leg` that builds the same model in PyTorch and returns a step
            of its training, from images `[B, C, H, W]` to the loss.
        images: function of n that makes n images `[n, H, W, C]`.
        batch_size: examples a step, unless the command says otherwise.
    """

    script: str
    title: str
    keras_model: Callable
    optimizers: int
    pytorch_step: Callable
    images: Callable
    batch_size: int = 64


class Leg(NamedTuple):
    framework: str
    precision: str
    option: str = ""


LEGS = {
    "keras": Leg("keras", "float32"),
    "pytorch": Leg("pytorch", "float32"),
    "keras-xla": Leg("keras", "float32", "xla"),
    "keras-bf16": Leg("keras", "bfloat16"),
    "pytorch-bf16": Leg("pytorch", "bfloat16"),
    "keras-bf16-xla": Leg("keras", "bfloat16", "xla"),
    "pytorch-channels-last": Leg("pytorch", "float32", "channels_last"),
    "pytorch-compile": Leg("pytorch", "float32", "compile"),
    "pytorch-fused-adam": Leg("pytorch", "float32", "fused"),
    "pytorch-bf16-channels-last": Leg("pytorch", "bfloat16", "channels_last"),
    "pytorch-bf16-compile": Leg("pytorch", "bfloat16", "compile"),
}


def result(examples, seconds, loss, product):
    """What a turn gives: throughput, and the speed of a matrix product of the leg's own framework
    and precision.
    """
    if not math.isfinite(loss):
        raise FloatingPointError(
            f"Expected a finite loss. Received: {loss}. Such a leg's speed says nothing."
        )
    return {"examples_per_second": examples / seconds, "matmul_gflops": matmul_gflops(product)}


SIZE = 1024  # of the matrices whose product stands for the machine's peak


def matmul_gflops(product, seconds=0.1):
    """The best speed of `product()`, of two SIZE x SIZE matrices, in GFLOP/s."""
    best, deadline = math.inf, time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        start = time.perf_counter()
        product()
        best = min(best, time.perf_counter() - start)
    return 2 * SIZE**3 / best / 1e9


def keras_leg(task, leg, batch, steps, seconds, threads):
    """Facts, and a turn of Keras' `fit`."""
    import keras

    from kerasgen import machine

    keras.config.set_dtype_policy(
        {"float32": "float32", "bfloat16": "mixed_bfloat16"}[leg.precision]
    )
    model = task.keras_model()
    model.compile(
        *(keras.optimizers.Adam(LEARNING_RATE, epsilon=EPSILON) for _ in range(task.optimizers)),
        jit_compile=leg.option == "xla",
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    images = task.images(batch * (STEPS_PER_EXECUTION + steps))
    matrix = keras.random.normal((SIZE, SIZE), dtype=leg.precision)

    class StepTimes(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seconds = []

        def on_train_batch_begin(self, batch, logs=None):
            self.start = time.perf_counter()

        def on_train_batch_end(self, batch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)
            # The first execution also waits for the data to start flowing, and is left out.
            self.model.stop_training = sum(self.seconds[1:]) > seconds

    times = StepTimes()

    def turn():
        history = model.fit(
            images, batch_size=batch, shuffle=False, verbose=0, callbacks=[times]
        ).history
        timed = times.seconds[1:]
        examples = batch * STEPS_PER_EXECUTION * len(timed)
        return result(
            examples, sum(timed), history["loss"][0], lambda: keras.ops.matmul(matrix, matrix)
        )

    versions = {name: version(name) for name in ("keras", "tensorflow", "tensorflow-probability")}
    parameters = sum(math.prod(variable.shape) for variable in model.trainable_variables)
    return {"machine": machine.describe(), **versions, "parameters": parameters}, turn


def pytorch_leg(task, leg, batch, steps, seconds, threads):
    """Facts, and a turn of the usual PyTorch training loop."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    torch.set_num_threads(threads)
    images = torch.from_numpy(task.images(batch * (1 + steps))).permute(0, 3, 1, 2).contiguous()
    matrix = torch.randn(SIZE, SIZE, dtype=getattr(torch, leg.precision))
    torch.manual_seed(0)
    with FlopCounterMode(display=False) as counter:
        task.pytorch_step(LEGS["pytorch"])(images[:batch])
    step = task.pytorch_step(leg)

    def turn():
        first, *batches = images.split(batch)
        step(first)  # left out, as on the other side
        examples, start = 0, time.perf_counter()
        for x in batches:
            loss = step(x)
            examples += batch
            if time.perf_counter() - start > seconds:
                break
        return result(examples, time.perf_counter() - start, loss.item(), lambda: matrix @ matrix)

    return {"torch": torch.__version__, "flops": counter.get_total_flops() / batch}, turn


def prepared(module, leg):
    """A PyTorch module as the leg's option asks for it."""
    import torch

    if leg.option == "channels_last":
        module = module.to(memory_format=torch.channels_last)
    return torch.compile(module) if leg.option == "compile" else module


def adam(module, leg):
    """PyTorch's Adam with Keras' settings."""
    import torch

    return torch.optim.Adam(
        module.parameters(), LEARNING_RATE, eps=EPSILON, fused=leg.option == "fused"
    )


def likelihood_step(module, leg):
    """The usual step of a PyTorch module that gives the losses `[B]` of images."""
    import torch

    optimizer = adam(module, leg)
    module = prepared(module, leg)

    def step(x):
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=leg.precision == "bfloat16"):
            loss = module(x).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step


def binary_images(n):
    """Synthetic digits `[n, 28, 28, 1]`, as sparse as MNIST's."""
    import numpy as np

    return (np.random.default_rng(0).random((n, 28, 28, 1)) < 0.13).astype("float32")
