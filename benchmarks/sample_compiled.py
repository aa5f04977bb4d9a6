"""Seconds of compiled samplers, their graphs made before, and of loading presets.

    python -m benchmarks.sample_compiled

Of several calls the fastest counts, as other work can only add to it. CPU seconds stand beside it:
those of all threads in that call. The share is of the best matrix product that TensorFlow makes in
this process, in float32.
"""

import argparse
import functools
import os
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple


class Case(NamedTuple):
    """What is sampled, and the seconds that it may take on two idle cores."""

    preset: str
    n: int
    goal: float


CASES = (
    Case("transformer_mnist", 64, 0.6),
    Case("text_to_image_shapes", 64, 0.5),
    Case("gated_pixelcnn_mnist", 1, 0.025),
)
LOADING_GOAL = 1.0


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=7, help="of each sampler; the fastest counts")
    parser.add_argument("--presets", nargs="*", help="that are loaded; by default all")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(report(CASES, options.calls))
    print()
    print(loading(options.presets))


def report(cases: tuple[Case, ...], calls: int) -> str:
    """The samplers' table, in Markdown."""
    import kerasgen
    from kerasgen import machine

    peak = best_product()
    lines = [
        f"- machine: {machine.describe()}; best matrix product: {peak:.0f} GFLOP/s",
        "",
        "| samples | goal, s | s | CPU s | of the goal | million MACs | of the best product |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for case in cases:
        model = kerasgen.zoo.load(case.preset)
        condition = model.condition.example(case.n, 0)
        draw = functools.partial(model.sample, case.n, condition, seed=0)
        seconds, cpu = fastest(draw, calls)
        passes = 1 if getattr(model, "guidance", 1) == 1 else 2  # with the condition and without
        macs = case.n * passes * model.network.multiply_adds()
        share = 2 * macs / seconds / peak / 1e9
        lines.append(
            f"| {case.n} of `{case.preset}` | {case.goal:g} | {seconds:.3f} | {cpu:.3f} | "
            f"{seconds / case.goal:.2f} | {macs / 1e6:.0f} | {share:.0%} |"
        )
    return "\n".join(lines)


def loading(names: list[str] | None = None) -> str:
    """The table of `zoo.load`, slowest first, after one load that imports."""
    import kerasgen

    kerasgen.zoo.load("gmm_ring")
    rows = [
        (*fastest(lambda name=name: kerasgen.zoo.load(name), calls=1, warm_up=False), name)
        for name in names or kerasgen.zoo.names()
    ]
    lines = ["| preset | load, s | CPU s |", "| --- | ---: | ---: |"]
    lines += [f"| `{name}` | {wall:.2f} | {cpu:.2f} |" for wall, cpu, name in sorted(rows)[::-1]]
    median = statistics.median(wall for wall, *_ in rows)
    slow = sum(wall > LOADING_GOAL for wall, *_ in rows)
    return "\n".join([*lines, "", f"median {median:.2f} s; above {LOADING_GOAL:g} s: {slow}"])


def fastest(act: Callable[[], Any], calls: int, warm_up: bool = True) -> tuple[float, float]:
    """Wall and CPU seconds of the fastest of several calls."""
    if warm_up:
        act()
    times = []
    for _ in range(calls):
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(times)


def best_product(size: int = 1024) -> float:
    """GFLOP/s of the fastest product of two matrices."""
    import tensorflow as tf

    matrix = tf.random.normal((size, size))
    seconds, _ = fastest(lambda: tf.matmul(matrix, matrix).numpy(), calls=20)
    return 2 * size**3 / seconds / 1e9


if __name__ == "__main__":
    main()
