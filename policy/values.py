"""Reading settings, lists and value tables: numbers and words that a credit committee owns, dated where they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from policy.document import Cell, Dated, Setting, ValueTable, Word, WordList
from policy.expression import read_tests
from policy.problems import Problem, Where
from policy.shapes import Keys, Shapes
from policy.source import Mapping as Block
from policy.source import Node, Scalar, Sequence
from policy.syntax import Block as Lines
from policy.syntax import Expr, Name, Text

SEVERAL_WORDS = re.compile(r"[A-Z][\w.&'-]*(?: (?:&|[A-Z][\w.&'-]*))+")  # a name such as Euler Hermes
DATE_KEYS = ("from", "until", "source", "unit")
READ_ON = ("order", "shipment")  # the day on which a dated setting is read: that of the decision, or of the delivery


def read_settings(shapes: Shapes, node: Node | None) -> tuple[Setting, ...]:
    """`settings:` one value each, or a list of values with the days from (and until) which they hold."""
    settings = []
    for name, value in shapes.entries(node, "settings"):
        nodes = value.items if isinstance(value, Sequence) else (value,)
        dated = [_dated(shapes, one, name.text) for one in nodes]
        kept = tuple(one for one in dated if one is not None)
        if shapes.named(name) and kept and len(kept) == len(nodes):
            settings.append(Setting(name, _closed(shapes, name, kept), _on_shipment(shapes, name, nodes, kept)))
        else:
            shapes.broken.add(f"settings.{name.text}")
    return tuple(settings)


def _dated(shapes: Shapes, node: Node, name: str) -> Dated | None:
    if not isinstance(node, Block):
        formula = _value(shapes, node, name)
        return None if formula is None else Dated(formula, None, None, node.at)
    values = shapes.block(node, f"setting '{name}'", ("value", *DATE_KEYS, "as_of"))
    assert values is not None
    formula = _value(shapes, shapes.need(values, "value", node.at, f"setting '{name}'"), name)
    since, until = shapes.day(values.get("from"), "from"), shapes.day(values.get("until"), "until")
    return None if formula is None else Dated(formula, since, until, node.at)


def _value(shapes: Shapes, node: Node | None, name: str) -> Expr | None:
    """A setting's value; a name of several words is a text, about which the checker says where it goes."""
    if isinstance(node, Scalar) and SEVERAL_WORDS.fullmatch(node.text.strip()):
        return Text(node.text.strip(), node.at)
    return shapes.formula(node, name)


def _on_shipment(shapes: Shapes, name: Word, nodes: Iterable[Node], kept: tuple[Dated, ...]) -> Where | None:
    """Where a setting says that it is read on the day of delivery; said once, it is meant of all its values."""
    said = [shapes.word(node.get("as_of"), "as_of") for node in nodes if isinstance(node, Block)]
    words = [word for word in said if word is not None and shapes.choice(word, "day for a setting", READ_ON)]
    other = next((word for word in words if word.text != words[0].text), None)
    if other is not None:
        shapes.note("dates-overlap", other.at, f"'{name.text}' is read on two days, '{words[0].text}' and "
                    f"'{other.text}'", "say one of them, once")  # fmt: skip
    elif words and len(kept) == 1 and kept[0].since is None and kept[0].until is None:
        shapes.note("wrong-shape", words[0].at, f"'as_of' says which day picks a value, and '{name.text}' has one "
                    "for all days", "give the value its 'from', or take 'as_of' out")  # fmt: skip
    return words[0].at if words and words[0].text == "shipment" else None


