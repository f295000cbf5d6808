"""Recommend payment terms: those that the policy allows an order, ranked by what the order is expected to earn on them.

Every set of terms is decided by the policy first, as a preview; only what it approves on exactly these terms is ranked.
The figures come from the request, or else from the policy's own figures and tables of the same names, read at those
terms; what neither gives is named, and nothing is guessed.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from api.errors import FieldError
from api.operations.evaluate import Asking, Slow, evaluate, load_slow
from api.operations.guard import within_ceiling
from api.operations.order_currency import in_account_currency
from api.operations.orders import Order
from api.operations.use_policy import use_policy
from api.operations.wanted import Wanted, read_wanted
from api.policies import LoadedPolicy
from api.requests import refused_fields
from api.services import Services
from api.situation import Evaluated
from credit.decision import APPROVE, APPROVE_WITH_CONDITIONS, Condition, Decision, canonical_json
from credit.expected_margin import SHARES, Inputs, Line, expected_line
from credit.money import Money
from credit.percent import parse_percent
from credit.security import PAID
from credit.terms import parse_terms
from policy.program import First, Program
from rules.facts import read_terms
from rules.outcome import Missing
from rules.reference import Evaluation

MOST_TERMS = 24
PREPAID = "prepaid"


@dataclass(frozen=True, slots=True)
class Given:
    """The figures that the request states: the margin, shares, and probabilities of default by terms."""

    margin: Money | None
    shares: Mapping[str, Fraction]
    default_risk: Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Ranked:
    """One set of terms that the policy approves, with its arithmetic; `alternative` says which securities it counts."""

    terms: str
    decision: Decision
    alternative: int | None
    line: Line

    @property
    def order(self) -> tuple[bool, int]:
        """The cheapest first; what cannot be computed last."""
        cost = self.line.expected_cost
        return (cost is None, 0 if cost is None else cost.minor)


def recommend_terms(held: Services, wish: Mapping[str, Any]) -> bytes:
    """The bytes of the answer: ranked terms with their arithmetic, those not allowed, and what is missing.

    Raises: Refused where the order cannot be decided or a figure cannot be used.
    """
    wanted = read_wanted(wish)
    assert wanted.order is not None, "the schema takes orders alone"
    with held.database.read() as work:
        slow = load_slow(work, str(wish["customer_id"]), wanted)
    with use_policy(held, slow.account.policy_digest) as loaded:
        with held.database.read() as work:
            slow = slow.remembering(work, loaded.program)
            slow = replace(slow, account=slow.account.in_timezone(loaded.program.timezone))
            wanted = in_account_currency(work, wanted, slow.account, loaded.program.timezone, held.settings.rate_days)
        assert wanted.order is not None
        given = _given(wish["inputs"], wanted.order)
        found = [(terms, _decided(held, loaded, slow, wanted, wish["facts"], terms))
                 for terms in _candidates(loaded.program, wanted.order)]  # fmt: skip
        return canonical_json(_answer(wanted, loaded.program, found, given))


def _candidates(program: Program, order: Order) -> list[str]:
    """The terms that the policy names and those asked for, the shortest first, and all in advance."""
    named = {one.text: one.net_days for one in program.terms.values()}
    if order.requested_terms is not None and (asked := read_terms(order.requested_terms)) is not None:
        named[asked.text] = asked.net_days
    ordered = sorted(named, key=lambda text: (named[text], text))
    return list(dict.fromkeys([PREPAID, *ordered]))[:MOST_TERMS]


def _decided(held: Services, loaded: LoadedPolicy, slow: Slow, wanted: Wanted, facts: Mapping[str, Any],
             terms: str) -> Evaluated:  # fmt: skip
    order = wanted.order
    assert order is not None
    order = replace(order, requested_terms=terms, prepaid=order.amount if terms == PREPAID else order.prepaid)
    found = evaluate(held, loaded, slow, Asking(str(uuid.uuid4()), order, facts, preview=True))
    account = slow.account
    return within_ceiling(found, loaded.program, account.balance, order.unsecured_amount, account.groups)


def _answer(wanted: Wanted, program: Program, found: list[tuple[str, Evaluated]], given: Given) -> dict[str, object]:
    order = wanted.order
    assert order is not None
    allowed = [(terms, one) for terms, one in found if _is_allowed(terms, one.decision)]
    lines = sorted((_ranked(program, order, terms, one, given) for terms, one in allowed), key=lambda one: one.order)
    first = found[0][1].decision
    missing = dict.fromkeys(name for line in lines for name in line.line.missing)
    return {
        "order_id": order.order_id, "currency": order.amount.currency, "amount": order.amount.amount,
        "recommendations": [_line(place, one) for place, one in enumerate(lines, 1)],
        "not_allowed": [_refused(terms, one.decision) for terms, one in found if not _is_allowed(terms, one.decision)],
        "missing": list(missing), "policy": first.policy.as_dict(), "as_of": first.as_of.isoformat(),
    }  # fmt: skip


def _is_allowed(terms: str, decision: Decision) -> bool:
    approved = decision.verdict in (APPROVE, APPROVE_WITH_CONDITIONS)
    return approved and decision.terms is not None and decision.terms.offer == terms


def _ranked(program: Program, order: Order, terms: str, found: Evaluated, given: Given) -> Ranked:
    """One line; of several alternatives of security, the one that leaves the most at our own risk counts."""
    decision, currency = found.decision, order.amount.currency
    prepaid = order.amount if terms == PREPAID else order.prepaid
    inputs = _inputs(program, found.facts, terms, given)
    best: tuple[int, Money, Money] | None = None
    for number in sorted({one.alternative for one in decision.conditions}):
        entries = [one for one in decision.conditions if one.alternative == number]
        paid, secured = (_sum(entries, currency, kind) for kind in (True, False))
        if best is None or paid + secured < best[1] + best[2]:
            best = (number, paid, secured)
    nothing = Money.zero(currency)
    alternative, paid, secured = best or (None, nothing, nothing)
    line = expected_line(parse_terms(terms), order.amount, min(order.amount, prepaid + paid), secured, inputs)
    return Ranked(terms, decision, alternative, line)


def _sum(entries: list[Condition], currency: str, paid: bool) -> Money:
    """What the entries bring together: paid in advance, or secured by others."""
    amounts = [one.amount for one in entries if one.amount is not None and (one.security in PAID) is paid]
    return sum(amounts, Money.zero(currency))


def _inputs(program: Program, facts: Mapping[str, Any], terms: str, given: Given) -> Inputs:
    evaluation = Evaluation(program.nodes, program.tables, facts)
    shares = {**{name: _of_policy(program, evaluation, name) for name in SHARES}, **given.shares}
    if terms in given.default_risk:
        shares["default_risk"] = given.default_risk[terms]
    margin = given.margin
    if margin is None and isinstance(known := _value(program, evaluation, "margin"), int):
        margin = Money(known, program.currency)
    return Inputs(margin, shares)


def _of_policy(program: Program, evaluation: Evaluation, name: str) -> Fraction | None:
    """A share that the policy knows by this name; what is no share of one is none."""
    value = _value(program, evaluation, name)
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        return None
    return Fraction(value) if 0 <= value <= 1 else None


def _value(program: Program, evaluation: Evaluation, name: str) -> Any:
    if name in program.lets:
        value = evaluation.value(program.lets[name])
    elif name in program.tables:
        row = evaluation.value(program.tables[name])
        table = program.nodes[program.tables[name]]
        if isinstance(row, Missing) or not isinstance(table, First) or not table.rows[row].outputs:
            return None
        value = evaluation.value(table.rows[row].outputs[0])
    else:
        return None
    return None if isinstance(value, Missing) else value


def _line(place: int, one: Ranked) -> dict[str, object]:
    line, decision = one.line, one.decision
    cost, margin = line.expected_cost, line.expected_margin
    return {
        "rank": None if cost is None else place, "terms": one.terms, "verdict": decision.verdict,
        "due_on": decision.terms.due_on.isoformat() if decision.terms and decision.terms.due_on else None,
        "conditions": [condition.as_dict() for condition in decision.conditions], "alternative": one.alternative,
        "expected_margin": None if margin is None else margin.amount,
        "expected_cost": None if cost is None else cost.amount,
        "arithmetic": {name: step.as_dict() for name, step in line.steps.items()}, "missing": list(line.missing),
    }  # fmt: skip


def _refused(terms: str, decision: Decision) -> dict[str, object]:
    failed = [one.check for one in decision.checks if one.status in ("hard_stop", "deny", "refer", "not_evaluated")]
    instead = decision.terms.offer if decision.terms and decision.terms.offer != terms else None
    return {"terms": terms, "verdict": decision.verdict, "checks": failed, "offered_instead": instead}


def _given(sent: Mapping[str, Any], order: Order) -> Given:
    """The figures of the request. Raises: Refused for what is no amount, share or payment terms."""
    wrong: list[FieldError] = []
    margin = None
    if sent.get("margin") is not None:
        try:
            margin = Money.parse(sent["margin"], order.amount.currency)
        except ValueError as error:
            wrong.append(FieldError("inputs.margin", str(error)))
    shares = {name: _share(sent[name], f"inputs.{name}", wrong) for name in SHARES if isinstance(sent.get(name), str)}
    risks: dict[str, Fraction] = {}
    for text, share in sent.get("default_risk", {}).items():
        terms = read_terms(text)
        if terms is None:
            wrong.append(FieldError("inputs.default_risk", "names what is no payment terms; write 'net 30'"))
        else:
            risks[terms.text] = _share(share, "inputs.default_risk", wrong)
    if wrong:
        raise refused_fields(wrong)
    return Given(margin, shares, risks)


def _share(text: Any, field: str, wrong: list[FieldError]) -> Fraction:
    """A share from 0 % to 100 %."""
    try:
        found = parse_percent(text if isinstance(text, str) else "")
    except ValueError:
        found = Fraction(-1)
    if not 0 <= found <= 1:
        wrong.append(FieldError(field, "is no share of one; write it from \"0%\" to \"100%\""))
    return found
