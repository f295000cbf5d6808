"""What a piece of work costs, measured so that a busy or stalled machine fails no test.

A pause of the machine, a neighbour or a collection of what other tests left behind makes one try dear, never all of
them: work that is over the limit is done again, and the least of the tries counts. What is truly slow stays slow.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, thread_time

TRIES = 3


def processor_seconds(work: Callable[[], object], most: float) -> float:
    """The seconds of the processor that work costs in this thread, the least of three tries where one is over."""
    return least(work, most, thread_time)


def clock_seconds(work: Callable[[], object], most: float) -> float:
    """The seconds by the clock that work takes which waits, the least of three tries where one is over."""
    return least(work, most, monotonic)


def least(work: Callable[[], object], most: float, clock: Callable[[], float]) -> float:
    """The seconds of the first try that is not over the limit, else the least of all."""
    tries: list[float] = []
    while len(tries) < TRIES and (not tries or tries[-1] > most):
        began = clock()
        work()
        tries.append(clock() - began)
    return min(tries)
