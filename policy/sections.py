"""The file's nodes to the document: which keys each section has, and in which shape.

One function for each section, called from `read_document`. Names and kinds are judged later, in `policy/check.py`.
"""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import replace
from functools import cache

from policy.charges import read_charges, read_fees, read_release
from policy.document import (
    HEADER,
    LATER,
    ROW_SECTIONS,
    SECTIONS,
    CheckWritten,
    Let,
    Policy,
    RowWritten,
    TestWritten,
    Word,
)  # fmt: skip
from policy.documents import read_documents
from policy.effects import read_effect
from policy.fact_declarations import read_fact_lists, read_facts
from policy.ladders import read_ladders, read_letters
from policy.meaning import OUTPUT_NAMES, SAID_WITH_TERMS
from policy.problems import Problem, Where, errors
from policy.promises import read_promises
from policy.row_ends import End, check_ends
from policy.scales import read_pick, read_scales
from policy.scopes import ALL, read_exceptions, read_for
from policy.security import security_cells
from policy.shapes import NAME, TITLE, Keys, Shapes
from policy.source import Mapping as Block
from policy.source import Node, Scalar, Sequence
from policy.states import read_states
from policy.subjects import SUBJECTS, subjects_of
from policy.suggest import did_you_mean, listed
from policy.syntax import Block as Lines
from policy.syntax import Condition
from policy.uses import read_use
from policy.values import read_lists, read_settings, read_tables

MEASURES = ("at_most", "at_least", "below", "above", "in", "is")
VERDICTS = ("hard_stop", "deny", "refer", "warn")
CHECK_KEYS = ("check", "verdict", "when", "measure", *MEASURES, "only_when", "for", "effect", "release_by", "say",
              "say_customer")  # fmt: skip
OWNERS = ("granted", "policy")
OR_ABOVE = re.compile(r"\s+or\s+(above|higher)\Z")
COLUMNS = {
    "tiers": ("tier", "ladder"), "limits": ("limit", "largest_order", "review_every", "effective"),
    "terms": ("offer", "longest", *SAID_WITH_TERMS), 
    "security": ("require", "require_one_of", "may_require", "may_require_one_of", "set_by"),
    "authority": ("release",),
}  # fmt: skip
LATER_COLUMNS = {
    "tiers": ("for",), "limits": (), "terms": (),
    "security": (), "authority": (),
}  # fmt: skip


def read_document(node: Node, file: str, fragment: bool = False) -> tuple[Policy | None, tuple[Problem, ...]]:
    """The policy as written and every finding about its shape; a fragment (built-in checks) needs no header."""
    shapes = Shapes()
    values = shapes.block(node, "the file", HEADER + SECTIONS, LATER)
    if values is None:
        return None, tuple(shapes.problems)
    blank = Word("", node.at)
    version = shapes.word(values.get("aval"), "aval")
    if version is not None and version.text != "1":
        shapes.note("not-yet-supported", version.at, f"language version '{version.text}' is not known", "write aval: 1")
    for key in () if fragment else ("aval", "policy", "title", "currency"):
        shapes.need(values, key, Where(file, 1, 1), "the file")
    rising, beside = _roles(shapes, values.get("roles"))
    policy = Policy(
        file=file,
        name=shapes.word(values.get("policy"), "policy", TITLE) or blank,
        title={language: word.text for language, word in shapes.texts(values.get("title"), "title").items()},
        currency=shapes.word(values.get("currency"), "currency") or blank,
        timezone=_timezone(shapes, values.get("timezone")) or Word("UTC", node.at),
        roles_rising=rising,
        roles_beside=beside,
        facts=read_facts(shapes, values.get("facts")),
        fact_lists=read_fact_lists(shapes, values.get("facts")),
        scales=read_scales(shapes, values.get("scales")),
        settings=read_settings(shapes, values.get("settings")),
        lists=read_lists(shapes, values.get("lists")),
        lets=_lets(shapes, values.get("let")),
        tables=read_tables(shapes, values.get("tables")),
        rows={section: _rows(shapes, section, values[section]) for section in ROW_SECTIONS if section in values},
        documents=read_documents(shapes, values.get("documents")),
        checks=_checks(shapes, values.get("checks")),
        exceptions=read_exceptions(shapes, values.get("exceptions")),
        tests=_tests(shapes, values.get("tests")),
        calendar=shapes.word(values.get("calendar"), "calendar"),
        ladders=read_ladders(shapes, values.get("escalation")),
        letters=read_letters(shapes, values.get("letters")),
        charges=read_charges(shapes, values.get("late_charge")),
        fees=read_fees(shapes, values.get("fees")),
        release=read_release(shapes, values.get("release")),
        promises=read_promises(shapes, values.get("promises")),
        use=read_use(shapes, values.get("use")),
        states=read_states(shapes, values.get("states")),
    )
    damaged = any(problem.code != "no-otherwise" for problem in errors(shapes.problems))
    return replace(policy, broken=frozenset(shapes.broken), damaged=damaged), tuple(shapes.problems)


