"""A sequencer in a process of its own, for tests that kill it: integrates and signs until it is ended.

Run with the location of the database and the file of a signing key.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path

from storage.checkpoints import read_signing_key
from storage.engine import open_database
from storage.failures import StorageFailure
from storage.sequencer import integrate, sign_head


def main(location: str, key_file: str) -> None:
    """Go on for ever."""
    database, key = open_database(location), read_signing_key(Path(key_file).read_text("ascii"))
    print("ready", flush=True)
    while True:
        with suppress(StorageFailure):  # the other one holds the head
            integrate(database, batch=5)
            sign_head(database, key.name, key, None)
        time.sleep(0.002)


if __name__ == "__main__":
    main(*sys.argv[1:])
