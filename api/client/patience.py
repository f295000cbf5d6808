"""How long a caller waits and how often it asks again; every time it stops, because an order cannot wait for ever."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """The bounds of one call.

    Units: `tries` counts the first one too; everything else is seconds. `connect` and `answer` bound one try, `whole`
    the waiting of one call: a wait that would pass it is not begun.
    """

    tries: int = 5
    connect: float = 3.0
    answer: float = 15.0
    first_wait: float = 0.2
    longest_wait: float = 5.0
    whole: float = 30.0

    def wait(self, tried: int, asked_for: float | None) -> float:
        """Seconds to wait after so many tries: as long as the service asks for, else doubling, never in step."""
        if asked_for is not None:
            return asked_for + random.uniform(0, self.first_wait)
        return min(self.longest_wait, self.first_wait * 2.0 ** (tried - 1)) * random.uniform(0.5, 1.0)


def new_key() -> str:
    """A new idempotency key. Keep it with the order before you ask: who asks again after a crash needs the same one."""
    return str(uuid.uuid4())
