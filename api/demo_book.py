"""The demo's small book: invented customers, one for each way an order may go, with invoices dated from today.

Days are counted from the day of the demo, so that the book is as fresh a year from now. Names, scores and amounts are
made up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from credit.money import Money
from storage.customers import Customer, GrantedLimit
from storage.receivables import Invoice

NET_DAYS = 30


@dataclass(frozen=True, slots=True)
class Open:
    """An unpaid invoice of net 30: its amount, and how many days ago it was due (below zero: not due yet)."""

    amount: str
    overdue_days: int


@dataclass(frozen=True, slots=True)
class Debtor:
    """One customer of the book: `limit` is none, unlimited or an amount, `late` the days late of its paid invoices."""

    customer_id: str
    name: str
    limit: str
    facts: Mapping[str, object]
    late: tuple[int, ...] = (0, 0, 0, 0)
    unpaid: tuple[Open, ...] = ()
    currency: str = "CNY"
    country: str = "CN"
    average: str = "24000.00"

    def customer(self) -> Customer:
        """The customer as it is stored."""
        if self.limit in ("none", "unlimited"):
            granted = GrantedLimit(self.limit)
        else:
            minor = Money.parse(self.limit, self.currency).minor
            granted = GrantedLimit("amount", minor) if minor else GrantedLimit("zero")
        return Customer(self.customer_id, self.name, self.currency, self.country, granted, self.facts)

    def invoices(self, today: date) -> tuple[Invoice, ...]:
        """Its paid and unpaid invoices, dated from today; the paid ones fell due some months ago."""
        paid = [self._invoice(f"P{number}", self.average, today - timedelta(days=60 + 30 * number), days)
                for number, days in enumerate(self.late, 1)]  # fmt: skip
        unpaid = [self._invoice(f"U{number}", one.amount, today - timedelta(days=one.overdue_days), None)
                  for number, one in enumerate(self.unpaid, 1)]  # fmt: skip
        return (*paid, *unpaid)

    def _invoice(self, number: str, amount: str, due_on: date, late: int | None) -> Invoice:
        return Invoice(
            self.customer_id, f"{self.customer_id}-{number}", Money.parse(amount, self.currency).minor, self.currency,
            due_on - timedelta(days=NET_DAYS), due_on, None if late is None else due_on + timedelta(days=late), False,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """An order worth trying, and the verdict that the standard policy gives on the fresh book."""

    customer_id: str
    amount: str
    verdict: str
    why: str


def _record(score: int | None, months: int, revenue: str, **more: object) -> dict[str, object]:
    """What master data and bureau know; no score where no bureau gave one."""
    known: dict[str, object] = {
        "customer.months_trading": months, "customer.annual_revenue": revenue, "customer.insolvent": False,
        "customer.court_cases": 0, "customer.type": "company",
    }  # fmt: skip
    if score is not None:
        known["customer.score"] = score
    return known | {f"customer.{name}": value for name, value in more.items()}


BOOK = (
    Debtor("C-1001", "Blue Heron Tools", "500000.00", _record(86, 48, "90000000.00"), unpaid=(Open("80000.00", -12),)),
    Debtor("C-1002", "Lotus Kitchen Supply", "300000.00", _record(68, 30, "24000000.00"), (0, 4, 9, 7),
           (Open("42000.00", -5),)),
    Debtor("C-1003", "Red Bridge Paper", "200000.00", _record(83, 60, "60000000.00"), unpaid=(Open("188000.00", -20),)),
    Debtor("C-1004", "Old Harbour Fish", "250000.00", _record(72, 26, "18000000.00"), (3, 12, 18, 20),
           (Open("61500.00", 24), Open("20000.00", -6))),
    Debtor("C-1005", "Silver Birch Furniture", "400000.00", _record(64, 84, "33000000.00", insolvent=True),
           (0, 30, 45)),
    Debtor("C-1006", "Morning Star Toys", "none", _record(77, 2, "9000000.00"), ()),
    Debtor("C-1007", "Stone Mill Flour", "50000.00", _record(41, 38, "12000000.00", court_cases=3), (25, 31, 28, 40)),
    Debtor("C-1008", "Green Valley Middle School", "150000.00", _record(81, 120, "8000000.00", type="school"),
           (14, 20, 17), (Open("900.00", 40),)),
    Debtor("C-1009", "Kingfisher Optics", "unlimited", _record(92, 96, "410000000.00"), (0, 1, 0, 0, 2),
           (Open("730000.00", -3), Open("515000.00", -21))),
    Debtor("C-1010", "Juniper Textiles", "120000.00", _record(None, 22, "15000000.00")),
    Debtor("C-1011", "Two Rivers Cement", "0", _record(70, 55, "77000000.00"), (2, 0, 6)),
    Debtor("C-1012", "Paper Lantern Events", "80000.00", _record(61, 9, "5200000.00"), (8, 0, 3),
           (Open("30000.00", 4),)),
    Debtor("C-2001", "Cedar and Finch Trading", "none", _record(75, 34, "6400000.00"), (0, 0, 3, 0, 1, 0),
           (Open("1900.00", -9),), "USD", "US", "2000.00"),
)  # fmt: skip

TRIALS = (
    Trial("C-1001", "60000.00", "approve", "pays on time, well within its limit"),
    Trial("C-1002", "60000.00", "approve_with_conditions", "must bring a security"),
    Trial("C-1003", "60000.00", "refer", "would go over its limit"),
    Trial("C-1004", "60000.00", "deny", "has an invoice overdue for more than three weeks"),
    Trial("C-1005", "60000.00", "deny", "is insolvent: a hard stop"),
    Trial("C-1006", "60000.00", "approve_with_conditions", "is new and must bring a bank guarantee"),
    Trial("C-1010", "60000.00", "refer", "has no credit score, and a missing fact never approves"),
)
