"""What a process that runs for weeks needs: few graphs, models that are forgotten, no hanging."""

import concurrent.futures
import functools
import gc
import multiprocessing
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny import tiny_autoregressive, tiny_gan, tiny_mixture, tiny_two_stage, tiny_vae

import kerasgen

FAMILIES = [tiny_vae, tiny_autoregressive, tiny_gan, tiny_mixture, tiny_two_stage]


@pytest.fixture
def traces(monkeypatch, caplog):
    """How often Python ran a block of the VAE, by its name: once for every graph."""
    counts = {}
    for name in ("_sample", "_log_weights", "_reconstruct"):
        block = getattr(kerasgen.LatentVariableModel, name)

        @functools.wraps(block)
        def counted(*args, block=block, name=name, **kwargs):
            counts[name] = counts.get(name, 0) + 1
            return block(*args, **kwargs)

        monkeypatch.setattr(kerasgen.LatentVariableModel, name, counted)
    yield counts
    assert "retracing" not in caplog.text


def test_sizes_of_batches_and_numbers_of_samples_share_few_graphs(traces):
    model, images = tiny_vae(), np.zeros((64, 8, 8, 1))
    for size in range(1, 65):
        model.sample(size)
        model.reconstruct(images[:size])
        model.log_prob(images[:size], num_samples=3)
    assert traces == {"_sample": 7, "_reconstruct": 7, "_log_weights": 7}
    for num_samples in range(1, 65):
        model.log_prob(images[:1], num_samples=num_samples)
    assert traces["_log_weights"] == 13  # 1, 2, 8, ... 64 beside the 4 that 3 are


@pytest.mark.parametrize("make", FAMILIES)
def test_no_call_makes_variables_of_new_names(make, monkeypatch):
    """TensorFlow remembers every name that a variable has had."""
    names, construct = set(), keras.Variable.__init__

    def noted(variable, *args, **kwargs):
        construct(variable, *args, **kwargs)
        names.add(variable.path)

    model = make()
    x = np.asarray(model.sample(2, seed=0))
    monkeypatch.setattr(keras.Variable, "__init__", noted)
    for _ in range(3):
        model.sample(2)
        if hasattr(model, "log_prob"):
            model.log_prob(x)
    assert len(names) <= 1


@pytest.mark.parametrize("make", FAMILIES)
def test_a_model_that_nobody_holds_is_forgotten(make):
    model = make()
    x = np.asarray(model.sample(3, seed=0))
    if hasattr(model, "log_prob"):
        model.log_prob(x)
    if not isinstance(model, kerasgen.families.Mixture):
        model.compile(jit_compile=False)
        model.fit(x, verbose=0)
    held = weakref.ref(model)
    del model
    gc.collect()
    assert held() is None


@pytest.mark.parametrize("make", [tiny_vae, tiny_gan])
def test_the_graph_of_a_training_step_is_forgotten(make, monkeypatch):
    graphs, received = [], kerasgen.event_model.EventModel.received

    def noted(model, *args):
        graphs.append(weakref.ref(tf.compat.v1.get_default_graph()))
        return received(model, *args)

    monkeypatch.setattr(kerasgen.event_model.EventModel, "received", noted)
    model = make()
    model.compile(jit_compile=False)
    model.fit(np.zeros((4, 8, 8, 1)), verbose=0)
    del model
    gc.collect()
    assert graphs
    assert not any(graph() for graph in graphs)


def test_eight_threads_on_a_cold_model_draw_what_one_does():
    model = tiny_vae()

    def draw(seed):
        return np.asarray(model.sample(3, seed=seed))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(draw, range(8)))
    np.testing.assert_array_equal(drawn, [draw(seed) for seed in range(8)])


def test_more_samples_than_memory_holds_are_refused():
    with pytest.raises(ValueError, match=r"n of at most \d+.*Received: n=2000000000\. Draw"):
        tiny_vae().sample(2 * 10**9)
    with pytest.raises(ValueError, match="Expected n to be an integer below"):
        tiny_mixture().sample(10**11)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork")
def test_a_fork_says_spawn_where_it_would_hang():
    model = tiny_mixture()
    model.sample(1)

    def use(told):
        try:
            model.sample(1)
        except RuntimeError as error:
            told.put(str(error))

    context = multiprocessing.get_context("fork")
    told = context.SimpleQueue()
    process = context.Process(target=use, args=(told,))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert "spawn" in told.get()
