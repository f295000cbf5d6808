"""What a person decides within what the policy allows: the share of a security, or which one is to be brought.

What was decided is a fact, `set.deposit` or `set.security`. Two tables of values stand before it, one without a value
until somebody decided, one without a value outside the range, so that both refer and the reason names who may set it.
Source: docs/decisions/0010-discretion-is-a-table.md
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from policy.document import Alternative, Cell, Chosen, Policy, RowWritten, ShareOf, ValueTable, Word
from policy.problems import Where
from policy.shapes import NAME, Keys, Shapes
from policy.source import Mapping as Block
from policy.source import Scalar
from policy.syntax import Binary, Comparison, Condition, Expr, Interval, Membership, Name, Number, StateTest, Text
from policy.syntax import Block as Lines

SET = "set."  # facts that a person of a role sets
SHARE_KEYS = ("of", "share", "from", "to", "set_by")
LEFT = ("share", "from", "to", "set_by")


def share_of(shapes: Shapes, instrument: Word, node: Block) -> ShareOf | None:
    """`{of: AMOUNT, share: 75%}`, or `{of: AMOUNT, from: 75%, to: 125%, set_by: ROLE}`."""
    place = f"'{instrument.text}'"
    values = shapes.block(node, place, SHARE_KEYS)
    if values is None:
        return None
    of = shapes.formula(shapes.need(values, "of", node.at, place), "of")
    ranged = [key for key in LEFT[1:] if key in values]
    if ("share" in values) == bool(ranged):
        told = "has a share and a range of shares" if ranged else "has no share"
        shapes.note("missing-key", node.at, f"{place} {told}",
                    "write share: 75%, or from: 75%, to: 125% and set_by with the role that decides")  # fmt: skip
        return None
    if not ranged:
        share = shapes.formula(values["share"], "share")
        return None if of is None or share is None else ShareOf(instrument, of, share, _times(share, of))
    low, high = (shapes.formula(shapes.need(values, key, node.at, place), key) for key in ("from", "to"))
    role = shapes.word(shapes.need(values, "set_by", node.at, place), "set_by", NAME)
    if of is None or low is None or high is None or role is None:
        return None
    texts = [one.text if isinstance(one := values[key], Scalar) else "" for key in ("from", "to")]
    name = f"{SET}{instrument.text} {' to '.join(texts)} by {role.text}"
    share = Name(name, instrument.at)
    return ShareOf(instrument, of, share, _times(share, of), low, high, role)


def _times(share: Expr, of: Expr) -> Binary:
    return Binary("*", share, of, of.at)


def chosen(shapes: Shapes, values: Keys, at: Where) -> dict[str, object] | None:
    """`may_require_one_of: [letter_of_credit, none]` with `set_by`: the words as alternatives, and who chooses."""
    key = "may_require_one_of"
    words = shapes.words(values[key], key)
    role = shapes.word(shapes.need(values, "set_by", at, "a row with 'may_require_one_of'"), "set_by", NAME)
    shapes.once([*words], "security")
    if len(words) == 1:
        shapes.note("wrong-shape", words[0].at, "a choice needs two securities or more",
                    "add another, or none where nothing may be required too")  # fmt: skip
    ways = tuple(None if word.text == "none" else _whole(word) for word in words)
    return {"security": (), "chosen": Chosen(words, role, ways)} if len(words) > 1 and role is not None else None


def may_require(shapes: Shapes, values: Keys, way: Alternative | None, at: Where) -> dict[str, object] | None:
    """`may_require: {deposit: 20%}` with `set_by`: a person asks for these together, or for nothing."""
    role = shapes.word(shapes.need(values, "set_by", at, "a row with 'may_require'"), "set_by", NAME)
    if way is None or role is None:
        return None
    together = " and ".join(word.text for word in instruments(way))
    words = (Word(together, way.at), Word("none", way.at))
    return {"security": (), "chosen": Chosen(words, role, (way, None))}


def instruments(way: Alternative) -> tuple[Word, ...]:
    """The names of all securities of an alternative."""
    return (*(word for word, _ in way.shares), *(one.instrument for one in way.of))


def with_discretion(policy: Policy) -> Policy:
    """The policy with the tables of what people set, and a row for each security that they may choose."""
    rows = policy.rows.get("security", ())
    tables = {table.name.text: table for row in rows for table in _tables(row)}
    if not tables:
        return policy
    expanded = tuple(one for row in rows for one in _rows(row))
    return replace(policy, rows={**policy.rows, "security": expanded}, tables=(*policy.tables, *tables.values()))


def shares_of(row: RowWritten) -> tuple[ShareOf, ...]:
    """The securities of a row that are shares of another amount than the order's."""
    ways, choice = row.cells.get("security"), row.cells.get("chosen")
    every = (*(ways if isinstance(ways, tuple) else ()), *(choice.ways if isinstance(choice, Chosen) else ()))
    return tuple(dict.fromkeys(one for way in every if way is not None for one in way.of))


