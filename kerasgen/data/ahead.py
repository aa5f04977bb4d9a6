"""What will be asked for next, made while its user is busy."""

import concurrent.futures
from collections.abc import Callable
from typing import Any

_COUNT = 2  # results that wait


class ReadAhead:
    """A function of integers that computes those to come in a thread, once they come in turn.

    It stands in for tf.data's own prefetching. That calls Python from a thread which the end of the
    interpreter takes away: an iterator that is deleted then waits for it for ever.

    Args:
        function: of an integer.

    Example:
        >>> squares = ReadAhead(lambda k: k**2)
        >>> [squares(k) for k in (3, 4, 5, 0)]
        [9, 16, 25, 0]
    """

    def __init__(self, function: Callable[[int], Any]):
        self._function = function
        self._executor = concurrent.futures.ThreadPoolExecutor(1)  # ended before the interpreter is
        self._expected, self._started = None, {}

    def __call__(self, k):
        started, in_turn = self._started, k == self._expected
        self._expected = k + 1
        if in_turn:
            self._started = {
                later: started.get(later) or self._executor.submit(self._function, later)
                for later in range(k + 1, k + 1 + _COUNT)
            }
        return started[k].result() if k in started else self._function(k)
