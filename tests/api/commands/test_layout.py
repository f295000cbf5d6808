"""`aval fmt` in a terminal: what is written, what is only told, and how it ends."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from api.commands import cli

OLD = """\
aval: 1
policy: small
title: {en: Small}
currency: CNY
tiers:
  - tier: good
    when: {customer.score: ">= 80"}  # the best
  - tier: rest
    otherwise: true
"""
NEW = OLD.replace('{customer.score: ">= 80"}', "customer.score >= 80")


def aval(*args: str) -> Result:
    """One call of the command line."""
    return CliRunner().invoke(cli, ["fmt", *args, "--lang", "en"], prog_name="aval")


def test_a_file_is_written_once_and_then_stays(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(OLD, "utf-8")
    done = aval(str(path))
    assert (done.exit_code, done.output) == (0, f"{path} is laid out anew\n")
    assert path.read_text("utf-8") == NEW
    assert (aval(str(path)).output, aval(str(path), "--check").exit_code) == ("", 0)


def test_check_and_diff_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(OLD, "utf-8")
    told, shown = aval(str(tmp_path), "--check"), aval(str(path), "--diff")
    assert (told.exit_code, told.output) == (1, f"{path} would change\n")
    assert shown.exit_code == 0
    assert "+    when: customer.score >= 80  # the best\n" in shown.output
    assert path.read_text("utf-8") == OLD


def test_a_file_with_errors_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(OLD.replace("score", "scor"), "utf-8")
    done = aval(str(path))
    assert done.exit_code == 1
    assert "unknown-fact" in done.output
    assert path.read_text("utf-8") == OLD.replace("score", "scor")


def test_a_policy_with_a_part_is_laid_out_with_it(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "countries.yaml").write_text("lists:\n  embargo: [KP]\n", "utf-8")
    file = tmp_path / "one.yaml"
    text = "aval: 1\npolicy: one\ntitle: {en: One, zh: 一}\ncurrency: CNY\nuse: [shared/countries]\nchecks:\n"
    text += "  - {check: embargo, when: customer.country in lists.embargo, verdict: deny}\n"
    file.write_text(text, "utf-8")
    told = aval(str(tmp_path))
    assert (told.exit_code, "unknown-part" in told.stdout) == (0, False), told.stdout
