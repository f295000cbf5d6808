"""Stored decisions, decided again by another policy on what was known then: what the order book would be under it.

Each is decided on its own snapshot of facts; what earlier verdicts of the same run change of an exposure is carried
(`api/carrying.py`). A fact that the policy reads and the snapshot lacks is missing and counted, never assumed. A
decision that cannot be decided again is counted by the reason. INVARIANT: under the policy that decided, nothing
differs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from api.build import ceiling_of
from api.carrying import Carrying, OtherOrder, Place, after_due_day, ends_of_held, ends_when_due, given_up
from api.operations.guard import CHECK as LIMIT_GUARD
from api.operations.order_currency import CHECK as RATE_GUARD
from api.replaying import facts_back, released_again, value_back, was_released_now
from credit.decision import APPROVE, APPROVE_WITH_CONDITIONS, REFER
from policy.kinds import NO_LIMIT, UNLIMITED, plain
from policy.load import Loaded
from policy.program import Fact, Figure, Program
from policy.subjects import ORDER, SHIPMENT
from rules.agreement import at_least_refer
from rules.compiled import Compiled, compile_program
from rules.facts import trade_vocabulary
from rules.figures import compute, judge
from rules.ledger_facts import ApprovedOrder, earlier_order_items
from rules.outcome import CheckOutcome, Evidence, Missing, Outcome
from rules.raised_limit import RAISED, raised_limit, with_raised_limit
from rules.release import FAILING, NOT_DENYING
from rules.wording import Wording
from storage.decisions import StoredDecision
from storage.group_movements import GroupThen
from storage.reservations import Step

APPROVED = (APPROVE, APPROVE_WITH_CONDITIONS)
QUIET = ("pass", "does_not_apply", "warn", "lifted")
EARLIER_ORDERS = "earlier_orders"
EXPOSURES = ("account.exposure", "group.exposure")
LEFT_OUT = ("erased", "policy", "currency", "subject", "facts")  # why a decision is not decided again


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored decision with what simulating needs: the policy that decided, and the life of what was held for it."""

    decision: StoredDecision
    loaded: Loaded | None
    steps: tuple[Step, ...] = ()
    erased: bool = False
    groups: tuple[GroupThen, ...] = ()

    @property
    def subject(self) -> str:
        """What was decided on."""
        return str(self.decision.outcome.get("subject", ORDER))

    @property
    def held(self) -> int:
        """What the approval held at first, in minor units."""
        return self.steps[0].amount if self.steps else 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What one policy answers; `moved` is by how much earlier answers changed the exposure that it saw."""

    verdict: str
    tier: str | None
    terms: str | None
    missing: tuple[str, ...]
    outcome: Outcome | None = None
    moved: int = 0
    as_recorded: bool = False


@dataclass(frozen=True, slots=True)
class Compared:
    """One decision under two policies; `lacking` are facts that the new one reads and the snapshot does not have."""

    kept: Kept
    currency: str
    old: Answer
    new: Answer
    programs: tuple[Program, Program]
    lacking: tuple[str, ...]


class Reading:
    """How one Program reads the snapshots of another: what is taken over, and what the snapshots lack."""

    def __init__(self, old: Program, new: Program) -> None:
        """Match facts by name and kind, and figures by what they count, whatever they are called."""
        self._old, self._new = old, new
        known = {**trade_vocabulary().facts, **old.facts}
        made = {figure.name for figure in new.figures}
        other_kind = {name for name, fact in new.facts.items() if name in known
                      and (known[name].kind, known[name].ranks) != (fact.kind, fact.ranks)}  # fmt: skip
        new_names = {name for name in new.facts if name not in known and name not in made and name != RAISED}
        self._same = {figure.name: same_figure(figure, old.figures) for figure in new.figures}
        self._dropped = {figure.name for figure in old.figures} | other_kind | {RAISED}
        self._lacking = tuple(sorted(other_kind | new_names))
        of_orders = [figure for figure in new.figures if figure.list_name == EARLIER_ORDERS]
        self._carried = [figure for figure in of_orders if is_additive(figure)]
        self.remembers = bool(new.states) or len(self._carried) < len(of_orders)

    def facts(self, stored: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """The facts that the new Program decides on, and which of those that it reads are not to be had."""
        held = facts_back(self._old, stored)
        found = {name: value for name, value in held.items() if name not in self._dropped}
        lacking = list(self._lacking)
        for figure in self._new.figures:
            same = self._same[figure.name]
            if same is not None and same in held:
                found[figure.name] = held[same]
            elif figure.list_name in found and found[figure.list_name] is not None:
                found[figure.name] = compute(figure, found, found[figure.list_name])
            else:
                lacking.append(figure.name)
        return found, tuple(lacking)

    def with_others(self, facts: dict[str, Any], others: Sequence[OtherOrder]) -> dict[str, Any]:
        """The facts with counts and sums over earlier orders as these orders change them; what is missing stays so."""
        if not others or not self._carried:
            return facts
        changed = dict(facts)
        for figure in self._carried:
            value = changed.get(figure.name)
            if isinstance(value, int | Fraction) and not isinstance(value, bool):
                changed[figure.name] = plain(value + sum(part_of(figure, facts, one) for one in others))
        return changed


def is_additive(figure: Figure) -> bool:
    """Whether a figure is a count or a sum of items that nothing carried decides on."""
    read = {node.name for node in figure.nodes if isinstance(node, Fact) and node.scope == "fact"}
    return figure.word in ("count", "sum") and read.isdisjoint(EXPOSURES)


def part_of(figure: Figure, facts: Mapping[str, Any], other: OtherOrder) -> Any:
    """What one order adds to a figure, below zero where it is no longer there."""
    [item] = earlier_order_items([other.order], other.order.decided_on)
    judged = judge(figure, facts, item)
    if isinstance(judged, Missing):
        raise ValueError("an earlier order cannot be judged")
    amount = 0 if judged is None else judged.amount
    return amount if other.is_added else -amount


def same_figure(wanted: Figure, among: Sequence[Figure]) -> str | None:
    """The name of the figure that counts the same thing, None where there is none."""
    bare = replace(wanted, name="")
    return next((one.name for one in among if replace(one, name="") == bare), None)


class Engine:
    """One Program, compiled, also with a limit that grants raise."""

    def __init__(self, program: Program) -> None:
        """Compile it; the raised form is made for the first order that needs it."""
        self.program = program
        self._compiled = compile_program(program)
        self._raised: Compiled | None = None

    def decide(self, facts: dict[str, Any], granted: int) -> Outcome:
        """What the policy says, with the limit that it finds raised by what was granted for this order."""
        found = self._compiled.decide(facts)
        limit = raised_limit(found.limits.get("effective"), granted) if granted else None
        raised = None if limit is None else with_raised_limit(self.program)
        if limit is None or raised is None:
            return found
        self._raised = self._raised or compile_program(raised)
        return self._raised.decide({**facts, RAISED: limit})


class Side:
    """One policy that decides the whole book again, with what its own verdicts carry from order to order."""

    def __init__(self, loaded: Loaded) -> None:
        """Compile its Programs; `loaded` has no errors."""
        self.loaded = loaded
        self._engines = {subject: Engine(program) for subject, program in loaded.programs.items()}
        self._readings: dict[tuple[str, str], Reading] = {}
        self._granted: dict[str, Engine] = {}
        self._carrying = Carrying()

    def answer(self, kept: Kept, old: Program) -> tuple[Answer, tuple[str, ...]] | str:
        """What this policy answers, and what it lacks; else why it cannot decide, a word of LEFT_OUT."""
        engine = self._engines.get(kept.subject)
        if engine is None:
            return "subject"
        program = engine.program
        if program.currency != old.currency:
            return "currency"
        try:
            reading = self._reading(old, program)
            facts, lacking = reading.facts(kept.decision.facts)
            place = place_of(kept, facts)
            amends = self._begin(kept, place)
            moved, others = self._carrying.moved(place, amends), self._carrying.others(place, amends)
            own = moved[:1] if kept.groups else moved
            shifted = with_moved(reading.with_others(facts, others), own)
            shifted = with_tightest(shifted, kept.groups, self._carrying.moved_groups(place, amends))
            found = engine.decide(shifted, self._grant(kept, old))
            found = beside(found, program, kept, shifted)
        except Exception:  # whatever old facts can raise belongs to this decision, and stops no other
            return "facts"
        as_recorded = reading.remembers and bool(others)
        self._carry(kept, place, found, shifted, program.timezone)
        return Answer(found.verdict, found.tier, found.terms, found.missing, found, moved[0], as_recorded), lacking

    def _reading(self, old: Program, new: Program) -> Reading:
        wanted = (old.digest, new.digest)
        if wanted not in self._readings:
            self._readings[wanted] = Reading(old, new)
        return self._readings[wanted]

    def _begin(self, kept: Kept, place: Place) -> bool:
        """Whether the snapshot leaves out what the order held before; an order that is sent again begins anew."""
        if kept.subject == ORDER:
            self._carrying.decide_again(place)
        return kept.subject == SHIPMENT or amends_of(kept.decision) is not None

    def _grant(self, kept: Kept, old: Program) -> int:
        """What grants added to the limit of this order: the raised limit of then, less the one without them."""
        raised = kept.decision.facts.get(RAISED)
        if not isinstance(raised, int):
            return 0
        engine = self._granted.setdefault(old.digest, Engine(old))
        facts = {name: one for name, one in facts_back(old, kept.decision.facts).items() if name != RAISED}
        limit = engine.decide(facts, 0).limits.get("effective")
        return raised - max(limit, 0) if isinstance(limit, int) else 0

    def _carry(self, kept: Kept, place: Place, found: Outcome, facts: dict[str, Any], timezone: str) -> None:
        """Carry on what this verdict leaves otherwise than the recorded one."""
        unsecured = kept.decision.order.unsecured_amount if kept.subject == ORDER else 0
        approves, was = found.verdict in APPROVED, kept.decision.verdict in APPROVED
        order = kept.decision.order
        if approves != was and order.amount and kept.subject == ORDER:
            item = ApprovedOrder(order.amount, order.unsecured_amount, place.as_of)
            self._carrying.note(OtherOrder(place, item, approves, given_up(kept.steps)))
        if approves and not was and unsecured:
            due = after_due_day(found.terms or facts.get("order.requested_terms"), facts, place.as_of, timezone)
            self._carrying.add(place, unsecured, ends_when_due(due))
        elif was and not approves and kept.held:
            terms = kept.decision.outcome.get("terms") or facts.get("order.requested_terms")
            due = after_due_day(terms, facts, place.as_of, timezone)
            self._carrying.add(place, -kept.held, ends_of_held(kept.steps, due))


def recorded(kept: Kept) -> Answer:
    """What was answered."""
    outcome = kept.decision.outcome
    return Answer(kept.decision.verdict, outcome.get("tier"), outcome.get("terms"), tuple(outcome.get("missing", ())))


def compare(kept: Kept, new: Side, against: Side | None) -> Compared | str:
    """One decision under the new policy, beside what was recorded or what another policy says; else why not."""
    if kept.erased:
        return "erased"
    old_program = None if kept.loaded is None else kept.loaded.programs.get(kept.subject)
    if old_program is None:
        return "policy"
    before = (recorded(kept), ()) if against is None else against.answer(kept, old_program)
    after = new.answer(kept, old_program)
    if isinstance(before, str) or isinstance(after, str):
        return after if isinstance(after, str) else str(before)
    first = old_program if against is None else against.loaded.programs[kept.subject]
    programs = (first, new.loaded.programs[kept.subject])
    return Compared(kept, old_program.currency, before[0], after[0], programs, after[1])


def place_of(kept: Kept, facts: Mapping[str, Any]) -> Place:
    """Where an order stands."""
    one, group = kept.decision, facts.get("customer.group")
    nearest = group if isinstance(group, str) else None
    above = tuple(other.group_id for other in kept.groups if other.group_id != nearest)
    return Place(one.account_id, nearest, one.order.order_id, one.decided_at, one.account_version, one.as_of, above)


def with_moved(facts: dict[str, Any], moved: Sequence[int]) -> dict[str, Any]:
    """The facts with the exposure that earlier verdicts leave; what is missing stays missing."""
    names = zip(EXPOSURES, moved, strict=False)
    changed = {name: facts[name] + by for name, by in names if by and isinstance(facts.get(name), int)}
    return facts | changed if changed else facts


def with_tightest(facts: dict[str, Any], groups: Sequence[GroupThen], moved: Mapping[str, int]) -> dict[str, Any]:
    """The facts with the group that leaves the least room now that earlier verdicts moved what groups owe.

    A policy knows one group's limit and exposure; which one that is may be another than it was.
    """
    if not moved or not isinstance(facts.get("group.exposure"), int):
        return facts
    bounded = [(most_of(one, facts), one.owed + moved.get(one.group_id, 0)) for one in groups if one.most is not None]
    if not bounded:
        nearest = facts.get("customer.group")
        return facts | {"group.exposure": facts["group.exposure"] + moved.get(str(nearest), 0)} if groups else facts
    limit, owed = min(bounded, key=lambda one: one[0] - one[1])
    return {**facts, "group.limit": limit, "group.exposure": owed}


def most_of(one: GroupThen, facts: Mapping[str, Any]) -> int:
    """What a group may owe: by what was checked, else by what was told, with the grants that the snapshot knows."""
    limit = facts.get("group.limit")
    assert one.most is not None
    if not one.exact and isinstance(limit, int) and one.owed == facts.get("group.exposure") and limit > one.most:
        return limit
    return one.most


def beside(found: Outcome, program: Program, kept: Kept, facts: Mapping[str, Any]) -> Outcome:
    """The outcome after what looks on beside a policy: a person's release, a rate too old, the limit of the ledger."""
    outcome = kept.decision.outcome
    if "release" in outcome:
        reached = FAILING if was_released_now(kept.decision) else NOT_DENYING
        found = released_again(found, program, outcome, facts.get("order.requested_terms"), reached)
    if any(check.get("name") == RATE_GUARD for check in outcome.get("checks", ())):
        found = stepped_in(found, program, RATE_GUARD)
    unsecured = kept.decision.order.unsecured_amount if kept.subject == ORDER else 0
    if found.verdict in APPROVED and unsecured and is_over(found, facts, unsecured):
        found = stepped_in(found, program, LIMIT_GUARD)
    return found


