"""The words of figures over lists, and the windows of days that they may look at: what fits together in one line.

A closed set: an officer learns eight words once, and every figure reads like a sentence.
"""

from __future__ import annotations

import re
from typing import Any

from policy.acts import day_of_act
from policy.line_slips import Slip
from policy.problems import Where
from policy.syntax import Name, Window

WHOLE_ITEMS = ("count", "any", "every")  # words that ask about items, not about a field of them
FIELDS = ("sum", "largest", "smallest", "average", "share")
MAY_BE_NONE = ("largest", "smallest", "average")  # without a value where no item fits
NEED_WHERE = ("any", "every", "share")  # without a condition the answer would always be the same
LONGEST = {"day": 36_525, "month": 1_200}
CALENDAR = {"month": 1, "quarter": 3, "year": 12}
_DONE = {"sum": "added up", "share": "shared out", "average": "averaged"}


def list_of(name: Any) -> str:
    """The list and field that a figure names; `entries of STATE` is a list of one name."""
    return "_".join(name.split())


def fits(word: str, name: Any, has_where: bool) -> None:
    """Raise Slip where a word lacks its field or its condition, or has a field that it does not read."""
    list_name, _, field = str(name).partition(".")
    if word in FIELDS and not field:
        done = _DONE.get(word, "compared")
        raise Slip("expression", name.start_pos, f"'{word} of {name}' does not say what is {done}",
                   f"write {word} of {name}.FIELD")  # fmt: skip
    if word in WHOLE_ITEMS and field:
        verb = "counts" if word == "count" else "asks about"
        raise Slip("expression", name.start_pos, f"{word} {verb} whole items", f"write {word} of {list_name}")
    if word in NEED_WHERE and not has_where:
        raise Slip("expression", name.start_pos, f"'{word} of {name}' does not say which items are meant",
                   f"write {word} of {name} where ...")  # fmt: skip


def window(token: Any, at: Where) -> Window:
    """`in last 24 months`, `in last full calendar year`, `since FACT` or `ever`; years are months."""
    words = token.split()
    if words[0] == "ever":
        return Window("ever", 0, at)
    if words[0] == "since":
        return _since(token, words, at)
    if "calendar" in words:
        return Window("calendar", CALENDAR[words[-1]], at)
    size, unit = int(re.sub("_", "", words[-2])[:9]), words[-1].rstrip("s")
    if unit == "year":
        unit, size = "month", size * 12
    if not 0 < size <= LONGEST[unit]:
        raise Slip("range", token.start_pos, f"'{words[-2]} {words[-1]}' is no stretch of days",
                   "look back 1 day to 100 years")  # fmt: skip
    return Window(f"{unit}s", size, at)


def _since(token: Any, words: list[str], at: Where) -> Window:
    """`since FACT`, or `since cleared by finance`: the day on which that was last recorded."""
    begin = re.search(r"(?<=since)\s+(?=\S)", token)
    assert begin is not None
    loud = next((word for word in words[1:-2] if not word.islower()), None)
    if loud is not None:
        raise Slip("bad-name", token.start_pos, f"'{loud}' is not a word of an act", "write acts in small letters")
    name = words[1] if len(words) == 2 else day_of_act(" ".join(words[1:]))
    return Window("since", 0, at, Name(name, Where(at.file, at.line, at.column + begin.end())))
