"""People sign in and out; their sessions open what their roles may do, and only from our own pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api import app as applications
from api.auth import COOKIE, acting_person, caller, performs
from api.limits import Limits, LimitSettings
from storage.failures import Busy
from storage.people import People
from tests.api.people import PASSWORD, add_person, session_of, signed_in
from tests.api.service import Service, start_service
from tests.quick_routes import WIRED


def sign_in(service: Service, name: str = "ann", password: str = PASSWORD, **headers: str) -> TestResponse:
    """Ask for a session."""
    return service.send("POST", "/v1/session", body={"name": name, "password": password}, **headers)


def token_of(answer: TestResponse) -> str:
    """The token in the cookie of an answer."""
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{COOKIE}=")
    return cookie.split(";")[0].partition("=")[2]


def who(service: Service, **headers: str) -> TestResponse:
    """Ask who is asking."""
    return service.send("GET", "/v1/session", **headers)


def problem(answer: TestResponse) -> str:
    """The name of the problem in an answer."""
    assert answer.json is not None
    return str(answer.json["type"]).removeprefix("/problems/")


@pytest.fixture
def ann(service: Service) -> Service:
    """The service with ann, an approver and compliance officer."""
    add_person(service, "ann", "approver", "compliance")
    return service


def test_a_person_signs_in_and_the_cookie_is_theirs_alone(ann: Service) -> None:
    answer = sign_in(ann)
    assert answer.status_code == 201 and answer.json is not None
    assert (answer.json["person"], answer.json["roles"]) == ("ann", ["approver", "compliance"])
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert {part.strip() for part in cookie.split(";")[1:]} >= {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"}
    assert "Domain" not in cookie and answer.headers["Cache-Control"] == "no-store"
    token = token_of(answer)
    assert len(token) == 43 and token.encode() not in answer.data
    assert who(ann, Cookie=f"{COOKIE}={token}").json == {
        "client": None, "person": "ann", "roles": ["approver", "compliance"], "permissions": [],
    }  # fmt: skip


def test_neither_token_nor_password_is_stored(ann: Service) -> None:
    token = token_of(sign_in(ann))
    with ann.held.database.looking() as connection:
        rows = [str(tuple(row)) for table in ("person", "session", "event")
                for row in connection.exec_driver_sql(f"SELECT * FROM {table}")]  # fmt: skip
    assert len(rows) > 2
    assert [row for row in rows if token in row or PASSWORD in row] == []


def test_a_wrong_password_an_unknown_name_and_a_disabled_person_get_the_same_answer(ann: Service) -> None:
    add_person(ann, "bo", "approver")
    with ann.held.database.write() as work:
        work.people.disable("bo", "operator:tests")
    answers = [sign_in(ann, password="another four words"), sign_in(ann, "nobody"), sign_in(ann, "bo")]
    bodies = [{**(answer.json or {}), "instance": None} for answer in answers]
    assert bodies[0]["type"] == "/problems/sign-in-failed" and bodies[0]["status"] == 401
    assert bodies[0] == bodies[1] == bodies[2]
    assert all("Set-Cookie" not in answer.headers for answer in answers)


@pytest.mark.parametrize("body", [
    {}, {"name": "ann"}, {"name": "ann", "password": ""}, {"name": "ann", "password": "x" * 129},
    {"name": ["ann"], "password": PASSWORD}, {"name": "ann", "password": PASSWORD, "role": "admin"},
])  # fmt: skip
def test_what_is_no_sign_in_is_refused(ann: Service, body: object) -> None:
    assert ann.send("POST", "/v1/session", body=body).status_code == 422


def test_a_new_sign_in_gives_a_new_token_and_ends_the_session_before(ann: Service) -> None:
    first = token_of(sign_in(ann))
    second = token_of(sign_in(ann, Cookie=f"{COOKIE}={first}"))
    assert first != second
    assert who(ann, Cookie=f"{COOKIE}={first}").status_code == 401
    assert who(ann, Cookie=f"{COOKIE}={second}").status_code == 200


def test_who_signs_out_is_out(ann: Service) -> None:
    headers = session_of(ann, "ann")
    answer = ann.send("DELETE", "/v1/session", **headers)
    assert answer.status_code == 204
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert who(ann, **headers).status_code == 401


@pytest.mark.parametrize("how", ["disabled", "another password"])
def test_a_person_who_is_disabled_or_has_another_password_is_out(ann: Service, how: str) -> None:
    headers = session_of(ann, "ann")
    assert who(ann, **headers).status_code == 200
    with ann.held.database.write() as work:
        assert work.people.disable("ann", "x:y") if how == "disabled" else work.people.set_password("ann", "h", "x:y")
    assert who(ann, **headers).status_code == 401


@pytest.mark.parametrize("cookie", ["", "x", "é", "a" * 5000, f"{COOKIE}=", "; ;"])
def test_a_cookie_that_is_no_session_opens_nothing(ann: Service, cookie: str) -> None:
    sent = cookie if "=" in cookie else f"{COOKIE}={cookie}"
    assert who(ann, Cookie=sent).status_code == 401


def test_a_key_has_no_session_and_says_who_it_is(service: Service) -> None:
    assert service.send("GET", "/v1/session", "approver").json == {
        "client": "approver-1", "person": None, "roles": ["approver"], "permissions": [],
    }  # fmt: skip
    answer = service.send("DELETE", "/v1/session", "approver")
    assert (answer.status_code, problem(answer)) == (403, "person-only")


def test_a_person_may_do_what_one_of_their_roles_may_and_no_more(service: Service) -> None:
    add_person(service, "bo", "collector", "risk_officer")
    headers = session_of(service, "bo")
    body = {"name": "Example Ltd", "currency": "CNY", "granted_limit": "1.00"}
    assert service.send("PUT", "/v1/customers/C-2", body=body, **headers).status_code == 201
    answer = service.send("GET", "/v1/events", **headers)
    assert (answer.status_code, problem(answer)) == (403, "forbidden")


@pytest.mark.parametrize(("headers", "status"), [
    ({"Sec_Fetch_Site": "same-origin"}, 201), ({"Sec_Fetch_Site": "cross-site"}, 403),
    ({"Sec_Fetch_Site": "same-site"}, 403), ({"Sec_Fetch_Site": "none"}, 403),
    ({"Sec_Fetch_Site": "cross-site", "Origin": "http://localhost"}, 403), ({"Origin": "http://localhost"}, 201),
    ({"Origin": "http://localhost:81"}, 403), ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403),
    ({"Origin": "http://[broken"}, 403), ({}, 403),
])  # fmt: skip
def test_a_change_with_a_session_comes_from_our_own_pages(
    service: Service, headers: dict[str, str], status: int
) -> None:
    cookie = signed_in(service, "risk_officer")["Cookie"]
    body = {"name": "Example Ltd", "currency": "CNY", "granted_limit": "1.00"}
    answer = service.send("PUT", "/v1/customers/C-2", body=body, Cookie=cookie, **headers)
    assert answer.status_code == status, answer.data
    assert status == 201 or problem(answer) == "cross-site"


def test_reading_and_keys_need_no_origin(service: Service) -> None:
    cookie = signed_in(service, "risk_officer")["Cookie"]
    assert who(service, Cookie=cookie, Sec_Fetch_Site="cross-site").status_code == 200
    body = {"name": "Example Ltd", "currency": "CNY", "granted_limit": "1.00"}
    answer = service.send("PUT", "/v1/customers/C-2", "risk_officer", body, Sec_Fetch_Site="cross-site")
    assert answer.status_code == 201


@pytest.mark.parametrize(("site", "status"), [("same-origin", 201), ("cross-site", 403), (None, 201)])
def test_another_site_cannot_sign_its_visitors_in(ann: Service, site: str | None, status: int) -> None:
    assert sign_in(ann, **({} if site is None else {"Sec_Fetch_Site": site})).status_code == status


def test_another_cookie_is_no_session_of_ours(service: Service) -> None:
    answer = who(service, Cookie="theme=dark")
    assert answer.json is not None
    assert (answer.status_code, "Authorization header is missing" in answer.json["detail"]) == (401, True)


def used_minutes_ago(service: Service, minutes: int) -> None:
    """Put the last use of all sessions so far back."""
    before = (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(timespec="milliseconds")
    with service.held.database.alone() as connection:
        connection.exec_driver_sql("UPDATE session SET used_at = ?", (before.replace("+00:00", "Z"),))


def test_a_session_in_use_goes_on_and_one_that_is_not_ends(service: Service) -> None:
    headers = signed_in(service, "approver")
    for _ in range(3):
        used_minutes_ago(service, 29)
        assert who(service, **headers).status_code == 200
    with service.held.database.looking() as connection:
        used = connection.exec_driver_sql("SELECT used_at FROM session").scalar_one()
    assert datetime.now(UTC) - datetime.fromisoformat(used) < timedelta(minutes=1)
    used_minutes_ago(service, 30)
    assert who(service, **headers).status_code == 401


def test_a_session_is_good_while_its_use_cannot_be_noted(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise Busy("others write")

    headers = signed_in(service, "approver")
    used_minutes_ago(service, 29)
    monkeypatch.setattr(People, "note_use", busy)
    assert who(service, **headers).status_code == 200


def test_a_wrong_key_is_not_helped_by_a_session(service: Service) -> None:
    headers = signed_in(service, "risk_officer")
    assert who(service, Authorization="Bearer nothing", **headers).status_code == 401


def test_too_many_failures_of_a_name_or_address_have_to_wait(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    add_person(service, "ann", "approver")
    service.app.extensions["aval"] = replace(
        service.held, limits=Limits(LimitSettings(failures_per_minute=2), clock=lambda: 0.0)
    )
    for _ in range(2):
        assert sign_in(service, password="another four words").status_code == 401
    answer = sign_in(service)
    assert (answer.status_code, problem(answer), answer.headers["Retry-After"]) == (429, "too-many-requests", "30")


def test_what_only_a_person_may_do_can_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applications, "wired", WIRED)
    service = start_service(tmp_path)

    @performs("show_session")
    def view() -> dict[str, str]:
        return {"person": acting_person(), "by": caller().by, "role": caller().role, "client": caller().client}

    app: Flask = service.app
    app.add_url_rule("/by-a-person", "by_a_person", view)
    assert service.send("GET", "/by-a-person", "approver").status_code == 403
    found = service.send("GET", "/by-a-person", **signed_in(service, "approver")).json
    assert found == {"person": "approver", "by": "person:approver", "role": "approver", "client": "person:approver"}
