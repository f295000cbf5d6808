"""The ladders of the transcribed policies: their published days, and their amounts at the bound and a cent above."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from click.testing import CliRunner

from api.commands import cli
from tests.examples.written import FOLDER, due_on_day, planned

DUE = date(2024, 1, 15)
VIRGINIA = {"letter_1": 15, "call": 15, "letter_2": 30, "final_demand": 45, "set_off": 60, "agency": 120}


def test_virginia_writes_on_days_15_30_45_60_and_120() -> None:
    found = planned("virginia-receivables", "receivables", DUE)
    assert found == {step: DUE + timedelta(day) for step, day in VIRGINIA.items()}


@pytest.mark.parametrize(("day", "minor", "wanted"), [
    (14, 100_001, []), (15, 100_000, ["letter_1"]), (15, 100_001, ["letter_1", "call"]),
])  # fmt: skip
def test_virginia_calls_on_day_15_above_1000(day: int, minor: int, wanted: list[str]) -> None:
    assert due_on_day("virginia-receivables", "receivables", day, {"open_amount": minor}, {}) == wanted


@pytest.mark.parametrize(("day", "minor", "wanted"), [
    (119, 20_001, []), (120, 20_000, []), (120, 20_001, ["agency"]),
])  # fmt: skip
def test_virginia_hands_over_on_day_120_above_200(day: int, minor: int, wanted: list[str]) -> None:
    sent = {step: at for step, at in VIRGINIA.items() if step != "agency"}
    assert due_on_day("virginia-receivables", "receivables", day, {"open_amount": minor}, sent) == wanted


def test_the_three_levels_of_oca_first_fire_on_their_published_days() -> None:
    found = planned("oca-credit-control", "credit_control", DUE)
    assert found == {"level_1": date(2024, 1, 25), "level_2": date(2024, 2, 29), "level_3": date(2024, 3, 10)}


def test_the_third_level_of_oca_waits_for_the_second_to_be_sent() -> None:
    name, ladder = "oca-credit-control", "credit_control"
    assert due_on_day(name, ladder, 400, {}, {}) == ["level_1", "level_2"]
    sent = {"level_1": 10, "level_2": 60}
    assert due_on_day(name, ladder, 69, {}, sent) == []
    assert due_on_day(name, ladder, 70, {}, sent) == ["level_3"]


def test_the_command_prints_the_same_days() -> None:
    run = CliRunner().invoke(cli, ["ladder", str(FOLDER / "oca-credit-control.yaml"), "--due", "2024-01-15"])
    assert run.exit_code == 0
    assert [day for day in ("2024-01-25", "2024-02-29", "2024-03-10") if day not in run.output] == []


def test_triple_r_gives_three_notices_and_two_holds() -> None:
    found = planned("triple-r-marketing", "notices", DUE)
    wanted = {"notice_1": 10, "notice_2": 15, "notice_3": 20, "credit_hold": 30, "account_hold": 40}
    assert found == {step: DUE + timedelta(day) for step, day in wanted.items()}
