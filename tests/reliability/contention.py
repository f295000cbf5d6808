"""One run of many order systems on one ledger: 8 threads in each of 2 processes, and what was wrong afterwards."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from storage.engine import open_database
from tests.migrated import bring_up
from tests.reliability.group_orders import Firm, make_control, make_firm, over_in_control
from tests.reliability.nothing_lost import COUNTED, count_wrongs
from tests.storage.records import a_policy, let_decide, start_module

THREADS = 8
SHAPES = {"one hot customer": Firm(1, 1), "many customers in few groups": Firm(30, 3)}
PATIENCE_SECONDS = 600


def run(mode: str, location: str | Path, firm: Firm, orders: int, seed: int) -> Counter[str]:
    """Let everybody ask, and count; the control of SQLAlchemy's defaults counts only what it is over."""
    if mode == "read_then_write":
        make_control(str(location), firm)
    else:
        database = open_database(location, wait_seconds=30.0)
        bring_up(database)
        with database.write() as work:
            work.policies.add(a_policy())
            let_decide(work, "sha256:policy")
        make_firm(database, firm)
    said = (mode, str(location))
    more = (str(THREADS), str(orders), str(seed), str(firm.customers), str(firm.groups))
    running = [start_module("tests.reliability.group_orders", *said, name, *more) for name in ("left", "right")]
    for one in running:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    assert [one.wait(timeout=PATIENCE_SECONDS) for one in running] == [0, 0]
    if mode == "read_then_write":
        return Counter({"over_limit_plus_grants": over_in_control(str(location))})
    found = count_wrongs(database)
    database.dispose()
    return found


def wrongs(found: Counter[str]) -> dict[str, int]:
    """What should be 0 and is not."""
    return {name: found[name] for name in COUNTED if found[name]}
