"""The workload as an Aval policy, and our engines answering it in the form that every peer answers in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from policy import load_policy
from policy.program import Program
from rules.facts import trade_vocabulary
from rules.outcome import VERDICTS
from tests.benchmarks.workload import CHECKS, COUNTRIES, FACTS, SECURITY, TERMS, Answer, Facts, Line, Test, tiers

Decide = Callable[[Facts], Answer]
_WORDS = {"==": "is", "in": "in"}


def program(rows: int) -> Program:
    """The checked and compiled policy, under a vocabulary that has no built-in facts or checks."""
    vocabulary = replace(trade_vocabulary(), facts={}, lists={}, built_in="")
    loaded = load_policy(policy_text(rows).encode(), f"workload_{rows}.yaml", vocabulary)
    assert loaded.program is not None, [str(problem) for problem in loaded.problems if problem.severity == "error"][:5]
    return loaded.program


def policy_text(rows: int) -> str:
    """The tables as an officer would write them."""
    parts = ["aval: 1", "policy: workload", "title: {en: Workload}", "currency: CNY", "facts:"]
    parts += [f"  {name}: {{kind: {kind}, from: ledger{_choices(kind)}}}" for name, kind in FACTS.items()]
    parts += ["let:", "  used: exposure + amount", "  headroom: limit - used", "  cover: insured_limit - amount"]
    parts += ["tiers:", *_rows(tiers(rows), lambda gives: f"tier: {_tier(gives[0])}")]
    parts += ["terms:", *_rows(TERMS, lambda gives: f"offer: [{_offer(*gives)}]")]
    parts += ["security:", *_rows(SECURITY, _require)]
    parts += ["checks:"]
    for line in CHECKS:
        parts += [f"  - check: {line.gives[0]}", f"    verdict: {line.gives[1]}", "    when:", *_lines(line, "      ")]
    return "\n".join(parts) + "\n"


def _choices(kind: str) -> str:
    return f", of: [{', '.join(repr(code) for code in COUNTRIES)}]" if kind == "choice" else ""


def _tier(letter: str) -> str:
    return f"tier_{letter.lower()}"


def _rows(lines: list[Line], gives: Callable[[tuple[Any, ...]], str]) -> list[str]:
    text = []
    for line in lines[:-1] if not lines[-1].tests else lines:
        text += [f"  - {gives(line.gives)}", "    when:", *_lines(line, "      ")]
    return [*text, f"  - {gives(lines[-1].gives)}", "    otherwise: true"]


def _lines(line: Line, indent: str) -> list[str]:
    return [f"{indent}- {_line(test)}" for test in line.tests]


def _line(test: Test) -> str:
    name, op, value = test
    if name == "tier":
        return f"tier is {_tier(value)}"
    if name in ("over_90", "over_100"):
        return "used * 100 > limit * 90" if name == "over_90" else "used > limit"
    if op == "in":
        return f"{name} in [{', '.join(value)}]"
    if isinstance(value, bool):
        return f"{name} is {str(value).lower()}"
    kind = FACTS.get(name, "money")
    number = f"{value // 100}.{value % 100:02}" if kind == "money" else str(value)
    return f"{name} {_WORDS.get(op, op)} {number}"


def _offer(net_days: int, discount: int) -> str:
    return f"{discount / 100:g}/1 net {net_days}" if discount else f"net {net_days}"


def _require(gives: tuple[Any, ...]) -> str:
    prepayment, letter, guarantee = gives
    others = [name for name, wanted in (("letter_of_credit", letter), ("bank_guarantee", guarantee)) if wanted]
    rest = 100 - prepayment
    shares = [("prepayment", prepayment), *((name, rest // len(others)) for name in others)]
    written = ", ".join(f"{name}: {share}%" for name, share in shares if share)
    return f"require: {{{written}}}" if written else "require: none"


def answering(core: Callable[[Facts], tuple[int, ...]], rows: int) -> Decide:
    """An engine's numbers as the peers' tuple: row numbers looked up in the tables, masks in a dictionary."""
    letters = [line.gives[0] for line in tiers(rows)]
    letters += letters[-1:]
    terms, security = [line.gives for line in (*TERMS, TERMS[-1])], [line.gives for line in SECURITY]
    names = [line.gives[0] for line in CHECKS]
    words = ["approve" if word.startswith("approve") else word for word in VERDICTS]
    masks = range(1 << len(names))
    reasons = {mask: tuple(name for bit, name in enumerate(names) if mask >> bit & 1) for mask in masks}

    def decide(facts: Facts) -> Answer:
        verdict, tier, _, term, secured, _, failed, _ = core(facts)
        return (words[verdict], letters[tier], *terms[term], *security[secured], reasons[failed])

    return decide
