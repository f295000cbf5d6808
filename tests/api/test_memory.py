"""What is remembered of customers: fewer reads, the same decisions, and no more of it than there is room for."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from api.app import create_app
from api.memory import Memory, Remembered
from storage import earlier_orders
from storage.earlier_orders import EarlierOrders, Seen
from storage.receivables import Invoice
from storage.states import States
from tests.api.service import GOOD, Service, an_order, start_real_service
from tests.benchmarks.http_parts import statements

NOBODY = Seen(1, None, EarlierOrders((), date(2026, 11, 1), complete=True))
INVOICE = Invoice("C-1", "I-1", 100, "CNY", date(2026, 1, 1), date(2026, 2, 1))


@pytest.fixture
def real(tmp_path: Path) -> Service:
    """A service on the real engines, with the good customer C-1."""
    return start_real_service(tmp_path)


def an_entry(version: int = 1, invoices: int = 0) -> Remembered:
    return Remembered("CNY", "sha256:a", 1, (INVOICE,) * invoices, Seen(version, None, NOBODY.earlier))


def verdict(service: Service, key: str, amount: str = "100.00", **fields: object) -> str:
    answer = service.decide(an_order(amount, id=f"SO-{key}", **fields), key)
    assert answer.status_code == 201 and answer.json is not None, answer.data
    return str(answer.json["decision"]["verdict"])


def test_the_next_decision_begins_with_its_lock(real: Service) -> None:
    verdict(real, "first")
    with statements() as told:
        verdict(real, "second")
    assert sum(one.startswith("BEGIN") for one in told) == 1
    assert len(told) == 1 + 6


def test_on_either_database_a_decision_of_a_known_customer_has_six_statements(location: str) -> None:
    found = start_real_service(location)
    verdict(found, "first")
    with statements() as told:
        assert verdict(found, "second") == "approve"
    began, *rest = told
    assert began.startswith("BEGIN") and len(rest) == 6, told
    found.held.database.dispose()


def test_a_worker_sees_what_another_one_changed(tmp_path: Path) -> None:
    mine = start_real_service(tmp_path)
    assert verdict(mine, "first") == "approve"
    other = Service(app_of(mine), mine.keys)
    assert verdict(other, "theirs", "250000.00") == "approve"
    assert verdict(mine, "much", "250000.00") == "refer"  # 500,000 is the most, and 100 are held already
    with mine.held.database.write() as work:
        work.invoices.add_many([Invoice("C-1", "I-late", 10**6, "CNY", date(2026, 1, 1), date(2026, 2, 1))],
                               date(2026, 11, 1))  # fmt: skip
    assert verdict(mine, "late") == "deny"
    assert mine.put_customer(granted_limit="0.00", country="CN", facts=GOOD | {"customer.insolvent": True}).status_code
    answer = mine.decide(an_order(id="SO-x"), "insolvent")
    assert answer.json is not None and answer.json["decision"]["hard_stop"] is True


def test_what_is_remembered_without_its_version_would_approve_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = start_real_service(tmp_path)
    verdict(mine, "first")
    other = Service(app_of(mine), mine.keys)
    verdict(other, "before", "1900000.00", prepaid="1700000.00")  # 200,000 within two days
    with other.held.database.write() as work:
        work.invoices.add_many([Invoice("C-1", "I-late", 10**6, "CNY", date(2026, 1, 1), date(2026, 2, 1))],
                               date(2026, 11, 1))  # fmt: skip
    monkeypatch.setattr(Remembered, "still_holds", lambda self, locked: True)
    assert verdict(mine, "late") == "approve"


def app_of(service: Service) -> Flask:
    """Another worker on the same database."""
    return create_app(service.held.settings)


def test_what_was_taken_back_is_not_remembered(real: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    verdict(real, "first")
    known = real.held.memory.recall("C-1")

    def fail(*given: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as broken:
        broken.setattr(States, "change", fail)
        assert real.decide(an_order(id="SO-2"), "second").status_code >= 500
    assert real.held.memory.recall("C-1") is known
    assert verdict(real, "second") == "approve"


def test_a_later_version_stays_and_the_least_recent_make_room() -> None:
    memory = Memory(most_rows=5)
    memory.keep("C-1", an_entry(version=3))
    memory.keep("C-1", an_entry(version=2))
    known = memory.recall("C-1")
    assert known is not None and known.seen is not None and known.seen.version == 3
    memory.keep("C-2", an_entry(invoices=2))
    assert memory.recall("C-1") is not None
    memory.keep("C-3", an_entry(invoices=1))
    assert memory.recall("C-2") is None
    assert memory.recall("C-1") is not None and memory.recall("C-3") is not None
    memory.keep("C-4", an_entry(invoices=9))  # more than there is room for
    assert memory.recall("C-4") is None
    memory.forget("C-3")
    memory.forget("C-3")
    assert memory.recall("C-3") is None


def test_two_workers_that_remember_decide_as_one_that_reads_everything(tmp_path: Path) -> None:
    assert {"approve", "refer"} <= set(decide_in_turns(tmp_path))


def test_control_an_order_that_was_let_go_and_is_still_remembered_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier_orders, "ADDS_ONLY", (*earlier_orders.ADDS_ONLY, "release"))
    with pytest.raises(AssertionError, match="evidence"):
        decide_in_turns(tmp_path)


def decide_in_turns(tmp_path: Path) -> list[str]:
    """The verdicts of two workers in turns, each of which is what a third one, that reads everything, foretold."""
    mine = start_real_service(tmp_path)
    workers, chance = (mine, Service(app_of(mine), mine.keys)), random.Random(5)
    plain = Service(app_of(mine), mine.keys)
    verdicts = []
    for number in range(80):
        amount, who = f"{chance.randrange(1_000, 60_000)}.00", workers[chance.randrange(2)]
        body = an_order(amount, id=f"SO-{number}")
        previewed = plain.send("POST", "/v1/decisions:preview", "risk_officer", body)
        answer = who.decide(body, f"k-{number}")
        assert previewed.json is not None and answer.json is not None
        assert told(answer.json) == told(previewed.json)
        verdicts.append(answer.json["decision"]["verdict"])
        held = answer.json["decision"]["reservation"]
        if held is not None and chance.random() < 0.5:
            freed = who.send("POST", f"/v1/reservations/{held['id']}/void", "order_system", {},
                             Idempotency_Key=f"v-{number}")  # fmt: skip
            assert freed.status_code < 300, freed.data
        if chance.random() < 0.05:
            with mine.held.database.write() as work:
                work.invoices.add_many([Invoice("C-1", f"I-{number}", 100_000, "CNY", date(2026, 1, 1),
                                                date(2099, 2, 1))], date(2026, 11, 1))  # fmt: skip
    return verdicts


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """A decision without what is its own: ids, instants, and what it holds."""
    apart = ("decision_id", "decided_at", "reservation", "preview")
    return {name: value for name, value in answer["decision"].items() if name not in apart}
