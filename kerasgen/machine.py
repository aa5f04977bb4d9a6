"""What this machine is, in words, for cards and tables."""

import contextlib
import os
import pathlib
import platform


def describe() -> str:
    """The processor's name and the number of its cores.

    >>> describe().endswith(" cores")
    True
    """
    name = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        name = next(names, name)
    return f"{name}, {os.cpu_count()} cores"
