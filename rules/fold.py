"""The fixed end of a decision: verdict order, the choice of payment terms, and the security still to bring.

No policy can write it. The reference and the durable engine share this file; the compiled engine has its own, so that a
fault here is seen. Source: the meaning of the Program, "Fold" and "Verdicts" (docs/program.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Any

from policy.program import First, Fold, Node, Program
from policy.vocabulary import TermsLiteral
from rules.outcome import STATUS_RANK, CheckOutcome, Missing, Outcome, Required

AMOUNT = "amount."  # the outputs of security that are amounts of their own begin so


@dataclass(frozen=True, slots=True)
class Tables:
    """What the fold reads: a Fold node, and a way to the value of any other node."""

    node: Fold
    nodes: Sequence[Node]
    value: Callable[[int], Any]

    def optional(self, index: int) -> Any:
        """The value of a node, None where the policy has none or it is missing."""
        value = self.value(index) if index >= 0 else None
        return None if isinstance(value, Missing) else value

    def outputs(self, index: int) -> tuple[dict[str, Any], frozenset[str]]:
        """The outputs of a section's table by name (None: missing), and the reasons for what is missing."""
        if index < 0:
            return {}, frozenset()
        table = self.nodes[index]
        assert isinstance(table, First)
        row = self.value(index)
        if isinstance(row, Missing):
            return dict.fromkeys(table.outputs), row.reasons
        found = {name: self.value(node) for name, node in zip(table.outputs, table.rows[row].outputs, strict=True)}
        reasons = [value.reasons for value in found.values() if isinstance(value, Missing)]
        shown = {name: None if isinstance(value, Missing) else value for name, value in found.items()}
        return shown, frozenset().union(*reasons)


def fold(program: Program, tables: Tables) -> Outcome:
    """The whole answer from the tables' outputs and the checks' statuses."""
    node = tables.node
    tier, tier_missing = tables.outputs(node.tiers)
    limits, limits_missing = tables.outputs(node.limits)
    terms, terms_missing = tables.outputs(node.terms)
    security, security_missing = tables.outputs(node.security)
    effective = tables.value(node.limit_effective) if node.limit_effective >= 0 else None
    checks: tuple[CheckOutcome, ...] = tables.value(node.checks)
    missing = tier_missing | limits_missing | terms_missing | security_missing
    missing |= effective.reasons if isinstance(effective, Missing) else frozenset()
    missing |= frozenset().union(*(check.missing for check in checks))
    if node.limit_effective >= 0:
        limits["effective"] = tables.optional(node.limit_effective)

    asked = tables.optional(node.requested_terms)
    offer = choose_terms(terms.get("offer"), terms.get("longest"), asked, program.terms)
    wanted = ((("prepayment", Fraction(1)),),) if offer == "prepaid" else (security.get("security") or ())
    amount, prepaid = tables.optional(node.amount), tables.optional(node.prepaid)
    to_bring = still_to_bring(wanted, amount, prepaid or 0, () if offer == "prepaid" else held(security, len(wanted)))
    changed = asked is not None and offer is not None and asked != offer
    verdict, hard_stop = verdict_of(checks, missing, program, bool(to_bring) or changed)
    return Outcome(
        verdict=verdict, hard_stop=hard_stop, tier=tier.get("tier"), limits=limits, terms=offer,
        longest=terms.get("longest"), security=to_bring, authority=_authority(program, tables, verdict), checks=checks,
        missing=tuple(sorted(missing)), rows=_rows(program, tables, verdict),
    )  # fmt: skip


def verdict_of(
    checks: Sequence[CheckOutcome], missing: frozenset[str], program: Program, conditions: bool
) -> tuple[str, bool]:
    """The verdict and whether it is a hard stop: hard_stop > deny > refer = not_evaluated > warn > pass."""
    rank = max((STATUS_RANK[check.status] for check in checks), default=0)
    if any(reason in program.facts and program.facts[reason].missing == "deny" for reason in missing):
        rank = max(rank, STATUS_RANK["deny"])
    if rank >= STATUS_RANK["deny"]:
        return "deny", rank == STATUS_RANK["hard_stop"]
    if rank == STATUS_RANK["refer"] or missing:
        return "refer", False
    return ("approve_with_conditions" if conditions else "approve"), False


def choose_terms(
    offers: tuple[str, ...] | None, longest: str | None, asked: str | None, known: Mapping[str, TermsLiteral]
) -> str | None:
    """What was asked if it is offered, prepaid, or plain net days up to the longest; else the first offer."""
    if not offers:
        return None
    if asked is None:
        return offers[0]
    if asked in offers or asked == "prepaid":
        return asked
    if longest is not None and (days := plain_net_days(asked)) is not None and days <= known[longest].net_days:
        return asked
    return offers[0]


