"""Groups share a limit: a hold of a member counts in all groups above it, and moving a member moves what it owes."""

from __future__ import annotations

import threading
from datetime import date

import pytest

from storage.customers import GrantedLimit
from storage.decisions import Hold
from storage.engine import Database
from storage.exposure_ledger import AccountState
from storage.failures import Busy, OverLimit, Refused
from storage.groups import Group
from storage.unit_of_work import Work
from tests.benchmarks.http_parts import statements
from tests.storage.records import a_customer, a_decision, an_invoice


def a_group(group_id: str, limit: int | None = None, parent: str | None = None, currency: str = "CNY") -> Group:
    """A group; without a limit nobody granted it one."""
    granted = GrantedLimit() if limit is None else GrantedLimit("amount", limit) if limit else GrantedLimit("zero")
    return Group(group_id, f"Group {group_id}", currency, granted, parent)


def a_tree(work: Work) -> None:
    """TOP holds LEFT with C-1 and RIGHT with C-2; LEFT may owe 700, TOP 900."""
    work.groups.put(a_group("TOP", 900))
    work.groups.put(a_group("LEFT", 700, "TOP"))
    work.groups.put(a_group("RIGHT", None, "TOP"))
    work.customers.put(a_customer("C-2"))
    assert work.groups.settle_customer("C-1", "LEFT")
    assert work.groups.settle_customer("C-2", "RIGHT")


def hold(database: Database, key: str, amount: int, customer_id: str = "C-1") -> AccountState:
    """Approve an order of a customer under its own limit of 1,000."""
    with database.write() as work:
        locked = work.accounts.lock(customer_id)
        assert locked is not None
        held = Hold(f"R-{key}", amount, 1_000, locked.now)
        work.decisions.record(locked, a_decision(locked, key, amount, hold=held))
    return locked


def balances(database: Database) -> dict[str, int]:
    """What each group owes; each is the sum of its members', and its movements lead to it."""
    with database.read() as work:
        assert work.groups.untied() == ()
        found = {}
        for one in work.groups.list().items:
            state = work.groups.account_of(one.group_id)
            assert state is not None
            moved = work.accounts.movements(state.account_id)
            assert [each.version for each in moved] == list(range(1, state.version + 1))
            assert sum(each.amount for each in moved) == state.balance
            invoices = sum(each.amount for each in moved if each.kind == "invoice")
            assert invoices == state.open_receivables
            found[one.group_id] = state.balance
    return found


def test_a_hold_counts_in_every_group_above(database: Database) -> None:
    with database.write() as work:
        a_tree(work)
    before = hold(database, "one", 300)
    assert [(one.group_id, one.ceiling, one.balance) for one in before.groups] == [("LEFT", 700, 0), ("TOP", 900, 0)]
    after = hold(database, "two", 100, "C-2")
    assert [(one.group_id, one.ceiling, one.balance) for one in after.groups] == [("RIGHT", None, 0), ("TOP", 900, 300)]
    assert balances(database) == {"TOP": 400, "LEFT": 300, "RIGHT": 100}


@pytest.mark.parametrize(("customer_id", "first", "most"), [("C-1", 0, 700), ("C-2", 300, 600), ("C-1", 650, 50)])
def test_a_group_holds_up_to_its_limit_and_not_one_unit_more(
    database: Database, customer_id: str, first: int, most: int
) -> None:
    with database.write() as work:
        a_tree(work)
    if first:
        hold(database, "first", first)
    with pytest.raises(OverLimit):
        hold(database, "above", most + 1, customer_id)
    hold(database, "exact", most, customer_id)
    assert balances(database)["TOP"] == first + most


def test_a_limit_of_zero_holds_nothing_and_no_limit_bounds_nothing(database: Database) -> None:
    with database.write() as work:
        work.groups.put(a_group("ZERO", 0))
        work.groups.put(a_group("NONE"))
        work.groups.settle_customer("C-1", "ZERO")
    with pytest.raises(OverLimit):
        hold(database, "one", 1)
    with database.write() as work:
        work.groups.settle_customer("C-1", "NONE")
    hold(database, "two", 1_000)
    assert balances(database) == {"ZERO": 0, "NONE": 1_000}


def test_releases_invoices_and_expiry_rise_to_the_groups(database: Database) -> None:
    with database.write() as work:
        a_tree(work)
    hold(database, "one", 300)
    hold(database, "two", 200)
    with database.write() as work:
        found = work.reservations.get("R-one")
        assert found is not None
        work.reservations.take(work.accounts.take(found.account_id), found, "converted", 100)
        work.invoices.enter(found.account_id, [an_invoice("I-1", 100)])
    assert balances(database) == {"TOP": 500, "LEFT": 500, "RIGHT": 0}
    with database.write() as work:
        ended = work.reservations.expire(work.reservations.due(10))
        assert [one.remaining for one in ended] == [200, 200]
    assert balances(database) == {"TOP": 100, "LEFT": 100, "RIGHT": 0}
    with database.write() as work:
        invoices = [an_invoice("I-1", 140), an_invoice("I-2", 60, customer_id="C-2")]
        work.invoices.add_many(invoices, date(2026, 1, 2))
    assert balances(database) == {"TOP": 200, "LEFT": 140, "RIGHT": 60}


