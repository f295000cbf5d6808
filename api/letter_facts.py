"""What a letter about some invoices tells on a day: from stored records to the named fields of `credit/letter.py`.

`pay_by` is the day before the next step of any of the invoices, as far as the ladder's days are known today. Late
charges are the policy's: one that has no `late_charge` charges nothing, one that has it and lacks a date or a rate
leaves them unknown, and a letter that names them then waits. What of them was billed is owed as an item of its own and
is not told a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from api.escalating import act_days, facts_of, history_of
from api.known import read_invoice
from api.operations.show_late_charges import charges_of
from api.situation import Situation
from credit.charge_items import charges_by_invoice
from credit.discounts import standing
from credit.escalation import planned_days
from credit.letter import LetterFacts, LetterItem
from credit.money import Money
from credit.receivables import Invoice
from policy.program import Program
from policy.receivables import Ladder
from rules.ladders import is_business_day, ladder_for, tier_on
from storage.escalation_pages import NOTHING, Past
from storage.invoice_rows import Invoice as StoredInvoice
from storage.outbox import Message

DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class Known:
    """All that a letter is written from: the policy of its step, the customer on the day, and what happened so far."""

    program: Program
    situation: Situation
    pasts: Mapping[str, Past]


def letter_facts(message: Message, known: Known, sender: str) -> LetterFacts | None:
    """What a letter tells of those of its invoices that are still open on the day; None where none is."""
    situation = known.situation
    account, day = situation.account, situation.as_of
    stored = [one for one in situation.invoices if one.invoice_id in message.invoices]
    invoices = [one for one in (read_invoice(found, account.currency) for found in stored) if one.is_open(day)]
    if not invoices:
        return None
    billed = charges_by_invoice(read_invoice(found, account.currency) for found in situation.invoices)
    offered = {found.invoice_id: found for found in stored}
    items = tuple(with_discount(item_of(known.program, one, day, minor_of(billed.get(one.invoice_id, ()))), one,
                                offered[one.invoice_id], day)
                  for one in sorted(invoices, key=lambda one: one.due_on))  # fmt: skip
    customer = account.customer
    return LetterFacts(customer.name, customer.customer_id, sender, reference_of(message), day, items,
                       pay_by(known, invoices))  # fmt: skip


def reference_of(message: Message) -> str:
    """What an answer to a letter should quote."""
    return f"{message.customer_id}/{message.as_of}"


def item_of(program: Program, one: Invoice, day: date, billed: int = 0) -> LetterItem:
    """One invoice as a letter tells it, with the charges that were not billed yet; `billed` in minor units."""
    charges = late_charges(program, one, day)
    unbilled = None if charges is None else Money(max(0, charges.minor - billed), charges.currency)
    return LetterItem(one.invoice_id, one.due_on, one.amount, one.open_amount(day), one.invoiced_on, unbilled)


def minor_of(items: Sequence[Invoice]) -> int:
    """What some items come to, in minor units."""
    return sum(one.amount.minor for one in items)


def with_discount(item: LetterItem, one: Invoice, stored: StoredInvoice, day: date) -> LetterItem:
    """The item with what may be taken off where the rest is paid in time; one in another currency tells of none."""
    early = stored.early
    if early is None or day > early.until or stored.currency != one.amount.currency:
        return item
    minor = standing(one.amount.minor, early, one.reductions).may_take(one.open_amount(day).minor)
    return replace(item, discount=Money(minor, stored.currency), discount_until=early.until) if minor else item


def late_charges(program: Program, one: Invoice, day: date) -> Money | None:
    """The late charges of an invoice up to a day, by the policy; None where a date, a rate or a currency is missing."""
    currency = one.amount.currency
    if one.charge_of is not None:
        return Money.zero(currency)  # charges never bear charges
    minor = charges_of(program, one, day)
    return None if minor is None else Money(minor, currency)


def pay_by(known: Known, invoices: Sequence[Invoice]) -> date | None:
    """The last day before the next step of any of the invoices; None where no day of a next step is known."""
    program, situation = known.program, known.situation
    ladder = ladder_for(program, tier_on(program, facts_of(program, situation)))
    if ladder is None:
        return None
    following = [day for one in invoices for day in days_to_come(known, ladder, one)]
    return min(following) - DAY if following else None


def days_to_come(known: Known, ladder: Ladder, one: Invoice) -> list[date]:
    """The days after today on which steps of an invoice fall that are not taken yet."""
    program, situation = known.program, known.situation
    past = known.pasts.get(one.invoice_id, NOTHING)
    history = history_of(one, past, act_days(program, ladder, situation.recorded))
    days = planned_days(ladder.steps, history, is_business_day(program))
    return [day for step, day in days if day is not None and step not in past.done and day > situation.as_of]
