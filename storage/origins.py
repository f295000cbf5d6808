"""Where invoices come from: the approved orders whose holds became them.

An invoice may stand for several orders, and one order for several invoices, so a row says which step of a reservation
went into which invoice, or instalment of one. The decision is that of the reservation, and is not written twice. An
invoice that was only imported, or converted before these rows were kept, names no order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from storage.origin_tables import invoice_origin
from storage.tables import decision, reservation

READ = (
    select(invoice_origin.c.invoice_id, reservation.c.reservation_id, reservation.c.decision_id, decision.c.order_id)
    .join(reservation, (reservation.c.reservation_id == invoice_origin.c.reservation_id)
          & (reservation.c.step == invoice_origin.c.step))
    .join(decision, decision.c.decision_id == reservation.c.decision_id)
    .order_by(reservation.c.account_ver, reservation.c.reservation_id)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """An order that an invoice is for: what decided it, and what held it until then."""

    order_id: str
    decision_id: str
    reservation_id: str


class Origins:
    """The origins of one transaction's invoices."""

    def __init__(self, connection: Connection) -> None:
        """Read and write over the transaction's connection."""
        self._connection = connection

    def keep(self, came_from: tuple[str, int], customer_id: str, invoice_ids: Sequence[str]) -> None:
        """Keep that a step of a reservation, by id and number, went into an invoice, or into its instalments."""
        reservation_id, step = came_from
        self._connection.execute(insert(invoice_origin), [
            {"reservation_id": reservation_id, "step": step, "customer_id": customer_id, "invoice_id": invoice_id}
            for invoice_id in invoice_ids
        ])  # fmt: skip

    def of_customer(self, customer_id: str) -> Mapping[str, Sequence[Origin]]:
        """The orders that a customer's invoices are for, by invoice, each once, the one converted first first."""
        found: dict[str, dict[str, Origin]] = {}
        for row in self._connection.execute(READ.where(invoice_origin.c.customer_id == customer_id)):
            one = Origin(row.order_id, row.decision_id, row.reservation_id)
            found.setdefault(row.invoice_id, {}).setdefault(one.reservation_id, one)
        return {invoice_id: tuple(own.values()) for invoice_id, own in found.items()}
