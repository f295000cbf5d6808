"""What the late charges of a customer's invoices come to on a day, by the policy in effect for it.

Charges do not end with the principal: an invoice that was paid late keeps what was counted up to its payment, period by
period as parts of it were paid. Beside them stands what of them was billed (`api/operations/bill_charges.py`); what was
billed bears no charges of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from api.build import load_version
from api.known import read_invoice
from api.operations.tell_limit import CUSTOMER, owner_of, policy_day
from api.services import Services
from credit.charge_items import ChargeState, charges_by_invoice, last_billed
from credit.decision import canonical_json
from credit.late_charges import Payment
from credit.money import Money
from credit.receivables import Invoice
from policy.program import Program
from rules.ladders import charges_on
from storage.exposure_ledger import AccountState
from storage.invoice_rows import Invoice as StoredInvoice
from storage.policies import PolicyVersion
from storage.receivables import known_on
from storage.unit_of_work import Work

NOT_KNOWN = "the policy has no rate for one of the days, or a date is not known"


def show_late_charges(held: Services, customer_id: str, as_of: date | None) -> bytes:
    """The late charges of each invoice up to a day, those of paid ones too; no total where no policy is in effect.

    Raises: Refused for no such customer.
    """
    day = as_of or policy_day(held.database, CUSTOMER, customer_id)
    with held.database.read() as work:
        owner_of(work, CUSTOMER, customer_id)
        account = work.accounts.look(customer_id, None)
        assert account is not None, "its owner was found"
        version = version_for(work, account)
        stored = known_by(work, customer_id, day)
        credited = credited_charges(work, customer_id)
    program = None if version is None else load_version(version).program
    found_states = () if program is None else states_of(program, stored, day, credited)
    states = {one.invoice.invoice_id: one for one in found_states}
    invoices = [read_invoice(one, account.currency) for one in stored if one.invoice_id in states]
    charged = [(one, None if program is None else charges_of(program, one, day)) for one in invoices]
    found = [(one, minor) for one, minor in charged if minor != 0 or states[one.invoice_id].items]
    known = [minor for _, minor in found if minor is not None]
    items = [charge_dict(one, minor, states[one.invoice_id], day) for one, minor in found]
    is_known = program is not None and len(known) == len(found)
    total = Money(sum(known), account.currency).amount if is_known else None
    return canonical_json({"customer_id": customer_id, "as_of": day.isoformat(), "currency": account.currency,
                           "total": total, "items": items})  # fmt: skip


def version_for(work: Work, account: AccountState) -> PolicyVersion | None:
    """The policy version in effect for a customer; None where none decides. Reading it into a program takes a while."""
    return None if account.policy_digest is None else work.policies.get(account.policy_digest)


def known_by(work: Work, customer_id: str, day: date) -> list[StoredInvoice]:
    """A customer's invoices as of a day, with the items that billed charges up to it, whenever they were made."""
    every = work.invoices.for_customer(customer_id)
    sales = [known_on(one, day) for one in every if one.charge_of is None and one.invoiced_on <= day]
    return [*sales, *(one for one in every if one.charged_until is not None and one.charged_until <= day)]


def credited_charges(work: Work, customer_id: str) -> Mapping[str, int]:
    """What credit notes of a customer that were not reversed say of each invoice that they name, in minor units."""
    found: Counter[str] = Counter()
    for one in work.settlements.of_customer(customer_id):
        if one.kind == "credit_note" and one.reversal is None:
            found.update({part.invoice_id: part.minor for part in one.stated})
    return found


def states_of(program: Program, stored: Sequence[StoredInvoice], day: date,
              credited: Mapping[str, int]) -> list[ChargeState]:  # fmt: skip
    """What the charges of each invoice came to by a day, and what of them was billed, in the invoice's own currency."""
    own = [read_invoice(replace(one, carrying_amount=None), one.currency) for one in stored]
    billed = charges_by_invoice(own)
    return [_state(program, one, day, billed.get(one.invoice_id, ()), credited)
            for one in own if one.charge_of is None]  # fmt: skip


def _state(program: Program, one: Invoice, day: date, items: tuple[Invoice, ...],
           credited: Mapping[str, int]) -> ChargeState:  # fmt: skip
    last = last_billed(items)
    return ChargeState(one, charges_of(program, one, day), items,
                       None if last is None else charges_of(program, one, last),
                       sum(credited.get(item.invoice_id, 0) for item in items))  # fmt: skip


def charges_of(program: Program, one: Invoice, day: date) -> int | None:
    """The late charges of an invoice up to a day, in minor units; None where a date or a rate is missing.

    So it is where an amount fell due that the policy names in its own currency, and the invoice is in another one.
    """
    paid = [Payment(part.on, part.minor) for part in one.reductions if part.on <= day]
    rest = one.amount.minor - sum(part.minor for part in paid)
    if one.settled_on is not None and one.settled_on <= day and rest:
        paid.append(Payment(one.settled_on, rest))  # an import said so
    found = charges_on(program, one.amount.minor, {"due": one.due_on, "invoiced": one.invoiced_on}, paid, day)
    named = {charge.line for charge in program.charges if charge.minor}
    if one.amount.currency != program.currency and any(charge.fixed for charge in found if charge.line in named):
        return None
    parts = [charge.minor for charge in found]
    known = [minor for minor in parts if minor is not None]
    return sum(known) if len(known) == len(program.charges) else None


def charge_dict(one: Invoice, minor: int | None, state: ChargeState, day: date) -> dict[str, object]:
    """The charges of an invoice as they are shown; null where nobody can tell them."""
    currency, unbilled = state.invoice.amount.currency, state.unbilled(day)
    settled = one.settled_on if one.settled_on is not None and one.settled_on <= day else None
    return {
        "invoice_id": one.invoice_id, "due_on": one.due_on.isoformat(), "open_amount": one.open_amount(day).amount,
        "settled_on": None if settled is None else settled.isoformat(),
        "late_charges": None if minor is None else Money(minor, one.amount.currency).amount,
        "billing": {"currency": currency, "billed": Money(state.billed, currency).amount,
                    "unbilled": None if unbilled is None else Money(unbilled, currency).amount},
    }  # fmt: skip
