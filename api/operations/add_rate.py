"""Add an exchange rate: it is kept for good with its day, its source and who brought it; a wrong one is corrected by a
later row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from api import idempotency
from api.auth import Caller
from api.errors import FieldError
from api.idempotency import Answer, stored_answer
from api.requests import read_currency, refused_fields
from api.services import Services
from credit.decision import canonical_json, instant_text
from credit.rates import ExchangeRate
from storage.answers import NewAnswer
from storage.events import Event
from storage.rates import NewRate, Rate
from storage.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Adding:
    """One request for a new rate: whose it is, its key and its bytes."""

    caller: Caller
    key: str
    body: bytes

    @property
    def hash(self) -> bytes:
        """What the key stands for."""
        return idempotency.body_hash("add_rate", self.body)


def add_rate(held: Services, asked: Adding, wish: Mapping[str, Any]) -> Answer:
    """The rate as it is stored, or the stored answer to the same key and body.

    Raises: Refused for a currency, value or day that cannot be one; storage's failures.
    """
    wanted = read_rate(wish)
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        stored = record_rate(work, NewRate(wanted, wish["day"], wish["source"], asked.caller.by))
        today = work.now().date()
        response = canonical_json({"rate": rate_dict(stored, today, held.settings.rate_days)})
        work.answers.record(NewAnswer(asked.caller.client, asked.key, asked.hash, "add_rate", stored.rate_id, 201,
                                      response))  # fmt: skip
        return Answer(201, response, replayed=False)


def read_rate(wish: Mapping[str, Any]) -> ExchangeRate:
    """The rate of a checked body. Raises: Refused."""
    for name in ("from", "to"):
        read_currency(wish[f"{name}_currency"], name)
    try:
        return ExchangeRate.parse(wish["value"], wish["from_currency"], wish["to_currency"], wish["per"])
    except ValueError as error:
        field = "to" if wish["from_currency"] == wish["to_currency"] else "value"
        raise refused_fields([FieldError(field, str(error))]) from None


def record_rate(work: Work, new: NewRate) -> Rate:
    """Store a rate with its event. Raises: Refused for a day to come."""
    if is_to_come(new.day, work.now()):
        raise refused_fields([FieldError("day", "is a day to come; nobody knows its rate yet")])
    stored = work.rates.add(new)
    told = {"from": new.rate.from_currency, "to": new.rate.to_currency, "value": new.rate.value,
            "per": new.rate.per, "day": new.day.isoformat(), "source": new.source}  # fmt: skip
    work.events.record(Event("rate_added", f"rate:{stored.rate_id}", new.by, told))
    return stored


def is_to_come(day: date, now: datetime) -> bool:
    """Whether a day has begun nowhere on earth."""
    return day > now.date() + timedelta(days=1)


def rate_dict(one: Rate, today: date, most_days: int) -> dict[str, object]:
    """A rate as it is shown."""
    return {
        "id": one.rate_id, "from": one.rate.from_currency, "to": one.rate.to_currency, "value": one.rate.value,
        "per": one.rate.per, "day": one.day.isoformat(), "age_days": one.age(today),
        "stale": one.age(today) > most_days, "source": one.source, "added_by": one.by,
        "added_at": instant_text(one.at),
    }  # fmt: skip
