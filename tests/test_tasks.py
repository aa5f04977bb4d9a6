"""Every task with every family: it is done, or refused in one line."""

import numpy as np
import pytest
from refusals import refusal
from rows import MODELS
from tiny import tiny_classifier

from kerasgen import tasks
from kerasgen.tasks import (
    compress,
    decompress,
    denoise,
    direction,
    edit,
    enlarge,
    inpaint,
    interpolate,
    novelty,
    particles,
    restyle,
)
from kerasgen.tasks.inpainting import hidden_nats
from kerasgen.tasks.possible import possible

pytestmark = pytest.mark.slow

UPPER = np.arange(8)[:, None] < np.full(8, 4)


def compressed(model, x):
    return decompress(model, compress(model, x))


def inpainted(model, x):
    way = "turns" if "encode" in dir(model) else None
    condition = model.condition.shown(1)
    return inpaint(model, x[0], UPPER, n=len(x), way=way, condition=condition).draws


def enlarged(model, x):
    return enlarge(model, x[0, ::2, ::2], n=len(x)).draws


def denoised(model, x):
    return denoise(model, x, draws=2, strength=0.3)


def restyled(model, x):
    return restyle(model, x, np.zeros(len(x), int), np.ones(len(x), int))


def interpolated(model, x, spherical):
    return np.asarray(interpolate(model, x[0], x[1], len(x), spherical))


def edited(model, x):
    return edit(model, x, direction(model, x[:2], x[2:]), 0.5)


def hidden(model, x):
    return hidden_nats(model, x, UPPER, condition=model.condition.shown(len(x)))


def p_values(model, x, classifier=None):
    return novelty(model, np.tile(x, (20, 1, 1, 1)), classifier=classifier).p_values(x)


TASKS = {  # and whether they give pictures
    "compress": (compressed, True),
    "denoise": (denoised, True),
    "enlarge": (enlarged, True),
    "inpaint": (inpainted, True),
    "restyle": (restyled, True),
    "direction": (lambda model, x: direction(model, x[:2], x[2:]), False),
    "edit": (edited, True),
    "traverse": (lambda model, x: np.asarray(tasks.traverse(model, x[0], steps=3)), False),
    "interpolate": (lambda model, x: interpolated(model, x, spherical=False), True),
    "interpolate on a circle": (lambda model, x: interpolated(model, x, spherical=True), True),
    "novelty": (p_values, False),
    "novelty by a classifier": (lambda model, x: p_values(model, x, tiny_classifier()), False),
    "hidden": (hidden, False),
    "transfer": (lambda model, _: tasks.transfer("slow but cheap", 1, model), False),
    "alike": (lambda model, _: tasks.alike(model, "slow but cheap", 2), False),
    "sentences_between": (lambda model, _: tasks.sentences_between(model, "slow", "cheap"), False),
}
DONE = {  # of families that are known to do them
    "vae": {"compress", "denoise", "inpaint", "edit", "traverse", "interpolate", "novelty"},
    "hierarchical": {"compress", "denoise", "inpaint", "novelty"},
    "pixel_vae": {"compress", "novelty"},
    "conditional_vae": {"restyle", "inpaint"},
    "two_stage": {"inpaint"},
    "text_two_stage": {"inpaint"},
    "conditional_prior": {"compress", "restyle", "inpaint"},
    "conditional_autoregressive": {"compress", "inpaint", "hidden"},
    "gan": {"inpaint"},
    "mixture": {"compress", "denoise", "enlarge", "inpaint", "novelty", "hidden"},
    "autoregressive": {"compress", "denoise", "enlarge", "inpaint", "novelty", "hidden"},
    "own_family": {"novelty", "novelty by a classifier"},
}


@pytest.mark.parametrize("name", MODELS)
def test_a_task_is_done_or_refused_in_a_line(name, monkeypatch):
    monkeypatch.setattr(particles, "CANDIDATES", 8)
    model, done = MODELS[name](), set()
    x = np.random.default_rng(0).integers(0, 2, (4, 8, 8, 1)).astype("float32")
    for task, (do, gives_pictures) in TASKS.items():
        try:
            found = do(model, x)
        except (ValueError, AttributeError):
            refusal(lambda do=do: do(model, x), (ValueError, AttributeError))
            continue
        assert np.all(np.isfinite(found)), task
        assert not gives_pictures or found.shape == x.shape, task
        assert task != "compress" or np.array_equal(found, x)
        done.add(task)
    named = {"novelty" if each == "detect" else each for each in possible(model)}
    assert DONE.get(name, set()) | named <= done


def test_every_task_has_a_row():
    assert set(tasks.__all__) - {"decompress"} <= {name.partition(" ")[0] for name in TASKS}
