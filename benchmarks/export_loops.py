"""Processor time of sampling by TFLite files whose loops keep lists of tensors, and by those that
are shipped, whose loops do not.

    python -m benchmarks.export_loops

Both files are called in turn, A B A B, one example a call, with one thread. Medians count.
"""

import argparse
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable

PRESETS = ("gated_pixelcnn_mnist", "row_lstm_mnist", "text_to_image_shapes")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=20, help="of each file")
    parser.add_argument("--presets", nargs="+", default=PRESETS)
    options = parser.parse_args(arguments)
    print("| `sample` of | with lists, ms | without, ms | of it |\n| --- | ---: | ---: | ---: |")
    for name in options.presets:
        with tempfile.TemporaryDirectory() as folder:
            pair = [file(name, pathlib.Path(folder, str(lists)), lists) for lists in (True, False)]
            kept, without = medians(pair, options.calls)
        print(f"| `{name}` | {kept:.2f} | {without:.2f} | {without / kept:.0%} |", flush=True)


def file(name: str, path: pathlib.Path, lists: bool) -> Callable[[], object]:
    """A call of `sample` of a preset's file."""
    import kerasgen
    from kerasgen.export import conversion, running, saved_models, signatures

    model = kerasgen.zoo.load(name)
    chosen = signatures.of(model, ["sample"])
    with conversion.convertible(lists):
        saved_models.archive(chosen, path.with_suffix(".saved_model"), batch_size=1)
    conversion.convert(path.with_suffix(".saved_model"), path, ["sample"])
    run, inputs = running.runner(path), signatures.draw(model, chosen["sample"], 1, seed=0)
    return lambda: run("sample", inputs)


def medians(acts: list[Callable[[], object]], calls: int) -> list[float]:
    """Milliseconds of processor time of each act, which take turns."""
    times: list[list[float]] = [[] for _ in acts]
    for _ in range(calls + 1):
        for act, taken in zip(acts, times):
            began = time.process_time()
            act()
            taken.append(1000 * (time.process_time() - began))
    return [statistics.median(taken[1:]) for taken in times]  # the first makes room


if __name__ == "__main__":
    main()
