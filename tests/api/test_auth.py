"""Keys are proved before anything else is looked at, and say nothing about why they were refused."""

from __future__ import annotations

import pytest

from api.auth import identify, issue_key, key_digest
from api.errors import Refused
from storage.keys import ApiKey
from tests.api.service import PEPPER, Service, an_order


def refusal(header: str | None, *known: ApiKey) -> str:
    """Why a header was refused."""
    with pytest.raises(Refused) as refused:
        identify(header, PEPPER, lambda key_id: next((key for key in known if key.key_id == key_id), None))
    assert refused.value.type.status == 401
    return refused.value.detail


def test_a_key_proves_its_client_and_role() -> None:
    text, stored = issue_key("approver", "erp", PEPPER)
    found = identify(f"Bearer {text}", PEPPER, {stored.key_id: stored}.get)
    assert (found.client, found.role) == ("erp", "approver")


def test_the_secret_is_not_stored() -> None:
    text, stored = issue_key("approver", "erp", PEPPER)
    assert text.split("_", 2)[2].encode() not in stored.digest
    assert stored.digest == key_digest(text, PEPPER) != key_digest(text, b"q" * 32)


def test_a_wrong_secret_and_an_unknown_key_are_refused_in_the_same_words() -> None:
    text, stored = issue_key("approver", "erp", PEPPER)
    changed = text[:-1] + ("A" if text[-1] != "A" else "B")
    assert refusal(f"Bearer {changed}", stored) == refusal(f"Bearer {text}")


@pytest.mark.parametrize("header", [
    "", "Bearer", "Bearer ", "Basic YTpi", "Bearer aval_0123_x", "Bearer aval_" + "é" * 16 + "_" + "é" * 43,
    "aval_" + "0" * 16 + "_" + "A" * 43, "Bearer aval_" + "0" * 16 + "_" + "A" * 43 + "\n",
    "Bearer aval_" + "0" * 16 + "_" + "A" * 44, "Bearer AVAL_" + "0" * 16 + "_" + "A" * 43,
])  # fmt: skip
def test_what_is_no_key_of_ours_is_refused(header: str) -> None:
    assert refusal(header)


def test_no_header_is_refused_with_what_to_send() -> None:
    assert "Authorization" in refusal(None)


def test_an_unknown_role_cannot_be_issued() -> None:
    with pytest.raises(ValueError, match="no role 'king'"):
        issue_key("king", "erp", PEPPER)


@pytest.mark.parametrize("client", ["", "a b", "é", "x" * 65, "erp\n"])
def test_a_client_needs_a_plain_name(client: str) -> None:
    with pytest.raises(ValueError, match="no name of a client"):
        issue_key("approver", client, PEPPER)


def test_a_revoked_key_opens_nothing(service: Service) -> None:
    with service.held.database.write() as work:
        work.keys.revoke(service.keys["order_system"].split("_")[1])
    answer = service.decide(an_order())
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="aval"')
    assert service.counted()["decision"] == 0


def test_a_body_is_not_read_for_a_caller_without_a_key(service: Service) -> None:
    answer = service.send("POST", "/v1/decisions", body=b"[" * 100_000)
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (401, "/problems/unauthorized")
