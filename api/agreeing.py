"""Whether the engines of this process agree lately: one order may be odd, most orders may not.

A single disagreement refers that order and raises an alarm. Where it happens to most, the second engine is broken on
this machine or the policy meets a fault of one of them; then nothing is approved any more, and readiness says so.
"""

from __future__ import annotations

from collections import deque

REMEMBERED = 20
ENOUGH = 5


class Agreeing:
    """The last decisions of one process, and on how many of them the engines differed."""

    def __init__(self) -> None:
        self._differed: deque[bool] = deque(maxlen=REMEMBERED)

    def note(self, engines: str) -> None:
        """Remember how the engines stood to one decision."""
        self._differed.append(engines in ("disagreed", "second_faulted"))

    @property
    def is_broken(self) -> bool:
        """Say whether they differed on more than half of the last decisions, of which there were enough."""
        seen = list(self._differed)
        return len(seen) >= ENOUGH and sum(seen) * 2 > len(seen)