def plain_net_days(text: str) -> int | None:
    """The days of a bare `net N` in its agreed spelling, None for any other terms."""
    word, _, days = text.partition(" ")
    return int(days) if word == "net" and days.isascii() and days.isdigit() else None


def held(security: Mapping[str, Any], ways: int = 1) -> tuple[tuple[Required, ...], ...]:
    """What a row of security asks for as shares of other amounts than the order's, for each of its ways.

    Of a row with one way an amount that is not known is left out; of several it stays, for its way is not met.
    """
    found: list[list[Required]] = [[] for _ in range(max(ways, 1))]
    for name, value in ((name, value) for name, value in security.items() if name.startswith(AMOUNT)):
        title = name.removeprefix(AMOUNT)
        instrument, _, number = title.partition("#")
        unmet = bool(number) and int(number) <= ways if value is None else value > 0
        if unmet:
            found[int(number or 1) - 1].append(Required(instrument, security[f"share.{title}"], value))
    return tuple(map(tuple, found))


def still_to_bring(
    alternatives: Sequence[Sequence[tuple[str, Fraction]]], amount: int | None, prepaid: int,
    of_others: tuple[tuple[Required, ...], ...] = (),
) -> tuple[tuple[Required, ...], ...]:  # fmt: skip
    """Each alternative less what is prepaid; nothing at all once any one of them is met.

    `of_others` holds for each what is a share of another amount: a prepayment among it is met first by what is prepaid,
    the others are met by no prepayment.
    """
    ways = [*alternatives] or [()] * len(of_others)
    rests = [_way(way, amount, prepaid, of_others[n] if n < len(of_others) else ()) for n, way in enumerate(ways)]
    return tuple(rests) if all(rests) else ()


def _way(
    alternative: Sequence[tuple[str, Fraction]], amount: int | None, prepaid: int, others: tuple[Required, ...]
) -> tuple[Required, ...]:
    left = []
    for one in others:
        if one.instrument == "prepayment" and one.amount is not None:
            taken = min(one.amount, max(prepaid, 0))
            one, prepaid = replace(one, amount=one.amount - taken), prepaid - taken
        left += [one] if one.amount != 0 else []
    return (*_rest(alternative, amount, prepaid), *left)


def _rest(alternative: Sequence[tuple[str, Fraction]], amount: int | None, prepaid: int) -> tuple[Required, ...]:
    if amount is None:
        return tuple(Required(instrument, share, None) for instrument, share in alternative)
    due = share_amounts([share for _, share in alternative], amount)
    order = sorted(range(len(due)), key=lambda place: alternative[place][0] != "prepayment") if prepaid else ()
    for place in order:
        taken = min(due[place], prepaid)
        due[place], prepaid = due[place] - taken, prepaid - taken
    return tuple(Required(i, share, rest) for (i, share), rest in zip(alternative, due, strict=True) if rest > 0)


def share_amounts(shares: Sequence[Fraction], amount: int) -> list[int]:
    """Shares of an amount in whole minor units: largest remainder first, ties in document order."""
    under = lcm(*(share.denominator for share in shares))
    tops = [share.numerator * (under // share.denominator) * amount for share in shares]
    parts = [top // under for top in tops]
    total, rest = divmod(sum(tops), under)
    left = total - sum(parts) + (2 * rest > under or (2 * rest == under and total % 2))
    if left:
        for place in sorted(range(len(parts)), key=lambda n: -(tops[n] % under))[:left]:
            parts[place] += 1
    return parts


def _authority(program: Program, tables: Tables, verdict: str) -> str | None:
    if verdict != "refer" or tables.node.authority < 0:
        return None
    outputs, missing = tables.outputs(tables.node.authority)
    highest = program.roles_rising[-1] if program.roles_rising else None
    return highest if missing else outputs["release"]


def _rows(program: Program, tables: Tables, verdict: str) -> dict[str, int]:
    node, rows = tables.node, {}
    sections = (("tiers", node.tiers), ("limits", node.limits), ("terms", node.terms), ("security", node.security))
    for name, index in (*sections, ("authority", node.authority if verdict == "refer" else -1)):
        if index >= 0:
            row = tables.value(index)
            rows[name] = -1 if isinstance(row, Missing) else row
    return rows | {state.table: tables.value(program.tables[state.table]) for state in program.states}