def _timezone(shapes: Shapes, node: Node | None) -> Word | None:
    word = shapes.word(node, "timezone")
    if word is not None and word.text not in _timezones():
        help = did_you_mean(word.text, _timezones(), "write it as in Asia/Shanghai")
        shapes.note("unknown-word", word.at, f"'{word.text}' is not a timezone", help)
        return None
    return word


@cache
def _timezones() -> frozenset[str]:
    """Every timezone that is known, looked up once: the names stand in hundreds of files."""
    return frozenset(zoneinfo.available_timezones())


def _roles(shapes: Shapes, node: Node | None) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    if node is None:
        return (), ()
    if isinstance(node, Sequence):
        words = shapes.words(node, "roles")
        names = [name.strip() for word in words for name in reversed(word.text.split(">"))]
        shapes.note("wrong-shape", node.at, "'roles' is a list, which does not say who stands above whom",
                    f"write roles: {{rising: [{listed(names)}]}}, the highest last")  # fmt: skip
        return words, ()
    values = shapes.block(node, "roles", ("rising", "also")) or Keys()
    rising = shapes.words(values["rising"], "rising") if "rising" in values else ()
    beside = shapes.words(values["also"], "also") if "also" in values else ()
    shapes.once([*rising, *beside], "role")
    return rising, beside


def _lets(shapes: Shapes, node: Node | None) -> tuple[Let, ...]:
    lets = []
    for name, value in shapes.entries(node, "let"):
        formula = read_pick(shapes, value, name.text) if isinstance(value, Block) else shapes.formula(value, name.text)
        if shapes.named(name) and formula is not None:
            lets.append(Let(name, formula, value.text if isinstance(value, Scalar) else name.text))
        else:
            shapes.broken.add(name.text)
    return tuple(lets)


def _rows(shapes: Shapes, section: str, node: Node) -> tuple[RowWritten, ...]:
    rows, ends = [], []
    items = shapes.items(node, section)
    for number, item in enumerate(items, 1):
        known = ("when", "otherwise", *(() if section == "tiers" else ("for",)), *COLUMNS[section])
        values = shapes.block(item, f"a row of {section}", known, LATER_COLUMNS[section])
        if values is None:
            continue
        subjects, scope = read_for(shapes, values["for"]) if "for" in values else ((), None)
        when = _row_condition(shapes, section, item.at, values, last=number == len(items))
        otherwise = values["otherwise"].at if "otherwise" in values else None
        ends.append(End(item.at, otherwise, subjects, ALL if scope is None else scope.level,
                        values.whole and (otherwise is not None or "when" in values)))  # fmt: skip
        cells = _CELLS[section](shapes, values, item.at)
        # a row without its cells still has its condition
        rows.append(RowWritten(when, cells or {}, item.at, subjects, scope))
        if not cells and section in _GIVES:
            shapes.broken.update(_GIVES[section])
    if len(ends) == len(items):
        check_ends(shapes, section, ends)
    return tuple(rows)


def _row_condition(
    shapes: Shapes, section: str, at: Where, values: Keys, last: bool
) -> Condition | None:
    """The row's condition, None for otherwise; a condition that could not be read stands as an empty one."""
    if "otherwise" in values:
        word = shapes.word(values["otherwise"], "otherwise")
        if word is None or word.text != "true":
            shapes.note("otherwise-place", values["otherwise"].at, "after 'otherwise' only true can stand",
                        "write 'otherwise: true', or 'when' with a condition")  # fmt: skip
        if "when" in values:
            shapes.note("otherwise-place", values["otherwise"].at, "a row has 'when' or 'otherwise', not both")
        return None
    unread = Lines("all", (), at)
    if "when" not in values:
        if values.whole:
            shapes.note("missing-key", at, f"a row of {section} has neither 'when' nor 'otherwise'",
                        "add 'otherwise: true'" if last else "add 'when: ...'")  # fmt: skip
        return unread
    if getattr(values["when"], "text", "") == "always":
        shapes.note("otherwise-place", values["when"].at, f"'always' leaves nothing to the rows of {section} below it",
                    "write 'otherwise: true' in the last row")  # fmt: skip
        return unread
    return shapes.condition(values["when"], "when") or unread


