"""Gaps: orders that fit no row of a first-match table which does not end in `otherwise`.

The checker asks for an `otherwise`; where it is missing, an order that would be left without an answer says more than
the rule does. The cells of tables by a subject are looked at by the checker itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy.analysis.boxes import TooHardError
from policy.analysis.orders import order_in, shown
from policy.analysis.tables import Tables
from policy.problems import Problem
from policy.subjects import CALLED, ORDER


def find_gaps(tables: Tables) -> Iterator[Problem]:
    """A finding for each section without `otherwise` that leaves an order without a row, with that order."""
    for name, table in tables.of.items():
        if not table.open_end or any(region is None for region in table.loose):
            continue
        try:
            left = tables.escape({}, (table, len(table.node.rows)))
            whole = None if left is None else tables.with_tier(left)
        except TooHardError:
            continue
        facts = None if whole is None else order_in(tables.program, tables.axes, whole, tables.together)
        if facts is not None:
            order = shown(tables.program, facts)
            told = ", ".join(f"'{fact}' is {value}" for fact, value in order[:4])
            if name == "authority":
                roles = tables.checked.policy.roles_rising
                highest = roles[-1].text if roles else "..."
                yield Problem("gap", table.places[-1], f"a referral where {told} can be released by nobody",
                              f"add a row: - {{otherwise: true, release: {highest}}}", "error", order)  # fmt: skip
                continue
            subject = tables.program.subject
            help = "add a row for it, or end with 'otherwise: true'"
            if subject != ORDER:
                help = ("add a row for it, or let the last row be for it too, with otherwise: true and "
                        f"for: [order, {subject}]")  # fmt: skip
            yield Problem("gap", table.places[-1], f"no row of {name} fits {CALLED[subject]} where {told}",
                          help, "error", order)  # fmt: skip
