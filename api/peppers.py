"""The server's secret part of every key: a file of random bytes beside the database, never in it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def read_pepper(path: Path) -> bytes:
    """The pepper in a file, made with fresh random bytes when there is none yet; only its owner may read it.

    Raises: ValueError when the file is too short to be a pepper, OSError when it cannot be read or made.
    """
    try:
        with open(path, "xb", opener=_private) as new:
            new.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    return _long_enough(path)


def read_previous_pepper(path: Path) -> bytes:
    """The pepper that was used before the present one; it is never made.

    Raises: ValueError when the file is too short to be a pepper, OSError when it cannot be read.
    """
    return _long_enough(path)


def _long_enough(path: Path) -> bytes:
    found = path.read_bytes()
    if len(found) < 32:
        raise ValueError(f"'{path}' holds {len(found)} bytes; a pepper has at least 32, so move it away for a new one")
    return found


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