def test_moving_takes_along_what_is_owed(database: Database) -> None:
    with database.write() as work:
        a_tree(work)
        work.invoices.add_many([an_invoice("I-1", 40)], date(2026, 1, 2))
    hold(database, "one", 300)
    with database.write() as work:
        work.groups.settle_customer("C-1", "RIGHT")
        assert work.groups.group_of("C-1") == "RIGHT"
    assert balances(database) == {"TOP": 340, "LEFT": 0, "RIGHT": 340}
    with database.write() as work:
        work.groups.put(a_group("RIGHT"))  # it lies in no other group any more
        assert work.groups.members("TOP").groups == ("LEFT",)
        assert work.groups.members("RIGHT").customers == ("C-1", "C-2")
    assert balances(database) == {"TOP": 0, "LEFT": 0, "RIGHT": 340}
    with database.write() as work:
        work.groups.settle_customer("C-1", None)
    assert balances(database) == {"TOP": 0, "LEFT": 0, "RIGHT": 0}
    hold(database, "two", 1)


def test_a_circle_is_refused_and_so_is_a_fourth_level(database: Database) -> None:
    with database.write() as work:
        for name, parent in (("A", None), ("B", "A"), ("C", "B"), ("X", None), ("Y", "X")):
            work.groups.put(a_group(name, parent=parent))
        work.groups.settle_customer("C-1", "C")
    for name, parent in (("A", "A"), ("A", "C"), ("B", "C"), ("D", "C"), ("X", "B"), ("A", "Y"), ("D", "nowhere")):
        with pytest.raises(Refused), database.write() as work:
            work.groups.put(a_group(name, parent=parent))
    with pytest.raises(Refused), database.write() as work:
        work.groups.put(a_group("D", currency="USD", parent="A"))
    with pytest.raises(Refused), database.write() as work:
        work.groups.put(a_group("A", currency="USD"))
    with database.write() as work:
        assert not work.groups.settle_customer("C-404", "A")
        work.groups.put(a_group("Y", parent="A"))
        assert work.groups.list().items[-1].parent_group == "A"


@pytest.mark.parametrize("groups", [0, 1, 3])
def test_groups_cost_a_decision_no_statement(database: Database, groups: int) -> None:
    with database.write() as work:
        for level in range(groups):
            work.groups.put(a_group(f"G-{level}", 500, f"G-{level - 1}" if level else None))
        work.groups.settle_customer("C-1", f"G-{groups - 1}" if groups else None)
    with statements() as told, database.write() as work:
        work.decisions.claim("shop", "k", b"body")
        locked = work.accounts.lock("C-1")
        assert locked is not None and len(locked.groups) == groups
        work.decisions.record(locked, a_decision(locked, "k", 10))
    begun = [one for one in told if one.startswith("BEGIN")]
    assert len(told) - len(begun) == 7


def test_sums_stay_exact_while_members_move_and_others_decide(database: Database) -> None:
    with database.write() as work:
        a_tree(work)
        work.groups.put(a_group("LEFT", 10**9, "TOP"))
        work.groups.put(a_group("TOP", 10**9))
    ended, failures = threading.Event(), list[BaseException]()
    counted = {"decided": 0, "busy": 0, "moved": 0}

    def decide_on(customer_id: str) -> None:
        try:
            for number in range(40):
                try:
                    hold(database, f"{customer_id}-{number}", 3, customer_id)
                    counted["decided"] += 1
                except Busy:
                    counted["busy"] += 1
        except BaseException as failure:
            failures.append(failure)

    def move() -> None:
        try:
            while not ended.wait(0.01):  # without a pause a fast machine moves so often that nobody can decide
                counted["moved"] += 1
                with database.write() as work:
                    work.groups.settle_customer("C-1", ("LEFT", "RIGHT", None)[counted["moved"] % 3])
                    work.groups.put(a_group("RIGHT", None, ("TOP", "LEFT", None)[counted["moved"] % 3]))
        except Busy:
            counted["busy"] += 1
        except BaseException as failure:
            failures.append(failure)

    asking = [threading.Thread(target=decide_on, args=(name,)) for name in ("C-1", "C-2")]
    moving = threading.Thread(target=move)
    for one in (*asking, moving):
        one.start()
    for one in asking:
        one.join()
    ended.set()
    moving.join()
    assert failures == []
    assert counted["decided"] > 20 and counted["moved"] > 3, counted
    balances(database)
