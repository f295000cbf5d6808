"""Keys that a process remembers: a decision looks for no key first, and no key decides after it ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage.decisions import Decisions
from storage.keys import ApiKey
from tests.api.service import Service, an_order
from tests.benchmarks.http_parts import statements


def key_id_of(service: Service, role: str = "order_system") -> str:
    return service.keys[role].split("_")[1]


@pytest.fixture
def asked(service: Service) -> Service:
    service.put_customer()
    assert service.decide(an_order(), "first").status_code == 201
    return service


def revoke(service: Service) -> None:
    with service.held.database.write() as work:
        assert work.keys.revoke(key_id_of(service))


def test_the_second_decision_looks_for_no_key(asked: Service) -> None:
    began = []
    for key in ("second", "third"):
        with statements() as told:
            assert asked.decide(an_order(id="SO-2"), key).status_code == 201
        began.append(sum(one.startswith("BEGIN") for one in told))
        asked.held.keys.forget(key_id_of(asked))
    assert began == [began[0], began[0] + 1]


def test_a_remembered_key_decides_nothing_once_it_is_revoked(asked: Service) -> None:
    revoke(asked)
    counted = asked.counted()
    for key in ("second", "first"):  # a new order, and the answer that is stored
        answer = asked.decide(an_order(), key)
        assert answer.status_code == 401 and answer.json and answer.json["type"].endswith("unauthorized")
    assert asked.counted() == counted


def test_a_remembered_key_decides_nothing_once_it_expired(asked: Service) -> None:
    with asked.held.database.alone() as connection:
        ended = (datetime.now(UTC) - timedelta(seconds=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        connection.exec_driver_sql("UPDATE api_key SET expires_at = '" + ended + "'")
    assert asked.decide(an_order(), "second").status_code == 401


def test_without_the_question_in_the_transaction_a_revoked_key_would_decide(
    asked: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = Decisions.claim
    monkeypatch.setattr(Decisions, "claim", lambda self, client, key, body, key_id="": claim(self, client, key, body))
    revoke(asked)
    assert asked.decide(an_order(), "second").status_code == 201


def test_everything_else_reads_the_key_anew(asked: Service) -> None:
    revoke(asked)
    assert asked.send("GET", "/v1/decisions", "order_system").status_code == 401
    assert asked.decide(an_order(), "second").status_code == 401


def test_an_ended_key_is_never_remembered_and_an_old_one_makes_room() -> None:
    from api.known_keys import MOST_KEYS, KnownKeys

    read: list[str] = []

    def find(key_id: str) -> ApiKey | None:
        read.append(key_id)
        return None if key_id == "none" else ApiKey(key_id, b"", "order_system", "shop", ended=key_id == "ended")

    keys = KnownKeys(find)
    for name in ("ended", "ended", "none", "none", "good", "good"):
        keys.recall(name)
    assert read == ["ended", "ended", "none", "none", "good"]
    for number in range(MOST_KEYS):
        keys.recall(str(number))
    read.clear()
    keys.recall("good")
    assert read == ["good"]
    keys.forget("good")
    keys.recall("good")
    assert read == ["good", "good"]
