"""The pages on the command line and on importing: every example is run, every command has its help and an example."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from api.commands import cli
from tests.docs.console import Reader, blocks_of, steps_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "command-line.md").read_text("utf-8")


def commands(command: click.Command, path: str) -> Iterator[str]:
    """Every command that does something, by its full name."""
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from commands(below, f"{path} {name}")


ALL = list(commands(cli, "aval"))


@pytest.mark.timeout(800)  # 258 commands, one after the other
@pytest.mark.parametrize("page", ["command-line.md", "importing.md"])
def test_the_examples_do_what_is_shown(page: str, tmp_path: Path) -> None:
    (tmp_path / "policy").mkdir()
    shutil.copytree(ROOT / "policy" / "library", tmp_path / "policy" / "library")
    reader = Reader(tmp_path)
    try:
        assert reader.follow((ROOT / "docs" / page).read_text("utf-8")) > 0, "the page shows no command"
    finally:
        reader.close()


@pytest.mark.parametrize("command", ALL)
def test_every_command_has_its_help_and_an_example(command: str) -> None:
    shown = [step.command for block in blocks_of(PAGE) if block.words[0] == "console" for step in steps_of(block.text)]
    assert f"{command} --help" in shown
    page = PAGE + (ROOT / "docs" / "importing.md").read_text("utf-8")
    assert re.search(rf"^\$ (?:echo .* \| )?{command}(?: (?!--help)|$)", page, re.M)


def test_all_commands_are_found() -> None:
    assert {"aval check", "aval db upgrade", "aval import invoices", "aval key create", "aval serve"} <= set(ALL)
