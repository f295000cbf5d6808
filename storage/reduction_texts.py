"""What settlements took from an invoice as one text, so that reading invoices needs no statement more."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import cast, literal_column, select

from credit.allocation import Reduction
from storage.limits import joined
from storage.settlement_tables import allocation
from storage.tables import TEXT, invoice

_BAR: Any = literal_column("'|'")
_OF_IT = (allocation.c.customer_id == invoice.c.customer_id) & (allocation.c.invoice_id == invoice.c.invoice_id)
REDUCTIONS = (
    select(joined(allocation.c.day.concat(_BAR).concat(cast(allocation.c.amount, TEXT)).concat(_BAR)
                  .concat(allocation.c.kind)))
    .where(_OF_IT)
    .correlate(invoice)
    .scalar_subquery()
)  # fmt: skip


def reduced_after(day: str) -> Any:
    """Whether a settlement took something from an invoice, or gave it back, after a day."""
    return select(allocation.c.place).where(_OF_IT, allocation.c.day > day).correlate(invoice).exists()


def read_reductions(text: str | None) -> tuple[Reduction, ...]:
    """The reductions in such a text, the earliest first."""
    if not text:
        return ()
    found = (_read(*one.split("|")) for one in text.split(";"))
    return tuple(sorted(found, key=lambda one: (one.on, -one.minor, one.kind)))


def _read(day: str, amount: str, kind: str) -> Reduction:
    return Reduction(date.fromisoformat(day), int(amount), kind)
