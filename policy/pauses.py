"""Garbage collection, paused while a policy is read: a quarter of that time went into looking for garbage.

Reading makes many small records that all stay and refer to nothing above them, so that each of the collector's passes
over them finds nothing. What a file may hold has a bound, and so has what is kept for want of a pass. The collector is
one for the process: of several threads that read, the first stops it and the last sets it back to what it was before.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_readers = 0
_was_enabled = False


@contextmanager
def collection_paused() -> Iterator[None]:
    """Nothing is collected inside; behind the last of those inside at once, the collector is as it was before."""
    global _readers, _was_enabled
    with _lock:
        if _readers == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _readers += 1
    try:
        yield
    finally:
        with _lock:
            _readers -= 1
            if _readers == 0 and _was_enabled:
                gc.enable()
