"""Confirm the conditions of an approval: which alternative is in place, and so how much need not be held any longer.

An approval with conditions holds the whole order until then. One alternative of the decision must be there in full,
each entry with at least its amount; what the securities cover together is freed, and the rest stays held.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from api.errors import FieldError, Refused
from api.idempotency import Answer
from api.operations.change_reservation import Changing, change_reservation
from api.requests import refused_fields
from api.services import Services
from credit.money import Money
from storage.exposure_ledger import Taken
from storage.reservations import Reservation, SecurityInPlace
from storage.unit_of_work import Work


def confirm_conditions(held: Services, asked: Changing, wish: Mapping[str, Any]) -> Answer:
    """The reservation with its securities, less what they cover, or the stored answer to the same key and body.

    Raises: Refused, also where no alternative is met or there is nothing to confirm; storage's failures.
    """

    def confirm(work: Work, taken: Taken, found: Reservation) -> None:
        wanted = _conditions(work, found)
        if not wanted or found.securities:
            told = "the conditions are confirmed already" if wanted else "the approval has no conditions"
            raise Refused("nothing-to-confirm", told)
        given = [(one["security"], _minor(one["amount"], found.currency, place), one["reference"])
                 for place, one in enumerate(wish["conditions"])]  # fmt: skip
        alternative = met_alternative(wanted, [(security, amount) for security, amount, _ in given], found.currency)
        if alternative is None:
            raise Refused("conditions-not-met", f"the decision asks for {_asked(wanted)}")
        covered = min(found.remaining, sum(amount for _, amount, _ in given))
        step = work.reservations.take(taken, found, "secured", covered, client=asked.caller.client)
        work.reservations.secure(found, step, [SecurityInPlace(alternative, *one) for one in given])

    return change_reservation(held, asked, confirm)


def met_alternative(
    wanted: Sequence[Mapping[str, Any]], given: Sequence[tuple[str, int]], currency: str
) -> int | None:
    """The first alternative of which every entry is there with at least its amount, and nothing else; None if none.

    An entry whose amount the decision could not say is never there.
    """
    amounts = dict(given)
    if len(amounts) != len(given):
        return None
    for number in sorted({one["alternative"] for one in wanted}):
        entries = [one for one in wanted if one["alternative"] == number]
        if {one["security"] for one in entries} == set(amounts) and all(
            one["amount"] is not None and amounts[one["security"]] >= Money.parse(one["amount"], currency).minor
            for one in entries
        ):
            return int(number)
    return None


def _conditions(work: Work, found: Reservation) -> Sequence[Mapping[str, Any]]:
    """The conditions as they were answered."""
    stored = work.decisions.get(found.decision_id)
    assert stored is not None, "decisions are never removed"
    conditions: Sequence[Mapping[str, Any]] = json.loads(stored.response)["decision"]["conditions"]
    return conditions


def _minor(sent: str, currency: str, place: int) -> int:
    field = f"conditions.{place}.amount"
    try:
        amount = Money.parse(sent, currency).minor
    except ValueError as error:
        raise refused_fields([FieldError(field, str(error))]) from None
    if amount == 0:
        raise refused_fields([FieldError(field, "is nothing; send an amount above zero")])
    return amount


def _asked(wanted: Sequence[Mapping[str, Any]]) -> str:
    """The alternatives in words, to be told with a refusal."""
    by_number: dict[int, list[str]] = {}
    for one in wanted:
        by_number.setdefault(one["alternative"], []).append(f"{one['security']} {one['amount'] or 'of unknown amount'}")
    return "; or ".join(" and ".join(entries) for entries in by_number.values())
