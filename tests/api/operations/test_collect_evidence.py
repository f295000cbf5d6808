"""What is collected comes from one view, also of decisions that cannot be replayed any more."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

from api.operations.collect_evidence import collect_evidence
from tests.api.service import an_order, start_real_service
from tests.api.test_replaying import changed


def test_a_policy_that_cannot_be_read_any_more_still_leaves_evidence(tmp_path: Path) -> None:
    service = start_real_service(tmp_path)
    decision = json.loads(service.decide(an_order()).data)["decision"]["decision_id"]
    changed(service.held.database, "UPDATE policy_version SET source = x'00'")
    made = collect_evidence(service.held.database, decision)
    assert made is not None
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        assert json.loads(file.read("replay.json"))["result"] == "policy"
        assert {one["source"] for one in json.loads(file.read("facts.json")).values()} == {"computed"}


def test_a_decision_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert collect_evidence(start_real_service(tmp_path).held.database, "D-404") is None
