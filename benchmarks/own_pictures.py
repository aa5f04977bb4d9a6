"""Memory and time that a folder of own pictures takes: to import, and to read for an epoch.

    python -m benchmarks.own_pictures --count 100000 --side 256

A few hundred pictures of noise, in colour, are written as PNG and linked until there are so many.
The goal: 100,000 pictures of 256x256 need at most 2 GiB. They take 20 GB of the disk, and twice as
much for a while. Memory is the most that the process ever had resident.
"""

import argparse
import os
import pathlib
import resource
import tempfile
import time

import numpy as np

DIFFERENT = 500  # pictures; the others are links to them
BATCH = 64


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--side", type=int, default=256)
    options = parser.parse_args(arguments)
    from kerasgen import data

    print("| act | seconds | most memory, MiB |\n| --- | ---: | ---: |")
    told("imports of kerasgen and Keras", 0.0)
    with tempfile.TemporaryDirectory() as scratch:
        folder, file = pathlib.Path(scratch, "pictures"), pathlib.Path(scratch, "mine.npz")
        write(folder, options.count, options.side)
        began = time.monotonic()
        data.folder(folder, file)
        told(f"import of {options.count:,} pictures", time.monotonic() - began)
        began = time.monotonic()
        read = sum(len(batch) for batch in epoch(file))
        told(f"an epoch of {read:,} in batches of {BATCH}", time.monotonic() - began)


def write(folder: pathlib.Path, count: int, side: int) -> None:
    """So many PNG files of coarse noise, the first of them different."""
    from PIL import Image

    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(count):
        path = folder / f"{number:06}.png"
        if number >= DIFFERENT:
            os.link(folder / f"{number % DIFFERENT:06}.png", path)
            continue
        coarse = Image.fromarray(rng.integers(256, size=(8, 8, 3), dtype="uint8"))
        coarse.resize((side, side)).save(path)


def epoch(file: pathlib.Path):
    """The shuffled batches of an epoch."""
    from kerasgen import data

    source = data.open(None, npz=file)
    batches = source.batches(batch_size=BATCH, shuffle=True, seed=0)
    return (batches.batch(step) for step in range(source.num_examples // BATCH))


def told(act: str, seconds: float) -> None:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # of Linux, in KiB
    print(f"| {act} | {seconds:.0f} | {most:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
