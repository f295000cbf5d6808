"""A row of a policy in a sentence: whom it fits, with its edges in words, what it gives, and which rows come before it.

A row is named as people point at it: `tiers:2`, a tier, a check, or the number of a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy.discretion import SET
from policy.lower_limits import OF_GROUP
from policy.meaning import STATE
from policy.program import Calc, Check, Collect, Const, Fact, First, Logic, Program, Round, Row
from rules.edge_words import EdgeWords
from rules.order_text import share_text
from rules.state_words import way_sentence, ways_of

TEXTS = {
    "en": {"row": "{section}, row {number} (line {line}): {gives} where {condition}",
           "last": "{section}, row {number} (line {line}): {gives} in all other cases",
           "above": "; only where no row above fits: {}",
           "check": "check {name} (line {line}): {verdict} where {condition}",
           "built_in": "check {name} (built in): {verdict} where {condition}", "asked": "; asked only where {}",
           "release": "; {} or above may release it", "lift": "; lifted by {} where {}",
           "effect": "; where it fails: {}", "between": ", ", "more": "{} more"},
    "zh": {"row": "{section} 第 {number} 行（文件第 {line} 行）：当 {condition} 时，{gives}",
           "last": "{section} 第 {number} 行（文件第 {line} 行）：其余情况，{gives}",
           "above": "；仅当以上各行均不符合：{}",
           "check": "检查 {name}（文件第 {line} 行）：当 {condition} 时，{verdict}",
           "built_in": "检查 {name}（内置）：当 {condition} 时，{verdict}", "asked": "；仅当 {} 时检查",
           "release": "；{} 及以上可放行", "lift": "；当 {1} 时由 {0} 豁免",
           "effect": "；不通过时：{}", "between": "，", "more": "另 {} 行"},
}  # fmt: skip
ABOVE = 5  # rows above that are named
VERDICTS = {
    "en": {"hard_stop": "a hard stop", "deny": "deny", "refer": "refer", "warn": "a warning"},
    "zh": {"hard_stop": "绝对拒绝", "deny": "拒绝", "refer": "转人工", "warn": "提示"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowPlace:
    """One row: its section, its number from 1, its name, its line (0: built in) and what it is."""

    section: str
    number: int
    name: str
    line: int
    row: Row | Check


def places(program: Program) -> Iterator[RowPlace]:
    """Every row of a policy that people can point at; a state has one for entering and one for leaving."""
    for state in program.states:
        for number, (way, condition, line) in enumerate(ways_of(program, state), 1):
            yield RowPlace(state.table, number, way, line, Row(condition, ()))
    for name, index in program.tables.items():
        table = program.nodes[index]
        if isinstance(table, First) and name != OF_GROUP and not name.startswith(("settings.", STATE, SET)):
            for number, row in enumerate(table.rows, 1):
                yield RowPlace(name, number, _row_name(program, table, row), row.line, row)
    for node in program.nodes:
        if isinstance(node, Collect):
            for number, check in enumerate(node.rows, 1):
                line = 0 if check.name in program.wording.built_in else check.line
                yield RowPlace("checks", number, check.name, line, check)


def find_rows(program: Program, wanted: str) -> tuple[RowPlace, ...]:
    """The rows that a word means: `section:number`, a name of a tier or check, or a line of the file."""
    every = tuple(places(program))
    section, _, number = wanted.rpartition(":")
    if section and number.isdecimal():
        return tuple(one for one in every if (one.section, one.number) == (section, int(number)))
    if wanted.isdecimal():
        before = [one for one in every if 0 < one.line <= int(wanted)]
        last = max((one.line for one in before), default=0)
        return tuple(one for one in before if one.line == last)
    return tuple(one for one in every if one.name == wanted and one.section in ("tiers", "checks"))


def row_sentence(program: Program, place: RowPlace, language: str = "en") -> str:
    """A row in one sentence."""
    texts = TEXTS[language]
    if isinstance(place.row, Check):
        return _check_sentence(program, place, place.row, language)
    if place.section.startswith(STATE):
        name = place.section.removeprefix(STATE)
        return way_sentence(program, name, place.name, place.row.condition, place.line, language)
    table = program.nodes[program.tables[place.section]]
    assert isinstance(table, First)
    parts = {"section": place.section, "number": place.number, "line": place.line,
             "gives": gives(program, table, place.row, language),
             "condition": EdgeWords(program, language).condition(place.row.condition)}  # fmt: skip
    if is_otherwise(program, place.row):
        return texts["last"].format(**parts)
    exclusive = place.section in program.wording.cells  # the rows above a cell say nothing about it
    rows = () if exclusive else table.rows[: place.number - 1]
    above = [*dict.fromkeys(_row_name(program, table, row) for row in rows)]
    named = [*above[:ABOVE], *([texts["more"].format(len(above) - ABOVE)] if len(above) > ABOVE else [])]
    before = texts["above"].format(texts["between"].join(named)) if above else ""
    return texts["row"].format(**parts) + before


def meanings(program: Program, place: RowPlace, language: str = "en") -> tuple[tuple[str, str], ...]:
    """What the facts that a row reads mean, by name."""
    starts = [place.row.condition, *place.row.outputs] if isinstance(place.row, Row) else _of_check(place.row)
    found: dict[str, str] = {}
    todo, seen = [index for index in starts if index >= 0], set[int]()
    while todo:
        index = todo.pop()
        if index in seen:
            continue
        seen.add(index)
        node = program.nodes[index]
        if isinstance(node, Fact):
            declared = program.facts.get(node.name) if node.scope == "fact" else None
            if declared is not None and (told := declared.meaning.get(language) or declared.meaning.get("en")):
                found[node.name] = told
        else:
            todo += [getattr(node, name) for name in ("left", "right", "arg") if hasattr(node, name)]
            todo += getattr(node, "args", ())
    return tuple(sorted(found.items()))


def gives(program: Program, table: First, row: Row, language: str = "en") -> str:
    """What a row gives, in words."""
    words = EdgeWords(program, language)
    told = []
    for name, index in zip(table.outputs, row.outputs, strict=True):
        node = program.nodes[index]
        value = node.value if isinstance(node, Const) else ""
        if name == "wanted" or name.startswith("share.") or (name.startswith("amount.") and (
            isinstance(node, Const) or "#" in name)):  # fmt: skip
            continue
        if name == "security" and isinstance(value, tuple):
            particular = _particulars(program, table, row)
            if len(particular) != len(value):  # those of securities that are of other amounts stand alone
                particular = ("",) * len(value)
            ways = [" + ".join([*(f"{one} {share_text(share)}" for one, share in way), *others]) + more
                    for way, more, others in zip(value, particular, _of_others(program, table, row, len(value)),
                                                 strict=True)]  # fmt: skip
            if ways or not _has_amounts(program, table, row):
                told.append(f"{name} {' / '.join(ways) or 'none'}")
        elif isinstance(value, tuple):
            told.append(f"{name} {', '.join(map(str, value))}")
        elif isinstance(node, Const):
            told.append(f"{name} {words.shown(value, node.kind) if value is not None else 'none'}")
        else:
            name = name.removeprefix("amount.")
            told.append(f"{name} {words.text.formula(_unguarded(program, index))}")
    return TEXTS[language]["between"].join(told)


def _has_amounts(program: Program, table: First, row: Row) -> bool:
    """Whether a row asks for a share of another amount than the order's."""
    pairs = zip(table.outputs, row.outputs, strict=True)
    return any(name.startswith("amount.") and not isinstance(program.nodes[index], Const) for name, index in pairs)


