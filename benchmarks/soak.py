"""Memory of a process that does for a while what a server does for weeks, in one thread.

    python -m benchmarks.soak --minutes 30

Presets are loaded, sampled, scored, trained for a step, exported and used as tokenizers, at first
with the sizes that have graphs of their own, then with sizes that differ from call to call. After
the first minute resident memory should grow by less than 2 %, and TensorFlow should never warn of
retracing.
"""

import argparse
import gc
import logging
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterator

import numpy as np

EXPORT_EVERY = 20  # rounds: an export takes longer than all the rest of a round


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--every", type=float, default=60, help="seconds between lines")
    options = parser.parse_args(arguments)
    for line in report(60 * options.minutes, options.every):
        print(line, flush=True)


def report(seconds: float, every: float, act: Callable[[int], None] | None = None) -> Iterator[str]:
    """Lines of a table, and what it says: growth after the first seconds, and warnings.

    Args:
        seconds: how long to act.
        every: seconds from one line to the next, and of processor time before growth counts, in
            which a busy machine does as much as an idle one.
        act: what is done in a round, given its number; by default what a server does.
    """
    act, retraced = act or served(), Retraced()
    logging.getLogger("tensorflow").addHandler(retraced)
    yield "| minutes | rounds | resident MiB |"
    yield "| ---: | ---: | ---: |"
    start, began, rounds, sizes, first = time.monotonic(), time.process_time(), 0, [], None
    while (passed := time.monotonic() - start) < seconds:
        act(rounds)
        rounds += 1
        if first is None and time.process_time() - began >= every:
            first = resident()
        if passed >= (len(sizes) + 1) * every:
            sizes.append(resident())
            yield f"| {passed / 60:.1f} | {rounds} | {sizes[-1]:.0f} |"
    last = resident()
    yield ""
    after = f"growth after the first {every:.0f} s of processor time"
    if first is None:
        yield f"{after}: not measured, run longer"
    else:
        yield f"{after}, {first:.0f} to {last:.0f} MiB: {100 * (last / first - 1):.1f} %"
    yield f"warnings of retracing: {retraced.count}"


def resident() -> float:
    """Resident memory of this process in MiB, without what waits for Python to be freed."""
    import psutil

    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


class Retraced(logging.Handler):
    """Counts TensorFlow's warnings of functions that are traced too often."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "retracing" in record.getMessage()


def served() -> Callable[[int], None]:
    """A round of a server: two models that stay, and one that is loaded anew."""
    import keras

    import kerasgen

    rng = np.random.default_rng(0)
    stays = kerasgen.zoo.load("vae_mnist")
    tokenizer = kerasgen.zoo.load("dvae_mnist")
    tuned = kerasgen.zoo.load("vae_mnist_2d")
    tuned.compile(keras.optimizers.Adam(1e-5))

    def act(number):
        n, num_samples = rng.integers(1, 65, 2).tolist() if number > 6 else [2**number] * 2
        images = np.asarray(stays.sample(n))
        stays.log_prob(images[:4], num_samples=num_samples)
        tokenizer.detokenize(tokenizer.tokenize(images))
        tuned.fit(np.resize(images, (32, *images.shape[1:])), verbose=0)
        kerasgen.zoo.load("gmm_mnist").sample(n)
        if number % EXPORT_EVERY == 0:
            with tempfile.TemporaryDirectory() as folder:
                kerasgen.export.saved_model(stays, pathlib.Path(folder, "model"))

    return act


if __name__ == "__main__":
    main()
