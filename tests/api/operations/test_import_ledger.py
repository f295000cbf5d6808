"""An import counts every row, keeps accounts tied to their invoices, and changes nothing the second time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from api.import_rows import CustomerRow, InvoiceRow, PaymentRow
from api.import_table import Line, Rejected
from api.operations import import_ledger
from api.operations.import_ledger import (
    DAYS_TURNED,
    DAYS_WITHOUT_LIMIT,
    DISCOUNT_ABOVE,
    NO_NAME,
    NO_RATE,
    OTHER_CURRENCY,
    OTHER_DISCOUNT,
    OTHER_GROUP,
    SETTLED_MORE,
    UNKNOWN_CUSTOMER,
    UNKNOWN_GROUP,
    import_customers,
    import_invoices,
    record_import,
)
from api.operations.import_payments import import_payments
from credit.exposure import Limit
from credit.money import Money
from credit.rates import ExchangeRate
from storage.customers import Customer, GrantedLimit
from storage.engine import Database, open_database
from storage.groups import Group
from storage.rates import NewRate
from storage.receivables import Invoice
from storage.settlements import NewSettlement
from tests.migrated import bring_up

TODAY = date(2026, 11, 23)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A database with tables and nothing in them."""
    found = open_database(tmp_path / "aval.db")
    bring_up(found)
    yield found
    found.dispose()


def invoice_row(number: int, name: str | None = "Vale", **fields: object) -> InvoiceRow:
    """Row `number` of a file: an open invoice of C-1."""
    values = {"customer_id": "C-1", "invoice_id": f"I-{number}", "amount": 100, "currency": "CNY",
              "invoiced_on": date(2026, 11, 1), "due_on": date(2026, 12, 1)}  # fmt: skip
    return InvoiceRow(Line(number, ("x",)), (Invoice(**(values | fields)),), name)


def customer_row(number: int, **fields: object) -> CustomerRow:
    """Row `number` of a file: the customer of that number."""
    row = CustomerRow(Line(number, ("x",)), f"C-{number}", "CNY", "Vale", None, None, {})
    return replace(row, **fields)


def balance(database: Database, customer_id: str = "C-1") -> int:
    """What an account holds, checked against its movements."""
    with database.read() as work:
        state = work.accounts.look(customer_id)
        assert state is not None
        assert state.balance == sum(one.amount for one in work.accounts.movements(state.account_id))
        return state.balance


def test_every_row_comes_out_somewhere_and_the_account_holds_what_is_open(database: Database) -> None:
    told: list[Rejected] = []
    rows = [invoice_row(2), invoice_row(3, settled_on=TODAY), Rejected(Line(4, ()), "a cell is torn"), invoice_row(5)]
    tally = import_invoices(database, rows, TODAY, told.append)
    assert tally.counts() == {"read": 4, "added": 3, "changed": 0, "unchanged": 0, "rejected": 1, "new_customers": 1}
    assert [row.line.number for row in told] == [4]
    assert balance(database) == 200


def test_the_same_rows_again_change_nothing(database: Database) -> None:
    rows = [invoice_row(2), invoice_row(3)]
    import_invoices(database, rows, TODAY, lambda row: None)
    again = import_invoices(database, rows, TODAY, lambda row: None)
    assert (again.imported, again.unchanged) == (0, 2)
    with database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None
        assert state.version == 1


def test_an_invoice_that_was_paid_since_is_changed_and_the_account_falls(database: Database) -> None:
    import_invoices(database, [invoice_row(2), invoice_row(3)], TODAY, lambda row: None)
    tally = import_invoices(database, [invoice_row(2, settled_on=TODAY)], TODAY, lambda row: None)
    assert (tally.added, tally.changed, tally.unchanged) == (0, 1, 0)
    assert balance(database) == 100


def test_a_row_that_stands_twice_is_taken_once_and_says_whether_it_differs(database: Database) -> None:
    first = invoice_row(2)
    same, other = replace(first, line=Line(7, ())), replace(invoice_row(2, amount=5), line=Line(8, ()))
    told: list[Rejected] = []
    tally = import_invoices(database, [first, same, other], TODAY, told.append)
    assert tally.added == 1
    assert [(row.line.number, row.reason, row.text) for row in told] == [
        (7, "the invoice stands on an earlier line with the same values", "line 2"),
        (8, "the invoice stands on an earlier line with other values", "line 2"),
    ]
    assert balance(database) == 100


def test_repeated_rows_are_seen_across_lots(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_ledger, "ROWS_AT_ONCE", 1)
    rows = [invoice_row(2), invoice_row(3), replace(invoice_row(2), line=Line(9, ()))]
    tally = import_invoices(database, rows, TODAY, lambda row: None)
    assert (tally.read, tally.added, tally.rejected.total()) == (3, 2, 1)
    assert balance(database) == 200


