"""Every kind of caller on every route: the table below is what we expect, and the service must agree in each cell.

The routes are those of the app itself, so one that nobody thought of fails; and a door that is opened too far is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api import app as applications
from api.auth import declared_operations
from api.keys import KeyTerms, issue_key
from api.roles import PERSON_ROLES, PUBLIC_OPERATIONS, ROLES, ROLES_BY_OPERATION, may
from storage.keys import Keys
from tests.api.people import add_person, session_of, signed_in
from tests.api.service import PEPPER, Service, start_service
from tests.quick_routes import WIRED

PUBLIC = "public"
READERS = {"risk_officer", "approver", "order_system", "compliance", "collector"}
DECISION_READERS = {"risk_officer", "approver", "order_system", "compliance"}
REVIEWERS = {"risk_officer", "approver", "compliance"}
EXPECTED: dict[tuple[str, str], set[str] | str] = {
    ("/v1/decisions", "POST"): {"order_system"},
    ("/v1/decisions:batch", "POST"): {"order_system"},
    ("/v1/decisions:preview", "POST"): DECISION_READERS,
    ("/v1/recommendations", "POST"): {"order_system", "risk_officer", "approver"},
    ("/v1/decisions", "GET"): DECISION_READERS,
    ("/v1/decisions/<decision_id>", "GET"): DECISION_READERS,
    ("/v1/reservations/<reservation_id>", "GET"): DECISION_READERS,
    ("/v1/reservations/<reservation_id>/convert", "POST"): {"order_system"},
    ("/v1/reservations/<reservation_id>/void", "POST"): {"order_system", "risk_officer", "approver"},
    ("/v1/reservations/<reservation_id>/confirm", "POST"): {"risk_officer", "approver"},
    ("/v1/referrals", "GET"): DECISION_READERS,
    ("/v1/referrals/<referral_id>", "GET"): DECISION_READERS,
    ("/v1/referrals/<referral_id>:approve", "POST"): {"risk_officer", "approver"},
    ("/v1/referrals/<referral_id>:approve-with-terms", "POST"): {"risk_officer", "approver"},
    ("/v1/referrals/<referral_id>:reject", "POST"): {"risk_officer", "approver"},
    ("/v1/customers", "GET"): READERS,
    ("/v1/customers/<customer_id>", "GET"): READERS,
    ("/v1/customers/<customer_id>", "PUT"): {"risk_officer", "admin"},
    ("/v1/customers/<customer_id>/group", "PUT"): {"risk_officer", "admin"},
    ("/v1/groups", "GET"): READERS,
    ("/v1/groups/<group_id>", "GET"): READERS,
    ("/v1/groups/<group_id>", "PUT"): {"risk_officer", "admin"},
    ("/v1/customers/<customer_id>/limits", "POST"): {"risk_officer", "admin"},
    ("/v1/customers/<customer_id>/limits", "GET"): READERS,
    ("/v1/groups/<group_id>/limits", "POST"): {"risk_officer", "admin"},
    ("/v1/groups/<group_id>/limits", "GET"): READERS,
    ("/v1/customers/<customer_id>/contact", "PUT"): {"risk_officer", "collector", "admin"},
    ("/v1/customers/<customer_id>/contact", "GET"): {"risk_officer", "collector", "compliance", "admin"},
    ("/v1/messages", "GET"): {*REVIEWERS, "collector", "admin"},
    ("/v1/messages/<message_id>", "GET"): {*REVIEWERS, "collector", "admin"},
    ("/v1/messages/<message_id>/letter", "GET"): {*REVIEWERS, "collector", "admin"},
    ("/v1/messages/<message_id>/proofs/<place>/file", "GET"): {*REVIEWERS, "collector", "admin"},
    ("/v1/messages/<message_id>/proofs", "POST"): {"risk_officer", "approver", "collector"},
    ("/v1/messages/<message_id>:done", "POST"): {"risk_officer", "approver", "collector"},
    ("/v1/messages/<message_id>:retry", "POST"): {"risk_officer", "approver", "collector"},
    ("/v1/messages/<message_id>:write", "POST"): {"risk_officer", "approver", "collector"},
    ("/v1/customers/<customer_id>/holds", "POST"): {"risk_officer", "approver", "collector"},
    ("/v1/customers/<customer_id>/holds", "GET"): READERS,
    ("/v1/holds/<hold_id>:end", "POST"): {"risk_officer", "approver"},
    ("/v1/customers/<customer_id>/blocks", "POST"): {"risk_officer", "approver", "collector"},
    ("/v1/customers/<customer_id>/blocks", "GET"): READERS,
    ("/v1/blocks/<block_id>:end", "POST"): {"risk_officer", "approver", "collector"},
    ("/v1/payments", "POST"): {"order_system", "risk_officer", "collector"},
    ("/v1/payments/<payment_id>", "GET"): READERS,
    ("/v1/payments/<payment_id>:allocate", "POST"): {"risk_officer", "collector"},
    ("/v1/payments/<payment_id>:take-back", "POST"): {"risk_officer", "collector"},
    ("/v1/payments/<payment_id>:reverse", "POST"): {"order_system", "risk_officer", "collector"},
    ("/v1/credit-notes", "POST"): {"order_system", "risk_officer", "approver"},
    ("/v1/credit-notes/<credit_note_id>:reverse", "POST"): {"order_system", "risk_officer", "approver"},
    ("/v1/write-offs", "POST"): {"risk_officer", "approver"},
    ("/v1/write-offs/<write_off_id>:reverse", "POST"): {"risk_officer", "approver"},
    ("/v1/customers/<customer_id>/settlements", "GET"): READERS,
    ("/v1/customers/<customer_id>/late-charges", "POST"): {"order_system", "risk_officer", "collector"},
    ("/v1/invoices", "GET"): READERS,
    ("/v1/customers/<customer_id>/statement", "GET"): READERS,
    ("/v1/customers/<customer_id>/ageing", "GET"): READERS,
    ("/v1/customers/<customer_id>/late-charges", "GET"): READERS,
    ("/v1/ageing", "GET"): {"risk_officer", "approver", "compliance", "collector"},
    ("/v1/customers/<customer_id>/facts", "POST"): {"risk_officer", "admin"},
    ("/v1/customers/<customer_id>/facts", "GET"): READERS,
    ("/v1/customers/<customer_id>/documents", "POST"): {"risk_officer", "approver", "collector"},
    ("/v1/documents/<document_id>:withdraw", "POST"): {"risk_officer", "approver"},
    ("/v1/customers/<customer_id>/dossier", "GET"): READERS,
    ("/v1/customers/<customer_id>/reviews", "POST"): {"risk_officer", "approver"},
    ("/v1/customers/<customer_id>/reviews", "GET"): READERS,
    ("/v1/reviews/due", "GET"): REVIEWERS,
    ("/v1/customers/<customer_id>/invoices/<invoice_id>/days", "POST"): {"order_system", "risk_officer", "collector"},
    ("/v1/legal-cases", "GET"): {"risk_officer", "approver", "compliance", "collector"},
    ("/v1/legal-cases/<case_id>", "GET"): {"risk_officer", "approver", "compliance", "collector"},
    ("/v1/legal-cases/<case_id>/bundle", "GET"): REVIEWERS,
    ("/v1/legal-cases/<case_id>:hand-over", "POST"): {"risk_officer", "approver"},
    ("/v1/legal-cases/<case_id>:close", "POST"): {"risk_officer", "approver"},
    ("/v1/alerts", "GET"): REVIEWERS,
    ("/v1/alerts/<alert_id>:see", "POST"): {"risk_officer", "approver"},
    ("/v1/grants", "POST"): {"risk_officer", "approver"},
    ("/v1/grants/<grant_id>:withdraw", "POST"): {"risk_officer", "approver"},
    ("/v1/grants/<grant_id>", "GET"): {"risk_officer", "approver", "compliance"},
    ("/v1/customers/<customer_id>/grants", "GET"): {"risk_officer", "approver", "compliance"},
    ("/v1/groups/<group_id>/grants", "GET"): {"risk_officer", "approver", "compliance"},
    ("/v1/rates", "POST"): {"risk_officer", "admin"},
    ("/v1/rates", "GET"): {*READERS, "admin"},
    ("/v1/rates/<rate_id>", "GET"): {*READERS, "admin"},
    ("/v1/customers/<customer_id>/acts", "POST"): {"risk_officer", "approver", "collector"},
    ("/v1/customers/<customer_id>/states", "GET"): READERS,
    ("/v1/events", "GET"): {"compliance", "admin"},
    ("/v1/log/checkpoint", "GET"): {*READERS, "admin"},
    ("/v1/log/proof", "GET"): {*READERS, "admin"},
    ("/v1/log/entries", "GET"): {"compliance", "admin"},
    ("/v1/decisions/<decision_id>/receipt", "GET"): DECISION_READERS,
    ("/v1/policies/drafts", "GET"): REVIEWERS,
    ("/v1/policies/drafts", "POST"): {"risk_officer"},
    ("/v1/policies/drafts/<draft_id>", "GET"): REVIEWERS,
    ("/v1/policies/drafts/<draft_id>", "PUT"): {"risk_officer"},
    ("/v1/policies/drafts/<draft_id>:check", "POST"): {"risk_officer"},
    ("/v1/policies/drafts/<draft_id>:simulate", "POST"): {"risk_officer"},
    ("/v1/policies/drafts/<draft_id>:submit", "POST"): {"risk_officer"},
    ("/v1/policies/submissions", "GET"): REVIEWERS,
    ("/v1/policies/submissions", "POST"): {"risk_officer", "approver"},
    ("/v1/policies/submissions/<submission_id>", "GET"): REVIEWERS,
    ("/v1/policies/submissions/<submission_id>:approve", "POST"): {"approver"},
    ("/v1/policies/submissions/<submission_id>:withdraw", "POST"): {"risk_officer", "approver"},
    ("/v1/policies/submissions/<submission_id>:publish", "POST"): {"risk_officer", "approver"},
    ("/v1/policies/submissions/<submission_id>:comment", "POST"): REVIEWERS,
    ("/v1/policies/versions", "GET"): REVIEWERS,
    ("/v1/policies/versions/<digest>", "GET"): REVIEWERS,
    ("/v1/policies/versions/<digest>/source", "GET"): REVIEWERS,
    ("/v1/policies/versions/<digest>/evidence", "GET"): REVIEWERS,
    ("/v1/policies/diff", "GET"): REVIEWERS,
    ("/v1/policies/history", "GET"): REVIEWERS,
    ("/v1/policies/effective", "GET"): REVIEWERS,
    ("/v1/policies/challengers", "GET"): REVIEWERS,
    ("/v1/decisions/<decision_id>/replay", "GET"): {"risk_officer", "approver", "compliance"},
    ("/v1/decisions/<decision_id>/evidence", "GET"): {"compliance"},
    ("/v1/decisions/<decision_id>:erase", "POST"): {"compliance", "admin"},
    ("/v1/customers/<customer_id>:erase", "POST"): {"compliance", "admin"},
    ("/v1/session", "POST"): PUBLIC,
    ("/v1/session", "GET"): {*READERS, "admin"},
    ("/v1/session", "DELETE"): {*READERS, "admin"},
    ("/v1/sign-on", "GET"): PUBLIC,
    ("/v1/sign-on/answer", "GET"): PUBLIC,
    ("/healthz", "GET"): PUBLIC,
    ("/readyz", "GET"): PUBLIC,
    ("/metrics", "GET"): PUBLIC,
    ("/openapi.json", "GET"): PUBLIC,
    ("/docs", "GET"): PUBLIC,
    ("/docs/assets/<name>", "GET"): PUBLIC,
    ("/problems", "GET"): PUBLIC,
    ("/problems/<name>", "GET"): PUBLIC,
}
PERSONS_ONLY = {
    ("/v1/decisions/<decision_id>:erase", "POST"), ("/v1/customers/<customer_id>:erase", "POST"),
    ("/v1/grants", "POST"), ("/v1/grants/<grant_id>:withdraw", "POST"), ("/v1/alerts/<alert_id>:see", "POST"),
    ("/v1/session", "DELETE"), ("/v1/referrals/<referral_id>:approve", "POST"),
    ("/v1/referrals/<referral_id>:approve-with-terms", "POST"), ("/v1/referrals/<referral_id>:reject", "POST"),
    *(route for route in EXPECTED if route[0].startswith("/v1/policies/") and route[1] != "GET"),
}  # fmt: skip
NOBODY = ("no key", "wrong key", "expired key", "revoked key", "disabled person", "ended session")
KINDS = (*NOBODY, *(f"key of {role}" for role in ROLES), *(f"session of {role}" for role in PERSON_ROLES))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """One service for all cells, with a person of each role."""
    return start_everybody(tmp_path_factory.mktemp("roles"))


def start_everybody(folder: Path) -> Service:
    """A service with callers of every kind."""
    found = start_service(folder)
    assert found.put_customer().status_code == 201
    for role in PERSON_ROLES:
        signed_in(found, role)
    add_person(found, "disabled", *PERSON_ROLES)
    long_ago = KeyTerms(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with found.held.database.write() as work:
        for kind, terms in (("expired", long_ago), ("revoked", KeyTerms())):
            found.keys[kind], stored = issue_key("admin", kind, PEPPER, terms)
            work.keys.add(stored)
        work.keys.revoke(stored.key_id)
    found.keys["wrong"] = found.keys["admin"][:-8] + "A" * 8
    return found


def headers_of(service: Service, kind: str) -> dict[str, str]:
    """What a caller of this kind sends; a session is a new one each time."""
    if kind == "no key":
        return {}
    if kind == "disabled person":
        return session_of(service, "disabled") | _shut_out(service)
    if kind == "ended session":
        headers = session_of(service, "admin")
        assert service.send("DELETE", "/v1/session", **headers).status_code == 204
        return headers
    if kind.startswith("session of "):
        return session_of(service, kind.removeprefix("session of ").replace("_", "-"))
    return {"Authorization": f"Bearer {service.keys[kind.removeprefix('key of ').removesuffix(' key')]}"}


def _shut_out(service: Service) -> dict[str, str]:
    with service.held.database.write() as work:
        work.people.disable("disabled", "operator:tests")
    return {}


def expected(route: tuple[str, str], kind: str) -> str:
    """What the table says of a route and a kind of caller: refused as unknown, forbidden, or let in."""
    roles = EXPECTED[route]
    if roles == PUBLIC:
        return "in"
    if kind in NOBODY:
        return "401"
    role = kind.partition(" of ")[2]
    return "in" if role in roles and not (kind.startswith("key") and route in PERSONS_ONLY) else "403"


def wrong_cells(service: Service, only: tuple[str, str] | None = None) -> Iterator[str]:
    """Every cell in which the service does not do what the table says, over all routes of the app itself."""
    for path, method, _ in declared_operations(service.app):
        if (path, method) not in EXPECTED:
            yield f"{method} {path} is in no row"
            continue
        for kind in KINDS if only in (None, (path, method)) else ():
            body = {} if method in ("POST", "PUT", "PATCH") else None
            sent = path.replace("<", "").replace(">", "")
            answer = service.send(method, sent, body=body, **headers_of(service, kind))
            found = str(answer.status_code) if answer.status_code in (401, 403) or answer.status_code >= 500 else "in"
            if found != expected((path, method), kind):
                yield f"{method} {path}: {kind} is {found} ({answer.status_code}), not {expected((path, method), kind)}"


def test_every_route_is_in_the_table_and_declares_an_operation(service: Service) -> None:
    routes = list(declared_operations(service.app))
    assert {(path, method) for path, method, _ in routes} == set(EXPECTED)
    assert [route for route in routes if route[2] is None] == []


def test_every_operation_has_a_route(service: Service) -> None:
    declared = {operation for _, _, operation in declared_operations(service.app)}
    assert declared == set(ROLES_BY_OPERATION) | PUBLIC_OPERATIONS


@pytest.mark.parametrize("route", EXPECTED, ids=lambda route: f"{route[1]} {route[0]}")
def test_each_kind_of_caller_may_do_what_the_table_says(service: Service, route: tuple[str, str]) -> None:
    assert list(wrong_cells(service, route)) == []


def test_a_route_without_a_row_is_found_and_is_closed_to_everyone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applications, "wired", WIRED)
    service = start_service(tmp_path)
    service.app.add_url_rule("/forgotten", "forgotten", lambda: "open")
    assert list(wrong_cells(service, ("/forgotten", "GET"))) == ["GET /forgotten is in no row"]
    assert service.send("GET", "/forgotten", "admin").status_code == 403
    assert service.send("GET", "/forgotten").status_code == 401


def test_a_role_too_many_and_a_role_too_few_are_found(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROLES_BY_OPERATION, "list_events", frozenset({"compliance", "collector"}))  # type: ignore[arg-type]
    found = list(wrong_cells(service, ("/v1/events", "GET")))
    assert [line.partition(": ")[2].partition(" is ")[0] for line in found] == [
        "key of collector", "key of admin", "session of collector", "session of admin",
    ]  # fmt: skip


def test_keys_that_do_not_end_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = start_everybody(tmp_path)
    find = Keys.find

    def forgiving(keys: Keys, key_id: str) -> object:
        found = find(keys, key_id)
        return None if found is None else replace(found, ended=False)

    monkeypatch.setattr(Keys, "find", forgiving)
    found = list(wrong_cells(service, ("/v1/events", "GET")))
    assert [line.partition(": ")[2].partition(" is ")[0] for line in found] == ["expired key", "revoked key"]


def test_words_that_are_in_no_table_may_nothing() -> None:
    assert not may("king", "decide") and not may("admin", "abdicate")
