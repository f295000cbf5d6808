"""How the rows of a first-match section end: for each subject with `otherwise`, and with nothing behind it.

A row `otherwise` for some customers alone is a row like others: behind it the rest is still to be decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policy.problems import Where
from policy.scopes import ALL
from policy.shapes import Shapes
from policy.subjects import CALLED, ORDER, SUBJECTS, subjects_of


@dataclass(frozen=True, slots=True)
class End:
    """What matters of one row: its place, that of its `otherwise`, its subjects, and whether it was read whole."""

    at: Where
    otherwise: Where | None
    subjects: tuple[str, ...]
    level: int
    whole: bool

    @property
    def closes(self) -> bool:
        """Whether nothing of its subjects passes this row."""
        return self.otherwise is not None and self.level == ALL


def check_ends(shapes: Shapes, section: str, ends: Sequence[End]) -> None:
    """The findings about the ends of one section."""
    for number, end in enumerate(ends):
        behind = ends[number + 1 :]
        mine = {*subjects_of(section, end.subjects)}
        if end.closes and end.otherwise and any(mine.issuperset(subjects_of(section, row.subjects)) for row in behind):
            shapes.note("otherwise-place", end.otherwise,
                        f"rows after 'otherwise' in {section} can never be reached", "move it to the end")  # fmt: skip
    told: set[Where] = set()
    for subject in SUBJECTS:
        rows = [end for end in ends if subject in subjects_of(section, end.subjects)]
        if rows and not rows[-1].closes and rows[-1].whole and rows[-1].at not in told:
            told.add(rows[-1].at)
            last = section if subject == ORDER else f"{section} for {CALLED[subject]}"
            message = f"the last row of {last} is not 'otherwise', so {CALLED[subject]} may fit no row"
            shapes.note("no-otherwise", rows[-1].at, message,
                        "end with a row 'otherwise: true' that says what holds then")  # fmt: skip
