"""What every engine must answer for one set of facts: compared in full by the tests, never shown as it is.

Amounts are minor units of the policy currency, shares exact fractions, limits carry the marks of `policy.kinds`.
`rules/present.py` turns an Outcome into the credit Decision that people and order systems read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from policy.kinds import Value


@dataclass(frozen=True, slots=True)
class Missing:
    """No value, and why: names of facts, "zero_divisor", or "no_row:TABLE"."""

    reasons: frozenset[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One measured figure of a check: the node that was read, its value, the test, and what was wanted.

    `value` and `wanted` are None where missing; `wanted` is None for a test against several values.
    `node` is the index of the tested node (for a measured check: of the measure), `test` that of the deciding Compare
    or In (for a measured check: its `fails` node).
    """

    node: int
    test: int
    value: Value | None
    wanted: Value | None


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """One check's status: hard_stop, deny, refer, warn, pass, does_not_apply, not_evaluated or lifted, and the reasons.

    `lifted_by` names the exception that lifted it. Checks of one name and different scope have an entry each.
    """

    name: str
    status: str
    evidence: tuple[Evidence, ...]
    missing: tuple[str, ...] = ()
    lifted_by: str = ""


@dataclass(frozen=True, slots=True)
class Required:
    """One instrument still to bring: its share as written, and the amount left in minor units (None: unknown)."""

    instrument: str
    share: Fraction
    amount: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The full answer of an engine.

    `rows` maps every First section and value table that was reached to its row number from 0 (-1: no value, by a
    missing fact or because no row fits), and the table of every state. `limits` maps the outputs of the limits section,
    and "effective", to values (None: missing). `security` holds the alternatives of which any one is enough; () is
    nothing to bring.
    `terms` is the chosen offer, None where there is none. `missing` are all reasons that decided, sorted.
    """

    verdict: str
    hard_stop: bool
    tier: str | None
    limits: Mapping[str, Value | None]
    terms: str | None
    longest: str | None
    security: tuple[tuple[Required, ...], ...]
    authority: str | None
    checks: tuple[CheckOutcome, ...]
    missing: tuple[str, ...]
    rows: Mapping[str, int]


def one_per_name(checks: Sequence[CheckOutcome]) -> list[tuple[int, CheckOutcome]]:
    """One entry for each name, with its place: of checks of one name the gravest, the first of those alike."""
    chosen: dict[str, int] = {}
    for place, check in enumerate(checks):
        other = chosen.setdefault(check.name, place)
        if STATUS_RANK[check.status] > STATUS_RANK[checks[other].status]:
            chosen[check.name] = place
    return [(place, checks[place]) for place in chosen.values()]


VERDICTS = ("approve", "approve_with_conditions", "refer", "deny")
STATUS_RANK = {"hard_stop": 5, "deny": 4, "refer": 3, "not_evaluated": 3, "warn": 2, "lifted": 1, "pass": 1,
               "does_not_apply": 0}  # fmt: skip
