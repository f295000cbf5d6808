"""The log over HTTP: what is handed out is checked here with the public key alone, as an outsider would."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest

from api.keys import issue_key
from api.log_keeping import LogKeeper
from api.log_keys import Remembered
from storage.checkpoints import read_checkpoint
from storage.merkle import is_consistent, is_included, leaf_hash
from tests.api.service import PEPPER, Service, an_order
from tests.storage.test_sequencer import KEY


@pytest.fixture
def decided(service: Service) -> str:
    """A decision of the order system, by its id."""
    return str(json.loads(service.decide(an_order()).data)["decision"]["decision_id"])


def keep(service: Service, tmp_path: Any) -> None:
    LogKeeper(service.held.database, KEY, Remembered(tmp_path / "last", KEY.verifying), clock=lambda: 0.0).step()


def asked(service: Service, path: str, role: str = "compliance") -> Any:
    answer = service.send("GET", path, role)
    assert answer.status_code == 200, answer.data
    return answer.json


def test_a_receipt_waits_and_is_then_checked_with_the_public_key(service: Service, decided: str, tmp_path: Any) -> None:
    waiting = service.send("GET", f"/v1/decisions/{decided}/receipt", "order_system")
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (202, "1")
    assert waiting.json == {"entry_id": decided, "state": "waiting"}
    keep(service, tmp_path)
    receipt = asked(service, f"/v1/decisions/{decided}/receipt", "order_system")
    signed = read_checkpoint(receipt["checkpoint"], KEY.verifying)
    body = b64decode(receipt["entry"])
    proof = [bytes.fromhex(one) for one in receipt["proof"]]
    assert is_included(leaf_hash(body), receipt["seq"], signed.size, proof, signed.root)
    assert json.loads(body)["id"] == decided
    assert asked(service, f"/v1/log/proof?entry={decided}")["proof"] == receipt["proof"]


def test_an_order_system_sees_receipts_of_its_own_alone(service: Service, decided: str) -> None:
    with service.held.database.write() as work:
        service.keys["other"], stored = issue_key("order_system", "another", PEPPER)
        work.keys.add(stored)
    assert service.send("GET", f"/v1/decisions/{decided}/receipt", "other").status_code == 404
    assert service.send("GET", f"/v1/decisions/{decided}/receipt", "order_system").status_code == 202
    assert service.send("GET", f"/v1/decisions/{decided}x/receipt", "compliance").status_code == 404


def test_a_decision_from_before_the_log_has_no_receipt(service: Service, decided: str) -> None:
    with service.held.database.alone() as connection:
        for name in connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'log_entry'"
        ).scalars().all():  # fmt: skip
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("DELETE FROM log_queue")
        connection.exec_driver_sql("DELETE FROM log_entry")
    answer = service.send("GET", f"/v1/decisions/{decided}/receipt", "compliance")
    assert (answer.status_code, "before there was a log" in answer.get_data(as_text=True)) == (404, True)


def test_a_checkpoint_is_plain_text_that_a_later_one_adds_to(service: Service, decided: str, tmp_path: Any) -> None:
    assert service.send("GET", "/v1/log/checkpoint", "order_system").status_code == 404
    keep(service, tmp_path)
    first = service.send("GET", "/v1/log/checkpoint", "order_system")
    assert first.headers["Content-Type"] == "text/plain; charset=utf-8"
    service.decide(an_order(), "k-2")
    keep(service, tmp_path)
    second = service.send("GET", "/v1/log/checkpoint", "order_system")
    small, large = (read_checkpoint(one.get_data(as_text=True), KEY.verifying) for one in (first, second))
    told = asked(service, f"/v1/log/proof?earlier={small.size}&later={large.size}")["proof"]
    proof = [bytes.fromhex(one) for one in told]
    assert is_consistent((small.size, small.root), (large.size, large.root), proof)
    assert service.send("GET", f"/v1/log/checkpoint?size={small.size}", "compliance").data == first.data
    assert service.send("GET", "/v1/log/checkpoint?size=99", "compliance").status_code == 404


def test_entries_are_listed_in_pages(service: Service, decided: str, tmp_path: Any) -> None:
    keep(service, tmp_path)
    first = asked(service, "/v1/log/entries?limit=2")
    assert [one["seq"] for one in first["items"]] == [0, 1]
    rest = asked(service, f"/v1/log/entries?start={first['next']}&limit=500")
    assert rest["next"] is None
    assert rest["items"][-1]["entry_id"] == decided
    assert json.loads(b64decode(rest["items"][-1]["entry"]))["kind"] == "decision"


@pytest.mark.parametrize(
    "query",
    ["", "?entry=x&earlier=1&later=2", "?earlier=1", "?later=2", "?earlier=-1&later=2", "?entry=", "?later=b"],
)
def test_a_proof_is_asked_of_an_entry_or_of_two_sizes(service: Service, query: str) -> None:
    assert service.send("GET", f"/v1/log/proof{query}", "compliance").status_code == 422


@pytest.mark.parametrize("query", ["?entry=D-404", "?earlier=1&later=99", "?earlier=2&later=1"])
def test_what_the_log_has_not_is_not_found(service: Service, decided: str, query: str, tmp_path: Any) -> None:
    keep(service, tmp_path)
    assert service.send("GET", f"/v1/log/proof{query}", "compliance").status_code == 404


def test_an_erased_decision_is_told_as_one_and_its_receipt_stays(service: Service, decided: str, tmp_path: Any) -> None:
    keep(service, tmp_path)
    before = asked(service, f"/v1/decisions/{decided}/receipt")
    with service.held.database.write() as work:
        work.erasures.erase(decided, "person:dpo", "asked")
    shown = service.send("GET", f"/v1/decisions/{decided}", "order_system")
    again = service.decide(an_order())
    for answer in (shown, again):
        assert (answer.status_code, json.loads(answer.data)["type"]) == (410, "/problems/record-erased")
    assert asked(service, f"/v1/decisions/{decided}/receipt")["entry"] == before["entry"]