def is_over(found: Outcome, facts: Mapping[str, Any], unsecured: int) -> bool:
    """Whether the hold would exceed the limit that the policy finds, or the group's."""
    group = facts.get("group.limit")
    bounds = [(facts.get("account.exposure"), ceiling_of(found)),
              (facts.get("group.exposure"), None if group in (None, NO_LIMIT, UNLIMITED) else group)]  # fmt: skip
    return any(most is not None and isinstance(before, int) and before + unsecured > most for before, most in bounds)


def stepped_in(found: Outcome, program: Program, check: str) -> Outcome:
    """The same outcome, referred at least."""
    found = at_least_refer(program, found)
    return replace(found, checks=(*found.checks, CheckOutcome(check, REFER, ())))


def amends_of(stored: StoredDecision) -> str | None:
    """The reservation that the request changes, if any."""
    if b'"amends"' not in stored.request:
        return None
    try:
        found = json.loads(stored.request).get("amends")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def reasons_of(one: Answer, kept: Kept, program: Program) -> list[dict[str, str]]:
    """The checks that kept an order from being approved, each with what it measured."""
    checks = recorded_checks(kept.decision) if one.outcome is None else one.outcome.checks
    wording = Wording(program)
    return [{"check": check.name, "status": check.status, "told": told_of(wording, check)}
            for check in checks if check.status not in QUIET]  # fmt: skip


def told_of(wording: Wording, check: CheckOutcome) -> str:
    """What a check measured and wanted, in a line; what it lacks where it was not evaluated."""
    if check.missing:
        return f"missing: {', '.join(check.missing)}"
    parts = ((wording.label(one.node), wording.shown(one.value, wording.kind_of(one), "en"), wording.wanted(one, "en"))
             for one in check.evidence if one.value is not None)  # fmt: skip
    return "; ".join(f"{label} {value}" + (f", tested {wanted}" if wanted else "") for label, value, wanted in parts)


def recorded_checks(stored: StoredDecision) -> list[CheckOutcome]:
    """The checks of a record, as the engines gave them."""
    return [CheckOutcome(str(check["name"]), str(check["status"]),
                         tuple(Evidence(each["node"], each["test"], value_back(each["value"], ""),
                                        value_back(each["wanted"], "")) for each in check.get("evidence", ())),
                         tuple(check.get("missing", ()))) for check in stored.outcome.get("checks", ())]  # fmt: skip
