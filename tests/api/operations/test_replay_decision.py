"""Ten thousand decisions of a book are replayed, some erased and some of a faulted engine: each rightly attributed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from time import process_time

import pytest

from api.operations.replay_decision import replay_days
from tests.api.service import an_order, start_real_service
from tests.api.test_replaying import ALWAYS, faulty_build

SOAK = os.environ.get("AVAL_SOAK") == "1"
COUNT, EVERY = (10_000, 100) if SOAK else (120, 12)


def test_a_long_book_is_replayed_and_every_difference_has_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_real_service(tmp_path)
    good, wanted, erased = service.held.policies._build, dict[str, str](), list[str]()
    for number in range(COUNT):
        faulted = number % EVERY == 1
        if faulted or number % EVERY == 2:
            monkeypatch.setattr(service.held.policies, "_build", faulty_build if faulted else good)
            service.held.policies.close()
        answer = service.decide(an_order(f"{number + 1}.00", id=f"SO-{number}"), f"k-{number}")
        decision = json.loads(answer.data)["decision"]["decision_id"]
        wanted[decision] = "engine" if faulted else "equal"
        if number % EVERY == 0:
            erased.append(decision)
    with service.held.database.write() as work:
        for decision in erased:
            work.erasures.erase(decision, "person:dpo", "asked")
    wanted |= dict.fromkeys(erased, "erased")
    began = process_time()
    found = {one.decision_id: one.result for one in replay_days(service.held.database, *ALWAYS)}
    print(f"replayed {len(found)} decisions, {len(found) / (process_time() - began):.0f} a CPU second")
    assert found == wanted
    assert {"equal", "engine", "erased"} == set(found.values())
