"""Seconds from `kerasgen sample` to the picture, for presets whose samples are drawn piece by
piece.

    python benchmarks/sample_presets.py

Every run is a process of its own, as a user's: imports, loading, compilation, drawing, the PNG
file. The imports by themselves take turns with it, so that what is left can be told.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

COMMANDS = (
    "gated_pixelcnn_mnist -n 64",
    "vqvae_fashion_prior -n 64",
    "text_to_image_shapes -n 8 --prompt 'a small red circle above a blue square'",
)
IMPORTS = "import matplotlib.pyplot, kerasgen; kerasgen.zoo.load; kerasgen.backend.tfd"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--commands", nargs="+", default=COMMANDS, help="what follows kerasgen sample"
    )
    parser.add_argument("--rounds", type=int, default=3, help="turns of each; their median counts")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(report(options.commands, options.rounds))


def report(commands, rounds):
    """The table, in Markdown."""
    from kerasgen import machine

    imports, samples = [], {command: [] for command in commands}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            imports.append(timed("-c", IMPORTS))
            for command, seconds in samples.items():
                arguments = shlex.split(command)
                seconds.append(
                    timed(
                        "-m",
                        "kerasgen.cli",
                        "sample",
                        *arguments,
                        "--seed",
                        "0",
                        "--out",
                        f"{folder}/a.png",
                    )
                )
    imported = statistics.median(imports)
    lines = [
        f"- machine: {machine.describe()}; threads: {len(os.sched_getaffinity(0))}; {rounds} turns",
        f"- imports: {imported:.1f} s",
        "",
        "| kerasgen sample | seconds, median | min | max | after import |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for command, seconds in samples.items():
        median = statistics.median(seconds)
        lines.append(
            f"| `{command}` | {median:.1f} | {min(seconds):.1f} | {max(seconds):.1f} | "
            f"{median - imported:.1f} |"
        )
    return "\n".join(lines)


def timed(*arguments):
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
