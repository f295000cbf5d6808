"""`aval ladder`: the day of every step for one due date, in the calendar, before anybody is written to."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import WRONG_USE, cli

LIBRARY = Path(__file__).resolve().parents[3] / "policy" / "library"
ESCALATION, RECORD = str(LIBRARY / "escalation.yaml"), str(LIBRARY / "payment_record.yaml")
HEAD = "aval: 1\npolicy: small\ntitle: {en: Small}\ncurrency: CNY\n"
DELIVERED = HEAD + "escalation:\n  s:\n    - {step: a, at: delivered + 30 days, do: hold orders}\n  none: []\n" \
    "tiers:\n  - {tier: t, ladder: s, otherwise: true}\n"  # fmt: skip


def aval(*args: str) -> Result:
    return CliRunner().invoke(cli, args, prog_name="aval")


def rows(text: str) -> dict[str, list[str]]:
    """The words of each line by its first."""
    return {line.split()[0]: line.split() for line in text.splitlines() if line.strip()}


def test_every_step_has_its_day_and_the_day_of_the_other_reading() -> None:
    found = aval("ladder", ESCALATION, "--due", "2026-03-02")
    assert found.exit_code == 0
    strict = rows(found.stdout[found.stdout.index("strict") :])
    assert strict["demand"][4:8] == ["days", "2026-03-17", "Tue", "send"]
    assert strict["demand"][-2:] == ["2026-03-18", "Wed"]
    assert strict["legal"][5:7] == ["2026-04-01", "Wed"]
    assert "strict (tier other)" in found.stdout


def test_holidays_and_years_not_yet_confirmed_are_marked() -> None:
    found = aval("ladder", ESCALATION, "--due", "2026-12-29").stdout
    friendly = rows(found[: found.index("strict")])
    assert friendly["demand"][5:7] == ["2027-01-01", "Fri*?"]
    assert friendly["reminder"][5:7] == ["2026-12-22", "Tue"]
    assert "calendar: CN holidays 0.109" in found


def test_another_calendar_may_be_asked_for() -> None:
    found = aval("ladder", ESCALATION, "--due", "2026-09-30", "--calendar", "DE").stdout
    assert "calendar: DE" in found
    assert rows(found)["demand"]


def test_a_step_without_its_date_has_no_day(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(DELIVERED, "utf-8")
    without = aval("ladder", str(path), "--due", "2026-03-02")
    assert rows(without.stdout)["a"][5] == "-"
    given = aval("ladder", str(path), "--due", "2026-03-02", "--delivered", "2026-01-01")
    assert rows(given.stdout)["a"][5] == "2026-01-31"
    assert "no steps" in given.stdout


def test_a_policy_with_errors_tells_them_and_ends_with_1(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(DELIVERED.replace("30 days", "30"), "utf-8")
    found = aval("ladder", str(path), "--due", "2026-03-02")
    assert found.exit_code == 1
    assert "unit: beside a date the number '30' needs its unit" in found.stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((ESCALATION, "--due", "2.3.2026"), "'2.3.2026' after --due is not a date; write it like 2026-11-23"),
        ((ESCALATION, "--due", "2026-03-02", "--calendar", "XX"), "there is no calendar 'XX'"),
        ((RECORD, "--due", "2026-03-02"), "has no ladder; add a section 'escalation'"),
        (("nothing.yaml", "--due", "2026-03-02"), "there is no file 'nothing.yaml'"),
        ((ESCALATION,), "missing option '--due'"),
    ],
)
def test_wrong_use_is_told_in_one_line(args: tuple[str, ...], told: str) -> None:
    found = aval("ladder", *args)
    assert found.exit_code == WRONG_USE
    assert told in found.stderr
