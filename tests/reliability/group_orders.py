"""Order systems of members of groups, each process started with a mode, a database, a name, and how much it asks.

Every third order has a grant. MODE `locked` decides through the ledger. `outside` is the old guard, deliberately wrong:
it decides on what it saw before the lock, and lets the CHECK alone keep the limit. `read_then_write` is a small ledger
as SQLAlchemy keeps one when nobody tells it otherwise. All think for the same time at the same place.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, text

from storage.customers import GrantedLimit
from storage.decisions import DecidedOrder, Hold
from storage.engine import Database, open_database
from storage.exposure_ledger import AccountState
from storage.failures import Busy, OverLimit
from storage.grants import NewGrant
from storage.groups import Group
from tests.storage.order_system import control_engine
from tests.storage.records import a_customer, a_decision

THINKING_SECONDS = 0.003
LIMIT, ROOT_LIMIT = 400, 600
AMOUNTS = (7, 11, 13)
GRANTED = 90
Ask = Callable[[str, str, int], None]


@dataclass(frozen=True, slots=True)
class Firm:
    """How many customers there are, in how many groups below one root; few of them are hot."""

    customers: int
    groups: int

    def customer(self, number: int) -> str:
        """A customer by its number."""
        return f"M-{number % self.customers}"


def make_firm(database: Database, firm: Firm) -> None:
    """Customers with limits in groups with limits, below a root with one, and a grant for every third order of each."""
    with database.write() as work:
        work.groups.put(Group("root", "Root", "CNY", GrantedLimit("amount", ROOT_LIMIT * firm.groups)))
        for number in range(firm.groups):
            work.groups.put(Group(f"g-{number}", "Group", "CNY", GrantedLimit("amount", ROOT_LIMIT), "root"))
        for number in range(firm.customers):
            work.customers.put(a_customer(firm.customer(number), LIMIT))
            work.groups.settle_customer(firm.customer(number), f"g-{number % firm.groups}")
    with database.write() as work:
        until = work.now() + timedelta(hours=1)
        for number in range(firm.customers):
            state = work.accounts.look(firm.customer(number))
            assert state is not None
            for account_id in (state.account_id, state.groups[0].account_id):
                work.grants.add(NewGrant(f"G-{number}-{account_id}", account_id, f"granted-{firm.customer(number)}",
                                         GRANTED, "CNY", until, "A. Example", "a known project"))  # fmt: skip


def reason(balance: int, ceiling: int, groups: list[tuple[str, int, int | None]], amount: int) -> str:
    """The trivial policy: nothing where the order fits, else what it does not fit under."""
    if balance + amount > ceiling:
        return "limit"
    return next((name for name, before, most in groups if most is not None and before + amount > most), "")


def judged(state: AccountState, amount: int) -> tuple[str, dict[str, object]]:
    """The reason that stands against an order, and the figures that it was found on."""
    time.sleep(THINKING_SECONDS)
    groups = [(one.group_id, one.balance, one.ceiling) for one in state.groups]
    facts: dict[str, object] = {"before": state.balance, "groups": {name: before for name, before, _ in groups}}
    return reason(state.balance, LIMIT + state.granted, groups, amount), facts


def ask_ledger(database: Database, outside: bool, key: str, customer_id: str, amount: int) -> None:
    """Ask through the ledger; `outside` decides on what was seen before the lock."""
    order_id = f"granted-{customer_id}" if amount == AMOUNTS[0] else f"SO-{key}"
    with database.read() as work:
        seen = work.accounts.look(customer_id, order_id=order_id)
    before = judged(seen, amount) if outside and seen is not None else None
    with database.write() as work:
        assert work.decisions.claim("shop", key, b"body").state == "new"
        locked = work.accounts.lock(customer_id, order_id=order_id)
        assert locked is not None
        why, facts = before or judged(locked, amount)
        ceiling = LIMIT + locked.granted
        held = None if why else Hold(f"R-{key}", amount, ceiling, locked.now + timedelta(days=1), locked.granted)
        work.decisions.record(locked, a_decision(
            locked, key, amount, hold=held, verdict="refer" if why else "approve", facts=facts,
            outcome={"asked": amount, "why": why}, order=DecidedOrder(order_id, amount, amount, locked.now.date()),
        ))  # fmt: skip


def patiently(ask: Ask) -> Ask:
    """Ask again with the same key while the database is busy; a hold that the CHECK refused is no decision."""

    def asking(key: str, customer_id: str, amount: int) -> None:
        for _ in range(50):
            try:
                ask(key, customer_id, amount)
            except Busy:
                time.sleep(0.01)
            except OverLimit:
                return
            else:
                return
        raise AssertionError(f"{key} was told busy for ever")

    return asking


def make_control(location: str, firm: Firm) -> None:
    """The control's own small ledger: one row for each account, a customer's and a group's."""
    engine = control_engine(location)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE small (name TEXT, balance BIGINT, ceiling BIGINT, above TEXT)"))
        put = text("INSERT INTO small VALUES (:name, 0, :ceiling, :above)")
        connection.execute(put, {"name": "root", "ceiling": ROOT_LIMIT * firm.groups, "above": None})
        for number in range(firm.groups):
            connection.execute(put, {"name": f"g-{number}", "ceiling": ROOT_LIMIT, "above": "root"})
        for number in range(firm.customers):
            above = f"g-{number % firm.groups}"
            connection.execute(put, {"name": firm.customer(number), "ceiling": LIMIT, "above": above})
    engine.dispose()


