"""The groups of then are read back as the decision found them: what they owed, and up to what they might."""

from __future__ import annotations

from storage.customers import GrantedLimit, Told
from storage.engine import Database
from storage.group_movements import GroupThen
from storage.unit_of_work import Work
from tests.storage.records import a_decision
from tests.storage.test_groups import a_tree, hold


def then(database: Database, key: str) -> set[GroupThen]:
    """The groups above the customer of a decision."""
    with database.read() as work:
        return set(work.group_movements.of([f"D-{key}", "D-404"]).get(f"D-{key}", ()))


def test_a_hold_says_what_it_was_checked_with_and_another_decision_what_was_told_by_then(database: Database) -> None:
    with database.write() as work:
        a_tree(work)
    hold(database, "one", 10)
    hold(database, "two", 20)
    found = then(database, "two")
    assert found and {one.owed for one in found} == {10} and all(one.exact for one in found)
    with database.write() as work:
        decide(work, "no")
    after = then(database, "no")
    assert {one.owed for one in after} == {30} and not any(one.exact for one in after)
    assert {(one.group_id, one.most) for one in after} == {(one.group_id, one.most) for one in found}
    with database.write() as work:
        for one in found:
            account = work.groups.account_of(one.group_id)
            assert account is not None
            work.limits.add(account.account_id, "permanent", GrantedLimit("amount", 5), Told("person:ann", "less"))
    assert then(database, "no") == after


def decide(work: Work, key: str) -> None:
    """A denial of C-1."""
    locked = work.accounts.lock("C-1")
    assert locked is not None
    work.decisions.record(locked, a_decision(locked, key))


def test_a_customer_of_no_group_has_none(database: Database) -> None:
    with database.write() as work:
        decide(work, "alone")
    assert then(database, "alone") == set()
