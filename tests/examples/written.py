"""The policies of `examples/policies`, loaded once, and the steps of their ladders by day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from credit.escalation import History, planned_days, steps_due
from policy import Loaded, load_policy
from policy.program import Program
from rules.facts import trade_vocabulary
from rules.ladders import Situation, is_business_day, ladder_named, states_on

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "policies"
NAMES = [path.stem for path in sorted(FOLDER.glob("*.yaml"))]


@cache
def loaded(name: str) -> Loaded:
    """One example as the checker sees it."""
    return load_policy((FOLDER / f"{name}.yaml").read_bytes(), f"{name}.yaml", trade_vocabulary())


def program(name: str) -> Program:
    """One example as the engines run it."""
    made = loaded(name).program
    assert made is not None, [str(problem) for problem in loaded(name).problems]
    return made


def planned(name: str, ladder_name: str, due: date) -> dict[str, date | None]:
    """The day of each step, every step being sent on its own day."""
    ladder = ladder_named(program(name), ladder_name)
    assert ladder is not None
    return dict(planned_days(ladder.steps, History({"due": due}), is_business_day(program(name))))


def due_on_day(name: str, ladder_name: str, day: int, item: Mapping[str, int], sent: Mapping[str, int]) -> list[str]:
    """The steps that a run takes on a day after the due date; `item` in minor units, `sent` steps by their day."""
    ladder = ladder_named(program(name), ladder_name)
    assert ladder is not None
    due = date(2024, 1, 15)
    done = {step: due + timedelta(on) for step, on in sent.items()}
    history = History({"due": due}, done, done)
    return list(steps_due(states_on(program(name), ladder, history, due + timedelta(day), Situation(item))))
