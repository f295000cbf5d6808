"""A situation as stored and sent becomes what facts are gathered from, with nothing made up on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from api.known import granted_limit, known_of
from api.operations.orders import Order
from api.situation import Situation
from credit.decision import PolicyReference
from credit.exposure import Limit
from credit.money import Money
from rules.ledger_facts import ApprovedOrder
from storage.customers import Customer, GrantedLimit
from storage.earlier_orders import EarlierOrder, EarlierOrders
from storage.exposure_ledger import AccountState
from storage.receivables import Invoice

AS_OF = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
EARLIER = EarlierOrder("D-1", "SO-0", "approve", 900, 700, date(2026, 11, 1), date(2026, 11, 20))
CUSTOMER = Customer("C-1", "Vale", "CNY", "CN", GrantedLimit("amount", 5_000))
ACCOUNT = AccountState(1, 3, 0, 1_200, 500, "CNY", NOW, None, CUSTOMER,
                       EarlierOrders((EARLIER,), date(2026, 9, 24), complete=True))  # fmt: skip
SITUATION = Situation(
    decision_id="D-2", order=Order("SO-1", Money(100, "CNY"), Money(30, "CNY"), "net 30", AS_OF, None), account=ACCOUNT,
    invoices=(Invoice("C-1", "I-1", 500, "CNY", date(2026, 11, 1), date(2026, 12, 1)),), stated={}, master={},
    policy=PolicyReference("p", 1, "sha256:a", "sha256:b"), decided_at=NOW, as_of=AS_OF,
)  # fmt: skip


def test_exposure_is_the_whole_balance_reservations_included() -> None:
    assert known_of(SITUATION).exposure == 1_200


def test_an_earlier_order_counts_on_the_day_it_was_decided_whatever_day_it_names() -> None:
    assert known_of(SITUATION).earlier_orders == (ApprovedOrder(900, 700, date(2026, 11, 20)),)


def test_of_earlier_orders_that_were_not_all_read_the_days_before_the_oldest_are_not_known() -> None:
    cut = replace(ACCOUNT, earlier_orders=replace(ACCOUNT.earlier_orders, complete=False))
    found = known_of(replace(SITUATION, account=cut))
    assert found.earlier_orders == (ApprovedOrder(900, 700, date(2026, 11, 20)),)
    assert (date.fromordinal(found.unread_days[0]), date.fromordinal(found.unread_days[-1])) == (
        date(2026, 9, 24), date(2026, 11, 20))  # fmt: skip
    nothing = replace(cut, earlier_orders=replace(cut.earlier_orders, orders=()))
    assert known_of(replace(SITUATION, account=nothing)).earlier_orders is None


def test_a_day_before_the_orders_that_were_read_knows_none_of_them() -> None:
    assert known_of(replace(SITUATION, as_of=date(2026, 11, 22))).earlier_orders is None
    assert known_of(replace(SITUATION, as_of=date.min)).earlier_orders is None


def test_orders_of_the_sixtieth_day_count_and_those_before_are_left_out() -> None:
    days = (date(2026, 9, 24), date(2026, 9, 23))
    read = EarlierOrders(tuple(replace(EARLIER, as_of=day) for day in days), date(2026, 9, 23), complete=True)
    account = replace(ACCOUNT, earlier_orders=read)
    assert known_of(replace(SITUATION, account=account)).earlier_orders == (ApprovedOrder(900, 700, days[0]),)


@pytest.mark.parametrize(("last", "known"), [(date(2026, 9, 24), False), (date(2026, 9, 23), True)])
def test_a_list_that_is_cut_before_the_policys_first_day_holds_all_that_count(last: date, known: bool) -> None:
    read = EarlierOrders((EARLIER, replace(EARLIER, as_of=last)), date(2026, 9, 23), complete=False)
    found = known_of(replace(SITUATION, account=replace(ACCOUNT, earlier_orders=read)))
    assert (not found.unread_days) is known


def test_an_invoice_keeps_that_nobody_spoke_of_a_dispute() -> None:
    (invoice,) = known_of(SITUATION).invoices
    assert invoice.disputed is None
    assert (invoice.amount, invoice.due_on) == (Money(500, "CNY"), date(2026, 12, 1))


@pytest.mark.parametrize(("stored", "wanted"), [
    (GrantedLimit(), Limit.none()), (GrantedLimit("unlimited"), Limit.unlimited()),
    (GrantedLimit("zero"), Limit.of(Money.zero("CNY"))), (GrantedLimit("amount", 70), Limit.of(Money(70, "CNY"))),
])  # fmt: skip
def test_every_state_of_a_stored_limit_is_its_own(stored: GrantedLimit, wanted: Limit) -> None:
    assert granted_limit(stored, "CNY") == wanted
