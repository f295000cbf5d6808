"""Discounts for early payment: earned by the days on which money came, all or nothing, and gone with their payment."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from credit.allocation import Part, Reduction, Unmet
from credit.discounts import standing
from credit.money import Money
from credit.rates import ExchangeRate
from storage.engine import Database
from storage.failures import Refused
from storage.invoice_rows import Invoice
from storage.rates import NewRate
from storage.receivables import InvoiceCounts
from storage.schema import downgrade, upgrade
from storage.settlements import Entered
from storage.unit_of_work import Work
from tests.storage.records import an_invoice
from tests.storage.test_settlements import BY, TODAY, a_payment, act, known, open_of, owed, tie

UNTIL = date(2026, 1, 11)
LATE = UNTIL + timedelta(1)


def early(invoice_id: str = "a", amount: int = 100_00, discount: int = 2_00, **changes: Any) -> Invoice:
    """An invoice of 2026-01-01 on 2/10 net 30."""
    return an_invoice(invoice_id, amount, discount_until=UNTIL, discount=discount, **changes)


@pytest.fixture(autouse=True)
def book(database: Database) -> None:
    """Two invoices with a discount, and one without that is due later."""
    with database.write() as work:
        plain = an_invoice("c", 50_00, due_on=date(2026, 3, 1))
        work.invoices.add_many([early("a"), early("b"), plain], TODAY)


def pay(database: Database, amount: int, day: date = UNTIL, payment_id: str = "P-1", **changes: Any) -> Entered:
    """Enter a payment of C-1 that came on a day; everything ties afterwards."""
    with database.write() as work:
        found = work.settlements.enter(a_payment(payment_id, amount, day=day, **changes), TODAY)
    tie(database)
    return found


def kinds(database: Database) -> list[tuple[str, int]]:
    """The movements of C-1, by kind and amount, without those of invoices."""
    with database.read() as work:
        moved = work.accounts.movements(1)
    return [(one.kind, one.amount) for one in moved if one.kind != "invoice"]


@pytest.mark.parametrize(
    ("amount", "day", "left"),
    [
        (98_00, UNTIL - timedelta(5), 0),
        (98_00, UNTIL, 0),
        (98_00, LATE, 2_00),
        (97_99, UNTIL, 2_01),
        (98_00, date(2025, 12, 20), 0),
    ],
)
def test_what_is_paid_by_the_last_day_earns_it_and_a_day_or_a_cent_less_does_not(
    database: Database, amount: int, day: date, left: int
) -> None:
    found = pay(database, amount, day, stated=(Part("a", amount),))
    assert open_of(database)["a"] == left
    one = known(database, "a")
    if left:
        assert (found.discounts, one.settled_on) == ((), None)
        assert kinds(database) == [("payment", -amount)]
        return
    paid_on = max(day, one.invoiced_on)
    assert (found.discounts, one.settled_on) == ((Part("a", 2_00),), paid_on), "entered late, and paid in time"
    assert kinds(database) == [("payment", -amount), ("discount", -2_00)]
    assert owed(database) == (150_00, 0)


def test_it_is_a_settlement_that_says_what_earned_it_and_by_whom(database: Database) -> None:
    pay(database, 98_00)
    with database.read() as work:
        (taken,) = [one for one in work.settlements.of_customer("C-1") if one.kind == "discount"]
        (event, before, *_) = work.events.list(subject="customer:C-1").items
    assert (taken.settlement_id, taken.told, taken.by) == ("P-1/a", "paid in time, by 2026-01-11", "person:ann")
    assert (taken.amount, taken.day, taken.by_invoice, taken.unallocated) == (Money(2_00, "CNY"), UNTIL, {"a": 2_00}, 0)
    assert (event.kind, before.kind, event.details["allocated"]) == ("discount_taken", "payment_entered", {"a": "2.00"})
    one = known(database, "a")
    assert {each.kind for each in one.reductions} == {"payment", "discount"}
    assert [one.open_on(UNTIL - timedelta(1)), one.open_on(UNTIL)] == [100_00, 0]


@pytest.mark.parametrize(
    ("second", "earned"), [(UNTIL - timedelta(8), True), (UNTIL, True), (LATE, False)]
)
def test_parts_in_time_earn_it_together_and_one_late_part_loses_it(
    database: Database, second: date, earned: bool
) -> None:
    pay(database, 48_00, UNTIL - timedelta(3), stated=(Part("a", 48_00),))
    assert kinds(database) == [("payment", -48_00)]
    found = pay(database, 50_00, second, "P-2", stated=(Part("a", 50_00),))
    assert found.discounts == ((Part("a", 2_00),) if earned else ())
    assert open_of(database)["a"] == (0 if earned else 2_00)
    if earned:
        assert known(database, "a").settled_on == max(second, UNTIL - timedelta(3)), "when the last part came"


def test_a_late_part_pays_in_full_what_the_discount_would_have_covered(database: Database) -> None:
    pay(database, 97_00, stated=(Part("a", 97_00),))
    found = pay(database, 4_00, LATE, "P-2", stated=(Part("a", 3_00),))
    assert (found.discounts, found.unmet, open_of(database)["a"]) == ((), (), 0)


@pytest.mark.parametrize(
    ("credited_on", "paid", "discount"),
    [(UNTIL - timedelta(9), 88_20, 1_80), (UNTIL, 88_20, 1_80), (LATE, 88_20, 0), (LATE, 90_00, 0)],
)
def test_a_credit_note_of_its_days_lowers_it_in_proportion(
    database: Database, credited_on: date, paid: int, discount: int
) -> None:
    note = {"kind": "credit_note", "told": "returned", "stated": (Part("a", 10_00),)}
    pay(database, 10_00, credited_on, "N-1", **note)
    found = pay(database, paid, UNTIL - timedelta(2), stated=(Part("a", paid),))
    assert found.discounts == ((Part("a", discount),) if discount else ())
    assert open_of(database)["a"] == 90_00 - paid - discount


def test_a_credit_note_that_comes_in_after_the_money_earns_the_same(database: Database) -> None:
    pay(database, 88_20, UNTIL - timedelta(2), stated=(Part("a", 88_20),))
    assert open_of(database)["a"] == 11_80
    note = {"kind": "credit_note", "told": "returned", "stated": (Part("a", 10_00),)}
    found = pay(database, 10_00, UNTIL - timedelta(9), "N-1", **note)
    assert (found.discounts, open_of(database)["a"]) == ((Part("a", 1_80),), 0)
    with database.read() as work:
        assert work.settlements.get("discount", "P-1/a") is not None, "it is the payment's"


@pytest.mark.parametrize(
    ("amount", "went", "left"),
    [
        (98_00, {"a": 98_00}, 0),
        (196_00, {"a": 98_00, "b": 98_00}, 0),
        (200_00, {"a": 98_00, "b": 98_00, "c": 4_00}, 0),
        (250_00, {"a": 98_00, "b": 98_00, "c": 50_00}, 4_00),
    ],
)
def test_the_oldest_take_no_more_than_they_need(
    database: Database, amount: int, went: dict[str, int], left: int
) -> None:
    found = pay(database, amount)
    assert (dict(found.settlement.by_invoice), found.settlement.unallocated) == (went, left)
    assert {part.invoice_id: part.minor for part in found.discounts} == {
        name: 2_00 for name in went if name != "c"
    }
    moved = [one for one in kinds(database) if one[0] == "discount"]
    assert moved == [("discount", -2_00 * len(found.discounts))], "one movement for all of them"


def test_the_same_money_late_pays_one_and_a_part_of_the_other(database: Database) -> None:
    found = pay(database, 196_00, LATE)
    assert dict(found.settlement.by_invoice) == {"a": 100_00, "b": 96_00} and found.discounts == ()


def test_what_is_stated_beyond_it_stays_with_the_payment(database: Database) -> None:
    found = pay(database, 100_00, stated=(Part("a", 100_00),))
    assert found.unmet == (Unmet("a", 2_00, "its discount was taken"),)
    assert (found.settlement.unallocated, found.discounts) == (2_00, (Part("a", 2_00),))
    late = pay(database, 100_00, LATE, "P-2", stated=(Part("b", 100_00),))
    assert (late.unmet, late.settlement.unallocated) == ((), 0)


def test_money_that_is_allocated_afterwards_counts_by_the_day_on_which_it_came(database: Database) -> None:
    pay(database, 98_01, stated=(Part("nobody", 98_01),))
    with pytest.raises(Refused, match="'a': its discount was taken"), database.write() as work:
        work.settlements.allocate("payment", "P-1", [Part("a", 98_01)], BY)
    with database.write() as work:
        found = work.settlements.allocate("payment", "P-1", [Part("a", 98_00)], BY)
    assert found is not None and found.settlement.unallocated == 1
    assert found.discounts == (Part("a", 2_00),), "the answer names what was taken off"
    assert open_of(database)["a"] == 0 and known(database, "a").settled_on == UNTIL
    tie(database)


@pytest.mark.parametrize("bounced", ["P-1", "P-2"])
def test_a_payment_that_bounces_takes_the_discount_with_it(database: Database, bounced: str) -> None:
    pay(database, 48_00, UNTIL - timedelta(3), stated=(Part("a", 48_00),))
    pay(database, 50_00, UNTIL - timedelta(1), "P-2", stated=(Part("a", 50_00),))
    back = UNTIL + timedelta(4)
    with database.write() as work:
        assert work.settlements.reverse("payment", bounced, replace(BY, reason="no funds"), back) is not None
        taken = work.settlements.get("discount", "P-2/a")
    tie(database)
    minor = 48_00 if bounced == "P-1" else 50_00
    assert kinds(database)[-2:] == [("reversal", minor), ("reversal", 2_00)]
    assert open_of(database)["a"] == minor + 2_00 and known(database, "a").settled_on is None
    assert taken is not None and taken.reversal is not None
    assert (taken.reversal.reversed_on, taken.reversal.reason) == (back, "no funds")
    one = known(database, "a")
    assert [one.open_on(back - timedelta(1)), one.open_on(back)] == [0, minor + 2_00]


def test_a_discount_goes_back_no_earlier_than_it_was_taken(database: Database) -> None:
    pay(database, 48_00, UNTIL - timedelta(5), stated=(Part("a", 48_00),))
    pay(database, 50_00, UNTIL, "P-2", stated=(Part("a", 50_00),))
    with database.write() as work:
        work.settlements.reverse("payment", "P-1", BY, UNTIL - timedelta(4))
    tie(database)
    one = known(database, "a")
    assert [one.open_on(UNTIL - timedelta(days)) for days in (5, 4, 1, 0)] == [52_00, 100_00, 100_00, 50_00]


def test_what_is_taken_back_from_an_invoice_loses_it_and_earns_it_again(database: Database) -> None:
    pay(database, 98_00)
    with database.write() as work:
        work.settlements.take_back("payment", "P-1", "a", BY)
        assert open_now(work) == 250_00
    tie(database)
    with database.write() as work:
        found = work.settlements.allocate("payment", "P-1", [Part("a", 98_00)], BY)
        assert found is not None and found.settlement.unallocated == 0
        names = [one.settlement_id for one in work.settlements.of_customer("C-1") if one.kind == "discount"]
    tie(database)
    assert names == ["P-1/a", "P-1/a/2"] and open_of(database)["a"] == 0
    assert [kind for kind, _ in kinds(database)] == [
        "payment", "discount", "reversal", "reversal", "payment", "discount"
    ]  # fmt: skip


def open_now(work: Work) -> int:
    """What C-1 owes inside a transaction."""
    state = work.accounts.look("C-1")
    assert state is not None
    return state.open_receivables


def test_what_is_taken_back_elsewhere_leaves_it(database: Database) -> None:
    pay(database, 148_00, stated=(Part("a", 98_00), Part("c", 50_00)))
    with database.write() as work:
        work.settlements.take_back("payment", "P-1", "c", BY)
    assert open_of(database) == {"a": 0, "b": 100_00, "c": 50_00}
    tie(database)


def test_a_late_part_that_is_taken_back_leaves_the_discount_to_cover_it(database: Database) -> None:
    pay(database, 1_00, LATE, stated=(Part("a", 1_00),))
    found = pay(database, 98_00, UNTIL, "P-2", stated=(Part("a", 98_00),))
    assert (found.discounts, open_of(database)["a"]) == ((Part("a", 1_00),), 0)
    with database.write() as work:
        work.settlements.take_back("payment", "P-1", "a", BY)
    tie(database)
    stands(database)
    assert open_of(database)["a"] == 0
    with database.read() as work:
        taken = [one for one in work.settlements.of_customer("C-1") if one.kind == "discount"]
    assert [(one.settlement_id, one.amount.minor, one.reversal) for one in taken] == [
        ("P-2/a", 1_00, None), ("P-2/a/2", 1_00, None),
    ]  # fmt: skip


def test_what_one_payment_gives_in_two_goes_is_counted_once(database: Database) -> None:
    pay(database, 98_00, stated=(Part("a", 40_00), Part("nobody", 58_00)))
    for minor, opened in ((30_00, 30_00), (28_00, 0)):
        with database.write() as work:
            work.settlements.allocate("payment", "P-1", [Part("a", minor)], BY)
        tie(database)
        assert open_of(database)["a"] == opened


def test_a_payment_that_bounced_before_earns_nothing_and_names_nothing(database: Database) -> None:
    pay(database, 60_00, UNTIL, "P-0", stated=(Part("a", 60_00),))
    with database.write() as work:
        work.settlements.reverse("payment", "P-0", BY, UNTIL + timedelta(1))
    found = pay(database, 98_00, UNTIL - timedelta(5), stated=(Part("a", 98_00),))
    assert found.discounts == (Part("a", 2_00),)
    with database.read() as work:
        assert work.settlements.get("discount", "P-1/a") is not None
        assert work.settlements.get("discount", "P-0/a") is None


def test_nobody_takes_a_discount_back_alone(database: Database) -> None:
    pay(database, 98_00)
    for change in (
        lambda work: work.settlements.reverse("discount", "P-1/a", BY, TODAY),
        lambda work: work.settlements.take_back("discount", "P-1/a", "a", BY),
    ):
        with pytest.raises(Refused, match="goes back with its payment"), database.write() as work:
            change(work)


def test_the_same_payment_again_earns_nothing_more(database: Database) -> None:
    first = pay(database, 98_00)
    again = pay(database, 98_00)
    assert (again.is_new, again.discounts, again.settlement) == (False, (), first.settlement)
    assert kinds(database) == [("payment", -98_00), ("discount", -2_00)]


def test_a_write_off_is_no_payment_and_a_credit_note_alone_earns_nothing(database: Database) -> None:
    pay(database, 2_00, UNTIL, "W-1", kind="write_off", told="lost", stated=(Part("a", 2_00),))
    found = pay(database, 96_00, stated=(Part("a", 96_00),))
    assert (found.discounts, open_of(database)["a"]) == ((), 2_00), "98.00 were asked for"
    note = {"kind": "credit_note", "told": "returned", "stated": (Part("b", 99_99),)}
    assert pay(database, 99_99, UNTIL, "N-1", **note).discounts == ()
    assert open_of(database)["b"] == 1


def test_an_invoice_in_another_currency_counts_the_discount_as_its_share(database: Database) -> None:
    with database.write() as work:
        work.rates.add(NewRate(ExchangeRate.parse("7.1234", "USD", "CNY"), date(2026, 1, 1), "bank", "person:ann"))
        work.invoices.add_many([early("u", 100_01, 2_00, currency="USD")], TODAY)
        owed_before = open_now(work)
        found = work.settlements.enter(replace(a_payment("P-1", day=UNTIL), amount=Money(98_01, "USD")), TODAY)
        moved = work.accounts.movements(1)[-2:]
        assert open_now(work) == 250_00
    assert found.discounts == (Part("u", 2_00),)
    assert [one.kind for one in moved] == ["payment", "discount"]
    assert sum(one.amount for one in moved) == 250_00 - owed_before, "not a cent is left behind"
    assert moved[1].amount == -round(2_00 * 7.1234)


def test_a_file_changes_no_discount_and_says_none_too_late(database: Database) -> None:
    with database.write() as work:
        same = [an_invoice("a", 100_00), early("b")]
        assert work.invoices.add_many(same, TODAY) == InvoiceCounts(unchanged=2)
        assert work.invoices.add_many([early("c", 50_00, 1_00, due_on=date(2026, 3, 1))], TODAY).changed == 1
        assert work.invoices.add_many([an_invoice("b", 80_00)], TODAY).changed == 1
    assert (known(database, "b").discount, known(database, "c").discount) == (2_00, 1_00)
    with database.write() as work:
        others = [replace(early("a"), discount_until=LATE), early("b", 80_00, discount=3_00)]
        assert work.invoices.add_many(others, TODAY) == InvoiceCounts(unchanged=2)
    assert (known(database, "a").early, known(database, "b").early) == (early("a").early, early("b").early)
    with pytest.raises(Refused, match="not below"), database.write() as work:
        work.invoices.add_many([an_invoice("a", 2_00)], TODAY)


def test_a_file_gives_no_discount_to_what_was_paid_in_part(database: Database) -> None:
    pay(database, 10_00, stated=(Part("c", 10_00),))
    with database.write() as work:
        told = [early("c", 50_00, 1_00, due_on=date(2026, 3, 1))]
        assert work.invoices.add_many(told, TODAY) == InvoiceCounts(unchanged=1)
    assert known(database, "c").early is None


@pytest.mark.parametrize(("until", "discount"), [("NULL", 1), ("'2026-01-11'", "NULL"), ("'2026-01-11'", 0),
                                                 ("'2026-01-11'", 100_00)])  # fmt: skip
def test_the_database_keeps_a_discount_whole_and_below_the_amount(
    database: Database, until: str, discount: object
) -> None:
    change = f"UPDATE invoice SET discount_until = {until}, discount = {discount} WHERE invoice_id = 'a'"
    with pytest.raises(IntegrityError), database.alone() as connection:
        connection.execute(text(change))
    with database.alone() as connection:
        connection.execute(text("UPDATE invoice SET discount = 9999 WHERE invoice_id = 'a'"))


def test_an_older_version_keeps_the_balances_and_calls_discounts_credit_notes(database: Database) -> None:
    pay(database, 98_00)
    with database.write() as work:
        work.settlements.enter(a_payment("P-2", 98_00, day=UNTIL, stated=(Part("b", 98_00),)), TODAY)
        work.settlements.reverse("payment", "P-2", BY, TODAY)
    before = owed(database)
    downgrade(database, "0033")
    with database.looking() as connection:
        kept = connection.exec_driver_sql("SELECT settlement_id FROM settlement WHERE kind = 'credit_note' ORDER BY 1")
        assert [row[0] for row in kept] == ["discount P-1/a", "discount P-2/b"]
        (left,) = connection.exec_driver_sql("SELECT count(*) FROM movement WHERE kind = 'discount'").one()
        assert left == 0
    upgrade(database)
    assert owed(database) == before
    tie(database)
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text("DELETE FROM settlement"))


@pytest.mark.parametrize("seed", range(4))
def test_a_discount_stands_where_it_is_earned_and_nowhere_else(database: Database, seed: int) -> None:
    dice = random.Random(seed)
    with database.write() as work:
        for place in range(6):
            amount, until = dice.randrange(20, 200), TODAY - timedelta(dice.randrange(20))
            one = an_invoice(f"n{place}", amount, due_on=TODAY + timedelta(place),
                             discount_until=until, discount=dice.randrange(1, amount // 4))  # fmt: skip
            work.invoices.add_many([one], TODAY)
    entered: list[str] = []
    for number in range(40):
        with suppress(Refused), database.write() as work:
            act(work, dice, number, entered)
        tie(database)
        stands(database)
    with database.read() as work:
        assert any(one.kind == "discount" for one in work.settlements.of_customer("C-1"))


def stands(database: Database) -> None:
    """Each discount is there, in full, exactly where what came in time reaches the rest."""
    with database.read() as work:
        invoices, settlements = work.invoices.for_customer("C-1"), work.settlements.of_customer("C-1")
    for one in invoices:
        if one.early is None:
            continue
        given = [Reduction(each.day, each.went_to(one.invoice_id), each.kind) for each in settlements]
        found = standing(one.amount, one.early, given)
        assert found.taken == 0 or found.lacking <= 0
        assert found.earned(one.open_amount) == 0
