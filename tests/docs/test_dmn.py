"""The page on DMN: its example is imported and tested as it is shown."""

from __future__ import annotations

from pathlib import Path

from tests.docs.console import Reader

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dmn.md"


def test_the_example_does_what_is_shown(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    try:
        assert reader.follow(PAGE.read_text("utf-8")) > 0, "the page shows no command"
    finally:
        reader.close()
