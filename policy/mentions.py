"""Whether a file speaks of a part of the business: what it does not speak of stays out of its Program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from policy.document import Policy, Word
from policy.syntax import Name


def mentions(policy: Policy, names: tuple[str, ...]) -> bool:
    """Whether any formula, message or test of the file has one of these names."""
    wanted = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, names))})(?![\w.])")
    todo: list[object] = [policy]
    while todo:
        one = todo.pop()
        if isinstance(one, Word | Name):
            if wanted.search(one.text):
                return True
        elif isinstance(one, Mapping):
            todo += one.values()
        elif isinstance(one, tuple):
            todo += one
        elif is_dataclass(one):
            todo += (getattr(one, part.name) for part in fields(one) if part.name not in ("at", "file"))
    return False