def test_an_invoice_of_nobody_and_one_in_another_currency_are_rejected(database: Database) -> None:
    rows = [invoice_row(2), invoice_row(3, name=None, customer_id="C-9"), invoice_row(4, currency="USD")]
    tally = import_invoices(database, rows, TODAY, lambda row: None)
    assert tally.rejected == {UNKNOWN_CUSTOMER: 1, NO_RATE: 1}
    assert balance(database) == 100


@pytest.mark.parametrize(("amount", "currency", "rejected"), [(60, "CNY", 0), (59, "CNY", 1), (100, "USD", 1)])
def test_what_was_paid_here_is_not_undone_by_a_file(
    database: Database, amount: int, currency: str, rejected: int
) -> None:
    import_invoices(database, [invoice_row(2)], TODAY, lambda row: None)
    with database.write() as work:
        work.rates.add(NewRate(ExchangeRate.parse("7.1", "USD", "CNY"), TODAY, "a bank", "operator:ann"))
        new = NewSettlement("payment", "P-1", "C-1", Money(60, "CNY"), TODAY, "transfer", "person:ann")
        work.settlements.enter(new, TODAY)
    rows = [invoice_row(2, amount=amount, currency=currency), invoice_row(3, amount=7)]
    tally = import_invoices(database, rows, TODAY, lambda row: None)
    assert tally.rejected == ({SETTLED_MORE: 1} if rejected else {})
    assert balance(database) == 7 + (40 if rejected else 0)


EARLY: dict[str, object] = {"discount": 2, "discount_until": date(2026, 11, 11)}


@pytest.mark.parametrize(("fields", "reason", "noted"), [
    ({}, None, 0), (EARLY, None, 0), ({"amount": 90}, None, 0), (EARLY | {"discount": 3}, None, 1),
    (EARLY | {"discount_until": TODAY}, None, 1), ({"amount": 2}, DISCOUNT_ABOVE, 0),
])  # fmt: skip
def test_a_discount_is_fixed_by_the_first_file(
    database: Database, fields: dict[str, object], reason: str | None, noted: int
) -> None:
    import_invoices(database, [invoice_row(2, **EARLY)], TODAY, lambda _: None)
    told: list[Rejected] = []
    tally = import_invoices(database, [invoice_row(2, **fields), invoice_row(3)], TODAY, told.append)
    assert [row.reason for row in told] == ([] if reason is None else [reason])
    assert tally.noted[OTHER_DISCOUNT] == noted
    with database.read() as work:
        first, second = work.invoices.for_customer("C-1")
    assert (first.discount, first.discount_until) == (2, date(2026, 11, 11)) and second.discount is None


def test_a_payment_of_a_file_earns_the_discount_by_the_day_on_which_it_came(database: Database) -> None:
    import_invoices(database, [invoice_row(number, **EARLY) for number in (2, 3)], TODAY, lambda _: None)
    rows = [PaymentRow(Line(number, ()), f"P-{number}", None, f"I-{number}", Money(98, "CNY"), day, "")
            for number, day in ((2, date(2026, 11, 11)), (3, date(2026, 11, 12)))]  # fmt: skip
    tally = import_payments(database, rows, TODAY, lambda _: None)
    assert (tally.added, balance(database)) == (2, 2), "the one that came a day late lacks its 0.02"
    assert import_payments(database, rows, TODAY, lambda _: None).unchanged == 2 and balance(database) == 2
    with database.read() as work:
        assert [one.open_on(TODAY) for one in work.invoices.for_customer("C-1")] == [0, 2]


def test_an_invoice_in_another_currency_comes_in_once_its_rate_is_known(database: Database) -> None:
    with database.write() as work:
        work.rates.add(NewRate(ExchangeRate.parse("7.1", "USD", "CNY"), TODAY, "a bank", "operator:ann"))
    rows = [invoice_row(2), invoice_row(3, currency="USD")]
    tally = import_invoices(database, rows, TODAY, lambda row: None)
    assert (tally.added, tally.rejected.total(), balance(database)) == (2, 0, 810)
    again = import_invoices(database, rows, TODAY, lambda row: None)
    assert (again.unchanged, balance(database)) == (2, 810)


def test_a_customer_that_is_known_keeps_what_the_file_does_not_say(database: Database) -> None:
    known = Customer("C-2", "Vale", "CNY", "CN", GrantedLimit("amount", 900), {"customer.score": 70})
    with database.write() as work:
        work.customers.put(known)
    row = customer_row(2, name=None, limit=Limit.of(Money(500, "CNY")), facts={"customer.type": "school"})
    tally = import_customers(database, [row], lambda row: None)
    assert (tally.added, tally.changed) == (0, 1)
    with database.read() as work:
        stored = work.customers.get("C-2")
    assert stored is not None
    assert replace(stored, updated_at=None) == replace(
        known, limit=GrantedLimit("amount", 500), facts={"customer.score": 70, "customer.type": "school"}
    )


