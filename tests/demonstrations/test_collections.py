"""The demonstration of collections goes through, says what it must, and notices a ladder that stops no orders."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.demonstrations import collections
from tests.demonstrations.collections import demonstrate


@pytest.mark.slow
def test_sixty_days_of_a_book_come_out_as_they_say(tmp_path: Path) -> None:
    said: list[str] = []
    assert demonstrate(tmp_path, said.append), "\n".join(said)
    calendar = "\n".join(said).partition("# the sixty days\n")[2].partition("\n\n#")[0].splitlines()
    assert [re.sub(r"^\w{3} \d\d \w{3}  | \(.*\)$|: (send|propose) .*", "", line) for line in calendar] == [
        "order SO-1 of NEVER: approve", "GOOD pays GOOD-1", "SLOW SLOW-1 reminder", "NEVER NEVER-1 reminder",
        "order SO-2 of SLOW: approve", "SLOW SLOW-1 demand", "order SO-3 of SLOW: deny", "SLOW pays SLOW-1",
        "SLOW: orders go on", "order SO-4 of SLOW: approve", "NEVER NEVER-1 demand", "NEVER NEVER-1 legal",
    ]  # fmt: skip
    assert "new orders of this customer are stopped" in "\n".join(calendar)
    with zipfile.ZipFile(tmp_path / "legal.zip") as bundle:
        names = bundle.namelist()
        granted = json.loads(bundle.read("decisions.json"))
    assert [one["verdict"] for one in granted] == ["approve"] and "summary.zh.html" in names
    assert sum(name.startswith("letters/") for name in names) == 2


@pytest.mark.slow
def test_control_a_ladder_that_stops_no_orders_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mild = tmp_path / "escalation.yaml"
    mild.write_text(collections.SHIPPED.read_text("utf-8").replace(", hold orders]", "]"))
    monkeypatch.setattr(collections, "SHIPPED", mild)
    (tmp_path / "shop").mkdir()
    said: list[str] = []
    assert not demonstrate(tmp_path / "shop", said.append)
    assert any("order SO-3 of SLOW: approve" in line for line in said)
