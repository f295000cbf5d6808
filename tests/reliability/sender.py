"""A process that sends letters in a hurry until it is killed: `python -m tests.reliability.sender DATABASE [fresh]`.

With `fresh` it is the control: it gives each attempt a name of its own, as a sender without an outbox would.
"""

from __future__ import annotations

import random
import sys
import time
import uuid

from api.letter_files import read_letters
from api.letter_writing import Writer, webhook_secret
from api.operations import deliver
from api.operations.deliver import Sending
from api.posting import Patience
from storage.engine import open_database

PEPPER = b"p" * 32


class Hurried(Sending):
    """A sender whose leases end soon after its death."""

    @property
    def lease_seconds(self) -> float:
        """Longer than an attempt here takes."""
        return 1.5


def main(location: str, fresh: bool) -> None:
    """Send whatever is due, again and again."""
    if fresh:
        named = deliver.webhook_headers
        deliver.webhook_headers = lambda name, *rest: named(f"{name}-{uuid.uuid4()}", *rest)
    sending = Hurried(open_database(location), read_letters(), Writer("Aval Supplies", "d@firm.example"), None,
                      lambda customer_id: (webhook_secret(PEPPER, customer_id),), random.random, 1_000, True,
                      Patience(step=1.0, whole=1.0))  # fmt: skip
    while True:
        for _ in deliver.deliver_due(sending):
            pass
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:] == ["fresh"])
