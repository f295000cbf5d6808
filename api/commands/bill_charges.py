"""`aval charges --bill`: what late charges came to and was not billed yet, entered as items that customers owe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import click

from api.commands.counts import counted
from api.commands.database import opened

if TYPE_CHECKING:
    from api.operations.bill_charges import Bill
    from storage.engine import Database


@dataclass(frozen=True, slots=True)
class Told:
    """What the command was told: a customer or all, up to which day, due when; `dry_run` enters nothing."""

    customer: str | None
    until: date | None
    due_on: date | None
    dry_run: bool
    by: str


def bill_all(database: str, told: Told) -> None:
    """Bill every customer, or one, each in a transaction of its own, and print what was billed and what is to look at.

    Raises: UsageError for no such customer, a day to come, and a due date that has passed.
    """
    from api.every_customer import every_customer

    items = customers = 0
    with opened(database) as found:
        for customer_id in every_customer(found) if told.customer is None else [told.customer]:
            bill = billed(found, customer_id, told)
            items, customers = items + len(bill.items), customers + bool(bill.items)
            for line in lines_of(bill):
                click.echo(line)
    would = "would be billed" if told.dry_run else "billed"
    click.echo(f"{counted(items, 'late charge')} {would} to {counted(customers, 'customer')}")


def billed(found: Database, customer_id: str, told: Told) -> Bill:
    """The bill of one customer. Raises: UsageError for no such one, a day to come, and a due date that has passed."""
    from api.errors import Refused
    from api.operations.bill_charges import bill_asked, enter_bill, plan_bill, program_of
    from api.operations.tell_limit import CUSTOMER, policy_day

    try:
        asked = bill_asked(told.until, told.due_on, policy_day(found, CUSTOMER, customer_id))
        program = program_of(found, customer_id)
    except Refused as refused:
        raise click.UsageError(refused.detail) from None
    if told.dry_run:
        with found.read() as work:
            return plan_bill(work, program, customer_id, asked)
    with found.write() as work:
        return enter_bill(work, program, customer_id, asked, told.by)


def lines_of(bill: Bill) -> Iterator[str]:
    """What is billed, what was too much, and what could not be billed."""
    from credit.money import Money

    for one in bill.items:
        amount = Money(one.amount, one.currency).display()
        yield f"{one.customer_id}  {one.invoice_id}  {amount}  due {one.due_on}"
    for state in bill.too_much:
        amount = Money(state.too_much(bill.asked.until), state.invoice.amount.currency).display()
        charges = ", ".join(item.invoice_id for item in state.items)
        told = f"{amount} too much was billed; write a credit note for {charges}"
        yield f"{bill.customer_id}  {state.invoice.invoice_id}  {told}"
    for invoice_id, why in bill.not_billed:
        yield f"{bill.customer_id}  {invoice_id}  not billed: {why}"
