"""Import payments: find out whose each is, enter it as the file states it, and tell what could not go where it should.

A payment is entered once under its number; the same file again changes nothing. Money that an invoice has no room for
is kept, unallocated, and counted, so that a person asks the remitter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from api.import_rows import PaymentRow
from api.import_table import Rejected
from api.operations.import_ledger import Reject, Sorting, Tally, lots
from credit.allocation import Part
from storage.engine import Database
from storage.failures import Refused
from storage.receivables import InvoiceOwner
from storage.settlements import NewSettlement
from storage.unit_of_work import Work

UNKNOWN_INVOICE = "no invoice of this number is known; import the invoices first"
INVOICE_OF_ANOTHER = "the invoice is not one of this customer"
INVOICE_OF_SEVERAL = "several customers have an invoice of this number; name the column of the customer"
OTHER_CURRENCY = "the invoice is in another currency than the payment"
LEFT_OVER = "payments have money left that nothing open could take; see what is unallocated"
BY = "import"


def import_payments(database: Database, rows: Iterable[PaymentRow | Rejected], as_of: date, reject: Reject) -> Tally:
    """Enter payments, each to the invoice that its row names, else oldest first; `reject` is told of rows left out.

    Raises: storage's failures; lots before the failing one are stored.
    """
    sorting = Sorting[PaymentRow](Tally(), reject, "the payment")
    for batch in lots(rows):
        fit = sorting.unrepeated(batch, lambda row: row.payment_id)
        with database.write() as work:
            owners = _owners(work, fit)
            for row in fit:
                _enter(work, row, owners.get(row.invoice_id or "", ()), as_of, sorting)
    return sorting.finished()


def _owners(work: Work, rows: Sequence[PaymentRow]) -> Mapping[str, Sequence[InvoiceOwner]]:
    """Whose the invoices are that the rows name."""
    found: dict[str, list[InvoiceOwner]] = {}
    for one in work.invoices.numbered({row.invoice_id for row in rows if row.invoice_id is not None}):
        found.setdefault(one.invoice_id, []).append(one)
    return found


def _enter(work: Work, row: PaymentRow, owners: Sequence[InvoiceOwner], as_of: date,
           sorting: Sorting[PaymentRow]) -> None:  # fmt: skip
    mine = [one for one in owners if row.customer_id in (None, one.customer_id)]
    if not sorting.let_in(row, _homeless(row, owners, mine)):
        return
    customer_id = row.customer_id or mine[0].customer_id
    stated = (Part(row.invoice_id, row.amount.minor),) if row.invoice_id is not None else ()
    new = NewSettlement("payment", row.payment_id, customer_id, row.amount, row.received_on, row.reference, BY,
                        stated=stated)  # fmt: skip
    try:
        entered = work.settlements.enter(new, as_of)
    except Refused as refused:
        sorting.let_in(row, str(refused))
        return
    sorting.tally.added += entered.is_new
    sorting.tally.unchanged += not entered.is_new
    sorting.tally.noted[LEFT_OVER] += entered.settlement.unallocated > 0


def _homeless(row: PaymentRow, owners: Sequence[InvoiceOwner], mine: Sequence[InvoiceOwner]) -> str | None:
    """Why nobody can say whose a payment is, or what it pays; None where somebody can."""
    if row.invoice_id is None:
        return None
    if not owners:
        return UNKNOWN_INVOICE
    if not mine:
        return INVOICE_OF_ANOTHER
    if len(mine) > 1:
        return INVOICE_OF_SEVERAL
    return OTHER_CURRENCY if mine[0].currency != row.amount.currency else None
