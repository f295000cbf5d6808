"""Events over HTTP: compliance and administrators read them, in pages, and nobody writes them."""

from __future__ import annotations

from typing import Any

import pytest

from api.roles import ROLES
from tests.api.service import Service


def events(service: Service, query: str = "", role: str = "compliance") -> dict[str, Any]:
    """One page of events."""
    answer = service.send("GET", f"/v1/events{query}", role)
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = answer.json
    return found


def test_the_keys_of_the_service_left_an_event_each(service: Service) -> None:
    page = events(service, "?kind=key_created")
    assert [one["details"]["role"] for one in page["items"]] == list(reversed(ROLES))
    assert {one["kind"] for one in page["items"]} == {"key_created"}
    assert page["next"] is None
    for role, text in service.keys.items():
        [one] = [one for one in page["items"] if one["details"]["role"] == role]
        assert one["subject"] == f"key:{text.split('_')[1]}"
        assert text.split("_", 2)[2] not in str(page)


def test_pages_follow_one_another(service: Service) -> None:
    first = events(service, "?limit=4", "admin")
    rest = events(service, f"?limit=200&cursor={first['next']}", "admin")
    newest = first["items"][0]["seq"]
    assert [one["seq"] for one in first["items"] + rest["items"]] == list(range(newest, 0, -1))
    assert newest > 5
    assert rest["next"] is None


def test_the_list_is_narrowed_by_kind_and_subject(service: Service) -> None:
    key_id = service.keys["collector"].split("_")[1]
    with service.held.database.write() as work:
        work.keys.revoke(key_id, "person:ann")
    assert [one["by"] for one in events(service, "?kind=key_revoked")["items"]] == ["person:ann"]
    found = events(service, f"?subject=key:{key_id}")["items"]
    assert [one["kind"] for one in found] == ["key_revoked", "key_created"]


@pytest.mark.parametrize("query", ["?kind=key_painted", "?cursor=x", "?colour=red", "?limit=0", "?subject="])
def test_what_cannot_be_asked_is_refused(service: Service, query: str) -> None:
    assert service.send("GET", f"/v1/events{query}", "compliance").status_code == 422


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nobody_writes_events(service: Service, method: str) -> None:
    assert service.send(method, "/v1/events", "admin", {}).status_code == 405
