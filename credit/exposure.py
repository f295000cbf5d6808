"""What a customer owes or will owe, how much of it we allow, and the life of an amount held for an order.

"No limit granted", "a limit of zero" and "unlimited" are three different things and have three different words.
Source of the effective limit: the published cases of Dynamics 365 (customer and group limit).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from types import MappingProxyType

from credit.money import Money
from credit.security import SecurityInPlace


@dataclass(frozen=True, slots=True)
class Exposure:
    """Everything that counts against a limit, part by part, each zero or more and in one currency.

    `ar_open` is posted and unpaid, `billing_open` invoiced but not posted, `deliveries_open` delivered but not
    invoiced, `orders_open` ordered but not delivered, `reserved` held for orders just decided; `unallocated_cash` and
    `credits` are taken off. Raises: ValueError for a part below zero or in another currency.
    """

    ar_open: Money
    billing_open: Money
    deliveries_open: Money
    orders_open: Money
    reserved: Money
    unallocated_cash: Money
    credits: Money

    def __post_init__(self) -> None:
        nothing = Money.zero(self.ar_open.currency)
        for part in (*self._owed(), self.unallocated_cash, self.credits):
            if part < nothing:  # refuses a mix of currencies too
                raise ValueError(f"a part of the exposure is below zero ({part}); every part is zero or more")

    @classmethod
    def of(cls, currency: str, **parts: Money) -> Exposure:
        """The parts that are named, the others zero."""
        names = (field.name for field in fields(cls))
        nothing = Money.zero(currency)
        return cls(**(dict.fromkeys(names, nothing) | parts))

    @property
    def total(self) -> Money:
        """What counts against the limit; below zero where the customer has paid ahead."""
        owed = sum(self._owed(), Money.zero(self.ar_open.currency))
        return owed - self.unallocated_cash - self.credits

    def _owed(self) -> tuple[Money, ...]:
        return self.ar_open, self.billing_open, self.deliveries_open, self.orders_open, self.reserved


@dataclass(frozen=True, slots=True)
class Limit:
    """How much a customer may owe: nothing was granted (none), zero, an amount, or unlimited.

    `str` writes it as machines read it: "none", "unlimited", "500000.00". Make one by `Limit.none()`, `Limit.of(money)`
    or `Limit.unlimited()`.
    """

    state: str
    money: Money | None = None

    def __post_init__(self) -> None:
        wanted = "amount" if self.money is not None and self.money.minor else "zero"
        assert self.state in (("none", "unlimited") if self.money is None else (wanted,)), self.state

    @classmethod
    def none(cls) -> Limit:
        """Nobody granted a limit; that is not a limit of zero."""
        return cls("none")

    @classmethod
    def unlimited(cls) -> Limit:
        """Above every amount."""
        return cls("unlimited")

    @classmethod
    def of(cls, money: Money) -> Limit:
        """A limit of this amount; zero is a limit too, and a mandatory one. Raises: ValueError below zero."""
        if money.minor < 0:
            raise ValueError(f"a limit of {money} is below zero; write 0 or more, 'none' or 'unlimited'")
        return cls("amount" if money.minor else "zero", money)

    @classmethod
    def parse(cls, text: str, currency: str) -> Limit:
        """Read "none", "unlimited" or an amount. Raises: ValueError for anything else."""
        if text in ("none", "unlimited"):
            return cls(text)
        return cls.of(Money.parse(text, currency))

    def __str__(self) -> str:
        return self.state if self.money is None else self.money.amount

    @property
    def is_none(self) -> bool:
        """Was no limit granted?"""
        return self.state == "none"

    @property
    def is_unlimited(self) -> bool:
        """Is every amount allowed?"""
        return self.state == "unlimited"


def stricter(*limits: Limit) -> Limit:
    """The lowest of several limits; none is ignored, all none is none."""
    granted = [limit for limit in limits if not limit.is_none]
    amounts = [limit.money for limit in granted if limit.money is not None]
    if amounts:
        return Limit.of(min(amounts))
    return Limit.unlimited() if granted else Limit.none()


def effective_limit(own: Limit, group: Limit) -> Limit:
    """The limit that counts for a member of a group: the lower of both, with three exceptions.

    A member without a limit takes the group's; a member's zero stays zero; an unlimited member stays unlimited, but its
    orders still count against the group, which is compared by itself.
    """
    if own.is_unlimited:
        return own
    return stricter(own, group)


def headroom(limit: Limit, used: Money) -> Money | Limit:
    """What is left of a limit, below zero when it is exceeded; unlimited stays unlimited, none counts as zero."""
    if limit.is_unlimited:
        return limit
    return (limit.money or Money.zero(used.currency)) - used


def unsecured_amount(amount: Money, prepaid: Money, in_place: Iterable[SecurityInPlace]) -> Money:
    """What an order adds to the risk: neither prepaid nor covered by an instrument already in place; never below zero.

    Give only instruments that are valid; a security just asked for does not count.
    """
    covered = sum((security.amount for security in in_place), prepaid)
    return max(amount - covered, Money.zero(amount.currency))


class ReservationState(StrEnum):
    """The life of an amount held: held, then for good converted to invoices, secured, voided, expired or replaced.

    Parts may be converted or secured before; the end is what took the last of it.
    """

    HELD = "held"
    CONVERTED = "converted"
    SECURED = "secured"
    VOIDED = "voided"
    EXPIRED = "expired"
    REPLACED = "replaced"

    @property
    def next_states(self) -> frozenset[ReservationState]:
        """What may follow; nothing follows an end."""
        return _NEXT_STATES[self]

    def moved(self, to: ReservationState) -> ReservationState:
        """The state after this change. Raises: ValueError where it cannot follow; an end is corrected by a new hold."""
        if to not in self.next_states:
            raise ValueError(f"a reservation that is '{self}' cannot become '{to}'; make a new reservation")
        return to


_NEXT_STATES: Mapping[ReservationState, frozenset[ReservationState]] = MappingProxyType({
    state: frozenset(ReservationState) - {ReservationState.HELD} if state is ReservationState.HELD else frozenset()
    for state in ReservationState
})
