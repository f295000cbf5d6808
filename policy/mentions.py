"""Whether a file speaks of a part of the business: what it does not speak of stays out of its Program."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from policy.document import Policy, Word
from policy.syntax import Name

PLACES = ("at", "file")  # say nothing themselves


def mentions(policy: Policy, names: tuple[str, ...]) -> bool:
    """Whether any formula, message or test of the file has one of these names."""
    wanted = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?![\w.])")
    todo: list[Any] = [policy]
    while todo:
        one = todo.pop()
        if isinstance(one, Word | Name):
            if wanted.search(one.text):
                return True
        elif isinstance(one, dict):
            todo += one.values()
        elif isinstance(one, tuple):
            todo += one
        else:
            todo += [getattr(one, part) for part in _parts(type(one))]  # type: ignore[arg-type]  # a class
    return False


@cache
def _parts(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a record in which a name may stand, none for anything else; looked up once for each kind of it."""
    return tuple(part.name for part in fields(kind) if part.name not in PLACES) if is_dataclass(kind) else ()
