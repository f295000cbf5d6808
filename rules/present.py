"""An engine's Outcome to the credit Decision that people read and the log keeps: names, units, dates, messages.

Nothing is decided here. A figure that the verdict needs and the engines did not compute is a fault of the compiler, not
a reason to compute it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any

from credit.decision import (
    CheckEntry,
    Condition,
    Decision,
    EvidenceEntry,
    ExposureView,
    PolicyReference,
    ReservationReference,
    StateEntry,
    TermsOffered,
)  # fmt: skip
from credit.exposure import Limit, headroom
from credit.money import Money
from credit.terms import parse_terms
from policy.kinds import NO_LIMIT, UNLIMITED, Value
from policy.program import Program
from rules.beside import attributes, last_due_date, said_with_terms, wanted_of
from rules.documents import documents_of, may_be_required, of_document
from rules.figure_items import Shown, items_behind
from rules.figures import Item
from rules.outcome import CheckOutcome, Evidence, Missing, Outcome, one_per_name
from rules.reference import Evaluation
from rules.release import authority_of
from rules.states import states_now
from rules.wording import Wording, distance_kind

Fields = Mapping[str, Value | None]
QUIET = ("pass", "does_not_apply")  # said in the same words whatever else is known of the order
MOST_KEPT = 1_024


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision carries besides what the policy said: who, when, under which version, held how.

    `deliver_by` is the expected invoice date (None: as_of). `engines` is how the engines agreed. `lists` are the rows
    that figures were computed from.
    """

    decision_id: str
    decided_at: datetime
    as_of: date
    engines: str
    version: int | None = None
    deliver_by: date | None = None
    reservation: ReservationReference | None = None
    preview: bool = False
    lists: Mapping[str, Sequence[Item]] = field(default_factory=dict)


class Presenter:
    """What presents the decisions of one Program; it keeps the entries of checks that passed by what they looked at."""

    def __init__(self, program: Program) -> None:
        self.wording = Wording(program)
        self._quiet: dict[tuple[int, CheckOutcome], CheckEntry] = {}

    def check(self, place: int, outcome: CheckOutcome, fields: Fields,
              items_of: Callable[[CheckOutcome], Shown]) -> CheckEntry:  # fmt: skip
        """One check as it is shown. One that passed shows nothing but its own evidence, so its entry can be kept."""
        if outcome.status not in QUIET:
            return _check(self.wording, place, outcome, fields, items_of)
        known = self._quiet.get((place, outcome))
        if known is None:
            if len(self._quiet) >= MOST_KEPT:
                self._quiet.clear()
            known = self._quiet[place, outcome] = _check(self.wording, place, outcome, {}, items_of)
        return known


def present(program: Program, outcome: Outcome, facts: Mapping[str, Any], around: Circumstances,
            presenter: Presenter | None = None) -> Decision:  # fmt: skip
    """The decision as people and order systems read it; `facts` are those the engines read."""
    presenter = presenter or Presenter(program)
    fields = {} if all(one.status in QUIET for one in outcome.checks) else _fields(program, facts)
    items_of = partial(_items, presenter.wording, facts, around)
    documents = documents_of(program, facts)
    found = one_per_name(outcome.checks)
    checks = (presenter.check(place, check, fields, items_of) for place, check in found)
    terms = terms_offered(outcome.terms, around.deliver_by or around.as_of, said_with_terms(program, outcome))
    return Decision(
        decision_id=around.decision_id,
        verdict=outcome.verdict,
        hard_stop=outcome.hard_stop,
        checks=tuple(of_document(program, documents, check) for check in checks),
        tier=outcome.tier,
        terms=terms,
        conditions=_conditions(program, outcome, None if terms is None else terms.due_on),
        exposure=_exposure(program, outcome, facts),
        policy=PolicyReference(program.name, around.version, program.source_digest, program.digest),
        decided_at=around.decided_at,
        as_of=around.as_of,
        engines=around.engines,
        reservation=around.reservation,
        authority=authority_of(program, outcome),
        missing=outcome.missing,
        preview=around.preview,
        states=_states(program, outcome, facts),
        subject=program.subject,
        documents=documents if program.documents else None,
        may_be_required=may_be_required(program, facts),
    )


