"""How often somebody may ask: requests of a client, failed keys of an address, failed sign-ins of an address or a name.

Each process counts in its own memory, against its share of the limit. A good key is never refused for the failures of
others: behind a proxy all the world has one address.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from api.allowance import Allowance
from api.errors import Refused


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """Requests of one client and failures of one address or name a minute, over all workers; 0 sets no limit."""

    requests_per_minute: int = 0
    failures_per_minute: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        assert self.requests_per_minute >= 0 and self.failures_per_minute >= 0 and self.workers >= 1

    def share(self, limit: int) -> int:
        """What one of the workers lets through; rounded up, so that a limit never becomes none at all."""
        return -(-limit // self.workers)


class Limit:
    """So many a minute for each name of whoever is counted; 0 lets everything through."""

    def __init__(self, each_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self._allowance = Allowance(each_minute, clock) if each_minute else None
        self._wait = -(-60 // each_minute) if each_minute else 0

    def take(self, who: str) -> None:
        """Count one more. Raises: Refused (too-many-requests) for one more than the limit."""
        if self._allowance is not None and not self._allowance.take(who):
            raise self._refusal()

    def take_more(self, who: str, count: int) -> None:
        """Count as many more for a request that was let in. Raises: Refused (too-many-requests) for fewer left."""
        if self._allowance is not None and not self._allowance.take_more(who, count):
            raise self._refusal(count)

    def refuse_used_up(self, who: str) -> None:
        """Count nothing. Raises: Refused (too-many-requests) where nothing is left now."""
        if self._allowance is not None and not self._allowance.has_left(who):
            raise self._refusal()

    def _refusal(self, count: int = 1) -> Refused:
        wait = self._wait if count == 1 else min(60, self._wait * count)
        told = f"wait {wait} seconds and send it again"
        return Refused("too-many-requests", told, headers={"Retry-After": str(wait)})


class Limits:
    """The counters of one process."""

    def __init__(self, settings: LimitSettings, clock: Callable[[], float] = monotonic) -> None:
        """Count against the process's share of each limit."""
        self.requests = Limit(settings.share(settings.requests_per_minute), clock)
        self.failures = Limit(settings.share(settings.failures_per_minute), clock)
