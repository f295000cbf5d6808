"""`aval letters`: every shipped policy has its letters in both languages, and what is wrong with them is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from api.letter_files import SHIPPED, read_letters
from credit.letter import LANGUAGES
from rules.letter_template import fill

ROOT = Path(__file__).resolve().parents[3]
POLICIES = [*sorted((ROOT / "policy" / "library").glob("*.yaml")),
            *sorted((ROOT / "examples" / "policies").glob("*.yaml"))]  # fmt: skip
LADDER = str(ROOT / "policy" / "library" / "escalation.yaml")


def aval(*args: str) -> Result:
    """One command."""
    return CliRunner().invoke(cli, ["letters", *args], prog_name="aval")


@pytest.mark.parametrize("policy", POLICIES, ids=lambda path: path.stem)
def test_every_policy_that_is_shipped_has_its_letters_in_both_languages(policy: Path) -> None:
    done = aval("check", str(policy), "--language", "en", "--language", "zh")
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("in en, zh: 0 errors\n")


def test_every_shipped_letter_can_be_shown_and_written_as_a_page(tmp_path: Path) -> None:
    names = sorted({path.name.split(".")[0] for path in SHIPPED.glob("*.txt")})
    assert len(names) >= 9
    for name in names:
        for language in LANGUAGES:
            shown = aval("preview", name, "--language", language)
            assert shown.exit_code == 0 and shown.stdout.startswith("Subject: "), shown.output
            assert "{" not in shown.stdout and "INV-2026-0003" in shown.stdout
            file = tmp_path / f"{name}.{language}.html"
            assert aval("preview", name, "--language", language, "--html", str(file)).exit_code == 0
            assert file.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_an_own_letter_stands_before_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "formal_demand.en.txt").write_text("Subject: Ours\n\n{invoice_numbers}\n")
    shown = aval("preview", "formal_demand", "--templates", str(tmp_path))
    assert shown.stdout == "Subject: Ours\n\nINV-2026-0001, INV-2026-0002, INV-2026-0003\n"
    assert aval("preview", "formal_demand", "--language", "zh", "--templates", str(tmp_path)).exit_code == 0
    own = read_letters(tmp_path).named("formal_demand", "en")
    assert own is not None and own.digest != read_letters().templates["formal_demand", "en"].digest


def test_a_broken_own_letter_is_told_and_the_shipped_one_does_not_step_in(tmp_path: Path) -> None:
    (tmp_path / "formal_demand.en.txt").write_text("Subject: Ours\n\n{invoices_}\n")
    (tmp_path / "Notes.txt").write_text("x")
    done = aval("check", LADDER, "--templates", str(tmp_path))
    assert done.exit_code == 1
    told = done.stdout.splitlines()
    assert "letter-file: the name of the file is no letter's" in told[0]
    assert "formal_demand.en.txt:3:1: letter-unknown-field: there is no field 'invoices_'" in told[1]
    assert told[-1] == "3 letters in en, zh: 2 errors"
    preview = aval("preview", "formal_demand", "--templates", str(tmp_path))
    assert preview.exit_code == 2 and "letter-unknown-field" in preview.stderr


def test_a_letter_that_a_step_sends_and_nobody_wrote_is_told_at_the_step(tmp_path: Path) -> None:
    policy = tmp_path / "own.yaml"
    text = Path(LADDER).read_text("utf-8").replace("send written_reminder by letter", "send last_word by letter")
    policy.write_text(text, "utf-8")
    done = aval("check", str(policy))
    step = next(number for number, line in enumerate(text.splitlines(), 1) if "last_word" in line)
    assert done.exit_code == 1
    told = f"own.yaml:{step}:1: letter-missing: the step 'reminder' sends 'last_word', which is not there in 'en'"
    assert told in done.stdout
    machines = json.loads(aval("check", str(policy), "--json").stdout)
    assert [one["code"] for one in machines["problems"]] == ["letter-missing"] * 2
    assert "步骤" in machines["problems"][0]["message_zh"]
    chinese = aval("check", str(policy), "--lang", "zh")
    assert "步骤 'reminder' 发送 'last_word'" in chinese.stdout


@pytest.mark.parametrize(("args", "told"), [
    (("check", "none.yaml"), "there is no file 'none.yaml'"),
    (("preview", "formal_deman"), "did you mean 'formal_demand'"),
    (("preview", "formal_demand", "--language", "de"), "'de' is not one of 'en', 'zh'"),
    (("preview", "formal_demand", "--invoices", "0"), "0 is not in the range"),
    (("preview", "formal_demand", "--html", "/nowhere/x.html"), "cannot write '/nowhere/x.html'"),
])  # fmt: skip
def test_wrong_use_is_told(args: tuple[str, ...], told: str) -> None:
    done = aval(*args)
    assert done.exit_code == 2 and told in done.stderr, done.output


def test_a_preview_is_what_would_be_filled() -> None:
    from api.commands.letters import example

    template = read_letters().named("notice", "en")
    assert template is not None
    assert fill(template, example("en", 3)).body in aval("preview", "notice").stdout
