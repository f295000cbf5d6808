"""Where a customer is written to: set, shown, forgotten; what is no address is refused, and no event names one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.service import Service, start_service

AT = "/v1/customers/C-1/contact"


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A service with the customer C-1."""
    found = start_service(tmp_path)
    found.put_customer()
    return found


def put(service: Service, role: str = "collector", **wish: Any) -> TestResponse:
    """Set the contact of C-1."""
    return service.send("PUT", AT, role, wish)


def events(service: Service) -> list[tuple[str, dict[str, Any]]]:
    """Who changed the contact, the newest first, with the details."""
    with service.held.database.read() as work:
        return [(one.by, dict(one.details)) for one in work.events.list(kind="contact_set").items]


def test_an_address_is_set_shown_replaced_and_forgotten(service: Service) -> None:
    nothing = {"customer_id": "C-1", "email": None, "webhook": None, "language": None, "by": None, "at": None}
    assert json.loads(service.send("GET", AT, "collector").data) == nothing
    first = json.loads(put(service, email="pay@customer.example", language="zh").data)
    assert first == json.loads(service.send("GET", AT, "compliance").data)
    assert (first["email"], first["language"], first["by"]) == ("pay@customer.example", "zh", "client:collector-1")
    second = json.loads(put(service, webhook="https://customer.example/letters?k=1").data)
    assert (second["email"], second["webhook"]) == (None, "https://customer.example/letters?k=1")
    assert json.loads(put(service).data) == nothing
    assert [details["kind"] for _, details in events(service)] == ["none", "webhook", "email"]


def test_the_same_address_again_is_no_event(service: Service) -> None:
    for _ in range(2):
        assert put(service, email="pay@customer.example").status_code == 200
    assert len(events(service)) == 1
    assert put(service, email="pay@customer.example", language="en").status_code == 200
    assert len(events(service)) == 2


def test_no_event_and_no_entry_of_the_log_names_the_address(service: Service) -> None:
    put(service, email="pay@customer.example")
    with service.held.database.looking() as connection:
        bodies = [bytes(row[0]) for row in connection.exec_driver_sql("SELECT body FROM log_entry")]
        details = [row[0] for row in connection.exec_driver_sql("SELECT details FROM event")]
    told = b"".join(bodies) + "".join(details).encode()
    assert b"contact_set" in told and b"commitments" in told
    assert b"customer.example" not in told


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"email": "pay"}, "email"), ({"email": "a@b@c.example"}, "email"), ({"email": "Ann <a@b.example>"}, "email"),
        ({"email": "a@b.example\n"}, "email"), ({"email": "a..b@c.example"}, "email"), ({"email": ""}, "email"),
        ({"email": "张@客户.例"}, "email"), ({"webhook": "ftp://customer.example"}, "webhook"),
        ({"webhook": "http://customer.example/x"}, "webhook"), ({"webhook": "https:///x"}, "webhook"),
        ({"webhook": "https://u:p@customer.example/"}, "webhook"), ({"webhook": "https://b.example/#a"}, "webhook"),
        ({"webhook": "https://customer.example:99999/"}, "webhook"), ({"webhook": "customer.example"}, "webhook"),
        ({"email": "a@b.example", "webhook": "https://b.example/"}, "webhook"), ({"language": "en"}, "language"),
        ({"email": "a@b.example", "language": "fr"}, "language"), ({"mail": "a@b.example"}, "mail"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_its_field(service: Service, wish: dict[str, Any], field: str) -> None:
    answer = put(service, **wish)
    assert answer.status_code in (400, 422)
    assert [one["field"] for one in json.loads(answer.data)["errors"]] == [field]
    assert events(service) == []


@pytest.mark.parametrize("length", [64, 65])
def test_the_longest_name_of_a_mailbox_has_64_characters(service: Service, length: int) -> None:
    assert (put(service, email="a" * length + "@b.example").status_code == 200) is (length == 64)


def test_a_customer_that_is_not_there_has_no_contact(service: Service) -> None:
    for method, body in (("GET", None), ("PUT", {"email": "a@b.example"})):
        assert service.send(method, "/v1/customers/C-9/contact", "collector", body).status_code == 404
