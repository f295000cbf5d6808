"""How often a client may ask for something in a minute: a bucket of tokens for each client, in this process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

MOST_CLIENTS = 10_000  # the least recently asked are forgotten first, which only ever gives them a full bucket again


class Allowance:
    """So many askings a minute for each client, all at once if it likes; they come back evenly."""

    def __init__(self, each_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self._most, self._clock = each_minute, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, client: str) -> bool:
        """Take one of a client's askings; False where it has none left now."""
        with self._lock:
            now = self._clock()
            left, at = self._left.pop(client, (float(self._most), now))
            left = min(float(self._most), left + (now - at) * self._most / 60)
            taken = left >= 1
            self._left[client] = (left - 1 if taken else left, now)
            if len(self._left) > MOST_CLIENTS:
                self._left.popitem(last=False)
            return taken

    def take_more(self, client: str, count: int) -> bool:
        """Take as many askings again for one that was let in already; False where it has fewer left now.

        More than fit into a minute need all that there is, and the rest is owed: nothing is asked until it came back.
        """
        with self._lock:
            now = self._clock()
            left, at = self._left.get(client, (float(self._most), now))
            left = min(float(self._most), left + (now - at) * self._most / 60)
            taken = left >= min(count, self._most - 1)
            if taken:
                self._left[client] = (left - count, now)
            return taken

    def has_left(self, client: str) -> bool:
        """Whether a client has an asking left now; none is taken."""
        with self._lock:
            left, at = self._left.get(client, (float(self._most), 0.0))
            return left + (self._clock() - at) * self._most / 60 >= 1
