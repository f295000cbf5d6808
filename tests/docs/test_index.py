"""The index leads to every document and every decision record; a folder with an index of its own is led to by that."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def led_to(index: Path) -> set[Path]:
    """The documents that an index links, and those that the indexes among them link."""
    linked = {(index.parent / name).resolve() for name in re.findall(r"\]\(([^)#]+\.md)\)", index.read_text("utf-8"))}
    below = {path for path in linked if path.name == "README.md" and path.parent.parent == index.parent}
    return linked.union(*(led_to(path) for path in below))


def test_the_index_leads_to_every_document() -> None:
    index = DOCS / "README.md"
    written = set(DOCS.rglob("*.md")) - {index}
    assert {path for path in led_to(index) if path.is_relative_to(DOCS)} == written