def _states(program: Program, outcome: Outcome, facts: Mapping[str, Any]) -> tuple[StateEntry, ...] | None:
    """The states that are active now; None where the policy has none."""
    if not program.states:
        return None
    now = [one for one in states_now(program, outcome, facts) if one.active]
    return tuple(StateEntry(one.name, one.since, one.entered, one.why, one.to_leave) for one in now)


def terms_offered(
    offer: str | None, invoiced_on: date, said: Mapping[str, str] | None = None
) -> TermsOffered | None:
    """Chosen terms with their last day, counted from the expected invoice date; prepaid has no due date."""
    if offer is None:
        return None
    terms = parse_terms(offer)
    return TermsOffered(offer, terms.net_days, terms.discount, last_due_date(offer, invoiced_on), **(said or {}))


def _items(wording: Wording, facts: Mapping[str, Any], around: Circumstances, outcome: CheckOutcome) -> Shown:
    """The items of the first figure that a failed check looked at."""
    if outcome.status in ("pass", "does_not_apply", "not_evaluated"):
        return ()
    found = (items_behind(wording, wording.label(one.node), facts, around.lists) for one in outcome.evidence)
    return next((items for items in found if items), ())


def _check(
    wording: Wording, place: int, outcome: CheckOutcome, fields: Fields,
    items_of: Callable[[CheckOutcome], Shown],
) -> CheckEntry:
    check = wording.checks[place]
    evidence = tuple(_evidence(wording, one) for one in outcome.evidence)
    built_in = outcome.name in wording.program.wording.built_in
    rule = None if built_in else {"row": place + 1, "line": check.line}
    items = items_of(outcome)
    message = wording.message(outcome, fields, place, items=items)
    effect = check.effect if outcome.status == check.verdict else ()  # what is not evaluated stops nothing by itself
    return CheckEntry(outcome.name, outcome.status, evidence, message, rule, outcome.lifted_by or None, effect, items)


def _evidence(wording: Wording, evidence: Evidence) -> EvidenceEntry:
    kind = wording.kind_of(evidence)
    return EvidenceEntry(
        wording.label(evidence.node), wording.plain(evidence.value, kind), wording.wanted(evidence), wording.unit(kind),
        wording.plain(wording.distance(evidence), distance_kind(kind)),
    )  # fmt: skip


def _fields(program: Program, facts: Mapping[str, Any]) -> Fields:
    """The figures, facts and settings that messages show."""
    evaluation = Evaluation(program.nodes, program.tables, facts)
    values = {name: evaluation.value(index) for name, index in program.wording.fields.items()}
    return {name: None if isinstance(value, Missing) else value for name, value in values.items()}


def _conditions(program: Program, outcome: Outcome, due_on: date | None) -> tuple[Condition, ...]:
    wanted = wanted_of(program, outcome, due_on)
    return tuple(
        Condition(
            number, one.instrument, one.share, None if one.amount is None else Money(one.amount, program.currency),
            attributes(one.instrument, wanted[number - 1]),
        )
        for number, alternative in enumerate(outcome.security, 1)
        for one in alternative
    )  # fmt: skip


def _exposure(program: Program, outcome: Outcome, facts: Mapping[str, Any]) -> ExposureView:
    before, order = facts.get("account.exposure"), facts.get("order.unsecured_amount")
    after = before + order if isinstance(before, int) and isinstance(order, int) else None
    limit = limit_of(outcome.limits.get("effective"), program.currency)
    known = [None if amount is None else Money(amount, program.currency) for amount in (_int(before), after)]
    room = headroom(limit, known[1]) if limit is not None and known[1] is not None else None
    return ExposureView(limit, known[0], known[1], room)


def limit_of(value: Value | None, currency: str) -> Limit | None:
    """An engine's limit as the business record; None where it is missing."""
    if value is None or not isinstance(value, int):
        return None
    if value == UNLIMITED:
        return Limit.unlimited()
    return Limit.none() if value == NO_LIMIT else Limit.of(Money(value, currency))


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None
