"""The section `use`: names of shared parts, seen from the policy's folder; `policy/parts.py` reads what is in them."""

from __future__ import annotations

import re

from policy.document import Word
from policy.shapes import Shapes
from policy.source import Node

ENDING = ".yaml"
MOST = 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*", re.ASCII)


def read_use(shapes: Shapes, node: Node | None) -> tuple[Word, ...]:
    """`use:` the names of parts, seen from the policy's folder."""
    if node is None:
        return ()
    words = shapes.words(node, "use")
    shapes.once([*words], "part")
    if len(words) > MOST:
        shapes.note("range", words[MOST].at, f"a policy uses at most {MOST} parts", "put some of them together")
    for word in words:
        if not _NAME.fullmatch(word.text):
            help = f"write '{word.text.removesuffix(ENDING)}'" if word.text.endswith(ENDING) else \
                "write a name below the policy's folder, such as shared/countries"  # fmt: skip
            shapes.note("bad-name", word.at, f"'{word.text}' cannot be the name of a part", help)
    return tuple(word for word in words[:MOST] if _NAME.fullmatch(word.text))
