"""The demonstration of the log goes through, and says at each step what it must."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.demonstrations.evidence import demonstrate


@pytest.mark.slow
def test_the_demonstration_of_evidence_comes_out_as_it_says(tmp_path: Path) -> None:
    said: list[str] = []
    assert demonstrate(tmp_path, said.append), "\n".join(said)
    text = "\n".join(said)
    assert "may not do this; it takes the role approver" in text
    assert "it is still needed: exposure is held" in text and "1 of them erased" in text
    assert text.count("NOT as signed") == 2
    assert "the record says verdict 'deny', the log 'approve'" in text
    assert "entries were taken away" in text
