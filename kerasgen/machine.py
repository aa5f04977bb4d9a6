"""What this machine is, in words for cards and tables, and how much it holds."""

import contextlib
import ctypes
import gc
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


def memory() -> int:
    """Bytes of main memory, or fewer where a container may use fewer; 0 where nobody knows.

    >>> memory() >= 0
    True
    """
    found = []
    with contextlib.suppress(AttributeError, OSError, ValueError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with contextlib.suppress(OSError, ValueError):  # "max" is no number
        found.append(int(pathlib.Path("/sys/fs/cgroup/memory.max").read_text()))
    return min(found, default=0)


def give_back() -> None:
    """Gives memory that is free back to the system.

    What takes much for a moment, such as an export, calls it at its end. Graphs are free once
    Python looks for cycles, and glibc keeps what is free for every thread: a process that runs for
    weeks would hold the most that each of its threads has ever needed.

    >>> give_back()
    """
    gc.collect()
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another library than glibc
        ctypes.CDLL(None).malloc_trim(0)
