"""How the command line tells a number of things; beside the files, since commands of the database read none."""

from __future__ import annotations


def counted(number: int, one: str) -> str:
    """A number of things: "1 error", "2 errors"."""
    return f"{number} {one}{'' if number == 1 else 's'}"
