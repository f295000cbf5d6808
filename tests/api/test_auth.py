"""Keys are proved before anything else is looked at, and say nothing about why they were refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.auth import identify
from api.errors import Refused
from api.keys import KeyTerms, issue_key
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


def test_a_key_gives_its_permissions_and_none_that_it_was_not_given() -> None:
    text, stored = issue_key("order_system", "erp", PEPPER, KeyTerms(permissions=frozenset({"counter_offers"})))
    assert identify(f"Bearer {text}", PEPPER, {stored.key_id: stored}.get).permissions == {"counter_offers"}
    text, stored = issue_key("order_system", "erp", PEPPER)
    assert identify(f"Bearer {text}", PEPPER, {stored.key_id: stored}.get).permissions == frozenset()


def test_the_pepper_before_is_good_while_it_is_named() -> None:
    before = b"q" * 32
    text, stored = issue_key("approver", "erp", before)
    header = f"Bearer {text}"
    assert refusal(header, stored)
    assert identify(header, PEPPER, {stored.key_id: stored}.get, before).client == "erp"
    assert identify(header, before, {stored.key_id: stored}.get, PEPPER).client == "erp"
    with pytest.raises(Refused):
        identify(header, PEPPER, {stored.key_id: stored}.get, b"r" * 32)


def test_a_key_that_has_ended_is_refused_in_the_words_of_an_unknown_one() -> None:
    text, stored = issue_key("approver", "erp", PEPPER)
    assert refusal(f"Bearer {text}", replace(stored, ended=True)) == refusal(f"Bearer {text}")


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


def test_a_revoked_key_opens_nothing(service: Service) -> None:
    with service.held.database.write() as work:
        work.keys.revoke(service.keys["order_system"].split("_")[1])
    answer = service.decide(an_order())
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="aval"')
    assert service.counted()["decision"] == 0


@pytest.mark.parametrize(("seconds", "status"), [(60, 201), (-1, 401)])
def test_a_key_opens_until_it_ends_by_the_clock_of_the_database(service: Service, seconds: int, status: int) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    service.keys["order_system"], stored = issue_key("order_system", "erp", PEPPER, KeyTerms(expires_at=ends))
    with service.held.database.write() as work:
        work.keys.add(stored)
    assert service.decide(an_order()).status_code == status


def test_a_body_is_not_read_for_a_caller_without_a_key(service: Service) -> None:
    answer = service.send("POST", "/v1/decisions", body=b"[" * 100_000)
    assert answer.json is not None
    assert (answer.status_code, answer.json["type"]) == (401, "/problems/unauthorized")
