"""Which orders an invoice is for is written once, beside its reservation's step, and never changed."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from storage.engine import Database
from storage.origins import Origin
from tests.storage.records import an_invoice, approve


@pytest.fixture(autouse=True)
def two_orders(database: Database) -> None:
    """Two approved orders of C-1, of which the second came first into I-1, and an invoice of no order."""
    with database.write() as work:
        for key in ("a", "b"):
            approve(work, key, 100)
        work.invoices.add_many([an_invoice("I-1"), an_invoice("I-2")], an_invoice().invoiced_on)
        for key, amount in (("b", 40), ("a", 100), ("b", 60)):
            found = work.reservations.get(f"R-{key}")
            assert found is not None
            step = work.reservations.take(work.accounts.take(found.account_id), found, "converted", amount)
            work.origins.keep((found.reservation_id, step), "C-1", ["I-1"])


def test_each_order_of_an_invoice_stands_once_the_one_converted_first_first(database: Database) -> None:
    with database.read() as work:
        found = work.origins.of_customer("C-1")
        assert work.origins.of_customer("C-2") == {}
    assert found == {"I-1": (Origin("SO-b", "D-b", "R-b"), Origin("SO-a", "D-a", "R-a"))}


@pytest.mark.parametrize("change", ["UPDATE invoice_origin SET invoice_id = 'I-2'", "DELETE FROM invoice_origin"])
def test_nobody_changes_an_origin(database: Database, change: str) -> None:
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize(("step", "invoice_id"), [(9, "I-1"), (1, "I-9"), (2, "I-1")])
def test_a_step_goes_into_an_invoice_once_and_both_are_known(database: Database, step: int, invoice_id: str) -> None:
    with pytest.raises(IntegrityError), database.write() as work:
        work.origins.keep(("R-a", step), "C-1", [invoice_id])
