"""How a command that goes on for ever is told to stop: by SIGTERM, as services are, or by Ctrl-C."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def until_told(stopped: threading.Event) -> Iterator[None]:
    """Within the block both signals set the event and do nothing else; behind it they do what they did before."""
    before = {number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
