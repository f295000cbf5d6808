"""The days on which the ladder of an invoice took a step after its due date, as one text beside the invoice.

They say how far dunning has come, the level of which policies speak; a reminder before the due date is no dunning.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from storage.escalation_tables import escalation_step
from storage.limits import joined
from storage.tables import invoice

DUNNED = (
    select(joined(escalation_step.c.as_of))
    .where(escalation_step.c.customer_id == invoice.c.customer_id, escalation_step.c.invoice_id == invoice.c.invoice_id)
    .where(escalation_step.c.planned_on > invoice.c.due_on)
    .correlate(invoice)
    .scalar_subquery()
)


def read_days(text: str | None) -> tuple[date, ...]:
    """The days in such a text, the earliest first."""
    return tuple(sorted(date.fromisoformat(day) for day in text.split(";"))) if text else ()
