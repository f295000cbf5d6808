"""Small policies for tests: a body behind a sound head, what is told about it, and what its formulas are."""

from __future__ import annotations

import textwrap

from policy.check import check
from policy.load import Loaded, load_policy
from policy.meaning import Checked
from policy.program import Program
from policy.sections import read_document
from policy.source import read_source
from rules.facts import trade_vocabulary

HEAD = "aval: 1\npolicy: small\ntitle: {en: Small}\ncurrency: CNY\n"
HEAD_LINES = HEAD.count("\n")
FROM_ROWS = ("dead-row", "redundant-row", "unreachable-outcome", "otherwise-slip", "off-by-one")
HINTS = ("unused-fact", "unread-limit", "nobody", "no-bound", "short-longest", "prepaid-order", *FROM_ROWS)


def load(body: str, head: str = HEAD) -> Loaded:
    """What comes of a body behind the head."""
    return load_policy((head + textwrap.dedent(body).lstrip("\n")).encode(), "f", trade_vocabulary())


def told(body: str, head: str = HEAD) -> list[str]:
    """Every finding but hints, as `line:column: code: message; help`, lines counted from the body's first."""
    return [
        f"{one.where.line - head.count(chr(10))}:{one.where.column}: {str(one).split(': ', 1)[1]}"
        for one in load(body, head).problems
        if one.code not in HINTS
    ]


def codes(body: str, head: str = HEAD) -> list[str]:
    """The codes of every finding but hints."""
    return [line.split(": ")[1] for line in told(body, head)]


def hints(body: str, head: str = HEAD) -> list[str]:
    """The hints alone, as `line:column: code: message`."""
    return [f"{one.where.line - HEAD_LINES}:{one.where.column}: {one.code}: {one.message}"
            for one in load(body, head).problems if one.code in HINTS]  # fmt: skip


def program(body: str, head: str = HEAD) -> Program:
    """The Program of a body without errors."""
    loaded = load(body, head)
    assert loaded.program is not None, [str(problem) for problem in loaded.problems]
    return loaded.program


def checked(body: str) -> Checked:
    """The checked document of a body, whatever was found."""
    node, _ = read_source((HEAD + textwrap.dedent(body).lstrip("\n")).encode(), "f")
    assert node is not None
    policy, _ = read_document(node, "f")
    assert policy is not None
    return check(policy, trade_vocabulary())[0]


def kind(formula: str, more: str = "") -> str:
    """The kind of a formula, or the code of its finding."""
    quoted = f"'{formula}'" if formula.startswith("-") else formula
    body = f"let:\n  it: {quoted}\n{textwrap.dedent(more)}"
    found = codes(body)
    if found:
        return found[0]
    referent = checked(body).names.known["it"]
    assert referent.scope in ("let", "figure"), referent
    return referent.sort.kind


def line(condition: str, more: str = "") -> list[str]:
    """What is told about one condition, as `column: code: message; help`, columns counted from its first character."""
    found = told(f"checks:\n  - check: one\n    when: {condition}\n    verdict: deny\n{textwrap.dedent(more)}")
    return [f"{int(one.split(':')[1]) - 10}: {one.split(': ', 1)[1]}" for one in found]