def _closed(shapes: Shapes, name: Word, values: tuple[Dated, ...]) -> tuple[Dated, ...]:
    """Each value up to the day before the next one; days with two values, or none in between, are findings."""
    if len(values) == 1:
        return values
    if sum(one.since is None for one in values) > 1:
        shapes.note("dates-overlap", values[1].at, f"'{name.text}' has several values without dates",
                    "write one value, or give each its 'from'")  # fmt: skip
        return values
    ordered = sorted(values, key=lambda one: one.since or 0)
    closed = []
    for value, following in zip(ordered, [*ordered[1:], None], strict=True):
        last = value.until
        if following is not None:
            start = following.since or 0
            if value.since == following.since or (last is not None and last >= start):
                shapes.note("dates-overlap", following.at, f"'{name.text}' has two values on one day",
                            "let one end on the day before the other begins")  # fmt: skip
            elif last is not None and last + 1 < start:
                shapes.note("dates-gap", following.at, f"'{name.text}' has no value on the days before this one begins",
                            "begin it on the day after the other ends", severity="warning")  # fmt: skip
            last = start - 1 if last is None else last
        closed.append(Dated(value.value, value.since, last, value.at))
    return tuple(closed)


def read_lists(shapes: Shapes, node: Node | None) -> tuple[WordList, ...]:
    """`lists:` sets of words; `{country: IR, from: 2016-06-23, until: 2021-06-30}` belongs on those days only."""
    lists = []
    for name, value in shapes.entries(node, "lists"):
        found = [_list_word(shapes, item, name.text) for item in shapes.items(value, name.text)]
        kept = tuple(one for one in found if one is not None)
        if shapes.named(name) and kept:
            lists.append(WordList(name, kept))
        else:
            shapes.broken.add(f"lists.{name.text}")
    return tuple(lists)


def _list_word(shapes: Shapes, node: Node, name: str) -> Dated | None:
    if not isinstance(node, Block):
        word = shapes.word(node, name)
        return None if word is None else Dated(Name(word.text, word.at), None, None, node.at)
    since, until = shapes.day(node.get("from"), "from"), shapes.day(node.get("until"), "until")
    rest = [(key, value) for key, value in node.entries if key.text not in DATE_KEYS]
    if len(rest) != 1:
        shapes.note("wrong-shape", node.at, f"an item of list '{name}' is not one word",
                    f"write the word, or {{{name}: WORD, from: 2026-01-01, until: 2026-12-31}}")  # fmt: skip
        return None
    if since is not None and until is not None and until < since:
        shapes.note("date", node.at, "'until' lies before 'from'", "'until' is the last day, inclusive")
    key, value = rest[0]
    if isinstance(value, Scalar) and not value.text and not value.quoted:
        shapes.note("wrong-shape", key.at, f"'{key.text}' stands without what it is",
                    f"name it by any word: {{item: {key.text}, from: 2026-01-01}}")  # fmt: skip
        return None
    word = shapes.word(value, name)
    return None if word is None else Dated(Name(word.text, word.at), since, until, node.at)


def read_tables(shapes: Shapes, node: Node | None) -> tuple[ValueTable, ...]:
    """`tables:` `{by: ..., rows: {test: value}}`, a grid, or rows of lines of which the first that holds counts."""
    tables = []
    for name, value in shapes.entries(node, "tables"):
        values = shapes.block(value, f"table '{name.text}'", ("by", "rows", "down", "across", "grid", "missing"))
        shapes.broken.add(name.text)
        if values is None or not shapes.named(name):
            continue
        missing = shapes.word(values.get("missing"), "missing")
        if missing is not None and missing.text != "refer":
            shapes.note("not-yet-supported", missing.at, f"'missing: {missing.text}' of a table does not run in this "
                        "version", "write missing: refer")  # fmt: skip
        table = _read(values)(shapes, name, values)
        if table is not None:
            tables.append(table)
            shapes.broken.discard(name.text)
    return tuple(tables)


def _read(values: Keys) -> Callable[[Shapes, Word, Keys], ValueTable | None]:
    if "grid" in values:
        return _grid
    return _first_match if "by" not in values and isinstance(values.get("rows"), Sequence) else _list


