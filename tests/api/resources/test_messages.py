"""People see to messages: tasks with a result, letters with their proof, each once; what was sent and shown is kept."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.operations.tell_limit import policy_day
from api.schemas.messages import FILE_BYTES
from storage.outbox import Delivery, Message
from tests.api.operations.test_deliver import LADDER, owed
from tests.api.operations.test_escalate import PER_INVOICE, written
from tests.api.people import officer
from tests.api.service import Service, publish, start_real_service

KEYS = count()
PDF = b"%PDF-1.7\n" + bytes(range(256))
FILE = {"name": "回执 1.pdf", "media_type": "application/pdf", "content": b64encode(PDF).decode()}


@pytest.fixture
def real(location: str) -> Service:
    """C-1 owes an invoice: a letter by registered mail, one by post, a call and a task wait for a person."""
    service = start_real_service(location)
    digest = publish(service, "dunning.yaml", written(LADDER, PER_INVOICE))
    today = policy_day(service.held.database)
    owed(service, "I-100", today - timedelta(4))
    with service.held.database.write() as work:
        for name, kind, what, who in (("L-1", "letter", "formal_demand", "registered_mail"),
                                      ("L-2", "letter", "written_reminder", "letter"),
                                      ("L-3", "letter", "written_reminder", "phone"),
                                      ("M-1", "letter", "formal_demand", "email"),
                                      ("T-1", "task", "phone_call", "collector")):  # fmt: skip
            work.outbox.put(Message(name, "C-1", kind, what, who, "reminder", ("I-100",), today, digest))
    return service


def post(service: Service, path: str, **body: Any) -> TestResponse:
    """One change by a collector."""
    return service.send("POST", f"/v1/messages/{path}", body=body, Idempotency_Key=f"k-{next(KEYS)}",
                        **officer(service, "collector", "ann"))  # fmt: skip


def get(service: Service, path: str = "") -> Any:
    """What a collector is shown."""
    return json.loads(service.send("GET", f"/v1/messages{path}", "collector").data)


def fields_of(answer: TestResponse) -> list[str]:
    """The fields that a refusal names."""
    assert answer.status_code == 422, answer.data
    return [one["field"] for one in json.loads(answer.data)["errors"]]


def test_the_list_is_narrowed_and_goes_on_page_by_page(real: Service) -> None:
    assert [one["id"] for one in get(real)["items"]] == ["L-1", "L-2", "L-3", "M-1", "T-1"]
    assert [one["id"] for one in get(real, "?state=for_a_person&kind=letter")["items"]] == ["L-1", "L-2", "L-3"]
    assert [one["id"] for one in get(real, "?kind=task&who=collector&customer_id=C-1")["items"]] == ["T-1"]
    assert get(real, "?customer_id=C-9")["items"] == []
    first = get(real, "?limit=2")
    assert (first["next"], [one["id"] for one in get(real, f"?limit=2&cursor={first['next']}")["items"]]) == (
        "L-2", ["L-3", "M-1"])  # fmt: skip
    assert real.send("GET", "/v1/messages?state=lost", "collector").status_code == 422


def test_a_task_is_done_once_with_its_result(real: Service) -> None:
    assert fields_of(post(real, "T-1:done")) == ["result"]
    done = post(real, "T-1:done", result="promised to pay on Friday")
    assert (done.status_code, json.loads(done.data)["message"]["state"]) == (200, "sent")
    again = post(real, "T-1:done", result="called again")
    assert (again.status_code, json.loads(again.data)["type"]) == (409, "/problems/message-ended")
    [delivery] = get(real, "/T-1")["deliveries"]
    assert (delivery["outcome"], delivery["by"], delivery["proof"]) == (
        "sent", "person:collector-ann", "promised to pay on Friday")  # fmt: skip


def test_registered_mail_is_sent_with_its_receipt_and_a_letter_by_post_without(real: Service) -> None:
    assert fields_of(post(real, "L-1:done", result="posted")) == ["proof"]
    assert fields_of(post(real, "L-1:done", proof={"note": "posted"})) == ["proof.receipt"]
    assert fields_of(post(real, "L-3:done")) == ["result"]
    assert post(real, "L-1:done", proof={"receipt": "RR123456789CN"}).status_code == 200
    assert post(real, "L-2:done").status_code == 200
    assert post(real, "L-3:done", result="read out to the accountant").status_code == 200
    assert get(real, "/L-1")["proofs"][0]["receipt"] == "RR123456789CN"


def test_what_could_not_be_says_why(real: Service) -> None:
    assert fields_of(post(real, "L-1:done", outcome="failed")) == ["result"]
    assert post(real, "L-1:done", outcome="failed", result="moved away").status_code == 200
    assert get(real, "/L-1")["message"]["state"] == "failed"
    with real.held.database.read() as work:
        assert [one.subject for one in work.events.list(kind="message_failed").items] == ["message:L-1"]


def test_a_proof_may_come_later_with_a_file_that_is_kept_byte_for_byte(real: Service) -> None:
    assert post(real, "L-2:done").status_code == 200
    when = "2026-11-23T09:30:00+08:00"
    added = json.loads(post(real, "L-2/proofs", file=FILE, note="signed", received_at=when).data)
    assert added == {"message_id": "L-2", "place": 1, "sha256": sha256(PDF).hexdigest()}
    [proof] = get(real, "/L-2")["proofs"]
    assert (proof["file_name"], proof["sha256"], proof["received_at"]) == (
        "回执 1.pdf", sha256(PDF).hexdigest(), "2026-11-23T01:30:00.000000Z")  # fmt: skip
    file = real.send("GET", "/v1/messages/L-2/proofs/1/file", "compliance")
    assert (file.status_code, file.data, file.mimetype) == (200, PDF, "application/octet-stream")
    assert file.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%E5%9B%9E%E6%89%A7%201.pdf")
    for path in ("L-2/proofs/2/file", "L-1/proofs/1/file", "L-9/proofs/1/file", "L-2/proofs/99999999999999999999/file"):
        assert real.send("GET", f"/v1/messages/{path}", "collector").status_code == 404


def test_the_log_commits_to_a_proof_and_shows_nothing_of_it(real: Service) -> None:
    post(real, "L-1:done", result="the porter Li took it", proof={"receipt": "RR123456789CN", "file": FILE})
    with real.held.database.looking() as connection:
        bodies = b"".join(bytes(row[0]) for row in connection.exec_driver_sql("SELECT body FROM log_entry"))
    assert b"proof_added" in bodies and b"message_sent" in bodies
    for hidden in (b"RR123456789CN", b"porter", sha256(PDF).hexdigest().encode(), "回执".encode()):
        assert hidden not in bodies


@pytest.mark.parametrize("size", [0, 1, FILE_BYTES, FILE_BYTES + 1])
def test_a_file_has_its_bounds(real: Service, size: int) -> None:
    answer = post(real, "L-2/proofs", file=FILE | {"content": b64encode(b"x" * size).decode()})
    assert (answer.status_code == 201) is (1 <= size <= FILE_BYTES), answer.data


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "receipt"), ({"note": "x"}, "receipt"), ({"receipt": ""}, "receipt"), ({"receipt": "x" * 201}, "receipt"),
        ({"file": FILE | {"content": "§"}}, "file.content"), ({"file": FILE | {"content": "YQ"}}, "file.content"),
        ({"file": FILE | {"media_type": "text/html"}}, "file.media_type"), ({"file": {}}, "file.name"),
        ({"receipt": "1", "received_at": "2026-11-23T09:30:00"}, "received_at"),
        ({"receipt": "1", "received_at": "yesterday"}, "received_at"),
        ({"receipt": "1", "received_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, "received_at"),
    ],
)  # fmt: skip
def test_a_proof_that_shows_nothing_is_refused_by_its_field(real: Service, wish: dict[str, Any], field: str) -> None:
    assert field in fields_of(post(real, "L-1/proofs", **wish))
    assert get(real, "/L-1")["proofs"] == []


@pytest.mark.parametrize(("shift", "good"), [(-1, False), (0, True), (1, False)])
def test_a_day_lies_between_the_step_and_today(real: Service, shift: int, good: bool) -> None:
    day = policy_day(real.held.database) + timedelta(shift)
    answer = post(real, "L-2:done", day=str(day))
    assert (answer.status_code == 200) is good
    assert good or fields_of(answer) == ["day"]


def test_a_letter_is_written_for_printing_and_that_page_is_kept(real: Service) -> None:
    assert real.send("GET", "/v1/messages/L-1/letter", "collector").status_code == 404
    assert post(real, "L-1:write", language="en").status_code == 201
    page = real.send("GET", "/v1/messages/L-1/letter", "collector")
    assert b"Formal demand for payment: Example Ltd" in page.data and b"Aval Supplies" in page.data
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert post(real, "L-1:write", language="en").status_code == 201
    assert get(real, "/L-1")["letter"]["edition"] == 1
    assert post(real, "L-1:write", language="zh").status_code == 201
    shown = get(real, "/L-1")["letter"]
    assert (shown["edition"], shown["carried_by"], shown["media_type"]) == (2, "paper", "text/html")
    assert post(real, "L-1:done", proof={"receipt": "RR1"}).status_code == 200
    assert get(real, "/L-1")["deliveries"][0]["edition"] == 2
    assert post(real, "L-1:write").status_code == 409  # what was sent is not written anew


def test_what_is_no_letter_for_a_person_is_not_written(real: Service) -> None:
    for message_id in ("T-1", "M-1"):
        assert json.loads(post(real, f"{message_id}:write").data)["type"] == "/problems/message-ended"
    owed(real, "I-100", policy_day(real.held.database) - timedelta(4), policy_day(real.held.database))
    assert json.loads(post(real, "L-2:write").data)["type"] == "/problems/letter-not-written"


def test_what_was_given_up_is_tried_again(real: Service) -> None:
    assert post(real, "M-1:retry").status_code == 409
    with real.held.database.write() as work:
        [leased] = work.outbox.lease(1, 60.0)
        work.outbox.record(leased, Delivery("dead", policy_day(real.held.database), "sender", "no answer"))
    assert get(real, "/M-1")["message"]["state"] == "dead"
    assert json.loads(post(real, "M-1:retry", reason="the server is mended").data)["message"]["state"] == "queued"
    assert post(real, "L-1:retry").status_code == 409


def test_a_message_that_is_not_there_is_not_found(real: Service) -> None:
    assert real.send("GET", "/v1/messages/M-9", "collector").status_code == 404
    for path in ("M-9:done", "M-9:retry", "M-9:write"):
        assert post(real, path).status_code == 404
    assert post(real, "M-9/proofs", receipt="1").status_code == 404