def _of_others(program: Program, table: First, row: Row, ways: int) -> list[list[str]]:
    """What each of several ways asks for as a share of another amount than the order's."""
    text, found = EdgeWords(program).text, [list[str]() for _ in range(ways)]
    for name, index in zip(table.outputs, row.outputs, strict=True):
        instrument, _, number = name.removeprefix("amount.").partition("#")
        if name.startswith("amount.") and number and not isinstance(program.nodes[index], Const):
            found[int(number) - 1].append(f"{instrument} {text.formula(_unguarded(program, index))}")
    return found


def _particulars(program: Program, table: First, row: Row) -> tuple[str, ...]:
    """How the instruments of each alternative must be, as the file writes it."""
    node = program.nodes[row.outputs[table.outputs.index("wanted")]] if "wanted" in table.outputs else None
    told = []
    for way in node.value if isinstance(node, Const) and isinstance(node.value, tuple) else ():
        rating, after, confirmed = way or ("", (), False)
        size, unit = (after[1], "months") if after and after[1] else (after[0] if after else 0, "days")
        words = [f"issuer_rating {rating}"] if rating else []
        words += [f"expires_after last due date + {size} {unit}"] if after else []
        words += ["confirmed"] if confirmed else []
        told.append(f" ({', '.join(words)})" if words else "")
    return tuple(told)


def _unguarded(program: Program, index: int) -> int:
    """A limit's formula without the floor at zero, which every limit has."""
    node = program.nodes[index]
    if isinstance(node, Round):
        return _unguarded(program, node.arg)
    if isinstance(node, Calc) and node.op == "max" and len(node.args) == 2:
        floor = program.nodes[node.args[1]]
        return node.args[0] if isinstance(floor, Const) and floor.value == 0 else index
    return index


def is_otherwise(program: Program, row: Row) -> bool:
    """Whether a row fits whatever no row above fits."""
    node = program.nodes[row.condition]
    return (isinstance(node, Logic) and node.op == "and" and not node.args) or (
        isinstance(node, Const) and node.value is True
    )


def _row_name(program: Program, table: First, row: Row) -> str:
    """The tier that a row gives, else its condition as written."""
    output = program.nodes[row.outputs[0]] if row.outputs else None
    if table.name == "tiers" and isinstance(output, Const):
        return str(output.value)
    return "otherwise" if is_otherwise(program, row) else EdgeWords(program).text.condition(row.condition)


def _check_sentence(program: Program, place: RowPlace, check: Check, language: str) -> str:
    texts, words = TEXTS[language], EdgeWords(program, language)
    failing = EdgeWords(program, language, "check").condition(check.fails)
    told = texts["check" if place.line else "built_in"].format(
        name=check.name, line=place.line, verdict=VERDICTS[language][check.verdict], condition=failing
    )
    if check.applies >= 0:
        told += texts["asked"].format(EdgeWords(program, language, "asked").condition(check.applies))
    for lift in check.lifts:
        told += texts["lift"].format(lift.name, words.condition(lift.condition))
    told += texts["effect"].format(texts["between"].join(check.effect)) if check.effect else ""
    return told + (texts["release"].format(check.release_by) if check.release_by else "")


def _of_check(check: Check) -> list[int]:
    return [check.fails, check.applies, check.measure, *(lift.condition for lift in check.lifts)]
