"""Runs the tests that stand inside a policy, on any engine, and says every difference in the officer's words.

A test names only what it cares about; what it does not name is not compared. Whether the tests touch every row and
every threshold is another question: `rules/coverage.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from credit.percent import percent_text
from policy.meaning import SAID_WITH_TERMS, STATE, CheckedTest
from policy.program import Program
from policy.security import ATTRIBUTES
from policy.state_rules import INACTIVE
from rules import reference
from rules.beside import attributes, invoiced_on, last_due_date, said_with_terms, wanted_of
from rules.documents import documents_of
from rules.facts import computed_facts
from rules.figures import with_figures
from rules.outcome import Outcome, Required, one_per_name
from rules.release import authority_of
from rules.wording import Wording

Engine = Callable[[Mapping[str, Any]], Outcome]
Shares = Sequence[Sequence[tuple[str, Any]]]

LIMITS = {
    "limit.policy": ("limit", "limit"), "limit.effective": ("effective", "limit"),
    "limit.largest_order": ("largest_order", "money"), "limit.review_every": ("review_every", "months"),
}  # fmt: skip
NO_VALUE = ("none", "missing")  # how a test writes that something is not there


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of the answer that is not as the test wants it."""

    part: str
    wanted: str
    found: str

    def __str__(self) -> str:
        return f"{self.part}: wanted {self.wanted}, found {self.found}"


@dataclass(frozen=True, slots=True)
class Result:
    """One test of the file: its name, its line, and every difference (none: passed)."""

    name: str
    line: int
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Whether everything is as the test wants it."""
        return not self.differences


def run_tests(program: Program, tests: Sequence[CheckedTest], engine: Engine | None = None) -> tuple[Result, ...]:
    """Every test of a policy on an engine, by default the reference."""
    decide = engine or (lambda facts: reference.decide(program, facts))
    return tuple(_run(program, test, decide) for test in tests)


def run_all(programs: Mapping[str, Program], tests: Sequence[CheckedTest], engines: Mapping[str, Engine] | None = None
            ) -> tuple[Result, ...]:  # fmt: skip
    """Every test of a policy, each on the Program of its subject, in the order of the file."""
    chosen = engines or {}
    results = [run_tests(programs[test.subject], (test,), chosen.get(test.subject)) for test in tests]
    return tuple(result for found in results for result in found)


def facts_of(program: Program, test: CheckedTest) -> dict[str, Any]:
    """What the engines read in a test: the given facts, those that follow from them, and the figures over lists."""
    return with_figures(program, computed_facts(test.facts), test.lists)


def differences(
    program: Program, outcome: Outcome, expect: Mapping[str, object], facts: Mapping[str, Any] | None = None
) -> tuple[Difference, ...]:
    """Every expected part that the outcome answers otherwise, in the order of the test; `facts` are what was given."""
    wording = Wording(program)
    compared = [
        _compare_security(program, outcome, wanted, facts or {}) if key == "security"
        else _compare_document(program, key, wanted, facts or {}) if key.startswith("documents.")
        else _compare(wording, outcome, key, wanted)
        for key, wanted in expect.items()
    ]  # fmt: skip
    return tuple(found for found in compared if found is not None)


def _run(program: Program, test: CheckedTest, decide: Engine) -> Result:
    try:
        facts = facts_of(program, test)
        outcome = decide(facts)
    except (ArithmeticError, ValueError) as fault:  # such as a day after the last year of the calendar
        return Result(test.name, test.line, (Difference("answer", "a decision", f"none, because {fault}"),))
    return Result(test.name, test.line, differences(program, outcome, test.expect, facts))


def _compare(wording: Wording, outcome: Outcome, key: str, wanted: object) -> Difference | None:
    if key == "missing":
        found: object = outcome.missing
        return None if found == wanted else Difference(key, _names(wanted), _names(found))
    found, kind = _answer(wording.program, outcome, key)
    asked = None if wanted in NO_VALUE else wanted
    if found == asked:
        return None
    shown = [_shown(wording, value, kind, key) for value in (wanted, found)]
    why = _why(outcome) if key == "verdict" else ""
    return Difference(key, shown[0], shown[1] + why)


def _compare_document(program: Program, key: str, wanted: object, facts: Mapping[str, Any]) -> Difference | None:
    found = {one.document: one.status for one in documents_of(program, facts)}.get(key.partition(".")[2], "none")
    return None if found == wanted else Difference(key, str(wanted), found)


def _answer(program: Program, outcome: Outcome, key: str) -> tuple[Any, str]:
    """The part of an outcome that a test names, and its kind."""
    if key in LIMITS:
        column, kind = LIMITS[key]
        return outcome.limits.get(column), kind
    if key in SAID_WITH_TERMS:
        return said_with_terms(program, outcome).get(key), "text"
    if key.startswith(STATE):
        return "not active" if outcome.rows[key] == INACTIVE else "active", "text"
    if key.startswith("checks."):
        return next((one.status for _, one in one_per_name(outcome.checks) if one.name == key[7:]), None), "text"
    answers = {
        "verdict": outcome.verdict, "hard_stop": outcome.hard_stop, "tier": outcome.tier, "terms": outcome.terms,
        "longest": outcome.longest, "authority": authority_of(program, outcome),
    }  # fmt: skip
    return answers[key], "text"


def _shown(wording: Wording, value: Any, kind: str, key: str) -> str:
    if value is None:
        return "missing" if key in LIMITS else "none"
    return str(value) if value in NO_VALUE else wording.shown(value, kind, "en")


def _why(outcome: Outcome) -> str:
    """What made a verdict: the checks that did not pass, and what was missing."""
    deciding = [check for check in outcome.checks if check.status not in ("pass", "does_not_apply", "lifted")]
    told = [f"{check.name}: {check.status}" for check in deciding]
    told += [f"missing {name}" for name in outcome.missing]
    return f" ({'; '.join(told)})" if told else ""


def _compare_security(
    program: Program, outcome: Outcome, wanted: Any, facts: Mapping[str, Any]
) -> Difference | None:
    """Alternatives and their shares in any order; how instruments must be only where the test says it of any."""
    particular = any(name in ATTRIBUTES for alternative in wanted for name, _ in alternative)
    due_on = last_due_date(outcome.terms, invoiced_on(facts))
    said = wanted_of(program, outcome, due_on) if particular else ({},) * len(outcome.security)
    found = tuple(
        tuple((one.instrument, one.share) for one in alternative) + _particulars(alternative, more)
        for alternative, more in zip(outcome.security, said, strict=True)
    )
    if _sorted(found) == _sorted(wanted):
        return None
    return Difference("security", _bring(wanted), _bring(found))


def _particulars(alternative: Sequence[Required], said: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """How the instruments of an alternative must be, as a test writes it."""
    shown = {name: value for one in alternative for name, value in attributes(one.instrument, said).items()}
    texts = {None: "none", True: "true"}
    return tuple((name, texts.get(value, str(value))) for name, value in shown.items())  # type: ignore[call-overload]


def _sorted(alternatives: Shares) -> list[list[tuple[str, str]]]:
    return sorted(sorted((name, str(value)) for name, value in alternative) for alternative in alternatives)


def _bring(alternatives: Shares) -> str:
    told = [" and ".join(f"{name} {value if isinstance(value, str) else percent_text(Fraction(value))}"
                         for name, value in one) for one in alternatives]  # fmt: skip
    return ", or ".join(told) or "none"


def _names(names: Any) -> str:
    return ", ".join(names) or "none"
