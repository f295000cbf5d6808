"""Bill late charges: what they came to by a day and was not billed yet is owed from then on, one item for an invoice.

It is worked out under the lock of the account by the policy in effect. What was billed too much, as after a payment
with an earlier day, is told as a credit note to be written, and nothing is taken back here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from api.build import load_version
from api.errors import FieldError
from api.idempotency import Answer, stored_answer
from api.keyed_request import KeyedRequest
from api.operations.show_late_charges import NOT_KNOWN, credited_charges, states_of, version_for
from api.operations.show_open_items import invoice_dict
from api.operations.tell_limit import CUSTOMER, owner_of, policy_day
from api.requests import refused_fields
from api.services import Services
from credit.charge_items import DUE_DAYS, ChargeState, charge_number
from credit.decision import canonical_json
from credit.money import Money
from policy.program import Program
from storage.engine import Database
from storage.failures import Refused as RefusedByStorage
from storage.invoice_rows import Invoice
from storage.unit_of_work import Work

NO_POLICY = "no policy decides for the customer"
DISPUTED = "the customer disputes the invoice; its charges wait until that is settled"


@dataclass(frozen=True, slots=True)
class BillAsked:
    """Up to which day charges are billed, when they are due, and the day of the bill."""

    until: date
    due_on: date
    today: date


@dataclass(frozen=True, slots=True)
class Bill:
    """What is billed to a customer; `too_much` was billed and is charged no more, `not_billed` says what and why."""

    customer_id: str
    asked: BillAsked
    items: Sequence[Invoice] = ()
    too_much: Sequence[ChargeState] = ()
    not_billed: Sequence[tuple[str, str]] = ()


def bill_charges(held: Services, asked: KeyedRequest, wish: Mapping[str, Any]) -> Answer:
    """What was billed, 200 where it was nothing; or the stored answer to the same key and body.

    Raises: Refused for no such customer, a day to come, and a due date that has passed.
    """
    today = policy_day(held.database, CUSTOMER, asked.subject)
    what = bill_asked(wish["as_of"], wish["due_on"], today)
    with held.in_work.claim(asked.caller.client, asked.key):
        program = program_of(held.database, asked.subject)
        with held.database.write() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
            if claim.state != "new":
                return stored_answer(claim)
            bill = enter_bill(work, program, asked.subject, what, asked.caller.by)
            response = canonical_json(bill_dict(bill))
            return asked.answered(work, asked.subject, 201 if bill.items else 200, response)


def bill_asked(until: date | None, due_on: date | None, today: date) -> BillAsked:
    """What is asked for, with what was left out: today, and fourteen days from it. Raises: Refused."""
    if until is not None and until > today:
        raise refused_fields([FieldError("as_of", f"is a day to come; today is {today}")])
    if due_on is not None and due_on < today:
        raise refused_fields([FieldError("due_on", f"has passed; today is {today}")])
    return BillAsked(until or today, due_on or today + timedelta(DUE_DAYS), today)


def program_of(database: Database, customer_id: str) -> Program | None:
    """The policy in effect for a customer, None where there is none. Raises: Refused for no such customer."""
    with database.read() as work:
        owner_of(work, CUSTOMER, customer_id)
        account = work.accounts.look(customer_id, None)
        version = None if account is None else version_for(work, account)
    return None if version is None else load_version(version).program


def enter_bill(work: Work, program: Program | None, customer_id: str, asked: BillAsked, by: str) -> Bill:
    """Bill a customer, under the lock of its account."""
    account = work.accounts.look(customer_id, None)
    assert account is not None, "customers are never removed"
    work.accounts.lock_in_order([account.account_id])
    bill = plan_bill(work, program, customer_id, asked)
    if bill.items:
        work.late_charges.bill(account.account_id, bill.items, by)
    return bill


def plan_bill(work: Work, program: Program | None, customer_id: str, asked: BillAsked) -> Bill:
    """What would be billed to a customer, and nothing is. Without a policy nobody can tell what its invoices bore."""
    account = work.accounts.look(customer_id, None)
    assert account is not None, "customers are never removed"
    stored = work.invoices.for_customer(customer_id)
    if program is None:
        sales = [one.invoice_id for one in stored if one.charge_of is None]
        return Bill(customer_id, asked, not_billed=[(invoice_id, NO_POLICY) for invoice_id in sorted(sales)])
    if not program.charges:
        return Bill(customer_id, asked)
    states = states_of(program, stored, asked.until, credited_charges(work, customer_id))
    items: list[Invoice] = []
    not_billed = [(one.invoice.invoice_id, NOT_KNOWN) for one in states if one.accrued is None]
    made = [(one, _item(one, minor, asked)) for one, minor in _to_bill(states, asked.until)]
    valuing = work.invoices.valuing(asked.today)
    taken = {known.invoice_id for known in stored} | {known.number for known in stored}
    for one, item in made:
        try:
            _refuse_unfit(one, item, asked.today, taken)
            items.append(valuing.value(item, account.currency))
        except RefusedByStorage as refused:
            not_billed.append((one.invoice.invoice_id, str(refused)))
    too_much = [one for one in states if one.too_much(asked.until)]
    return Bill(customer_id, asked, items, too_much, sorted(not_billed))


def _to_bill(states: Sequence[ChargeState], until: date) -> Iterator[tuple[ChargeState, int]]:
    for one in states:
        minor = one.unbilled(until)
        if minor is not None and minor > 0:
            yield one, minor


def _item(state: ChargeState, minor: int, asked: BillAsked) -> Invoice:
    """A charge as an item, in the currency of its invoice."""
    bore = state.invoice
    made = Invoice(bore.customer_id, charge_number(bore.invoice_id, asked.until), minor, bore.amount.currency,
                   asked.today, asked.due_on)  # fmt: skip
    return replace(made, charge_of=bore.invoice_id, charged_until=asked.until)


def _refuse_unfit(state: ChargeState, item: Invoice, today: date, taken: Collection[str]) -> None:
    """Raises: the ledger's refusal where the invoice is disputed, or another has the number already."""
    if state.invoice.is_disputed(today):
        raise RefusedByStorage(DISPUTED)
    if item.invoice_id in taken:
        raise RefusedByStorage(f"'{item.invoice_id}', as it would be called, is the number of another invoice")


def bill_dict(bill: Bill) -> dict[str, object]:
    """A bill as it is shown."""
    asked = bill.asked
    return {
        "customer_id": bill.customer_id, "as_of": asked.until.isoformat(), "due_on": asked.due_on.isoformat(),
        "billed": [invoice_dict(one, asked.today, ()) for one in bill.items],
        "credit_proposed": [proposal_dict(one, asked.until) for one in bill.too_much],
        "not_billed": [{"invoice_id": invoice_id, "why": why} for invoice_id, why in bill.not_billed],
    }  # fmt: skip


def proposal_dict(one: ChargeState, until: date) -> dict[str, object]:
    """What was billed too much of an invoice, and which charges a credit note may name."""
    amount = Money(one.too_much(until), one.invoice.amount.currency)
    charges = [item.invoice_id for item in one.items]
    return {"invoice_id": one.invoice.invoice_id, "amount": amount.amount, "currency": amount.currency,
            "charges": charges}  # fmt: skip