def _tier_cells(shapes: Shapes, values: Keys, at: Where) -> dict[str, object] | None:
    tier = shapes.word(shapes.need(values, "tier", at, "a row of tiers"), "tier", NAME)
    ladder = shapes.word(values.get("ladder"), "ladder", NAME)
    return None if tier is None else {"tier": tier, **({"ladder": ladder} if ladder else {})}


def _limit_cells(shapes: Shapes, values: Keys, at: Where) -> dict[str, object] | None:
    shapes.need(values, "limit", at, "a row of limits")
    cells: dict[str, object] = {key: shapes.formula(values[key], key) for key in OUTPUT_NAMES if key in values}
    shapes.broken.update(OUTPUT_NAMES[key] for key, cell in cells.items() if cell is None)
    cells["effective"] = shapes.choice(shapes.word(values.get("effective"), "effective"), "limit that counts", OWNERS)
    return {key: cell for key, cell in cells.items() if cell is not None}


def _terms_cells(shapes: Shapes, values: Keys, at: Where) -> dict[str, object] | None:
    node = shapes.need(values, "offer", at, "a row of terms")
    offer = shapes.words(node, "offer") if node is not None else ()
    words = {"longest": shapes.word(values.get("longest"), "longest")}
    words |= {column: shapes.word(values.get(column), column, NAME) for column in SAID_WITH_TERMS}
    return {"offer": offer, **{column: word for column, word in words.items() if word}} if offer else None


def _authority_cells(shapes: Shapes, values: Keys, at: Where) -> dict[str, object] | None:
    role = read_role(shapes, shapes.need(values, "release", at, "a row of authority"), "release")
    return None if role is None else {"release": role}


def read_role(shapes: Shapes, node: Node | None, key: str) -> Word | None:
    """A role that may release; one above it may too, so 'or above' behind it says nothing new and is left out."""
    if isinstance(node, Scalar):
        node = replace(node, text=OR_ABOVE.sub("", node.text))
    return shapes.word(node, key, NAME)


_CELLS = {
    "tiers": _tier_cells, "limits": _limit_cells, "terms": _terms_cells, "security": security_cells,
    "authority": _authority_cells,
}  # fmt: skip
_GIVES = {"tiers": ("tier",), "limits": ("limit.policy", "limit.largest_order", "limit.review_every")}


def _checks(shapes: Shapes, node: Node | None) -> tuple[CheckWritten, ...]:
    checks: list[CheckWritten] = []
    for item in shapes.items(node, "checks"):
        checks.extend(_check_or_group(shapes, item, None))
    for subject in SUBJECTS:
        mine = [one for one in checks if one.scope is None and subject in subjects_of("checks", one.subjects)]
        shapes.once([check.name for check in mine], "check")
    return tuple(checks)


def _check_or_group(shapes: Shapes, node: Node, outer: Condition | None) -> list[CheckWritten]:
    if isinstance(node, Block) and any(key.text == "group" for key, _ in node.entries):
        values = shapes.block(node, "a group of checks", ("group",))
        inner = None if values is None else shapes.block(values["group"], "group", ("only_when", "checks"))
        if inner is None:
            return []
        asked = shapes.condition(shapes.need(inner, "only_when", node.at, "a group"), "only_when")
        items = shapes.items(shapes.need(inner, "checks", node.at, "a group"), "checks")
        return [check for item in items for check in _check_or_group(shapes, item, _both(outer, asked, node.at))]
    values = shapes.block(node, "a check", CHECK_KEYS, ("if_absent",), judged=("otherwise",))
    check = None if values is None else _check(shapes, values, node.at, outer)
    named = None if values is None else values.get("check")
    if check is None and isinstance(named, Scalar):
        shapes.broken.add(f"checks.{named.text}")
    return [] if check is None else [check]


def _both(outer: Condition | None, inner: Condition | None, at: Where) -> Condition | None:
    parts = tuple(part for part in (outer, inner) if part is not None)
    return parts[0] if len(parts) == 1 else Lines("all", parts, at) if parts else None


