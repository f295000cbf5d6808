"""The customer master."""

from __future__ import annotations

import pytest

from storage.customers import Customer, GrantedLimit
from storage.engine import Database
from storage.failures import Refused
from tests.storage.records import a_customer

FACTS = {"months_trading": 18, "rating": "A", "share": "0.25", "名": "值", "nothing": None, "listed": [1, True]}


def test_a_customer_comes_back_as_it_was_put(database: Database) -> None:
    for limit in (GrantedLimit(), GrantedLimit("zero"), GrantedLimit("amount", 0), GrantedLimit("unlimited")):
        wanted = Customer("C-2", "株式会社 Ø'; --", "JPY", country="NO", limit=limit, facts=FACTS)
        with database.write() as work:
            work.customers.put(wanted)
            now = work.now()
        with database.read() as work:
            found = work.customers.get("C-2")
        assert found is not None
        assert found.updated_at is not None
        assert abs((found.updated_at - now).total_seconds()) < 5
        assert found == Customer("C-2", wanted.name, "JPY", "NO", limit, FACTS, found.updated_at)


def test_putting_says_whether_the_customer_is_new_and_opens_one_account(database: Database) -> None:
    with database.write() as work:
        assert work.customers.put(a_customer("C-2")) is True
        assert work.customers.put(a_customer("C-2", name="renamed")) is False
        state = work.accounts.look("C-2")
        assert state is not None
        assert (state.customer.name, state.version, state.balance) == ("renamed", 0, 0)


def test_an_unknown_customer_is_none(database: Database) -> None:
    with database.read() as work:
        assert work.customers.get("C-404") is None


def test_the_currency_of_an_account_never_changes(database: Database) -> None:
    with pytest.raises(Refused, match="'CNY'"), database.write() as work:
        work.customers.put(a_customer("C-1", currency="EUR"))


def test_a_limit_is_an_amount_or_none() -> None:
    for state, minor in (("amount", None), ("unlimited", 5), ("plenty", None)):
        with pytest.raises(AssertionError):
            GrantedLimit(state, minor)


def test_a_number_that_json_does_not_know_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="JSON"), database.write() as work:
        work.customers.put(a_customer(facts={"score": float("nan")}))


def test_pages_go_through_all_customers_once(database: Database) -> None:
    with database.write() as work:
        for number in range(2, 8):
            work.customers.put(a_customer(f"C-{number}"))
    seen, cursor = [], None
    with database.read() as work:
        while True:
            page = work.customers.list(cursor, limit=3)
            assert len(page.items) <= 3
            seen += [one.customer_id for one in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert seen == [f"C-{number}" for number in range(1, 8)]
