"""Cases worked out by hand from the meaning of the language, on every engine.

A file of `cases/` holds a policy without its header, facts that all its cases share (`given`), and cases with their own
facts and the parts of the answer that are wanted; a part that is not named is not compared. Amounts are in the policy's
currency, which is CNY unless the file says another; a fact that is not given, or given as `missing`, is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy import load_policy
from policy.kinds import NO_LIMIT, UNLIMITED
from policy.meaning import SAID_WITH_TERMS
from policy.problems import errors
from policy.program import Collect, Program
from policy.subjects import has_fact
from rules import durable, reference
from rules.agreement import Agreement
from rules.beside import invoiced_on, last_due_date, said_with_terms, wanted_of
from rules.compiled import compile_program
from rules.documents import documents_of
from rules.facts import computed_facts, trade_vocabulary
from rules.figures import with_figures
from rules.outcome import Outcome, one_per_name
from rules.states import roles_from

CASES = Path(__file__).parent / "cases"
HEADER = """aval: 1
policy: case
title: {{en: A case}}
currency: {currency}
roles: {{rising: [analyst, manager, cfo]}}
"""
USUAL = {"order.amount": "100", "limit.granted": "1_000_000_000", "as_of": "2026-11-23"}
STATES = {"none": NO_LIMIT, "unlimited": UNLIMITED, "missing": None}
LIMITS = {"limit.policy": "limit", "limit.effective": "effective", "limit.largest_order": "largest_order",
          "limit.review_every": "review_every"}  # fmt: skip


def agreed(program: Program, facts: Mapping[str, Any]) -> Outcome:
    """The answer of two engines together, which must be one and the same."""
    agreement = Agreement(program)
    try:
        found = agreement.decide(facts)
    finally:
        agreement.close()
    assert found.engines == "agreed", found.difference
    return found.outcome


def on_rete(program: Program, facts: Mapping[str, Any]) -> Outcome:
    """The answer of the Rete engine."""
    engine = durable.build(program)
    try:
        return engine.decide(facts)
    finally:
        engine.close()


Decide = Callable[[Program, Mapping[str, Any]], Outcome]
ENGINES: dict[str, Decide] = {
    "reference": reference.decide, "compiled": lambda program, facts: compile_program(program).decide(facts),
    "durable": on_rete, "agreement": agreed,
}  # fmt: skip


def minor(text: str, digits: int) -> int:
    """An amount in the currency of the cases as whole minor units."""
    whole = Decimal(text.replace("_", "")) * 10**digits
    assert whole == int(whole), text
    return int(whole)


def typed(text: str, kind: str, digits: int) -> Any:
    """A written fact in the value of its kind."""
    if text == "missing":
        return None
    if kind == "limit" and text in STATES:
        return STATES[text]
    if kind in ("money", "limit"):
        return minor(text, digits)
    if kind == "date":
        return date.fromisoformat(text).toordinal()
    if kind == "flag":
        return {"true": True, "false": False}[text]
    if kind == "percent":
        return Fraction(text.removesuffix("%")) / 100
    if kind == "ratio":
        return Fraction(text)
    return text if kind in ("choice", "text", "terms") else int(text.replace("_", ""))


def facts_of(program: Program, written: Mapping[str, Any]) -> dict[str, Any]:
    """What an engine is given for the written facts and lists of a case."""
    vocabulary, digits = trade_vocabulary(), program.minor_digits
    declared = {**vocabulary.facts, **program.facts}
    known = {**vocabulary.lists, **{fact.name: fact.listing for fact in declared.values() if fact.listing}}
    lists = {
        name: [{field: typed(text, known[name].fields[field].kind, digits) for field, text in item.items()}
               for item in items]
        for name, items in written.items() if name in known and items != "missing"
    }  # fmt: skip
    ranks = {name: dict(fact.ranks) for name, fact in declared.items() if fact.ranks}
    written = {name: str(ranks[name].get(text, text)) if name in ranks else text for name, text in written.items()}
    others = {name for name in written if name.startswith("document.") and name not in declared}  # of other subjects
    single = {name: text for name, text in written.items() if name not in {*known, *others}}
    given = {name: typed(text, declared[name].kind, digits) for name, text in single.items()}
    return with_figures(program, computed_facts({n: v for n, v in given.items() if v is not None}), lists)


def wanted_limit(text: str, name: str, digits: int) -> int | None:
    """A wanted limit as engines hold it."""
    return STATES[text] if text in STATES else int(text) if name == "limit.review_every" else minor(text, digits)


def differences(
    program: Program, outcome: Outcome, wanted: Mapping[str, Any], facts: Mapping[str, Any]
) -> Iterator[str]:
    """The wanted parts that the answer does not have."""
    digits = program.minor_digits
    found: dict[str, Any] = {
        "verdict": outcome.verdict, "hard_stop": str(outcome.hard_stop).lower(), "tier": outcome.tier or "none",
        "terms": outcome.terms or "none", "longest": outcome.longest or "none",
        "authority": outcome.authority or "none", "missing": list(outcome.missing),
        "security": [{one.instrument: one.amount for one in rest} for rest in outcome.security],
        **{word: said_with_terms(program, outcome).get(word, "none") for word in SAID_WITH_TERMS},
    }  # fmt: skip
    checks = {check.name: check for _, check in one_per_name(outcome.checks)}
    for name, value in wanted.items():
        match name:
            case "checks":
                pairs = [(f"check {check}", checks[check].status, status) for check, status in value.items()]
            case "lifted":
                pairs = [(f"exception of {check}", checks[check].lifted_by, by) for check, by in value.items()]
            case "measured":
                pairs = [(f"measured {check}", checks[check].evidence[0].value, minor(text, digits))
                         for check, text in value.items()]  # fmt: skip
            case "counted":
                pairs = [(f"counted {check}", checks[check].evidence[0].value, Fraction(text))
                         for check, text in value.items()]  # fmt: skip
            case "documents":
                states = {one.document: one.status for one in documents_of(program, facts)}
                pairs = [(f"document {paper}", states.get(paper, "none"), status) for paper, status in value.items()]
            case "released_by":
                pairs = [(f"release of {check}", list(_who_releases(program, check)), roles)
                         for check, roles in value.items()]  # fmt: skip
            case "rows":
                rows = {table: str(outcome.rows.get(table, "absent")) for table in value}
                pairs = [(f"row of {table}", rows[table], row) for table, row in value.items()]
            case "security":
                ways = [{kind: minor(text, digits) for kind, text in one.items()} for one in value]
                pairs = [(name, found[name], ways)]
            case "particulars":
                due_on = last_due_date(outcome.terms, invoiced_on(facts))
                ways = [{key: str(said).lower() if isinstance(said, bool) else str(said) for key, said in way.items()}
                        for way in wanted_of(program, outcome, due_on)]  # fmt: skip
                pairs = [(name, ways, value)]
            case _ if name in LIMITS:
                pairs = [(name, outcome.limits[LIMITS[name]], wanted_limit(value, name, digits))]
            case _:
                pairs = [(name, found[name], value)]
        yield from (f"{part}: {had!r}, wanted {want!r}" for part, had, want in pairs if had != want)


def _who_releases(program: Program, name: str) -> Iterator[str]:
    """The roles that may release a check: the one that it names, and those above."""
    for node in program.nodes:
        for check in node.rows if isinstance(node, Collect) else ():
            if check.name == name and check.release_by:
                yield from roles_from(program, check.release_by)


def policy_text(file: Mapping[str, Any]) -> str:
    """The policy of a file of cases with its header."""
    return HEADER.format(currency=file.get("currency", "CNY")) + str(file["policy"])


@cache
def program_of(path: Path, subject: str = "order") -> Program:
    """The Program of a file of cases, for one of its subjects."""
    text = policy_text(yaml.load(path.read_text("utf-8"), yaml.BaseLoader))
    loaded = load_policy(text.encode(), path.name, trade_vocabulary())
    assert not errors(loaded.problems), [str(problem) for problem in loaded.problems]
    return loaded.programs[subject]


def cases() -> Iterator[Any]:
    """Every case of every file."""
    for path in sorted(CASES.glob("*.yaml")):
        file = yaml.load(path.read_text("utf-8"), yaml.BaseLoader)
        for case in file["cases"]:
            subject = case.get("subject", "order")
            usual = {name: text for name, text in USUAL.items() if has_fact(subject, name)}
            written = {**usual, **file.get("given", {}), **case["facts"]}
            asked = (path, subject)
            yield pytest.param(asked, written, case["wanted"], id=f"{path.stem}: {case['name']}")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("asked", "written", "wanted"), list(cases()))
def test_a_case_is_decided_as_worked_out_by_hand(
    asked: tuple[Path, str], written: Mapping[str, Any], wanted: Mapping[str, Any], engine: str
) -> None:
    program = program_of(*asked)
    facts = facts_of(program, written)
    outcome = ENGINES[engine](program, facts)
    assert list(differences(program, outcome, wanted, facts)) == []


def test_there_are_cases_and_a_wrong_expectation_fails() -> None:
    assert len(list(cases())) >= 40
    program = program_of(CASES / "comparisons.yaml")
    facts = facts_of(program, {**USUAL, "customer.score": "80"})
    outcome = reference.decide(program, facts)
    expected = {"verdict": "deny", "checks": {"equal": "pass"}, "limit.effective": "1"}
    told = list(differences(program, outcome, expected, facts))
    assert told == [
        "verdict: 'approve', wanted 'deny'", "check equal: 'warn', wanted 'pass'",
        "limit.effective: 100000000000, wanted 100",
    ]  # fmt: skip
