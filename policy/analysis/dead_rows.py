"""Rows that no order reaches, and conditions that no order fits: they change no decision, so they are warnings.

They are no errors, because tables taken over from elsewhere often hold such rows and decide as well without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from policy.analysis.boxes import Box, TooHardError, meet
from policy.analysis.orders import completed, order_in, shown
from policy.analysis.tables import JOINT_MAX, Table, Tables
from policy.document import CheckWritten
from policy.problems import Problem, Where
from policy.program import Collect, Compare, Fact, Fold, In, Logic, Node

NO_FIT = "no order fits this row, for its lines never hold together"


def dead_rows(tables: Tables) -> Iterator[Problem]:
    """A finding for each row that decides nothing; marks in every table the rows that do."""
    for name, table in sorted(tables.of.items(), key=lambda one: tables.program.tables[one[0]]):
        wide = [tables.is_live(table, row) for row in range(len(table.node.rows))]
        if name == "tiers":
            table.live = wide
        yield from (_dead(tables, table, row) for row in range(table.last) if not wide[row])
        if name == "tiers":
            _narrow(tables, table)
        else:
            table.live = [live and _with_tiers(tables, table, row) for row, live in enumerate(wide)]
            yield from (_unreachable(tables, table, row) for row in range(table.last)
                        if wide[row] and not table.live[row])  # fmt: skip
    yield from _checks(tables)


def _narrow(tables: Tables, tiers: Table) -> None:
    """From here on only tiers that some order gets can happen."""
    number = tables.tier_axis()
    if number is not None:
        axis = tables.axes[number]
        given = tuple(tables.tier_of(row) for row, live in enumerate(tiers.live) if live)
        axis.full = axis.points(given) | axis.missing


def _dead(tables: Tables, table: Table, row: int) -> Problem:
    at, region = table.places[row], table.true[row]
    assert region is not None
    if not any(possible(tables, box) for box in region):
        waited = _waited(tables, region)
        if waited:
            return _never(tables, at, waited, "this row waits for")
        return Problem("dead-row", at, NO_FIT, "correct a line, or take the row out", "warning")
    taker = _only_taker(table, region, row)
    stopped = _stops_above(tables, table, row)
    if stopped is not None:
        fact, line = stopped
        return Problem("dead-row", at, f"no order reaches this row: where '{fact}' is missing, the table stops at the "
                       f"row in line {line}, which reads it", "move it above that row", "warning")  # fmt: skip
    which = "the rows above take" if taker is None else f"the row in line {table.places[taker].line} takes"
    return Problem("dead-row", at, f"no order reaches this row: {which} every order that fits it",
                   "move it up, or take it out", "warning", example(tables, table, row))  # fmt: skip


def _stops_above(tables: Tables, table: Table, row: int) -> tuple[str, int] | None:
    """A fact that a row wants missing, and the line of the first row above that reads it and so stops without it."""
    nodes = tables.program.nodes
    for index in _wanted_missing(nodes, table.node.rows[row].condition):
        fact = nodes[index]
        for number, above in enumerate(table.node.rows[:row]):
            if index in _wanted_missing(nodes, above.condition):
                break  # that row takes them
            if isinstance(fact, Fact) and any(index in _read(one) for one in _tests(nodes, above.condition)):
                return fact.name, table.places[number].line
    return None


def _wanted_missing(nodes: Sequence[Node], index: int) -> list[int]:
    """What must be missing for a condition to hold, as far as its own lines say it."""
    node = nodes[index]
    if isinstance(node, Logic) and node.op == "and":
        return [one for arg in node.args for one in _wanted_missing(nodes, arg)]
    return [node.arg] if isinstance(node, In) and node.missing and not node.negated else []


def _tests(nodes: Sequence[Node], index: int) -> Iterator[Node]:
    """The single tests of a condition."""
    node = nodes[index]
    if isinstance(node, Logic):
        for arg in node.args:
            yield from _tests(nodes, arg)
    else:
        yield node


def _read(test: Node) -> tuple[int, ...]:
    return (test.left, test.right) if isinstance(test, Compare) else (test.arg,) if isinstance(test, In) else ()


def _only_taker(table: Table, region: tuple[Box, ...], row: int) -> int | None:
    """The one row above that alone takes every order of a region, None where it needs several."""
    for number in table.shelf.meeting(region[0], 0, row, table.shelf.idle):
        taker = table.shelf.boxes[number]
        if all(all(axis in box and not box[axis] & ~cells for axis, cells in taker.items()) for box in region):
            return table.shelf.rows[number]
    return None


def possible(tables: Tables, box: Box | None) -> bool:
    """Whether a box holds any facts."""
    return box is not None and all(cells & tables.axes[axis].full for axis, cells in box.items())


def example(tables: Tables, table: Table, row: int) -> tuple[tuple[str, str], ...]:
    """An order that fits a row, wherever it stands, where one can be named."""
    for box in (table.true[row] or ())[:4]:
        try:
            whole = tables.with_tier(box)
        except TooHardError:
            return ()
        facts = order_in(tables.program, tables.axes, whole, tables.together) if whole is not None else None
        if facts is not None and whole is not None:
            condition = table.node.rows[row].condition
            return shown(tables.program, completed(tables.program, tables.axes, whole, facts, condition))
    return ()


def _with_tiers(tables: Tables, table: Table, row: int) -> bool:
    """Whether a row is reached together with the facts that give its tier; true where that is too hard to tell."""
    tiers, number = tables.of.get("tiers"), tables.tier_axis()
    region = table.true[row]
    if tiers is None or number is None or region is None:
        return True
    try:
        if not tables.reached(table, row):
            return False
        if not _shares_facts(table, tiers) or len(tiers.node.rows) * len(table.node.rows) > JOINT_MAX:
            return True
        return any(_joint(tables, table, row, box) for box in region)
    except TooHardError:
        return True


def _shares_facts(table: Table, tiers: Table) -> bool:
    own = {axis for box in table.shelf.boxes for axis in box}
    return any(axis in own for box in tiers.shelf.boxes for axis in box)


def _joint(tables: Tables, table: Table, row: int, box: Box) -> bool:
    tiers, number = tables.of["tiers"], tables.tier_axis()
    assert number is not None
    wide = {number: tables.axes[number].full, **box}
    for tier_row, narrowed in tables.tier_rows(wide):
        region = tiers.true[tier_row]
        if region is None:
            return True
        for own in region:
            target = meet(narrowed, own)
            if target is None:
                continue
            if tables.escapes(target, (table, row), (tiers, tier_row)):
                return True
    return False


def _unreachable(tables: Tables, table: Table, row: int) -> Problem:
    region = table.true[row]
    assert region is not None
    return _never(tables, table.places[row], _waited(tables, region), "this row waits for")


def _waited(tables: Tables, region: Iterable[Box]) -> list[int]:
    """The tiers that boxes ask for."""
    number = tables.tier_axis()
    return [] if number is None else [box[number] for box in region if number in box]


def _never(tables: Tables, at: Where, waited: list[int], what: str) -> Problem:
    number = tables.tier_axis()
    assert number is not None
    axis = tables.axes[number]
    cells = 0
    for one in waited:
        cells |= one
    names = [str(word) for place, word in enumerate(axis.words) if cells >> place & 1]
    told = " or ".join(f"'{name}'" for name in names)
    if cells and not cells & axis.full:
        return Problem("unreachable-outcome", at, f"{what} the tier {told}, which no order gets",
                       "correct the tiers, or take it out", "warning")  # fmt: skip
    tier = f"an order of the tier {told}" if names and len(names) < len(axis.words) else "an order"
    return Problem("unreachable-outcome", at, f"{tier} never comes as far as this row with its other lines",
                   "correct a line, or take the row out", "warning")  # fmt: skip


def _checks(tables: Tables) -> Iterator[Problem]:
    """Checks that no order can fail."""
    fold = tables.program.nodes[tables.program.fold]
    assert isinstance(fold, Fold)
    rows = tables.program.nodes[fold.checks]
    assert isinstance(rows, Collect)
    written: dict[str, CheckWritten] = {check.name.text: check for check in tables.checked.policy.checks}
    for row in rows.rows:
        if row.name not in written:
            continue  # the check of a document, which can always fail to be there
        place = written[row.name].name.at
        applies = tables.conditions.true(row.applies) if row.applies >= 0 else ({},)
        fails = tables.conditions.true(row.fails)
        if applies is None or fails is None or place.file != tables.checked.policy.file:
            continue
        both = [box for one in applies for other in fails if (box := meet(one, other)) is not None]
        if any(possible(tables, box) for box in both):
            continue
        waited = _waited(tables, both)
        if waited:
            yield _never(tables, place, waited, f"the check '{row.name}' waits for")
        else:
            yield Problem("dead-row", place, f"no order can fail the check '{row.name}'",
                          "correct a line, or take the check out", "warning")  # fmt: skip
