"""Payments, credit notes and write-offs: what they pay, what is left of them, and what it takes to undo them."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from credit.allocation import Part, Unmet, reduced_by
from credit.money import Money
from storage.engine import Database
from storage.failures import Refused
from storage.receivables import Invoice, InvoiceCounts
from storage.settlements import Change, Entered, NewSettlement
from storage.tables import invoice
from storage.unit_of_work import Work
from tests.storage.records import an_invoice, approve

TODAY = date(2026, 2, 15)
BY = Change(TODAY, "person:ann", "as the bank says")


def a_payment(payment_id: str = "P-1", amount: int = 100, **changes: Any) -> NewSettlement:
    """A payment of C-1, received today."""
    values = {"kind": "payment", "settlement_id": payment_id, "customer_id": "C-1", "amount": Money(amount, "CNY"),
              "day": TODAY, "told": "transfer", "by": "person:ann"}  # fmt: skip
    return NewSettlement(**values | changes)


def enter(work: Work, payment_id: str = "P-1", amount: int = 100, **changes: Any) -> Entered:
    """Enter a payment of C-1."""
    return work.settlements.enter(a_payment(payment_id, amount, **changes), TODAY)


@pytest.fixture(autouse=True)
def book(database: Database) -> None:
    """Three open invoices, the second the oldest by its due date, and something that an order holds."""
    with database.write() as work:
        approve(work, "k", 10)
        given = [an_invoice("a", 50), an_invoice("b", 30, due_on=date(2026, 1, 20)), an_invoice("c", 20)]
        work.invoices.add_many(given, TODAY)


def open_of(database: Database) -> dict[str, int]:
    """What the rows of invoices say is open."""
    with database.looking() as connection:
        return {row.invoice_id: row.open_amount for row in connection.execute(select(invoice))}


def owed(database: Database) -> tuple[int, int]:
    """What C-1 owes, and what is held for its orders."""
    with database.read() as work:
        state = work.accounts.look("C-1")
        assert state is not None
        return state.open_receivables, state.reserved


def known(database: Database, invoice_id: str, as_of: date | None = None) -> Invoice:
    """An invoice of C-1 as a reader knows it."""
    with database.read() as work:
        return next(one for one in work.invoices.for_customer("C-1", as_of) if one.invoice_id == invoice_id)


def test_a_payment_goes_to_the_oldest_and_lowers_what_is_owed(database: Database) -> None:
    with database.write() as work:
        found = enter(work, amount=45)
        moved = work.accounts.movements(found.settlement.account_id)[-1]
        (event, *_) = work.events.list(subject="customer:C-1").items
    assert (found.is_new, found.unmet, found.settlement.by_invoice) == (True, (), {"b": 30, "a": 15})
    assert (moved.kind, moved.amount, moved.version) == ("payment", -45, found.settlement.allocations[0].version)
    assert open_of(database) == {"a": 35, "b": 0, "c": 20} and owed(database) == (55, 10)
    assert (known(database, "a").settled_on, known(database, "b").settled_on) == (None, TODAY)
    assert (event.kind, event.by) == ("payment_entered", "person:ann")
    assert event.details["allocated"] == {"a": "0.15", "b": "0.30"} and event.details["unallocated"] == "0.00"


def test_more_than_is_owed_stays_with_the_payment_and_lowers_nothing(database: Database) -> None:
    with database.write() as work:
        found = enter(work, amount=101)
    assert found.settlement.unallocated == 1
    assert owed(database) == (0, 10)


def test_money_for_what_nobody_owes_moves_nothing_but_is_kept(database: Database) -> None:
    with database.write() as work:
        enter(work, amount=100)
        found = enter(work, "P-2", 7)
        moved = work.accounts.movements(found.settlement.account_id)[-1]
    assert (moved.kind, moved.amount, found.settlement.unallocated) == ("payment", 0, 7)


def test_what_the_remitter_states_is_done_as_far_as_it_can_be(database: Database) -> None:
    with database.write() as work:
        stated = (Part("c", 25), Part("x", 5))
        found = enter(work, amount=40, stated=stated)
    assert found.unmet == (Unmet("c", 5, "less of it is open"), Unmet("x", 5, "no such invoice is open"))
    assert found.settlement.by_invoice == {"b": 10, "c": 20}
    assert (found.settlement.unallocated, found.settlement.stated) == (10, stated)


def test_the_same_payment_again_changes_nothing_and_another_under_its_name_is_refused(database: Database) -> None:
    with database.write() as work:
        first = enter(work)
    with database.write() as work:
        again = enter(work)
        assert (again.is_new, again.settlement) == (False, first.settlement)
        assert work.settlements.of_customer("C-1") == (first.settlement,)
    wrong: dict[str, Any] = {"amount": 99}
    for changes in (wrong, {"day": TODAY - timedelta(1)}, {"told": "x"}, {"stated": (Part("a", 1),)}):
        with pytest.raises(Refused, match="payment 'P-1' is known with another content"), database.write() as work:
            enter(work, **changes)
    with database.write() as work:
        assert enter(work, kind="credit_note", amount=1).is_new, "another kind has names of its own"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"customer_id": "C-404"}, "no customer 'C-404'"),
        ({"amount": 0}, "above zero"),
        ({"amount": -5}, "above zero"),
        ({"day": TODAY + timedelta(1)}, "a day to come"),
        ({"amount": Money(5, "EUR")}, "no open invoice in 'EUR'"),
        ({"amount": 5, "stated": (Part("a", 6),)}, "more is stated"),
        ({"kind": "write_off"}, "one invoice in full"),
        ({"kind": "write_off", "amount": 51, "stated": (Part("a", 51),)}, "less of it is open"),
        ({"kind": "write_off", "amount": 5, "stated": (Part("x", 5),)}, "no such invoice is open"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(database: Database, changes: dict[str, Any], told: str) -> None:
    money = changes.get("amount", 5)
    given = a_payment(**{name: value for name, value in changes.items() if name != "amount"})
    given = replace(given, amount=money if isinstance(money, Money) else Money(money, "CNY"))
    with pytest.raises(Refused, match=told), database.write() as work:
        work.settlements.enter(given, TODAY)
    assert open_of(database) == {"a": 50, "b": 30, "c": 20} and owed(database) == (100, 10)
    with database.read() as work:
        assert work.settlements.get(given.kind, given.settlement_id) is None


def test_a_reader_of_a_day_knows_what_was_open_then(database: Database) -> None:
    received = date(2026, 2, 10)
    with database.write() as work:
        enter(work, amount=40, day=received, stated=(Part("a", 40),))
        enter(work, "P-2", 10, stated=(Part("a", 10),))
        assert work.settlements.reverse("payment", "P-1", BY, date(2026, 2, 12)) is not None
        enter(work, "P-3", 40, stated=(Part("a", 40),), day=date(2026, 2, 11))
    one = known(database, "a")
    assert one.settled_on == TODAY
    days = [received + timedelta(days) for days in range(-1, 7)]
    assert [one.open_on(day) for day in days] == [50, 10, 10, 10, 10, 10, 0, 0]
    assert [known(database, "a", day).open_amount for day in days] == [one.open_on(day) for day in days]
    assert [known(database, "a", day).settled_on for day in days[3:]] == [None, None, None, TODAY, TODAY]


def test_a_payment_that_bounces_opens_its_invoices_again(database: Database) -> None:
    with database.write() as work:
        enter(work, amount=85, day=date(2026, 2, 1))
    bounced = replace(BY, reason="no funds")
    for day in (date(2026, 1, 31), TODAY + timedelta(1)):
        with pytest.raises(Refused, match="on a day between them"), database.write() as work:
            work.settlements.reverse("payment", "P-1", bounced, day)
    with database.write() as work:
        found = work.settlements.reverse("payment", "P-1", bounced, date(2026, 2, 3))
        assert found is not None and found.reversal is not None
        moved = work.accounts.movements(found.account_id)[-1]
    assert (moved.kind, moved.amount) == ("reversal", 85)
    assert (found.unallocated, found.by_invoice, found.reversal.reason) == (0, {}, "no funds")
    assert open_of(database) == {"a": 50, "b": 30, "c": 20} and owed(database) == (100, 10)
    assert known(database, "b").settled_on is None
    for again in (
        lambda work: work.settlements.reverse("payment", "P-1", BY, TODAY),
        lambda work: work.settlements.allocate("payment", "P-1", (), BY),
    ):
        with pytest.raises(Refused, match="reversed"), database.write() as work:
            again(work)


def test_a_person_moves_money_from_one_invoice_to_another(database: Database) -> None:
    with database.write() as work:
        enter(work, amount=30)
        back = work.settlements.take_back("payment", "P-1", "b", BY)
        assert back is not None and back.unallocated == 30 and back.by_invoice == {}
        assert owed_now(work) == 100
        found = work.settlements.allocate("payment", "P-1", [Part("c", 12)], BY)
        assert found is not None and (found.settlement.unallocated, found.settlement.by_invoice) == (18, {"c": 12})
        found = work.settlements.allocate("payment", "P-1", (), BY)
        assert found is not None and found.settlement.by_invoice == {"b": 18, "c": 12}
        assert (found.settlement.unallocated, found.discounts) == (0, ())
        kinds = [one.kind for one in work.events.list(subject="customer:C-1").items]
    assert owed(database) == (70, 10)
    assert kinds[:4] == ["money_allocated", "money_allocated", "allocation_taken_back", "payment_entered"]


def owed_now(work: Work) -> int:
    """What C-1 owes inside a transaction."""
    state = work.accounts.look("C-1")
    assert state is not None
    return state.open_receivables


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([Part("a", 6)], "only CNY 0.05 of it is left"),
        ([Part("x", 1)], "'x': no such invoice is open"),
        ([Part("a", -1)], "above zero|only"),
    ],
)
def test_no_more_is_allocated_than_is_left(database: Database, parts: list[Part], told: str) -> None:
    with database.write() as work:
        enter(work, amount=5, stated=(Part("x", 5),))
    with pytest.raises(Refused, match=told.replace("CNY 0.05", ".*0.05.*")), database.write() as work:
        work.settlements.allocate("payment", "P-1", parts, BY)
    with pytest.raises(Refused, match="nothing of it went"), database.write() as work:
        work.settlements.take_back("payment", "P-1", "a", BY)
    assert owed(database) == (100, 10)


def test_nobody_changes_what_is_not_there(database: Database) -> None:
    with database.write() as work:
        assert work.settlements.get("payment", "P-9") is None
        assert work.settlements.allocate("payment", "P-9", (), BY) is None
        assert work.settlements.take_back("payment", "P-9", "a", BY) is None
        assert work.settlements.reverse("payment", "P-9", BY, TODAY) is None


def test_a_write_off_and_a_credit_note_settle_as_well(database: Database) -> None:
    with database.write() as work:
        enter(work, "W-1", 50, kind="write_off", stated=(Part("a", 50),), told="insolvent")
        enter(work, "N-1", 30, kind="credit_note", told="returned goods")
        moved = work.accounts.movements(1)
        kinds = [one.kind for one in moved[-2:]]
        (one,) = work.settlements.of_customer("C-1")[:1]
    assert kinds == ["write_off", "credit_note"] and one.kind == "credit_note"
    assert open_of(database) == {"a": 0, "b": 0, "c": 20}
    with pytest.raises(Refused, match="reversed as a whole"), database.write() as work:
        work.settlements.take_back("write_off", "W-1", "a", BY)
    with database.write() as work:
        assert work.settlements.reverse("write_off", "W-1", BY, TODAY) is not None
    assert open_of(database)["a"] == 50 and owed(database) == (70, 10)


def test_what_a_file_says_never_undoes_a_payment(database: Database) -> None:
    with database.write() as work:
        enter(work, amount=40)
        same = [an_invoice("a", 50), an_invoice("b", 30, due_on=date(2026, 1, 20)), an_invoice("c", 20)]
        assert work.invoices.add_many(same, TODAY) == InvoiceCounts(unchanged=3)
        assert owed_now(work) == 60
        more = [an_invoice("a", 60), an_invoice("c", 20, settled_on=TODAY)]
        assert work.invoices.add_many(more, TODAY) == InvoiceCounts(changed=2)
        assert owed_now(work) == 50
        work.invoices.add_many([an_invoice("a", 10)], TODAY)
        assert owed_now(work) == 0
    assert known(database, "a").settled_on == TODAY
    later = TODAY + timedelta(1)
    wrongs = ((an_invoice("a", 9), "more of invoice 'a'"), (an_invoice("a", 50, currency="EUR"), "stays"),
              (an_invoice("a", 50, invoiced_on=later, due_on=later), "before its new day"))  # fmt: skip
    for wrong, told in wrongs:
        with pytest.raises(Refused, match=told), database.write() as work:
            work.invoices.add_many([wrong], TODAY)


def test_what_comes_back_from_an_invoice_that_a_file_settled_opens_it(database: Database) -> None:
    with database.write() as work:
        enter(work, amount=20, stated=(Part("a", 20),))
        work.invoices.add_many([an_invoice("a", 50, settled_on=TODAY)], TODAY)
        assert owed_now(work) == 50
        work.settlements.reverse("payment", "P-1", BY, TODAY)
        assert owed_now(work) == 100
        work.invoices.add_many([an_invoice("a", 50, settled_on=TODAY)], TODAY)
        assert owed_now(work) == 50


def test_an_import_for_a_day_before_a_payment_counts_what_was_open_then(database: Database) -> None:
    with database.write() as work:
        enter(work, amount=40)
        work.invoices.add_many([an_invoice("d", 1)], TODAY - timedelta(1))
        assert owed_now(work) == 101
        work.invoices.add_many([an_invoice("d", 1)], TODAY)
        assert owed_now(work) == 61


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE settlement SET amount = 1",
        "DELETE FROM settlement",
        "UPDATE allocation SET amount = 1",
        "DELETE FROM allocation",
        "UPDATE settlement_reversal SET reason = 'x'",
        "DELETE FROM settlement_reversal",
    ],
)
def test_nobody_changes_what_was_written(database: Database, change: str) -> None:
    with database.write() as work:
        enter(work)
        work.settlements.reverse("payment", "P-1", BY, TODAY)
    with pytest.raises(IntegrityError, match="only added to"), database.alone() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize(("amount", "fits"), [(-101, False), (-100, True), (10, True), (11, False)])
def test_the_database_allocates_no_more_than_there_is(database: Database, amount: int, fits: bool) -> None:
    with database.write() as work:
        version = enter(work, amount=110).settlement.allocations[0].version
    row = (
        f"INSERT INTO allocation VALUES (1, {version}, 9, 'payment', 'P-1', 'C-1', 'a', {amount}, 0, '2026-02-15')"
    )  # 100 of 110 are allocated
    if fits:
        with database.alone() as connection:
            connection.execute(text(row))
        return
    with pytest.raises(IntegrityError, match="than there is"), database.alone() as connection:
        connection.execute(text(row))


@pytest.mark.parametrize(("opened", "settled"), [(51, None), (-1, None), (1, "'2026-02-15'")])
def test_no_invoice_is_open_for_more_than_it_is(database: Database, opened: int, settled: str | None) -> None:
    change = f"UPDATE invoice SET open_amount = {opened}, settled_on = {settled or 'NULL'} WHERE invoice_id = 'a'"
    with pytest.raises(IntegrityError), database.alone() as connection:
        connection.execute(text(change))


@pytest.mark.parametrize("seed", range(4))
def test_no_money_is_lost_whatever_happens_to_it(database: Database, seed: int) -> None:
    dice = random.Random(seed)
    with database.write() as work:
        for place in range(6):
            due = date(2026, 1, 5) + timedelta(dice.randrange(40))
            one = an_invoice(f"n{place}", dice.randrange(1, 200), due_on=due, invoiced_on=due - timedelta(4))
            work.invoices.add_many([one], TODAY)
    entered: list[str] = []
    for number in range(40):
        with suppress(Refused), database.write() as work:
            act(work, dice, number, entered)
        tie(database)
    with database.read() as work:
        assert sum(one.allocations != () for one in work.settlements.of_customer("C-1")) > 5


def act(work: Work, dice: random.Random, number: int, entered: list[str]) -> None:
    """One thing that happens to the money of C-1; what is refused changes nothing."""
    names = ["a", "b", "c", *(f"n{place}" for place in range(6))]
    change = replace(BY, day=TODAY)
    what = dice.choice(("enter", "enter", "state", "allocate", "take back", "reverse", "again"))
    chosen = dice.choice(entered) if entered else "P-0"
    if what in ("enter", "state"):
        amount = dice.randrange(1, 120)
        stated = (Part(dice.choice(names), dice.randrange(1, amount + 1)),) if what == "state" else ()
        day = TODAY - timedelta(dice.randrange(20))
        enter(work, f"P-{number}", amount, day=day, stated=stated)
        entered.append(f"P-{number}")
    elif what == "allocate":
        work.settlements.allocate("payment", chosen, (), change)
    elif what == "take back":
        work.settlements.take_back("payment", chosen, dice.choice(names), change)
    elif what == "reverse" and number % 3 == 0:
        work.settlements.reverse("payment", chosen, change, TODAY - timedelta(dice.randrange(20)))


def tie(database: Database) -> None:
    """Everything that must be equal, counted from different rows."""
    with database.read() as work:
        invoices = work.invoices.for_customer("C-1")
        settlements = work.settlements.of_customer("C-1")
        state = work.accounts.look("C-1")
        assert state is not None
        parts = work.reservations.balance_parts(state.account_id)
        moved = work.accounts.movements(state.account_id)
    went: dict[str, int] = {}
    for one in settlements:
        allocated = sum(one.by_invoice.values())
        assert allocated + one.unallocated == (0 if one.reversal else one.amount.minor)
        assert all(minor > 0 for minor in one.by_invoice.values())
        for name, minor in one.by_invoice.items():
            went[name] = went.get(name, 0) + minor
    for each in invoices:
        assert each.open_amount == each.amount - went.get(each.invoice_id, 0)
        assert each.open_amount == each.amount - reduced_by(each.reductions)
        days = [each.open_on(TODAY - timedelta(days)) for days in range(50)]
        assert all(0 <= minor <= each.amount for minor in days)
        assert (each.settled_on is None) == (each.open_amount > 0)
        if each.settled_on is not None:
            before = each.settled_on - timedelta(1)
            assert each.open_on(each.settled_on) == 0 and (each.open_on(before) > 0 or before < each.invoiced_on)
    assert open_of(database) == {one.invoice_id: one.open_amount for one in invoices}
    assert state.open_receivables == parts.open_receivables == sum(one.open_amount for one in invoices)
    assert state.balance == parts.reserved + parts.open_receivables == sum(one.amount for one in moved)
