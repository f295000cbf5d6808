"""An invoice as it is stored: its record, its row, and what stands beside the row without a statement more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from credit.allocation import Reduction, counted_reductions, reduced_by, share_of
from credit.blocks import Block, is_disputed
from credit.discounts import EarlyDiscount
from credit.money import Money
from storage.conversions import Converted
from storage.dispute_texts import DISPUTES, read_disputes
from storage.dunning_texts import DUNNED, read_days
from storage.reduction_texts import REDUCTIONS, read_reductions
from storage.tables import invoice

INVOICES = select(invoice, REDUCTIONS.label("reductions"), DUNNED.label("dunned"), DISPUTES.label("disputes"))
CHANGED = ("amount", "currency", "invoiced_on", "due_on", "settled_on", "disputed", "carrying_amount", "rate_id",
           "valued_on", "open_amount", "terms", "whole_id", "instalment", "instalments", "discount_until",
           "discount", "charge_of", "charged_until", "form")  # fmt: skip
CHANGE = (
    update(invoice)
    .where(invoice.c.customer_id == bindparam("of_customer"), invoice.c.invoice_id == bindparam("of_invoice"))
    .values({name: bindparam(f"new_{name}") for name in CHANGED})
)


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice: minor units of its currency, open while `settled_on` is None; `disputed` is None where nobody said.

    `reductions` are what settlements took from it, which storage sets; where they are less than the amount and it is
    settled, an import said so of the rest. One in another currency than its account's has a `carrying_amount`, which is
    what the whole counts as there, by the rate `rate_id` of the day `valued_on`; storage sets all three, and the days
    `dunned_on` on which a step of its ladder was taken that was planned for after the due date; and the `disputes` for
    which its ladder was blocked.

    `terms` are those that were agreed, None where nobody said. One of several instalments is an invoice here (decision
    0029) with the number of the whole as `whole_id`, its place and how many there are; all None for one of one date.
    `discount` is what may be taken off where the whole is paid by `discount_until`; both are fixed when it is entered.
    So are late charges that were billed (decision 0031): `charge_of` is the invoice that bore them, up to the day
    `charged_until`; storage keeps both.
    """

    customer_id: str
    invoice_id: str
    amount: int
    currency: str
    invoiced_on: date
    due_on: date
    settled_on: date | None = None
    disputed: bool | None = None
    carrying_amount: int | None = None
    rate_id: str | None = None
    valued_on: date | None = None
    reductions: tuple[Reduction, ...] = ()
    dunned_on: tuple[date, ...] = ()
    disputes: tuple[Block, ...] = ()
    terms: str | None = None
    whole_id: str | None = None
    instalment: int | None = None
    instalments: int | None = None
    discount_until: date | None = None
    discount: int | None = None
    charge_of: str | None = None
    charged_until: date | None = None
    form: str | None = None

    @property
    def number(self) -> str:
        """The number of the whole invoice, as the customer knows it."""
        return self.invoice_id if self.whole_id is None else self.whole_id

    @property
    def early(self) -> EarlyDiscount | None:
        """What may be taken off where the whole is paid in time; None where nothing may."""
        if self.discount_until is None or self.discount is None:
            return None
        return EarlyDiscount(self.discount_until, self.discount)

    @property
    def counted(self) -> int:
        """What the whole of it counts as in minor units of its account's currency."""
        return self.amount if self.carrying_amount is None else self.carrying_amount

    @property
    def open_amount(self) -> int:
        """What is open of it when everything that is stored has happened."""
        return self.amount - reduced_by(self.reductions) if self.settled_on is None else 0

    @property
    def counted_reductions(self) -> tuple[Reduction, ...]:
        """What settlements took from it, in minor units of its account's currency."""
        return counted_reductions(self.counted, self.amount, self.reductions)

    def is_disputed(self, day: date) -> bool | None:
        """Whether the customer disputes it on a day; None where nobody said."""
        return is_disputed(self.disputed, self.disputes, day)

    def open_on(self, day: date) -> int:
        """What of it is open on a day."""
        if self.invoiced_on > day or (self.settled_on is not None and self.settled_on <= day):
            return 0
        return self.amount - reduced_by(self.reductions, day)

    def counted_on(self, day: date) -> int:
        """What the open part counts as on a day, in minor units of its account's currency."""
        return share_of(self.counted, self.amount, self.open_on(day))

    @property
    def converted(self) -> Converted | None:
        """How it was converted; None for one in the account's own currency."""
        if self.carrying_amount is None or self.rate_id is None:
            return None
        original = Money(self.amount, self.currency)
        return Converted(original, self.rate_id, self.carrying_amount, invoice_id=self.invoice_id)


def invoice_row(one: Invoice) -> Mapping[str, Any]:
    """An invoice as the columns of its row."""
    return {
        "customer_id": one.customer_id, "invoice_id": one.invoice_id, "amount": one.amount, "currency": one.currency,
        "invoiced_on": one.invoiced_on.isoformat(), "due_on": one.due_on.isoformat(),
        "settled_on": None if one.settled_on is None else one.settled_on.isoformat(),
        "disputed": None if one.disputed is None else int(one.disputed),
        "carrying_amount": one.carrying_amount, "rate_id": one.rate_id,
        "valued_on": None if one.valued_on is None else one.valued_on.isoformat(), "open_amount": one.open_amount,
        "terms": one.terms, "whole_id": one.whole_id, "instalment": one.instalment, "instalments": one.instalments,
        "discount_until": None if one.discount_until is None else one.discount_until.isoformat(),
        "discount": one.discount,
        "charge_of": one.charge_of,
        "charged_until": None if one.charged_until is None else one.charged_until.isoformat(), "form": one.form,
    }  # fmt: skip


def changed_row(one: Invoice) -> Mapping[str, Any]:
    """An invoice as the values that `CHANGE` binds."""
    row = dict(invoice_row(one))
    keys = {"of_customer": row.pop("customer_id"), "of_invoice": row.pop("invoice_id")}
    return {**keys, **{f"new_{name}": value for name, value in row.items()}}


def read_invoice(row: Row[Any]) -> Invoice:
    """An invoice from its row."""
    return Invoice(
        customer_id=row.customer_id,
        invoice_id=row.invoice_id,
        amount=row.amount,
        currency=row.currency,
        invoiced_on=date.fromisoformat(row.invoiced_on),
        due_on=date.fromisoformat(row.due_on),
        settled_on=None if row.settled_on is None else date.fromisoformat(row.settled_on),
        disputed=None if row.disputed is None else bool(row.disputed),
        carrying_amount=row.carrying_amount,
        rate_id=row.rate_id,
        valued_on=None if row.valued_on is None else date.fromisoformat(row.valued_on),
        reductions=read_reductions(row.reductions),
        dunned_on=read_days(row.dunned),
        disputes=read_disputes(row.disputes),
        terms=row.terms,
        whole_id=row.whole_id,
        instalment=row.instalment,
        instalments=row.instalments,
        discount_until=None if row.discount_until is None else date.fromisoformat(row.discount_until),
        discount=row.discount,
        charge_of=row.charge_of,
        charged_until=None if row.charged_until is None else date.fromisoformat(row.charged_until),
        form=row.form,
    )
