"""Where each step of a ladder stands on a day, with the published days of OCA's levels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from credit.escalation import (
    CHANNELS,
    PROOFS,
    History,
    Letter,
    LetterLine,
    StepState,
    day_of,
    letters_by_customer,
    planned_days,
    step_states,
    steps_due,
)

DUE = date(2024, 1, 15)


@dataclass(frozen=True)
class Rule:
    op: str
    name: str = ""
    number: int = 0
    parts: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Rung:
    name: str
    at: Rule
    until: Rule | None = None


def later(days: int, of: Rule | None = None) -> Rule:
    return Rule("add_days", number=days, parts=(of or Rule("anchor", "due"),))


def history(**more: object) -> History:
    return History({"due": DUE}, **more)  # type: ignore[arg-type]


LADDER = (
    Rung("reminder", later(-7)),
    Rung("demand", later(15)),
    Rung("call", later(15)),
    Rung("legal", later(15, Rule("sent", "demand"))),
)
ON_DAY_15 = date(2024, 1, 30)


def statuses(states: tuple[StepState, ...]) -> list[str]:
    return [state.status for state in states]


def test_a_step_happens_on_the_first_run_on_or_after_its_date() -> None:
    before = step_states(LADDER, history(), date(2024, 1, 29))
    assert steps_due(before) == ("reminder",)
    on = step_states(LADDER, history(done={"reminder": date(2024, 1, 8)}), ON_DAY_15)
    assert statuses(on) == ["done", "due", "due", "waits"]
    assert steps_due(on) == ("demand", "call")


def test_steps_missed_by_a_late_run_all_happen_earliest_first_and_in_file_order_on_one_date() -> None:
    turned = (LADDER[2], LADDER[1], LADDER[0])
    assert steps_due(step_states(turned, history(), date(2024, 6, 1))) == ("reminder", "call", "demand")


def test_a_step_happens_once() -> None:
    done = {"reminder": DUE, "demand": ON_DAY_15, "call": ON_DAY_15}
    assert steps_due(step_states(LADDER, history(done=done), date(2024, 3, 1))) == ()


def test_a_step_after_a_letter_counts_from_the_day_the_letter_really_left() -> None:
    sent = history(done={"demand": ON_DAY_15}, sent={"demand": date(2024, 2, 2)})
    legal = step_states(LADDER, sent, date(2024, 2, 16))[3]
    assert legal == StepState("legal", date(2024, 2, 17), "later")
    assert step_states(LADDER, sent, date(2024, 2, 17))[3].status == "due"


def test_a_false_condition_is_looked_at_again_until_the_last_day_or_the_payment() -> None:
    rung = (Rung("agency", later(5), until=later(8)),)
    asked: list[str] = []

    def never(step: str) -> bool:
        asked.append(step)
        return False

    days = [date(2024, 1, day) for day in (19, 20, 23, 24)]
    found = [statuses(step_states(rung, history(), day, never)) for day in days]
    assert found == [["later"], ["not_now"], ["not_now"], ["over"]]
    assert asked == ["agency", "agency"]
    assert statuses(step_states(rung, history(), days[2], lambda step: True)) == ["due"]
    paid = history(paid_on=days[1])
    assert statuses(step_states(rung, paid, days[1])) == ["paid"]
    assert statuses(step_states(rung, paid, days[0])) == ["later"]


def test_a_condition_that_cannot_be_told_takes_no_step() -> None:
    states = step_states(LADDER[:1], history(), DUE, lambda step: None)
    assert statuses(states) == ["missing"]
    assert steps_due(states) == ()


def test_the_earliest_leaves_out_what_has_not_happened_and_the_latest_waits_for_it() -> None:
    act = Rule("act", "agency chosen by ar_manager")
    earliest, latest = Rule("earliest", parts=(later(120), act)), Rule("latest", parts=(later(120), act))
    chosen = history(acts={act.name: date(2024, 2, 1)})
    assert day_of(earliest, history()) == date(2024, 5, 14)
    assert day_of(earliest, chosen) == date(2024, 2, 1)
    assert day_of(latest, history()) is None
    assert day_of(latest, chosen) == date(2024, 5, 14)
    assert day_of(Rule("earliest", parts=(act,)), history()) is None


def test_business_days_use_the_calendar_that_is_given() -> None:
    rule = Rule("add_business_days", number=2, parts=(Rule("failed", "letter"),))
    failed = history(failed={"letter": date(2024, 1, 19)})
    assert day_of(rule, failed) == date(2024, 1, 23)
    assert day_of(rule, failed, lambda day: True) == date(2024, 1, 21)


def test_oca_levels_fire_on_their_published_days() -> None:
    levels = (
        Rung("level_1", later(10)),
        Rung("level_2", Rule("month_end", parts=(later(30),))),
        Rung("level_3", later(10, Rule("sent", "level_2"))),
    )
    days = dict(planned_days(levels, history()))
    assert days == {"level_1": date(2024, 1, 25), "level_2": date(2024, 2, 29), "level_3": date(2024, 3, 10)}
    assert steps_due(step_states(levels, history(), date(2024, 1, 24))) == ()
    assert steps_due(step_states(levels, history(), date(2024, 1, 25))) == ("level_1",)


def test_a_plan_takes_what_really_happened_and_leaves_open_what_hangs_on_an_act() -> None:
    ladder = (*LADDER, Rung("court", Rule("act", "court chosen by cfo")))
    done = {"demand": date(2024, 2, 5)}
    days = dict(planned_days(ladder, history(done=done)))
    assert days["demand"] == date(2024, 2, 5)
    assert days["legal"] == date(2024, 2, 20)
    assert days["court"] is None
    assert dict(planned_days(ladder, history(done=done, sent={"demand": date(2024, 2, 7)})))["legal"].day == 22


def test_months_clip_in_a_ladder_too() -> None:
    rule = Rule("add_months", number=1, parts=(Rule("anchor", "due"),))
    assert day_of(rule, History({"due": date(2026, 1, 31)})) == date(2026, 2, 28)


def test_an_unknown_formula_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="no date formula"):
        day_of(Rule("soon", parts=(Rule("anchor", "due"),)), history())


def test_one_letter_for_a_customer_names_every_due_item_at_the_highest_level() -> None:
    lines = [
        LetterLine("C1", "A", 0, "friendly_reminder", "email"),
        LetterLine("C1", "B", 1, "formal_demand", "registered_mail"),
        LetterLine("C1", "C"),
        LetterLine("C2", "D"),
    ]
    assert letters_by_customer(lines) == (Letter("C1", "formal_demand", "registered_mail", ("A", "B", "C")),)


def test_every_channel_says_its_proof() -> None:
    assert PROOFS["registered_mail"] == "postal receipt"
    assert set(CHANNELS) == set(PROOFS)
    assert all(PROOFS.values())