def _first_match(shapes: Shapes, name: Word, values: Keys) -> ValueTable | None:
    """Rows of lines and a value; the last is `otherwise`, unless `missing: refer` says what holds when none does."""
    place = f"a row of table '{name.text}'"
    items = shapes.items(values["rows"], "rows")
    cells, found = [], []
    for item in items:
        keys = shapes.block(item, place, ("when", "otherwise", "value"))
        if keys is None:
            continue
        last = item is items[-1]
        cell = _row_cell(shapes, keys, item.at, place, last, "missing" in values)
        value = shapes.formula(shapes.need(keys, "value", item.at, place), name.text)
        if cell is not None and value is not None:
            cells.append(cell)
            found.append((value,))
    whole = bool(items) and len(cells) == len(items)
    return ValueTable(name, None, None, tuple(cells), (), tuple(found)) if whole else None


def _row_cell(shapes: Shapes, keys: Keys, at: Where, place: str, last: bool, may_end: bool) -> Cell | None:
    """The condition of one row, always true for `otherwise`."""
    if ("when" in keys) is ("otherwise" in keys):
        if keys.whole:
            shapes.note("missing-key", at, f"{place} needs either 'when' or 'otherwise'",
                        "add 'otherwise: true'" if last else "add 'when: ...'")  # fmt: skip
        return None
    if "otherwise" in keys:
        word = shapes.word(keys["otherwise"], "otherwise")
        if not last or (word is not None and word.text != "true"):
            told = "only the last row can be 'otherwise'" if not last else "after 'otherwise' only true can stand"
            shapes.note("otherwise-place", keys["otherwise"].at, told, "write it last, as 'otherwise: true'")
            return None
        return None if word is None else Cell(Lines("all", (), at), "otherwise", at)
    if last and not may_end:
        shapes.note("no-otherwise", at, f"the last row of {place.removeprefix('a row of ')} is not 'otherwise'",
                    "end with 'otherwise: true', or say 'missing: refer' beside 'rows'")  # fmt: skip
    condition = shapes.condition(keys["when"], "when")
    return None if condition is None else Cell(condition, "when", at)


def _list(shapes: Shapes, name: Word, values: Keys) -> ValueTable | None:
    place = f"table '{name.text}'"
    subject = shapes.formula(shapes.need(values, "by", name.at, place), "by")
    rows = shapes.entries(shapes.need(values, "rows", name.at, place), "rows")
    if subject is None or not rows:
        return None
    cells = [_cell(shapes, subject, key) for key, _ in rows]
    found = [shapes.formula(value, key.text) for key, value in rows]
    if None in cells or None in found:
        return None
    kept = tuple(cell for cell in cells if cell is not None)
    return ValueTable(name, subject, None, kept, (), tuple((one,) for one in found if one is not None))


def _grid(shapes: Shapes, name: Word, values: Keys) -> ValueTable | None:
    place = f"table '{name.text}'"
    down = shapes.formula(shapes.need(values, "down", name.at, place), "down")
    across = shapes.formula(shapes.need(values, "across", name.at, place), "across")
    lines = [shapes.items(item, "grid") for item in shapes.items(values["grid"], "grid")]
    if down is None or across is None or len(lines) < 2:
        return None
    uneven = [line for line in lines if len(line) != len(lines[0])]
    for line in uneven:
        at = line[0].at if line else values["grid"].at
        shapes.note("table-cell", at, f"this line of {place} has {len(line)} cells, the first has {len(lines[0])}")
    if uneven:
        return None
    head = [_cell(shapes, across, Word(cell.text, cell.at)) for cell in lines[0][1:] if isinstance(cell, Scalar)]
    side = [_cell(shapes, down, Word(line[0].text, line[0].at)) for line in lines[1:] if isinstance(line[0], Scalar)]
    body = [[shapes.formula(cell, name.text) for cell in line[1:]] for line in lines[1:]]
    if None in head or None in side or any(None in line for line in body):
        return None
    return ValueTable(name, down, across, tuple(c for c in side if c), tuple(c for c in head if c),
                      tuple(tuple(e for e in line if e is not None) for line in body))  # fmt: skip


def _cell(shapes: Shapes, subject: Expr, word: Word) -> Cell | None:
    found = read_tests(word.text, subject, word.at)
    if isinstance(found, Problem):
        shapes.problems.append(found)
        return None
    return Cell(found, word.text, word.at)
