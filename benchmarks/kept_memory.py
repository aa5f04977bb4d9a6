"""Memory that a process keeps for every load of a preset, every load and `fit`, every export.

    python -m benchmarks.kept_memory --repeats 100

The weights of `vae_mnist` alone take 4 MiB. Goals: 0.5 MiB a load, 25 a `fit`, 1 an export. The
first ten repeats fill the allocator's pools, so that few repeats say too much.
"""

import argparse
import pathlib
import tempfile
from collections.abc import Callable

import numpy as np

from benchmarks.soak import resident

WARM_UP = 3


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--acts", nargs="+", choices=sorted(ACTS), default=list(ACTS))
    options = parser.parse_args(arguments)
    print("| act | repeats | kept, MiB a repeat |\n| --- | ---: | ---: |")
    for name in options.acts:
        print(
            f"| {name} | {options.repeats} | {kept(ACTS[name], options.repeats):.2f} |", flush=True
        )


def kept(act: Callable[[], None], repeats: int) -> float:
    """MiB by which the resident memory grows with every repeat."""
    for _ in range(WARM_UP):
        act()
    before = resident()
    for _ in range(repeats):
        act()
    return (resident() - before) / repeats


def load():
    import kerasgen

    return kerasgen.zoo.load("vae_mnist")


def load_and_fit() -> None:
    import keras

    model = load()
    model.compile(keras.optimizers.Adam(1e-4))
    model.fit(np.zeros((32, 28, 28, 1)), verbose=0)


def load_and_sample() -> None:
    load().sample(8)


def export() -> None:
    import kerasgen

    with tempfile.TemporaryDirectory() as folder:
        kerasgen.export.saved_model(load(), pathlib.Path(folder, "model"))


ACTS = {"load": load, "sample": load_and_sample, "fit": load_and_fit, "export": export}

if __name__ == "__main__":
    main()