def _check(shapes: Shapes, values: Keys, at: Where, outer: Condition | None) -> CheckWritten | None:
    name = shapes.word(shapes.need(values, "check", at, "a check"), "check", NAME)
    label = f"check '{name.text}'" if name else "a check"
    verdict = shapes.choice(shapes.word(shapes.need(values, "verdict", at, label), "verdict"), "verdict", VERDICTS)
    ops = [key for key in MEASURES if key in values]
    if "otherwise" in values:
        shapes.note("otherwise-place", values["otherwise"].at, f"{label} has 'otherwise', but each counts by itself",
                    "write 'when: always' for one that always fails")  # fmt: skip
        return None
    if not _one_way(shapes, values, ops, label, at):
        return None
    op = ops[0] if ops else ""
    measured, allowed = shapes.formula(values.get("measure"), "measure"), _allowed(shapes, op, values.get(op), at)
    when = shapes.condition(values.get("when"), "when")
    asked = shapes.condition(values.get("only_when"), "only_when")
    subjects, scope = read_for(shapes, values["for"]) if "for" in values else ((), None)
    if "when" in values or measured is None:
        when = when or Lines("all", (), at)  # what could not be read is told; the other lines are checked all the same
    text = values["measure"].text if isinstance(values.get("measure"), Scalar) else ""  # type: ignore[union-attr]
    return CheckWritten(
        name or Word("", at), verdict or Word("deny", at), when, measured, text, op, allowed, _both(outer, asked, at),
        read_role(shapes, values.get("release_by"), "release_by"), shapes.texts(values.get("say"), "say"),
        shapes.texts(values.get("say_customer"), "say_customer"), at, scope, subjects, read_effect(shapes, values),
    )  # fmt: skip


def _one_way(shapes: Shapes, values: Keys, ops: list[str], label: str, at: Where) -> bool:
    """Whether a check fails by 'when', or by 'measure' with one bound."""
    if "when" in values and ("measure" in values or ops):
        shapes.note("unknown-key", values["when"].at, f"{label} is measured and also has 'when'",
                    "write 'only_when' to say when it is asked, or make two checks")  # fmt: skip
    elif len(ops) > 1:
        shapes.note("unknown-key", values[ops[1]].at, f"{label} has '{ops[0]}' and '{ops[1]}'", "write two checks")
    elif "when" in values or (ops and "measure" in values):
        return True
    elif values.whole:
        if ops:
            shapes.note("missing-key", at, f"{label} has '{ops[0]}', but does not say of what", "add 'measure: ...'")
        elif "measure" in values:
            shapes.note("missing-key", at, f"{label} has 'measure', but no bound", f"add one of: {listed(MEASURES)}")
        else:
            shapes.note("missing-key", at, f"{label} has neither 'when' nor 'measure'", "add 'when: ...'")
    return False


def _allowed(shapes: Shapes, op: str, node: Node | None, at: Where) -> object:
    if node is None:
        return None
    if op != "in":
        return shapes.formula(node, op)
    words = ", ".join(word.text for word in shapes.words(node, "in"))
    return shapes.condition(Scalar(f"measured in {words if words[:1] in '[(' else f'[{words}]'}", False, node.at, True),
                            "in")  # fmt: skip


def _tests(shapes: Shapes, node: Node | None) -> tuple[TestWritten, ...]:
    tests = []
    for item in shapes.items(node, "tests") if node is not None else ():
        values = shapes.block(item, "a test", ("base", "name", "subject", "given", "expect"))
        if values is None:
            continue
        is_base = "base" in values
        if not _test_shape(shapes, values, item.at):
            continue
        name = shapes.word(values["base" if is_base else "name"], "name")
        given = shapes.entries(values.get("given"), "given")
        like = next((shapes.word(value, "like") for key, value in given if key.text == "like"), None)
        kept = tuple((key, value) for key, value in given if key.text != "like")
        expect = () if is_base else tuple(shapes.entries(values.get("expect"), "expect"))
        if name is not None:
            subject = shapes.choice(shapes.word(values.get("subject"), "subject"), "subject", SUBJECTS)
            tests.append(TestWritten(name, is_base, like, kept, expect, subject))
    shapes.once([test.name for test in tests], "test")
    return tuple(tests)


def _test_shape(shapes: Shapes, values: Keys, at: Where) -> bool:
    """Whether a test has a name; findings for what is too much or too little."""
    if "base" in values and "name" in values:
        shapes.note("test-shape", values["name"].at, "this is named both as a base and as a test", "make two of it")
    elif "base" in values and "expect" in values:
        shapes.note("test-shape", values["expect"].at, "a base expects nothing, it only gives facts to others",
                    "write 'name' for 'base', or take 'expect' out")  # fmt: skip
    elif "name" in values and "expect" not in values and values.whole:
        shapes.note("test-shape", at, "this test expects nothing", "add 'expect: {verdict: ...}'")
    elif "name" not in values and "base" not in values and values.whole:
        shapes.note("test-shape", at, "this test has no name", "add 'name: ...', or 'base: ...' if others build on it")
    return "name" in values or "base" in values
