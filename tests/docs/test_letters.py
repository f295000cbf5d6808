"""The page of letters names every field and code in the words of the product, and its example is a letter."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from api.commands import cli
from credit.letter import FIELDS
from rules.letter_findings import CODES
from rules.letter_template import read_template

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "letters.md").read_text("utf-8")


def test_the_tables_are_complete_and_right() -> None:
    rows = re.findall(r"^\| `([a-z_-]+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [*FIELDS.items(), *CODES.items()]


def test_the_example_is_a_letter_without_faults() -> None:
    [example] = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    template, findings = read_template(example.encode(), "example", "en", "letters.md")
    assert (findings, template is not None) == ((), True)


def test_the_command_prints_what_is_shown() -> None:
    [(command, shown)] = re.findall(r"```console\n\$ aval (.*?)\n(.*?)```", PAGE, re.DOTALL)
    words = command.replace("policy/", f"{ROOT}/policy/").split()
    assert CliRunner().invoke(cli, [*words, "--lang", "en"], prog_name="aval").stdout == shown
