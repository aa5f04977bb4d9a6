"""What this machine is, in words, for cards and tables."""

import contextlib
import os
import pathlib
import platform


def describe():
    """The processor's name and the number of its cores."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    return f"{model}, {os.cpu_count()} cores"
