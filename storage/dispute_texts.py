"""The disputes for which the ladder of an invoice was blocked, as one text beside the invoice.

Those that ended are among them: whether one lasts is asked of a day.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import func, literal_column, select

from credit.blocks import DISPUTE, Block
from storage.block_tables import invoice_block, invoice_block_end
from storage.limits import joined
from storage.tables import invoice


def _in_one_text() -> Any:
    bar: Any = literal_column("'|'")
    ended = func.coalesce(invoice_block_end.c.ended_on, literal_column("''"))
    return invoice_block.c.begins_on.concat(bar).concat(invoice_block.c.until).concat(bar).concat(ended)


DISPUTES = (
    select(joined(_in_one_text()))
    .select_from(invoice_block.outerjoin(invoice_block_end, invoice_block_end.c.block_id == invoice_block.c.block_id))
    .where(invoice_block.c.customer_id == invoice.c.customer_id, invoice_block.c.invoice_id == invoice.c.invoice_id)
    .where(invoice_block.c.kind == literal_column(f"'{DISPUTE}'"))
    .correlate(invoice)
    .scalar_subquery()
)


def read_disputes(text: str | None) -> tuple[Block, ...]:
    """The disputes in such a text, the first begun first."""
    if not text:
        return ()
    return tuple(sorted(map(_read, text.split(";")), key=lambda one: (one.begins_on, one.until, one.free_from)))


def _read(one: str) -> Block:
    begins_on, until, ended_on = one.split("|")
    last = date.fromisoformat(until)
    return Block(DISPUTE, date.fromisoformat(begins_on), last, date.fromisoformat(ended_on) if ended_on else None)
