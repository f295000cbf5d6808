"""The keys that this process has seen, so that a decision does not begin with a look for the key that asks for it.

A key never changes but in one thing: it ends. So what was read of it stays true, and only whether it has ended must be
asked again. INVARIANT: whoever is let in by what is remembered is asked about once more in the transaction that decides
(`Decisions.claim`), so no key decides after the instant at which it ended. Everything else reads the key anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from storage.keys import ApiKey

MOST_KEYS = 1_000
NOT_GOOD = "the key is not known or no longer valid; ask for a new one"


class KnownKeys:
    """Living keys by their id, those asked for least recently are forgotten first."""

    def __init__(self, find: Callable[[str], ApiKey | None]) -> None:
        """Remember nothing yet; `find` reads a key from the database."""
        self.find = find
        self._keys: OrderedDict[str, ApiKey] = OrderedDict()
        self._lock = Lock()

    def recall(self, key_id: str) -> ApiKey | None:
        """The key as it was read before, or as it is read now; it may have ended since."""
        with self._lock:
            if (known := self._keys.get(key_id)) is not None:
                self._keys.move_to_end(key_id)
                return known
        found = self.find(key_id)
        if found is not None and not found.ended:
            with self._lock:
                self._keys[key_id] = found
                while len(self._keys) > MOST_KEYS:
                    self._keys.popitem(last=False)
        return found

    def forget(self, key_id: str) -> None:
        """Read this key anew when it is sent again."""
        with self._lock:
            self._keys.pop(key_id, None)
