"""What the deciding row says beside what it decides, such as how the goods are paid: carried to the answer, never read.

The engines agree on the row; its words are constants of that row, so they need not be computed by any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from credit.security import ISSUED
from credit.terms import parse_terms
from policy.meaning import SAID_WITH_TERMS
from policy.program import Const, First, Program
from rules.arithmetic import add_months
from rules.outcome import Outcome


def said_with_terms(program: Program, outcome: Outcome) -> dict[str, str]:
    """How to pay and when goods are shipped, by column, as far as the deciding row of terms says it."""
    found = {name: _constant(program, outcome, "terms", name) for name in SAID_WITH_TERMS}
    return {name: word for name, word in found.items() if isinstance(word, str)}


def last_due_date(offer: str | None, invoiced_on: date | None) -> date | None:
    """The last day of these terms, counted from the expected invoice date; None for prepaid, and without a date.

    What counts from the delivery counts from the same day: goods are invoiced on the day they are delivered.
    """
    terms = None if offer is None else parse_terms(offer)
    return None if terms is None or terms.is_prepaid or invoiced_on is None else terms.due_on(invoiced_on, invoiced_on)


def invoiced_on(facts: Mapping[str, Any]) -> date | None:
    """The expected invoice date of an order: the day of delivery, else the day of the decision."""
    day = facts.get("order.deliver_by") or facts.get("as_of")
    return date.fromordinal(day) if isinstance(day, int) else None


def wanted_of(program: Program, outcome: Outcome, due_on: date | None) -> tuple[dict[str, object], ...]:
    """How the instruments of each alternative must be: `issuer_rating`, `expires_after` (None: not known), `confirmed`.

    Only what the row says is there. Terms that are to be prepaid take the place of the whole row.
    """
    ways = None if outcome.terms == "prepaid" else _constant(program, outcome, "security", "wanted")
    if not isinstance(ways, tuple):
        return ({},) * len(outcome.security)
    return tuple(_wanted(way, due_on) for way in ways) if outcome.security else ()


def attributes(instrument: str, wanted: Mapping[str, object]) -> Mapping[str, object]:
    """What is wanted of one instrument of an alternative: nothing of money, which nobody issues."""
    return wanted if instrument in ISSUED else {}


def _wanted(way: tuple[Any, ...], due_on: date | None) -> dict[str, object]:
    if not way:
        return {}
    rating, after, confirmed = way
    found: dict[str, object] = {"issuer_rating": rating} if rating else {}
    if after:
        found["expires_after"] = None if due_on is None else _later(due_on, *after)
    return found | ({"confirmed": True} if confirmed else {})


def _later(day: date, days: int, months: int) -> date:
    return date.fromordinal(add_months(day.toordinal() + days, months))


def _constant(program: Program, outcome: Outcome, section: str, name: str) -> object:
    """One output of the row that decided a section, None where there is none."""
    row = outcome.rows.get(section, -1)
    table = program.nodes[program.tables[section]] if row >= 0 else None
    if not isinstance(table, First) or name not in table.outputs:
        return None
    node = program.nodes[table.rows[row].outputs[table.outputs.index(name)]]
    return node.value if isinstance(node, Const) else None
