"""A batch is nothing but its items: each as if it had come alone, with its own key, transaction and answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.limits import Limits, LimitSettings
from api.operations import decide_batch as module
from api.operations.decide_batch import BATCH_SECONDS, decide_batch
from storage.failures import InDoubt, Unavailable
from tests.api.service import Service, an_order, start_service


@pytest.fixture
def stored(location: str) -> Iterator[Service]:
    """The fake policy on each kind of database, and C-1 with a limit of 1,000.00."""
    service = start_service(location)
    assert service.put_customer().status_code == 201
    yield service
    service.held.database.dispose()


def item(number: int, amount: str = "100.00", **fields: Any) -> dict[str, Any]:
    """One item under the key k-NUMBER."""
    return {"idempotency_key": f"k-{number}", "request": an_order(amount, id=f"SO-{number}", **fields)}


def ask(service: Service, items: Any, role: str = "order_system") -> TestResponse:
    """Send a batch."""
    return service.send("POST", "/v1/decisions:batch", role, {"items": items})


def told(answer: TestResponse) -> list[str]:
    """What each item was told: its verdict, or its problem with the status."""
    assert answer.status_code == 200, answer.data
    return [one["answer"]["decision"]["verdict"] if "answer" in one else
            f"{one['status']} {one['problem']['type'].removeprefix('/problems/')}"
            for one in json.loads(answer.data)["items"]]  # fmt: skip


def test_items_are_decided_in_their_order_until_the_limit_is_used_up(stored: Service) -> None:
    answer = ask(stored, [item(1, "600.00"), item(2, "400.01"), item(3, "400.00"), item(4, "0.01")])
    assert told(answer) == ["approve", "refer", "approve", "refer"]
    assert [one["idempotency_key"] for one in json.loads(answer.data)["items"]] == ["k-1", "k-2", "k-3", "k-4"]
    account = json.loads(stored.send("GET", "/v1/customers/C-1", "risk_officer").data)
    assert account["exposure"]["reserved"] == "1000.00"


def test_a_repeat_answers_the_same_bytes_and_holds_nothing_again(stored: Service) -> None:
    items = [item(1), item(2, customer_id="C-404"), item(3)]
    first = ask(stored, items)
    before = stored.counted()
    again = ask(stored, items)
    assert told(first) == told(again) == ["approve", "422 unknown-customer", "approve"]
    assert stored.counted() == before
    assert [one["status"] for one in json.loads(again.data)["items"]] == [200, 422, 200]
    for one in json.loads(first.data)["items"]:
        if "answer" in one:
            whole = stored.send("GET", f"/v1/decisions/{one['answer']['decision']['decision_id']}", "risk_officer").data
            assert whole in first.data and whole in again.data


def test_whatever_is_wrong_with_one_harms_no_other(stored: Service) -> None:
    wrong = [
        "x", {}, {"idempotency_key": 7, "request": an_order()}, {"idempotency_key": "two words", "request": an_order()},
        {"idempotency_key": "a"}, item(1) | {"more": 1}, item(2, "-1.00"), item(3, currency="XYZ"),
        {"idempotency_key": "b", "request": an_order(facts={"moon.phase": 1})},
    ]  # fmt: skip
    found = told(ask(stored, [item(10), *wrong, item(11)]))
    assert found == [
        "approve", "422 invalid-field", "400 idempotency-key-missing", "400 idempotency-key-malformed",
        "400 idempotency-key-malformed", "422 invalid-field", "422 unknown-field", "422 invalid-field",
        "422 unknown-currency", "422 unknown-fact", "approve",
    ]  # fmt: skip
    assert stored.counted()["decision"] == 2


def test_a_key_used_twice_in_a_batch_is_one_order_or_a_refusal(stored: Service) -> None:
    found = told(ask(stored, [item(1), item(1), item(1, "100.01")]))
    assert found == ["approve", "approve", "422 idempotency-key-reused"]
    assert stored.counted()["decision"] == 1


@pytest.mark.parametrize(("fault", "problem"), [
    (InDoubt("x"), "503 in-doubt"), (Unavailable("x"), "503 unavailable"), (ZeroDivisionError("x"), "500 internal"),
])  # fmt: skip
def test_a_fault_in_one_is_its_answer_alone_and_its_key_serves_afterwards(
    stored: Service, monkeypatch: pytest.MonkeyPatch, fault: Exception, problem: str
) -> None:
    write, calls = type(stored.held.database).write, [0]

    @contextmanager
    def failing(self: Any) -> Iterator[Any]:
        calls[0] += 1
        with write(self) as work:
            yield work
            if calls[0] == 2:
                raise fault

    items = [item(1), item(2), item(3)]
    with monkeypatch.context() as broken:
        broken.setattr(type(stored.held.database), "write", failing)
        assert told(ask(stored, items)) == ["approve", problem, "approve"]
    assert stored.counted()["decision"] == 2
    assert [one["status"] for one in json.loads(ask(stored, items).data)["items"]] == [200, 201, 200]


@pytest.mark.parametrize(("count", "status"), [(0, 422), (1, 200), (999, 200), (1000, 200), (1001, 422)])
def test_a_batch_has_1_to_1000_items(service: Service, count: int, status: int) -> None:
    answer = ask(service, [{}] * count)
    assert answer.status_code == status
    if status == 422:
        assert json.loads(answer.data)["errors"] == [
            {"field": "items", "message": f"has {count} items; send 1 to 1000"}
        ]


@pytest.mark.parametrize("sent", [None, {}, "x", 1])
def test_items_that_are_no_list_are_refused_whole(service: Service, sent: Any) -> None:
    assert ask(service, sent).status_code == 422


def test_a_body_has_at_most_2_mib(service: Service) -> None:
    frame = len(b'{"items": [""]}')
    for more, status in ((-1, 200), (0, 200), (1, 413)):
        body = b'{"items": ["' + b"x" * (2 * 1024 * 1024 - frame + more) + b'"]}'
        assert service.send("POST", "/v1/decisions:batch", "order_system", body).status_code == status
    facts = {"a": "x" * service.held.settings.largest_body}
    large = {"idempotency_key": "k-9", "request": an_order(facts=facts)}
    assert told(ask(service, [large, item(1)])) == ["413 too-large", "approve"]


def test_only_an_order_system_may_ask(service: Service) -> None:
    assert ask(service, [item(1)], "risk_officer").status_code == 403
    assert service.counted()["decision"] == 0


def test_a_batch_counts_as_many_requests(service: Service) -> None:
    clock = [0.0]
    limits = Limits(LimitSettings(requests_per_minute=10), lambda: clock[0])
    service.app.extensions["aval"] = replace(service.held, limits=limits)
    assert ask(service, [item(n, "1.00") for n in range(6)]).status_code == 200
    refused = ask(service, [item(n, "1.00") for n in range(10, 15)])  # 4 are left, one of which this request takes
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "24")
    assert service.counted()["decision"] == 6
    assert ask(service, [item(n, "1.00") for n in range(10, 13)]).status_code == 200
    assert ask(service, [item(20)]).status_code == 429


def test_more_than_a_minute_holds_is_owed(service: Service) -> None:
    clock = [0.0]
    limits = Limits(LimitSettings(requests_per_minute=10), lambda: clock[0])
    service.app.extensions["aval"] = replace(service.held, limits=limits)
    assert ask(service, [item(n, "1.00") for n in range(20)]).status_code == 200
    clock[0] = 65.9
    assert ask(service, [item(30, "1.00")]).status_code == 429
    clock[0] = 66.1
    assert ask(service, [item(30, "1.00")]).status_code == 200


def test_no_item_is_begun_when_its_time_is_over(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 0.0, BATCH_SECONDS - 0.01, BATCH_SECONDS, BATCH_SECONDS + 1])
    begun: list[str] = []

    def decided(held: Any, caller: Any, one: dict[str, Any]) -> tuple[int, bytes]:
        begun.append(one["idempotency_key"])
        return 201, b"{}"

    monkeypatch.setattr(module, "_decided", decided)
    with service.app.test_request_context():
        written = decide_batch(service.held, None, [item(n) for n in range(4)], lambda: next(ticks))  # type: ignore[arg-type]
    assert begun == ["k-0", "k-1"]
    assert [one["status"] for one in json.loads(written)["items"]] == [201, 201, 503, 503]


def test_nothing_of_a_body_that_is_no_json_is_decided(service: Service, tmp_path: Path) -> None:
    whole = json.dumps({"items": [item(1)]}).encode()
    assert service.send("POST", "/v1/decisions:batch", "order_system", whole[:-1]).status_code == 400
    assert service.counted()["decision"] == 0
