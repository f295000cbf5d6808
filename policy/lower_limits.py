"""The limit that counts, as nodes: how a granted limit, the policy's own and that of the customer's group meet.

A group's ceiling comes in only where the file speaks of groups; other files keep the Program, and the digest, that they
had. Nothing granted to the customer takes the group's limit, and an unlimited customer is held by the check
`group_over_limit` alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.document import Word
from policy.kinds import NO_LIMIT, UNLIMITED
from policy.program import Calc, Fact, First, In, Logic, Row

if TYPE_CHECKING:
    from policy.document import RowWritten
    from policy.lower import Lowering
    from policy.syntax import Call

OF_GROUP = "limit.group"


def chooses(rows: tuple[RowWritten, ...]) -> bool:
    """Whether a row says by itself which limit counts."""
    return any("effective" in row.cells for row in rows)


def effective(low: Lowering) -> int:
    """The limit that counts, none counting as 0 where nobody granted anything."""
    own = _own(low)
    if low.with_groups:
        own = _under_group(low, own)
    found = low.add(Calc("none_as_zero", (own,), "limit"))
    low.labels[found] = "limit.effective"
    return found


def chosen(low: Lowering, row: RowWritten, policy: int) -> int:
    """The limit of one row: the granted or the policy's own as the row says, else the lower of both."""
    word = row.cells.get("effective")
    granted = low.fact_if_known("limit.granted")
    if isinstance(word, Word):
        return granted if word.text == "granted" else policy
    return low.add(Calc("stricter", (granted, policy), "limit"))


def if_none(low: Lowering, expr: Call) -> int:
    """A limit, or where it is none what is written for that: a table of two rows."""
    limit, other = (low.formula(arg) for arg in expr.args)
    other = low.whole_units(low.not_below_zero(other, expr.args[1]))
    rows = (Row(low.add(In(limit, (NO_LIMIT,))), (other,), expr.at.line),
            Row(low.add(Logic("and", ())), (limit,), expr.at.line))  # fmt: skip
    title = f"{low.labels.get(limit, 'limit')}, if none"
    alike = [name for name in low.tables if name.startswith(title)]
    for name in alike:
        table = low.nodes[low.tables[name]]
        if isinstance(table, First) and [row.outputs for row in table.rows] == [row.outputs for row in rows]:
            return low.add(Fact("value", "limit", name))
    name = f"{title} {len(alike) + 1}" if alike else title
    low.table(First(name, ("value",), rows))
    return low.labelled(low.add(Fact("value", "limit", name)), name)


def _own(low: Lowering) -> int:
    if chooses(low.checked.policy.rows.get("limits", ())):
        return low.add(Fact("effective", "limit", "limits"))
    known = low.checked.names.known
    both = [low.referent(known[name]) for name in ("limit.granted", "limit.policy") if name in known]
    return low.add(Calc("stricter", tuple(both), "limit"))


def _under_group(low: Lowering, own: int) -> int:
    """The group's ceiling where the customer has a group, but for one who is unlimited himself."""
    if OF_GROUP not in low.tables:
        group = low.fact_if_known("group.limit")
        rows = (
            Row(low.add(In(group, missing=True)), (own,)),
            Row(low.add(In(own, (UNLIMITED,))), (own,)),
            Row(low.add(Logic("and", ())), (low.add(Calc("stricter", (own, group), "limit")),)),
        )
        low.table(First(OF_GROUP, ("value",), rows))
    return low.add(Fact("value", "limit", OF_GROUP))
