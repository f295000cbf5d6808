"""One transaction seen by all its repositories."""

from __future__ import annotations

from datetime import date

import pytest

from storage.engine import Database
from storage.failures import Refused
from tests.storage.records import a_customer, an_invoice, approve


def test_repositories_see_what_the_others_wrote(database: Database) -> None:
    with database.write() as work:
        work.customers.put(a_customer("C-2"))
        work.invoices.add_many([an_invoice(customer_id="C-2")], date(2026, 1, 2))
        state = work.accounts.look("C-2")
    assert state is not None
    assert state.balance == 100


def test_what_one_repository_refuses_takes_back_what_the_others_wrote(database: Database) -> None:
    def write() -> None:
        with database.write() as work:
            approve(work, "k", 10)
            work.customers.put(a_customer("C-1", currency="EUR"))

    with pytest.raises(Refused):
        write()
    with database.read() as work:
        assert work.decisions.list().items == ()


def test_a_locked_account_may_not_be_forgotten(database: Database) -> None:
    with pytest.raises(AssertionError), database.write() as work:
        work.accounts.lock("C-1")


def test_the_clock_goes_on(database: Database) -> None:
    with database.read() as work:
        first = work.now()
        assert work.now() >= first
