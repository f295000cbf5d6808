"""An order in another currency than its customer's account: what it is there, by which rate, and what if there is none.

Amounts are converted once, before the policy sees them. INVARIANT: without a rate, or with one that is older than the
service allows, nobody knows what the order is worth; its amounts are missing and it is never approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from api.errors import FieldError
from api.operations.orders import Order, SentAmounts
from api.operations.wanted import Wanted
from api.requests import refused_fields
from api.situation import Evaluated
from credit.decision import CheckEntry, EvidenceEntry
from credit.money import LARGEST_AMOUNT, Money
from policy.program import Program
from rules.agreement import at_least_refer
from rules.outcome import CheckOutcome
from rules.release import authority_of
from storage.exposure_ledger import AccountState
from storage.unit_of_work import Work

CHECK, NOT_EVALUATED = "rate", "not_evaluated"


def in_account_currency(work: Work, wanted: Wanted, account: AccountState, timezone: str, most_days: int,
                        as_of: date | None = None) -> Wanted:  # fmt: skip
    """The same wish with its order in the account's currency, by the rate of the day of the decision.

    Nothing is read for an order that is in it already.
    Raises: Refused for an amount that is nothing there, or more than an account can hold.
    """
    order, kept_in = wanted.order, account.currency
    if order is None or order.amount.currency == kept_in:
        return wanted
    day = as_of or account.now.astimezone(ZoneInfo(timezone)).date()
    newest = work.rates.of_day(order.amount.currency, kept_in, day)
    sent = SentAmounts(order.amount, order.prepaid, newest, None if newest is None else newest.age(day), most_days)
    return replace(wanted, order=converted(order, sent, kept_in))


def converted(order: Order, sent: SentAmounts, currency: str) -> Order:
    """The order in another currency: its amount and what is left to pay are each rounded once, the rest is prepaid.

    Without a usable rate both are zero, and count as missing. Raises: Refused.
    """
    if sent.rate is None:
        return replace(order, amount=Money.zero(currency), prepaid=Money.zero(currency), sent=sent)
    try:
        amount = sent.rate.rate.convert(sent.amount)
        unsecured = sent.rate.rate.convert(sent.unsecured)
    except ValueError:
        most = Money(LARGEST_AMOUNT, currency).display()
        raise refused_fields([FieldError("order.amount", f"is more than {most}, the most there is")]) from None
    if amount.minor == 0:
        told = f"is less than the smallest amount of {currency}, in which the account is kept"
        raise refused_fields([FieldError("order.amount", told)])
    return replace(order, amount=amount, prepaid=amount - unsecured, sent=sent)


def with_conversion(found: Evaluated, program: Program, order: Order) -> Evaluated:
    """The answer with what was converted by which rate; at least a referral where there was none."""
    sent = order.sent
    if sent is None:
        return found
    told = conversion_dict(sent, order)
    if sent.rate is not None:
        return replace(found, decision=replace(found.decision, conversion=told))
    outcome = at_least_refer(program, found.outcome)
    authority = authority_of(program, outcome)
    outcome = replace(outcome, checks=(*outcome.checks, CheckOutcome(CHECK, NOT_EVALUATED, ())))
    entry = CheckEntry(CHECK, NOT_EVALUATED, (_evidence(sent),), _message(sent, program, order.amount.currency), None)
    decision = replace(found.decision, verdict=outcome.verdict, authority=authority, conversion=told,
                       checks=(*found.decision.checks, entry))  # fmt: skip
    return replace(found, decision=decision, outcome=outcome)


def conversion_dict(sent: SentAmounts, order: Order) -> Mapping[str, object]:
    """What was converted, as the decision shows it; null where no rate could be used."""
    rate = sent.rate
    return {
        "currency": sent.amount.currency, "amount": sent.amount.amount, "prepaid": sent.prepaid.amount,
        "rate": None if rate is None else {
            "id": rate.rate_id, "value": rate.rate.value, "per": rate.rate.per, "day": rate.day.isoformat(),
            "age_days": sent.age, "source": rate.source,
        },
        "converted": None if rate is None else {
            "currency": order.amount.currency, "amount": order.amount.amount, "prepaid": order.prepaid.amount,
        },
    }  # fmt: skip


def _evidence(sent: SentAmounts) -> EvidenceEntry:
    """How old the newest rate is, and how old it may be."""
    age = sent.age
    return EvidenceEntry("rate_age", None if age is None else str(age), f"<= {sent.most_days}", "days",
                         None if age is None else str(sent.most_days - age))  # fmt: skip


def _message(sent: SentAmounts, program: Program, kept_in: str) -> Mapping[str, str]:
    pair = sent.amount.currency, kept_in
    if sent.age is None:
        said = {"en": "no rate from {} to {} is known", "zh": "没有从{}到{}的汇率"}
    else:
        said = {"en": f"the newest rate from {{}} to {{}} is {sent.age} days old",
                "zh": f"从{{}}到{{}}的最新汇率已有{sent.age}天"}  # fmt: skip
    languages = program.wording.title or ("en",)
    return {language: said.get(language, said["en"]).format(*pair) for language in languages}
