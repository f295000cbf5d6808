"""Policy files as a command line names them: single files and whole folders, each read once, findings one per line."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import click

from policy import Loaded, load_policy
from policy.chinese import in_chinese
from policy.parts import Shelf
from policy.problems import Problem, errors
from policy.program import Program
from policy.sections import read_document
from policy.source import read_source
from policy.uses import ENDING
from rules.facts import trade_vocabulary

MOST_SHOWN = 1_000  # files that are looked through for a name that was probably meant
USES = re.compile(rb"^use\s*:", re.MULTILINE)
ENDINGS = (".yaml", ".yml")
LARGEST = 64 * 1024 * 1024  # far above what a policy may have: the loader tells the size, the memory stays bounded


def policy_files(names: Iterable[str]) -> list[Path]:
    """The files that names stand for, folders with all YAML files in them, each once.

    Raises: UsageError for a name that is nothing, or a folder without policies.
    """
    found: dict[Path, None] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.suffix in ENDINGS and one.is_file())
            if not inside:
                raise click.UsageError(f"the folder '{name}' has no policy; policies end in {' or '.join(ENDINGS)}")
            used = {part for one in inside for part in _parts_of(one)}
            found |= dict.fromkeys(one for one in inside if one.resolve() not in used)
        elif path.exists():
            found[path] = None
        else:
            raise click.UsageError(f"there is no file '{name}'; give the path of a policy, or of a folder of policies")
    return list(found)


def _parts_of(path: Path) -> list[Path]:
    """The files of the parts that a policy in a folder uses: they are checked with it, and are no policies."""
    source = read_file(path)
    if not USES.search(source):
        return []
    node, _ = read_source(source, str(path))
    policy = None if node is None else read_document(node, str(path))[0]
    return [] if policy is None else [(path.parent / f"{word.text}{ENDING}").resolve() for word in policy.use]


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises: UsageError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST)
    except OSError as error:
        raise click.UsageError(f"cannot read '{path}' ({error.strerror}); check its name and who may read it") from None


def load(path: Path) -> Loaded:
    """A policy file, checked and, where it has no errors, compiled."""
    return load_policy(read_file(path), str(path), trade_vocabulary(), shelf_beside(path))


def program_of(context: click.Context, name: str) -> Program:
    """The program of one policy file; of one with errors they are told, and the command ends with 1.

    Raises: UsageError for a file that is not there.
    """
    if not Path(name).is_file():
        raise click.UsageError(f"there is no file '{name}'; give the path of a policy")
    loaded = load(Path(name))
    if loaded.program is None:
        tell(loaded.problems)
        context.exit(1 if broken(loaded.problems) else 0)
    return loaded.program


def day_given(text: str, option: str) -> date:
    """The day that an option names. Raises: UsageError for a text that is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"'{text}' after --{option} is not a date; write it like 2026-11-23") from None


def shelf_beside(path: Path) -> Shelf:
    """The parts that a policy file may use: the YAML files in its folder and below it, by name without ending."""
    folder = path.parent

    def read(name: str) -> bytes | None:
        part = folder / f"{name}{ENDING}"
        return read_file(part) if part.is_file() and part.resolve().is_relative_to(folder.resolve()) else None

    def names() -> list[str]:
        found = islice(folder.rglob(f"*{ENDING}"), MOST_SHOWN)
        return sorted(one.relative_to(folder).with_suffix("").as_posix() for one in found if one != path)

    return Shelf(read, names)


def spoken() -> str:
    """The language of the terminal: "zh" where the environment says so, else "en"."""
    said = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if said.lower().startswith("zh") else "en"


def language_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--lang en` or `--lang zh`; without it the language of the terminal."""
    return click.option("--lang", "language", type=click.Choice(["en", "zh"]), default=spoken,
                        show_default="the terminal's", help="The language of what is told.")(command)  # fmt: skip


def tell(problems: Iterable[Problem], language: str = "en") -> None:
    """Findings on stdout, one line each; an order that shows the harm stands indented below its finding."""
    for problem in problems:
        click.echo(problem.told(language))
        if problem.example:
            tell_example(problem.example, language)


def tell_example(order: Iterable[tuple[str, str]], language: str = "en") -> None:
    """An order that shows what the line above says."""
    click.echo(f"    {said('for example', language)} {', '.join(f'{name} {value}' for name, value in order)}")


def said(line: str, language: str) -> str:
    """A line of a report in the language that is wanted."""
    return in_chinese(line) if language == "zh" else line


def broken(problems: Iterable[Problem]) -> int:
    """How many findings stop a policy from running."""
    return len(errors(problems))