@pytest.mark.parametrize(("limit", "granted"), [
    (None, GrantedLimit()), (Limit.none(), GrantedLimit()), (Limit.unlimited(), GrantedLimit("unlimited")),
    (Limit.of(Money.zero("CNY")), GrantedLimit("zero")),
])  # fmt: skip
def test_no_limit_zero_and_unlimited_stay_three_things(database: Database, limit: Limit | None,
                                                       granted: GrantedLimit) -> None:  # fmt: skip
    import_customers(database, [customer_row(2, limit=limit)], lambda row: None)
    with database.read() as work:
        stored = work.customers.get("C-2")
    assert stored is not None
    assert stored.limit == granted


def test_an_imported_limit_is_an_event_once(database: Database) -> None:
    first, second = Limit.of(Money(100, "CNY")), Limit.of(Money(200, "CNY"))
    for limit in (first, first, None, second):
        import_customers(database, [customer_row(1, limit=limit)], print)
    import_customers(database, [customer_row(2)], print)  # a customer without a limit has none to tell
    with database.read() as work:
        told = work.events.list(kind="limit_told").items
        assert [(one.subject, one.by, one.details["limit"]) for one in told] == [
            ("customer:C-1", "import", "2.00"), ("customer:C-1", "import", "1.00")]
        assert all(work.log.entry(f"event-{one.seq}") is not None for one in told)


def test_customers_are_counted_as_new_unchanged_or_rejected(database: Database) -> None:
    rows = [customer_row(2), customer_row(3, name=None), replace(customer_row(2), line=Line(4, ()))]
    tally = import_customers(database, rows, lambda row: None)
    assert tally.rejected == {NO_NAME: 1, "the customer stands on an earlier line with the same values": 1}
    again = import_customers(database, [customer_row(2), customer_row(3, currency="USD")], lambda row: None)
    assert (again.read, again.added, again.unchanged) == (2, 1, 1)
    other = import_customers(database, [customer_row(2, currency="USD")], lambda row: None)
    assert other.rejected == {OTHER_CURRENCY: 1}


def test_an_import_is_recorded_with_its_counts(database: Database) -> None:
    tally = import_invoices(database, [invoice_row(2)], TODAY, lambda row: None)
    record_import(database, "run-1", "invoices", "a.csv", tally)
    with database.read() as work:
        (run,) = work.imports.list()
    assert (run.file_name, run.counts) == ("a.csv", tally.counts())


FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


@pytest.mark.parametrize(("said", "wanted", "reason"), [
    ({"limit": Limit.unlimited()}, GrantedLimit("unlimited", None, FIRST, LAST), None),
    ({"limit_valid_until": FIRST}, GrantedLimit("amount", 900, FIRST, FIRST), None),
    ({"limit_valid_until": date(2025, 12, 31)}, None, DAYS_TURNED),
    ({"limit": Limit.none()}, GrantedLimit(), None),
    ({"limit": Limit.none(), "limit_valid_from": FIRST}, None, DAYS_WITHOUT_LIMIT),
])  # fmt: skip
def test_the_days_of_a_limit_are_taken_over_and_kept_where_the_file_is_silent(
    database: Database, said: dict[str, object], wanted: GrantedLimit | None, reason: str | None
) -> None:
    before = GrantedLimit("amount", 900, FIRST, LAST)
    with database.write() as work:
        work.customers.put(Customer("C-2", "Vale", "CNY", limit=before))
    tally = import_customers(database, [customer_row(2, **said)], lambda row: None)
    with database.read() as work:
        stored = work.customers.get("C-2")
    assert stored is not None and stored.limit == (wanted or before)
    assert tally.rejected == ({} if reason is None else {reason: 1})


def test_a_customer_moves_into_the_group_of_its_row_with_what_it_owes(database: Database) -> None:
    with database.write() as work:
        work.groups.put(Group("lotus", "Lotus", "CNY"))
        work.groups.put(Group("dollar", "Dollar", "USD"))
    import_invoices(database, [invoice_row(2, customer_id="C-1")], TODAY, lambda row: None)
    rows = [customer_row(2, customer_id="C-1", group="lotus"), customer_row(3, customer_id="C-3", group="lotus"),
            customer_row(4, customer_id="C-4", group="lost"), customer_row(5, customer_id="C-5", group="dollar")]
    tally = import_customers(database, rows, lambda row: None)
    assert (tally.rejected, tally.imported) == ({UNKNOWN_GROUP: 1, OTHER_GROUP: 1}, 2)
    again = import_customers(database, rows[:2], lambda row: None)
    assert again.unchanged == 2
    stays = import_customers(database, [customer_row(2, customer_id="C-3")], lambda row: None)
    assert stays.unchanged == 1
    with database.read() as work:
        account = work.groups.account_of("lotus")
        assert account is not None and account.balance == 100
        assert work.groups.members("lotus").customers == ("C-1", "C-3")
        assert work.groups.untied() == ()
