"""A new key: what is handed over, what is stored, and what no key can be made with."""

from __future__ import annotations

import pytest

from api.keys import KeyTerms, issue_key, key_digest, pepper_id
from tests.api.service import PEPPER


def test_a_key_names_its_pepper_without_telling_it() -> None:
    _, stored = issue_key("approver", "erp", PEPPER)
    assert stored.pepper_id == pepper_id(PEPPER) != pepper_id(b"q" * 32)
    assert PEPPER[:4].hex() not in pepper_id(PEPPER)


def test_the_secret_is_not_stored() -> None:
    text, stored = issue_key("approver", "erp", PEPPER)
    assert text.split("_", 2)[2].encode() not in stored.digest
    assert stored.digest == key_digest(text, PEPPER) != key_digest(text, b"q" * 32)


def test_an_unknown_role_cannot_be_issued() -> None:
    with pytest.raises(ValueError, match="no role 'king'"):
        issue_key("king", "erp", PEPPER)


def test_an_unknown_permission_cannot_be_issued() -> None:
    with pytest.raises(ValueError, match="no permission 'fly'"):
        issue_key("approver", "erp", PEPPER, KeyTerms(permissions=frozenset({"fly", "counter_offers"})))


@pytest.mark.parametrize(("label", "good"), [("x" * 80, True), ("x" * 81, False), ("", False), ("a\nb", False)])
def test_a_label_is_one_short_line(label: str, good: bool) -> None:
    if good:
        assert issue_key("approver", "erp", PEPPER, KeyTerms(label))[1].label == label
    else:
        with pytest.raises(ValueError, match="label"):
            issue_key("approver", "erp", PEPPER, KeyTerms(label))


@pytest.mark.parametrize("client", ["", "a b", "é", "x" * 65, "erp\n"])
def test_a_client_needs_a_plain_name(client: str) -> None:
    with pytest.raises(ValueError, match="no name of a client"):
        issue_key("approver", client, PEPPER)