def ask_control(engine: Engine, customer_id: str, amount: int) -> None:
    """Ask the wrong way: look at the customer and its group, think, then write to both."""
    with engine.begin() as connection:
        look = text("SELECT name, balance, ceiling, above FROM small WHERE name = :name")
        mine = connection.execute(look, {"name": customer_id}).one()
        group = connection.execute(look, {"name": mine.above}).one()
        time.sleep(THINKING_SECONDS)
        if not reason(mine.balance, mine.ceiling, [(group.name, group.balance, group.ceiling)], amount):
            for name in sorted((mine.name, group.name)):
                add = text("UPDATE small SET balance = balance + :amount WHERE name = :name")
                connection.execute(add, {"amount": amount, "name": name})


def over_in_control(location: str) -> int:
    """By how much the control has taken its accounts above their limits, all together."""
    engine = control_engine(location)
    with engine.begin() as connection:
        over = text("SELECT coalesce(sum(balance - ceiling), 0) FROM small WHERE balance > ceiling AND name <> 'root'")
        found = int(connection.execute(over).scalar_one())
    engine.dispose()
    return found


def asking(mode: str, location: str) -> Ask:
    """The way of asking that a mode names."""
    if mode == "read_then_write":
        engine = control_engine(location)
        return lambda key, customer_id, amount: ask_control(engine, customer_id, amount)
    database = open_database(location, wait_seconds=30.0)
    return patiently(lambda key, customer_id, amount: ask_ledger(database, mode == "outside", key, customer_id, amount))


def ask_together(ask: Ask, name: str, threads: int, orders: int, seed: int, firm: Firm) -> None:
    """Let threads that start together ask for their orders, and raise what any of them raised."""
    start, failures = threading.Barrier(threads), list[BaseException]()

    def run(thread: int) -> None:
        chance = random.Random(f"{seed}-{name}-{thread}")
        try:
            start.wait()
            for order in range(orders):
                ask(f"{name}-{thread}-{order}", firm.customer(chance.randrange(firm.customers)), chance.choice(AMOUNTS))
        except BaseException as failure:
            failures.append(failure)

    running = [threading.Thread(target=run, args=(thread,)) for thread in range(threads)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    if failures:
        raise failures[0]


if __name__ == "__main__":
    mode, location, name, threads, orders, seed, customers, groups = sys.argv[1:]
    ask = asking(mode, location)
    print("ready", flush=True)
    sys.stdin.readline()  # all processes are let go at the same time
    ask_together(ask, name, int(threads), int(orders), int(seed), Firm(int(customers), int(groups)))
