"""A service that dies, or lies, at a named place: `python -m tests.api.failing_server DATABASE PORT`.

`AVAL_TEST_FAIL` says how: `kill` ends the worker by SIGKILL at a place of its choice, now and then; `lie` is the
control, which now and then takes a transaction back and answers as if it had been committed.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from typing import Any

from api.app import create_app
from api.operations import decide
from api.serve import Listening, serve
from api.settings import Settings
from storage import database, decisions, exposure_ledger
from tests.fakes import fake_build

ONE_IN = 60
chance = random.SystemRandom()  # workers are forked: with numbers of their own they do not all die at one place
PLACES = ((exposure_ledger.Accounts, "lock"), (decisions.Decisions, "record"), (database, "commit"), (decide, "_tell"))


def dying(real: Callable[..., Any], before: bool) -> Callable[..., Any]:
    """A function before or after which the process may end."""

    def run(*given: Any, **named: Any) -> Any:
        if before and chance.randrange(ONE_IN) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        found = real(*given, **named)
        if not before and chance.randrange(ONE_IN) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    return run


def lie(connection: Any, transaction: Any) -> None:
    """A commit that now and then is none."""
    if chance.randrange(10) == 0:
        transaction.rollback()
    else:
        COMMIT(connection, transaction)


COMMIT = database.commit


def main() -> None:
    """Serve until told to stop."""
    if os.environ["AVAL_TEST_FAIL"] == "lie":
        database.commit = lie
    else:
        for owner, name in PLACES:
            setattr(owner, name, dying(getattr(owner, name), before=name == "commit"))
        database.commit = dying(database.commit, before=False)
    settings = Settings(database=sys.argv[1], pepper=b"p" * 32)
    serve(create_app(settings, build=fake_build()), Listening(port=int(sys.argv[2])))


if __name__ == "__main__":
    main()
