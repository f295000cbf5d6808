"""Open items in other currencies follow the rates, each account by one movement, and leave exactly nothing behind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.money import Money
from credit.rates import ExchangeRate
from storage.engine import Database, open_database
from storage.exposure_ledger import AccountState
from storage.failures import Refused
from storage.groups import Group
from storage.rates import NewRate
from storage.receivables import Invoice
from storage.revaluation import Revalued
from storage.settlements import Change, NewSettlement
from tests.storage.records import a_customer, an_invoice

DAY = date(2026, 1, 10)
NEXT = DAY + timedelta(days=1)


def tell_rate(database: Database, value: str, day: date, pair: tuple[str, str] = ("USD", "CNY")) -> str:
    """The id of a rate that was added."""
    with database.write() as work:
        return work.rates.add(NewRate(ExchangeRate.parse(value, *pair), day, "a bank", "operator:ann")).rate_id


def bring(database: Database, *invoices: Invoice, day: date = DAY) -> None:
    """Import invoices."""
    with database.write() as work:
        work.invoices.add_many(invoices, day)


def dollars(invoice_id: str, cents: int, **changes: object) -> Invoice:
    """An invoice in dollars to C-1, whose account is kept in CNY."""
    return an_invoice(invoice_id, cents, currency="USD", **changes)


def revalue(database: Database, day: date, customer_id: str = "C-1", most_days: int = 7) -> Revalued:
    """Bring one customer to the rates of a day."""
    with database.write() as work:
        return work.revaluation.revalue(customer_id, day, most_days)


def account(database: Database, customer_id: str = "C-1") -> AccountState:
    """The account, whose movements must add up to its balance and its parts."""
    with database.read() as work:
        found = work.accounts.look(customer_id)
        assert found is not None
        moved = work.accounts.movements(found.account_id)
        parts = work.reservations.balance_parts(found.account_id)
        counted = sum(one.counted_on(date.max) for one in work.invoices.for_customer(customer_id))
    assert found.balance == sum(one.amount for one in moved)
    assert (parts.reserved, parts.open_receivables) == (found.reserved, found.open_receivables)
    assert counted == found.open_receivables
    assert [one.version for one in moved] == list(range(1, found.version + 1))
    return found


def test_an_invoice_in_another_currency_counts_by_the_rate_of_the_day(database: Database) -> None:
    rate = tell_rate(database, "7.1", DAY)
    bring(database, dollars("A", 10_001), an_invoice("B", 500))
    found = account(database)
    assert found.open_receivables == 71_007 + 500
    with database.read() as work:
        stored = {one.invoice_id: one for one in work.invoices.for_customer("C-1")}
        [kept] = work.conversions.at(found.account_id, found.version)
    assert (stored["A"].amount, stored["A"].carrying_amount, stored["A"].rate_id) == (10_001, 71_007, rate)
    assert (stored["B"].counted, stored["B"].rate_id) == (500, None)
    assert (kept.original, kept.rate_id, kept.amount, kept.invoice_id) == (Money(10_001, "USD"), rate, 71_007, "A")


def test_without_a_rate_an_invoice_is_refused(database: Database) -> None:
    tell_rate(database, "7.1", NEXT)
    with pytest.raises(Refused, match="no rate is known"):
        bring(database, dollars("A", 10_000))
    assert account(database).version == 0


def test_a_revaluation_is_one_movement_of_its_own_kind_and_may_exceed_the_limit(database: Database) -> None:
    tell_rate(database, "7.0", DAY)
    bring(database, dollars("A", 100), dollars("B", 40))  # 9.80 of the limit of 10.00
    second = tell_rate(database, "8.0", NEXT)
    done = revalue(database, NEXT)
    assert (done.before, done.after, done.items, done.moved) == (980, 1_120, 2, True)
    found = account(database)
    assert found.balance == 1_120 > (found.customer.limit.minor or 0)
    with database.read() as work:
        last = work.accounts.movements(found.account_id)[-1]
        items = work.conversions.at(found.account_id, last.version)
    assert (last.kind, last.amount, last.ceiling) == ("revalued", 140, None)
    assert [(one.invoice_id, one.rate_id, one.amount) for one in items] == [("A", second, 800), ("B", second, 320)]


def test_the_same_day_again_and_the_same_rate_change_nothing(database: Database) -> None:
    tell_rate(database, "7.0", DAY)
    bring(database, dollars("A", 100))
    assert revalue(database, DAY).moved is False  # it was valued by this rate when it came
    tell_rate(database, "8.0", NEXT)
    assert revalue(database, NEXT).moved is True
    before = account(database)
    again = revalue(database, NEXT)
    assert (again.moved, again.items, again.before, again.after) == (False, 1, 800, 800)
    assert account(database).version == before.version


def test_an_earlier_day_never_undoes_a_later_one(database: Database) -> None:
    tell_rate(database, "7.0", DAY)
    bring(database, dollars("A", 100))
    tell_rate(database, "8.0", NEXT)
    revalue(database, NEXT)
    tell_rate(database, "6.0", DAY)
    assert revalue(database, DAY).moved is False
    assert account(database).balance == 800


def test_a_corrected_rate_of_the_same_day_is_taken(database: Database) -> None:
    tell_rate(database, "7.0", DAY)
    bring(database, dollars("A", 100))
    tell_rate(database, "7.5", DAY)
    assert revalue(database, DAY).after == 750
    assert account(database).balance == 750


def test_what_has_no_rate_or_an_old_one_is_told(database: Database) -> None:
    tell_rate(database, "7.0", DAY)
    bring(database, dollars("A", 100))
    assert revalue(database, DAY + timedelta(days=7)).stale == 0
    assert revalue(database, DAY + timedelta(days=8)).stale == 1
    assert revalue(database, DAY - timedelta(days=1)).without_rate == 1
    with database.read() as work:
        assert work.revaluation.customers(DAY) == ("C-1",)
        assert work.revaluation.customers(date(2025, 12, 31)) == ()


def test_a_group_rises_and_falls_with_its_member(database: Database) -> None:
    with database.write() as work:
        work.groups.put(Group("lotus", "Lotus", "CNY"))
        work.groups.settle_customer("C-1", "lotus")
    tell_rate(database, "7.0", DAY)
    bring(database, dollars("A", 100))
    tell_rate(database, "8.0", NEXT)
    revalue(database, NEXT)
    with database.read() as work:
        group = work.groups.account_of("lotus")
        assert group is not None
        assert (group.balance, group.open_receivables) == (800, 800)
        assert work.groups.untied() == ()


def test_a_settled_item_leaves_exactly_what_it_counted_as(database: Database) -> None:
    tell_rate(database, "7.1234567", DAY)
    bring(database, dollars("A", 33_333), dollars("B", 1))
    tell_rate(database, "6.9876543", NEXT)
    revalue(database, NEXT)
    tell_rate(database, "9.1", NEXT)  # a rate that nothing was valued by
    bring(database, dollars("A", 33_333, settled_on=NEXT), dollars("B", 1, settled_on=NEXT), day=NEXT)
    assert account(database).balance == 0


def test_an_amount_that_was_mended_counts_anew(database: Database) -> None:
    tell_rate(database, "7.0", DAY)
    bring(database, dollars("A", 100))
    tell_rate(database, "8.0", NEXT)
    bring(database, dollars("A", 200), day=NEXT)
    assert account(database).balance == 1_600
    bring(database, an_invoice("A", 200), day=NEXT)  # it was in the account's own currency all along
    assert account(database).balance == 200


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, prepared_file: Path) -> Iterator[Database]:
    """One database for all histories made by chance."""
    path = tmp_path_factory.mktemp("shared") / "aval.db"
    opened = open_database(shutil.copy(prepared_file, path), wait_seconds=5.0)
    yield opened
    opened.dispose()


STEPS = st.lists(st.one_of(
    st.tuples(st.just("rate"), st.sampled_from(["USD", "JPY", "KWD"]), st.integers(1, 9_999_999)),
    st.tuples(st.just("invoice"), st.sampled_from(["USD", "JPY", "KWD", "CNY"]), st.integers(1, 10**6)),
    st.tuples(st.just("revalue"), st.just(""), st.just(0)),
    st.tuples(st.just("settle"), st.just(""), st.integers(0, 9)),
), min_size=4, max_size=12)  # fmt: skip


@given(steps=STEPS)
@settings(max_examples=20, deadline=None)
def test_whatever_happens_the_movements_add_up_and_nothing_is_left(shared: Database, steps: list[tuple[str, str, int]]
                                                                   ) -> None:  # fmt: skip
    with shared.write() as work:
        number = len(work.customers.list(limit=500).items)
        name = f"P-{number}"
        work.customers.put(a_customer(name))
    for currency in ("USD", "JPY", "KWD"):
        tell_rate(shared, "1.5", DAY, (currency, "CNY"))
    day, known = DAY, dict[str, Invoice]()
    for what, currency, figure in steps:
        if what == "rate":
            tell_rate(shared, f"{figure / 10**6:.6f}", day, (currency, "CNY"))
        elif what == "invoice":
            known[f"I-{len(known)}"] = an_invoice(f"I-{len(known)}", figure, customer_id=name, currency=currency)
            bring(shared, *known.values(), day=day)
        elif what == "revalue":
            day += timedelta(days=1)
            revalue(shared, day, name)
            assert revalue(shared, day, name).moved is False
        elif known:
            picked = sorted(known)[figure % len(known)]
            settled = an_invoice(picked, known[picked].amount, customer_id=name, currency=known[picked].currency,
                                 settled_on=day)  # fmt: skip
            known[picked] = settled
            bring(shared, *known.values(), day=day)
        account(shared, name)
    ended = [an_invoice(one.invoice_id, one.amount, customer_id=name, currency=one.currency, settled_on=DAY)
             for one in known.values()]  # fmt: skip
    bring(shared, *ended, day=day)
    assert account(shared, name).balance == 0


def pay(database: Database, payment_id: str, cents: int, currency: str = "USD") -> None:
    """A payment of C-1 on DAY."""
    new = NewSettlement("payment", payment_id, "C-1", Money(cents, currency), DAY, "transfer", "person:ann")
    with database.write() as work:
        work.settlements.enter(new, NEXT)


def test_what_is_paid_of_an_item_counts_as_its_share_and_the_rest_follows_the_rates(database: Database) -> None:
    tell_rate(database, "7.1", DAY)
    bring(database, dollars("A", 10_001), an_invoice("B", 500))
    pay(database, "P-1", 3_333)
    found = account(database)
    assert found.open_receivables == 47_343 + 500  # 71,007 x 6,668 / 10,001 = 47,342.77...
    with database.read() as work:
        [kept] = work.conversions.at(found.account_id, found.version)
    assert (kept.original, kept.amount, kept.invoice_id) == (Money(-3_333, "USD"), -(71_007 - 47_343), "A")


@pytest.mark.parametrize("parts", [(10_001,), (1, 10_000), (3_333, 3_333, 3_335), (5_000, 5_000, 1)])
@pytest.mark.parametrize("rate", ["7.1", "0.0137", "7.333333"])
def test_an_item_that_is_paid_in_full_leaves_no_cent_whatever_the_rates_were(
    database: Database, parts: tuple[int, ...], rate: str
) -> None:
    tell_rate(database, "7.1", DAY)
    bring(database, dollars("A", 10_001))
    for place, cents in enumerate(parts):
        pay(database, f"P-{place}", cents)
        account(database)
        if place == 0:
            tell_rate(database, rate, NEXT)
            told = revalue(database, NEXT)
            assert told.moved == (len(parts) > 1) and told.items == (len(parts) > 1)
            account(database)
    assert account(database).open_receivables == 0
    with database.write() as work:
        again = Change(NEXT, "person:ann", "bounced")
        assert work.settlements.reverse("payment", "P-0", again, NEXT) is not None
    with database.read() as work:
        [one] = work.invoices.for_customer("C-1")
    assert account(database).open_receivables == one.counted_on(NEXT) and one.open_amount == parts[0]


def test_an_item_is_paid_in_its_own_currency_alone(database: Database) -> None:
    tell_rate(database, "7.1", DAY)
    bring(database, dollars("A", 100))
    pay(database, "P-1", 40, "CNY")
    assert account(database).open_receivables == 710
    with database.read() as work:
        found = work.settlements.get("payment", "P-1")
    assert found is not None and found.unallocated == 40
