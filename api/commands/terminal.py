"""The terminal that tables are drawn on: as wide as the window, wide enough for whole lines in a file."""

from __future__ import annotations

import sys

from rich.console import Console

WIDTH_OF_FILES = 1_000  # more than any line: a table is as wide as its text


def terminal() -> Console:
    """The standard output as it is now, without marks or colours read out of the text."""
    width = None if sys.stdout.isatty() else WIDTH_OF_FILES
    return Console(file=sys.stdout, width=width, markup=False, highlight=False, emoji=False)
