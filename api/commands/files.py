"""Policy files as a command line names them: single files and whole folders, each read once, findings one per line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from policy import Loaded, load_policy
from policy.problems import Problem, errors
from rules.facts import trade_vocabulary

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
            found |= dict.fromkeys(inside)
        elif path.exists():
            found[path] = None
        else:
            raise click.UsageError(f"there is no file '{name}'; give the path of a policy, or of a folder of policies")
    return list(found)


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises: UsageError where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST)
    except OSError as error:
        raise click.UsageError(f"cannot read '{path}' ({error.strerror}); check its name and who may read it") from None


def load(path: Path) -> Loaded:
    """A policy file, checked and, where it has no errors, compiled."""
    return load_policy(read_file(path), str(path), trade_vocabulary())


def tell(problems: Iterable[Problem]) -> None:
    """Findings on stdout, one line each; an order that shows the harm stands indented below its finding."""
    for problem in problems:
        click.echo(str(problem))
        if problem.example:
            click.echo(f"    for example {', '.join(f'{name} {value}' for name, value in problem.example)}")


def counted(number: int, one: str) -> str:
    """A number of things: "1 error", "2 errors"."""
    return f"{number} {one}{'' if number == 1 else 's'}"


def broken(problems: Iterable[Problem]) -> int:
    """How many findings stop a policy from running."""
    return len(errors(problems))
