"""The page for whoever runs the service: its table of events is that of the code."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from storage.events import KINDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text("utf-8")


def test_every_kind_of_event_stands_in_the_table_once() -> None:
    table = PAGE.partition("\n## Events\n")[2].partition("\n## ")[0].partition("|---|---|\n")[2]
    assert Counter(re.findall(r"`([a-z_]+)`", table)) == Counter(KINDS)