def decided_by(policy: Policy) -> Iterator[tuple[Word, str, Word]]:
    """What people set: the place, the fact, and the role."""
    for row in policy.rows.get("security", ()):
        for one in shares_of(row):
            if one.set_by is not None:
                yield one.instrument, f"{SET}{one.instrument.text}", one.set_by
        choice = row.cells.get("chosen")
        if isinstance(choice, Chosen):
            yield choice.words[0], f"{SET}security", choice.set_by


def _tables(row: RowWritten) -> Iterator[ValueTable]:
    for one in shares_of(row):
        if one.set_by is not None:
            assert isinstance(one.share, Name)
            within = Interval(one.low, True, one.high, True, one.instrument.at)
            yield from _pair(f"{SET}{one.instrument.text}", one.set_by, one.share, within)
    choice = row.cells.get("chosen")
    if isinstance(choice, Chosen):
        words = [Text(word.text, word.at) for word in choice.words]
        yield from _pair(f"{SET}security", choice.set_by, _chosen_name(choice), *words)


def _pair(fact: str, role: Word, name: Name, *allowed: Expr | Interval) -> Iterator[ValueTable]:
    """What was set, without a value until it is; and the same without a value where it may not be set so."""
    at = name.at
    told = Name(f"{fact} by {role.text}", at)
    yield _table(told, StateTest(Name(fact, at), "known", False, at), Name(fact, at))
    yield _table(name, Membership(Name(told.text, at), allowed, False, at), Name(told.text, at))


def _table(name: Name, test: Condition, value: Expr) -> ValueTable:
    return ValueTable(Word(name.text, name.at), None, None, (Cell(test, "when", name.at),), (), ((value,),))


def _chosen_name(choice: Chosen) -> Name:
    words = " or ".join(word.text for word in choice.words)
    return Name(f"{SET}security {words} by {choice.set_by.text}", choice.words[0].at)


def _rows(row: RowWritten) -> Iterator[RowWritten]:
    """A row for each word that may be chosen; the last needs no test, for the first stops where nothing was chosen."""
    choice = row.cells.get("chosen")
    if not isinstance(choice, Chosen):
        yield row
        return
    for word, way in zip(choice.words, choice.ways, strict=True):
        last = word is choice.words[-1]
        test = Comparison("is", _chosen_name(choice), Text(word.text, word.at), word.at)
        parts = tuple(part for part in (row.when, None if last else test) if part is not None)
        when = parts[0] if len(parts) == 1 else Lines("all", parts, row.at) if parts else None
        cells = {"security": () if way is None else (way,), **({"chosen": choice} if word is choice.words[0] else {})}
        yield replace(row, when=when, cells=cells)


def _whole(word: Word) -> Alternative:
    """All of the order by one security."""
    return Alternative(((word, Number(Fraction(1), "%", 0, word.at)),), word.at)
