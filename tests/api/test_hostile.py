"""Whatever JSON stands wherever in a request: never a fault of ours, and what is refused leaves nothing behind."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.service import Service, an_order, start_real_service

WORDS = st.sampled_from([
    "", " ", "none", "unlimited", "NaN", "1e3", "-1.00", "0", "1.00", "1,00", "net 30", "net 99999999999",
    "2/10 net 30", "prepaid", "2026-02-29", "9999-12-31", "0001-01-01", "CNY", "JPY", "C-1", "\u202e",
    "\ud83d\ude00", "a\nb", "'--", "10000000000000.00",
    "customer.score", "as_of", "order.amount", "sha256:" + "0" * 64, "9" * 400,
])  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-10**16, 10**16) | WORDS | st.text(max_size=20) | st.floats(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(WORDS | st.text(max_size=8), inside, max_size=3),
    max_leaves=8,
)
PLACES = st.sampled_from([
    ("order",), ("customer_id",), ("facts",), ("as_of",), ("policy_digest",), ("more",), ("facts", "customer.score"),
    *(("order", name) for name in an_order()["order"]),
])  # fmt: skip
KEYS = count()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """One service on the real engines for all the examples."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    return start_real_service(folder)


def changed(body: dict[str, Any], place: tuple[str, ...], value: Any) -> bytes:
    """A body in which this value stands at this place."""
    inside = body
    for name in place[:-1]:
        inside = inside[name]
    inside[place[-1]] = value
    return json.dumps(body, ensure_ascii=True).encode()


@given(PLACES, VALUES)
def test_an_order_is_decided_or_refused(service: Service, place: tuple[str, ...], value: Any) -> None:
    before = service.counted()
    answer = service.decide(changed(an_order(), place, value), f"hostile-{next(KEYS)}")
    assert answer.status_code in (201, 400, 422), answer.data
    assert (service.counted() == before) == (answer.status_code != 201)


@given(PLACES, VALUES)
def test_a_preview_is_shown_or_refused(service: Service, place: tuple[str, ...], value: Any) -> None:
    before = service.counted()
    answer = service.send("POST", "/v1/decisions:preview", "order_system", changed(an_order(), place, value))
    assert answer.status_code in (200, 400, 422), answer.data
    assert service.counted() == before


@given(st.sampled_from(["name", "country", "currency", "granted_limit", "facts", "more"]), VALUES)
def test_a_customer_is_set_or_refused(service: Service, field: str, value: Any) -> None:
    body = {"name": "Example Ltd", "currency": "CNY", "granted_limit": "1.00", "facts": {}}
    answer = service.send("PUT", "/v1/customers/C-9", "risk_officer", changed(body, (field,), value))
    assert answer.status_code in (200, 201, 400, 422), answer.data


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_as_a_body(service: Service, body: bytes) -> None:
    answer = service.decide(body, "hostile-bytes")
    assert answer.status_code in (400, 422), answer.data


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_not(service: Service, text: str) -> None:
    for path in (f"/v1/customers/{quote(text, safe='')}", f"/v1/decisions?cursor={quote(text)}", f"/{quote(text)}"):
        assert service.send("GET", path, "risk_officer").status_code < 500
