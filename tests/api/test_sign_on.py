"""What an operator may set of single sign-on, and what would be wrong."""

from __future__ import annotations

from typing import Any

import pytest

from api.sign_on import SignOn, is_private_way, read_roles

RIGHT: dict[str, Any] = {
    "issuer": "https://id.example", "client_id": "aval", "secret": "s",
    "address": "https://aval.example/v1/sign-on/answer", "roles": {"credit": "risk_officer"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://id.example", True), ("http://id.example", False), ("http://localhost:8080", True),
        ("http://127.0.0.1", True), ("http://[::1]:1", True), ("http://127.0.0.1.evil.example", False),
        ("http://localhost.evil.example", False), ("https://", False), ("ftp://localhost", False), ("", False),
        ("https://[", False),
    ],
)  # fmt: skip
def test_only_ways_that_nobody_reads_are_gone(url: str, private: bool) -> None:
    assert is_private_way(url) is private


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"issuer": "http://id.example"}, "no https://"), ({"address": "http://aval.example"}, "no https://"),
        ({"client_id": ""}, "are needed"), ({"secret": ""}, "are needed"), ({"claim": ""}, "are needed"),
        ({"roles": {}}, "nobody could do anything"), ({"roles": {"erp": "order_system"}}, "cannot give the role"),
        ({"roles": {"all": "root"}}, "cannot give the role"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_told(changed: dict[str, Any], told: str) -> None:
    assert SignOn(**RIGHT).roles == {"credit": "risk_officer"}
    with pytest.raises(ValueError, match=told):
        SignOn(**RIGHT | changed)


def test_the_secret_is_in_no_text() -> None:
    assert "hidden" not in repr(SignOn(**RIGHT | {"secret": "hidden"}))


def test_words_of_a_claim_are_read_with_their_roles() -> None:
    given = ["credit=risk_officer", "cn=board,dc=example=approver", "credit=risk_officer"]
    assert read_roles(given) == {"credit": "risk_officer", "cn=board,dc=example": "approver"}


@pytest.mark.parametrize("given", [["credit"], ["=approver"], ["credit="], ["a=approver", "a=admin"]])
def test_a_word_without_one_role_is_refused(given: list[str]) -> None:
    with pytest.raises(ValueError, match="write"):
        read_roles(given)
