"""Runs in processes of their own, which can be killed, and what they leave."""

import json
import multiprocessing
import os
import signal  # noqa: F401, of deaths
import socket
import subprocess
import sys

import h5py

from kerasgen import training
from kerasgen.recipe import Recipe

COMMAND = """
import json, os, signal, sys
from kerasgen import training
from kerasgen.recipe import Recipe
recipe, output, options, death = json.loads(sys.argv[1])
exec(death)
training.run(Recipe.from_dict(recipe), output, **options)
"""


def run_in_subprocess(recipe, output, environment=None, death="", **options):
    death = death.replace("KILL", "os.kill(os.getpid(), signal.SIGKILL)")
    arguments = json.dumps([recipe.to_dict(), str(output), options, death])
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, arguments],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process, status=0):
    try:
        _, errors = process.communicate(timeout=900)
    finally:
        process.kill()
    assert process.returncode == status, errors


def weights(output):
    """All arrays of the last checkpoint, the optimizer's included: presets hold half precision."""
    folder, arrays = output / "checkpoints", []
    state = json.loads((folder / "state.json").read_text())
    with h5py.File(folder / state["file"]) as file:
        file.visititems(
            lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None
        )
    return arrays


def environments():
    """Of two workers on this machine: what says to each where both are, and which it is."""
    with socket.socket() as first, socket.socket() as second:
        for server in (first, second):
            server.bind(("localhost", 0))
        workers = [f"localhost:{server.getsockname()[1]}" for server in (first, second)]
    tasks = [{"type": "worker", "index": i} for i in range(2)]
    return [{"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": t})} for t in tasks]


def start_workers(recipe, output, deaths=("", ""), recipes=None, **options):
    each = zip(recipes or (recipe, recipe), environments(), deaths)
    return [
        run_in_subprocess(recipe, output, environment, death, strategy="multiworker", **options)
        for recipe, environment, death in each
    ]


def work_in_forks(recipe, output, deaths=("", "")):
    """Resumes a run with two workers; how each ended, and the last line that it said.

    They are forks of a process that has imported all and computed nothing, which takes a fraction
    of the time of new processes.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tensorflow", "kerasgen.training"])
    logs = [output.with_name(f"worker{i}.log") for i in range(2)]
    workers = [
        context.Process(target=_work, args=(recipe.to_dict(), output, *each))
        for each in zip(environments(), deaths, logs)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(900)
    said = [log.read_text().splitlines() or [""] for log in logs]
    return [worker.exitcode for worker in workers], [lines[-1] for lines in said]


def _work(recipe, output, environment, death, log):
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.environ.update(environment)
    exec(death.replace("KILL", "os.kill(os.getpid(), signal.SIGKILL)"), globals())
    training.run(Recipe.from_dict(recipe), output, strategy="multiworker", resume=True)


def assert_every_epoch_once(output):
    for table in output.glob("*.csv"):
        rows = table.read_text().splitlines()
        assert [row.split(",")[0] for row in rows] == ["epoch", "0", "1", "2", "3"]
