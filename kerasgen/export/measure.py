"""How fast a TFLite file runs, and how much memory it takes.

It imports nothing of kerasgen and runs as a program of its own, so that the memory is LiteRT's.

    python measure.py FILE
"""

import json
import pathlib
import re
import statistics
import sys
import time

import numpy as np

_THREADS = (1, 2)
_CALLS = 5


def measure(file: str) -> dict:
    """Milliseconds of a call by signature, with one thread and with two, medians of five; and by
    how many bytes the peak of memory rises. Inputs are zeros, one example where it is free.

    >>> _ = kerasgen.export.tflite(kerasgen.zoo.load("gmm_ring"), "ring.tflite")
    >>> {len(times) for times in measure("ring.tflite")["milliseconds"].values()}
    {2}
    """
    from ai_edge_litert.interpreter import Interpreter

    before, times = _peak(), {}
    for threads in _THREADS:
        interpreter = Interpreter(file, num_threads=threads)
        for name in interpreter.get_signature_list():
            runner = interpreter.get_signature_runner(name)
            inputs = {key: _zeros(each) for key, each in runner.get_input_details().items()}
            runner(**inputs)
            times.setdefault(name, []).append(_median(runner, inputs))
    return {"milliseconds": times, "bytes": _peak() - before}


def _zeros(detail):
    shape = [max(1, size) for size in detail["shape_signature"]]
    return np.zeros(shape, detail["dtype"]) if shape else np.ones((), detail["dtype"])  # a count


def _median(runner, inputs):
    taken = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        runner(**inputs)
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.median(taken)


def _peak():
    if sys.platform == "linux":  # whose `ru_maxrss` starts at that of the process before
        status = pathlib.Path("/proc/self/status").read_text()
        return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
