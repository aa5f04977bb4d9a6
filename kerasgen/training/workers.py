"""Several workers of one run: they start from the same things, and a lost one is named."""

import contextlib
import hashlib
import json
import os
import re
import socket
from collections.abc import Iterator, Mapping

import numpy as np


def agree(facts: Mapping[str, str]) -> None:
    """Compares what the workers of the current strategy are about to do.

    Args:
        facts: by name, of which equal texts mean that workers agree.

    Raises:
        ValueError: on all workers, where one has other facts than the first.

    Example:
        >>> agree({"recipe": "that of the only worker"})
    """
    import tensorflow as tf

    strategy = tf.distribute.get_strategy()
    digests = [hashlib.sha256(text.encode()).digest()[:8] for text in facts.values()]
    mine = tf.constant(np.frombuffer(b"".join(digests), "int64")[None])

    @tf.function  # which TensorFlow asks for where workers exchange something
    def gathered():
        return strategy.gather(strategy.run(lambda: tf.identity(mine)), axis=0)

    rows = gathered().numpy()
    differing = [
        f"worker {worker} has another {name} than worker 0"
        for worker, row in enumerate(rows)
        for name, own, first in zip(facts, row, rows[0], strict=True)
        if own != first
    ]
    if differing:
        raise ValueError(
            f"Expected workers with the same {' and '.join(facts)}. Received: "
            f"{'; '.join(differing)}. Give all of them the same, and start them together."
        )


@contextlib.contextmanager
def watched(remedy: str) -> Iterator[None]:
    """Says which worker was lost, where TensorFlow's own message is long and does not always.

    Args:
        remedy: the command that resumes the run.

    Raises:
        RuntimeError: a worker ended, or cannot be reached.

    Example:
        >>> with watched("kerasgen train vae_mnist --strategy multiworker --resume"):
        ...     pass
    """
    import tensorflow as tf

    lost = tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.DeadlineExceededError
    try:
        yield
    except (*lost, tf.errors.InternalError, tf.errors.CancelledError) as error:
        named = re.findall(r"/job:(\w+)/replica:\d+/task:(\d+)", error.message)
        known = f"{named[-1][0]} {named[-1][1]}" if named else _unreachable()
        raise RuntimeError(
            f"Expected all workers to live. Received: {known} stopped, or cannot be reached. Start "
            f"all workers again, each with its own TF_CONFIG: {remedy}"
        ) from error


def _unreachable():
    """The workers of TF_CONFIG at whose address nobody answers."""
    gone = []
    for job, addresses in json.loads(os.environ["TF_CONFIG"])["cluster"].items():
        for task, address in enumerate(addresses):
            host, _, port = address.rpartition(":")
            try:
                socket.create_connection((host, int(port)), timeout=2).close()
            except OSError:
                gone.append(f"{job} {task} ({address})")
    return " and ".join(gone) or "a worker"
