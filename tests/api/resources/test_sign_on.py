"""Signing on by a provider: what proves a person begins a session, and whatever does not begins none."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests
from cryptography.fernet import Fernet
from joserfc.jwk import RSAKey
from werkzeug.test import Client, TestResponse

from api.app import create_app
from api.identity_provider import IdentityProvider
from api.limits import Limits, LimitSettings
from api.settings import Settings
from api.sign_on import SignOn
from tests.api import provider as providers
from tests.api.people import add_person
from tests.api.provider import CLIENT, SECRET, Provider, parts_of
from tests.api.service import PEPPER, Service
from tests.migrated import bring_up

ADDRESS = "http://localhost/v1/sign-on/answer"
ROLES = {"credit": "risk_officer", "board": "approver"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider on a port of its own."""
    with providers.running() as found:
        yield found


@pytest.fixture
def service(location: str, provider: Provider) -> Iterator[Service]:
    """A service that people sign on to by that provider; nobody is known yet, and nobody is made."""
    found = service_for(location, SignOn(provider.issuer, CLIENT, SECRET, ADDRESS, ROLES))
    yield found
    found.held.database.dispose()


def service_for(location: str, sign_on: SignOn) -> Service:
    """A service on a database that is brought up."""
    found = Service(create_app(Settings(database=location, pepper=PEPPER, sign_on=sign_on)))
    bring_up(found.held.database)
    return found


def set_to(service: Service, **changed: Any) -> None:
    """Have the service trust its provider with more, or less."""
    held = service.held
    assert held.settings.sign_on is not None
    ours = replace(held.settings.sign_on, **changed)
    settings = replace(held.settings, sign_on=ours)
    service.app.extensions["aval"] = replace(held, settings=settings, provider=IdentityProvider(ours))


def linked(service: Service, provider: Provider, name: str = "ann", subject: str = "u-1") -> None:
    """A local person whom an administrator linked."""
    add_person(service, name, "collector")
    with service.held.database.write() as work:
        work.identities.link(provider.issuer, subject, name, "operator:tests")


def browser(service: Service) -> Client:
    """A browser that keeps cookies."""
    return service.app.test_client()


def go(client: Client) -> str:
    """Off to the provider: the address at which it sends the browser back."""
    begun = client.get("/v1/sign-on", base_url="https://localhost")
    assert begun.status_code == 302, begun.data
    back = requests.get(begun.headers["Location"], allow_redirects=False, timeout=5)
    assert back.status_code == 302, back.text
    return str(back.headers["Location"])


def come_back(client: Client, where: str, **changed: str) -> TestResponse:
    """Back at the service, with what the provider gave, or something else."""
    query = parts_of(where) | changed
    return client.get("/v1/sign-on/answer", base_url="https://localhost", query_string=query)


def signed_on(client: Client) -> TestResponse:
    """There and back."""
    return come_back(client, go(client))


def problem(answer: TestResponse) -> tuple[int, str, str]:
    """A refusal: its status, name and words."""
    body = json.loads(answer.data)
    return answer.status_code, body["type"].removeprefix("/problems/"), body.get("detail", "")


def nobody_is_in(service: Service, client: Client, answer: TestResponse) -> None:
    """INVARIANT: no session was begun, in the database or in the browser."""
    assert "aval_session=" not in str(answer.headers)
    assert client.get("/v1/session", base_url="https://localhost").status_code == 401
    with service.held.database.looking() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM session").scalar_one() == 0


def events(service: Service, kind: str) -> list[tuple[str, str, Any]]:
    """What happened of a kind, the newest first."""
    with service.held.database.read() as work:
        return [(one.subject, one.by, one.details) for one in work.events.list(kind=kind).items]


def test_a_linked_person_signs_on_with_the_roles_of_the_claim(service: Service, provider: Provider) -> None:
    linked(service, provider)
    provider.claims["groups"] = ["credit", "board", "canteen"]
    client = browser(service)
    answer = signed_on(client)
    assert answer.status_code == 200, answer.data
    body = json.loads(answer.data)
    assert (body["person"], body["roles"], body["client"]) == ("ann", ["risk_officer", "approver"], None)
    cookies = answer.headers.getlist("Set-Cookie")
    assert any("aval_session=" in one and "HttpOnly" in one and "Secure" in one and "SameSite=Strict" in one
               for one in cookies)  # fmt: skip
    shown = client.get("/v1/session", base_url="https://localhost").json
    assert shown is not None and shown["roles"] == ["risk_officer", "approver"]
    assert events(service, "signed_in") == [("person:ann", "person:ann", {"issuer": provider.issuer})]
    assert events(service, "roles_changed") == [
        ("person:ann", f"issuer:{provider.issuer}", {"before": ["collector"], "after": ["approver", "risk_officer"]})]


def test_it_asks_with_pkce_state_and_nonce(service: Service, provider: Provider) -> None:
    begun = browser(service).get("/v1/sign-on", base_url="https://localhost")
    asked = parts_of(begun.headers["Location"])
    assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == ("code", CLIENT, ADDRESS)
    assert asked["code_challenge_method"] == "S256" and asked["scope"] == "openid profile"
    assert len({asked[name] for name in ("state", "nonce", "code_challenge")}) == 3
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43
    [seal] = begun.headers.getlist("Set-Cookie")
    assert all(word in seal for word in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/v1/sign-on", "Max-Age=600"))
    assert asked["state"] not in seal and asked["nonce"] not in seal


OTHER = RSAKey.generate_key(2048, parameters={"kid": "one"})
WRONG: dict[str, dict[str, Any]] = {
    "wrong nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "wrong audience": {"claims": {"aud": "another"}},
    "several audiences and no party": {"claims": {"aud": [CLIENT, "another"]}},
    "another party": {"claims": {"aud": [CLIENT, "another"], "azp": "another"}},
    "expired": {"claims": {"exp": int(time.time()) - 120}},
    "no end": {"claims": {"exp": None}},
    "other issuer": {"claims": {"iss": "https://elsewhere.example"}},
    "nobody": {"claims": {"sub": None}},
    "a number for a name": {"claims": {"sub": 7}},
    "alg none": {"alg": "none"},
    "the public key as a secret": {"alg": "HS256"},
    "another key": {"signing_key": OTHER},
    "a key of its own in the header": {"signing_key": OTHER, "header": {"jwk": OTHER.as_dict(private=False)}},
    "a key that is not published": {"header": {"kid": "two"}},
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_prove_a_person_begins_no_session(service: Service, provider: Provider, what: str) -> None:
    linked(service, provider)
    for name, value in WRONG[what].items():
        setattr(provider, name, value)
    client = browser(service)
    answer = signed_on(client)
    assert problem(answer) == (401, "sign-on-failed", "the provider's answer does not prove who this is; begin again")
    nobody_is_in(service, client, answer)


def test_an_answer_is_good_once(service: Service, provider: Provider) -> None:
    linked(service, provider)
    client = browser(service)
    where = go(client)
    seal = client.get_cookie("aval_sign_on", domain="localhost", path="/v1/sign-on")
    assert seal is not None and come_back(client, where).status_code == 200
    again = browser(service)
    again.set_cookie("aval_sign_on", seal.value, domain="localhost", path="/v1/sign-on")
    asked = len(provider.asked)
    answer = come_back(again, where)
    assert problem(answer)[:2] == (401, "sign-on-failed")
    assert len(provider.asked) == asked, "the provider is not even asked"
    assert again.get("/v1/session", base_url="https://localhost").status_code == 401


def test_an_answer_to_another_attempt_or_browser_begins_none(service: Service, provider: Provider) -> None:
    linked(service, provider)
    client, other = browser(service), browser(service)
    where, elsewhere = go(client), go(other)
    answers = [come_back(client, elsewhere), come_back(browser(service), where)]
    answers += [come_back(client, where, state=state) for state in ("x", "", "é")]
    for answer in answers:
        assert problem(answer)[:2] == (401, "sign-on-failed")
        nobody_is_in(service, client, answer)
    assert come_back(client, where).status_code == 200  # the control: with its own it does


@pytest.mark.parametrize(("seconds", "status"), [(590, 200), (610, 401)])
def test_an_attempt_ends_after_ten_minutes(service: Service, provider: Provider, monkeypatch: pytest.MonkeyPatch,
                                           seconds: int, status: int) -> None:  # fmt: skip
    linked(service, provider)
    client, real = browser(service), Fernet.decrypt_at_time
    where = go(client)
    monkeypatch.setattr(Fernet, "decrypt", lambda seal, token, ttl: real(seal, token, ttl, int(time.time()) + seconds))
    assert come_back(client, where).status_code == status


def test_what_the_provider_refuses_begins_none(service: Service, provider: Provider) -> None:
    linked(service, provider)
    client = browser(service)
    for changed in ({"error": "access_denied", "code": ""}, {"code": "made up"}, {"iss": "https://elsewhere.example"}):
        answer = come_back(client, go(client), **changed)
        assert problem(answer)[:2] == (401, "sign-on-failed")
        nobody_is_in(service, client, answer)


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("status", [500, 302])
def test_a_provider_that_is_down_is_told_and_begins_none(service: Service, provider: Provider, path: str,
                                                          status: int) -> None:  # fmt: skip
    linked(service, provider)
    client = browser(service)
    where = go(client)
    set_to(service)  # a process that does not know the provider yet
    provider.fails[path] = status
    answer = come_back(client, where)
    assert problem(answer)[:2] == (503, "sign-on-unavailable")
    nobody_is_in(service, client, answer)
    provider.fails.clear()
    assert signed_on(client).status_code == 200


def test_a_provider_that_is_not_there_is_told_at_once(location: str) -> None:
    service = service_for(location, SignOn("http://127.0.0.1:9", CLIENT, SECRET, ADDRESS, ROLES))
    assert problem(browser(service).get("/v1/sign-on"))[:2] == (503, "sign-on-unavailable")
    service.held.database.dispose()


@pytest.mark.parametrize("described", [
    {"issuer": "https://elsewhere.example"}, {"token_endpoint": "http://elsewhere.example/token"},
    {"jwks_uri": None}, {"authorization_endpoint": "ftp://elsewhere.example"},
])  # fmt: skip
def test_a_provider_that_says_to_be_another_is_not_gone_to(service: Service, provider: Provider,
                                                           described: dict[str, Any]) -> None:  # fmt: skip
    provider.described = described
    assert problem(browser(service).get("/v1/sign-on"))[:2] == (503, "sign-on-unavailable")


def test_an_unknown_person_is_made_only_where_the_setting_says_so(service: Service, provider: Provider) -> None:
    client = browser(service)
    answer = signed_on(client)
    assert problem(answer)[2] == "nobody is linked with this account; ask an administrator to link it"
    nobody_is_in(service, client, answer)
    set_to(service, make_people=True)
    assert signed_on(client).status_code == 200
    assert events(service, "person_added") == [
        ("person:ann", f"issuer:{provider.issuer}", {"roles": ["risk_officer"]})]
    with_password = service.send("POST", "/v1/session", body={"name": "ann", "password": "none"})
    assert with_password.status_code == 401


@pytest.mark.parametrize("groups", [["canteen"], [], None, "cre", 7, [["credit"]], {"credit": True}])
def test_a_claim_that_nobody_named_gives_no_role(service: Service, provider: Provider, groups: Any) -> None:
    linked(service, provider)
    provider.claims["groups"] = groups
    client = browser(service)
    answer = signed_on(client)
    assert problem(answer)[2] == "nothing in the claim 'groups' of this account gives a role here"
    nobody_is_in(service, client, answer)


def test_the_same_name_is_the_same_person_only_where_the_setting_says_so(service: Service, provider: Provider) -> None:
    add_person(service, "ann", "approver")
    set_to(service, make_people=True)
    client = browser(service)
    answer = signed_on(client)
    told = "there is a 'ann' already, who is not linked with this account; ask an administrator"
    assert problem(answer)[2] == told
    nobody_is_in(service, client, answer)
    set_to(service, same_names=True)
    assert json.loads(signed_on(client).data)["person"] == "ann"
    assert events(service, "person_linked") == [
        ("person:ann", f"issuer:{provider.issuer}", {"issuer": provider.issuer, "subject": "u-1"})]
    provider.claims["sub"] = "u-2"  # the name was given to somebody else there
    assert problem(signed_on(browser(service)))[2] == told


def test_who_is_unlinked_is_out_at_once_and_nobody_there_any_longer(service: Service, provider: Provider) -> None:
    linked(service, provider)
    client = browser(service)
    assert signed_on(client).status_code == 200 and client.get("/v1/session").status_code == 200
    with service.held.database.write() as work:
        assert work.identities.unlink("https://other.example", "ann", "person:root") is None
        assert work.identities.unlink(provider.issuer, "ann", "person:root") == "u-1"
        work.people.end_sessions("ann")
    assert client.get("/v1/session").status_code == 401
    assert problem(signed_on(browser(service)))[:2] == (401, "sign-on-failed")
    assert events(service, "person_unlinked") == [
        ("person:ann", "person:root", {"issuer": provider.issuer, "subject": "u-1"})]
    with service.held.database.write() as work:
        assert work.identities.unlink(provider.issuer, "ann", "person:root") is None


def test_a_person_is_the_subject_and_not_the_name(service: Service, provider: Provider) -> None:
    linked(service, provider)
    add_person(service, "bo", "approver")
    set_to(service, same_names=True)
    provider.claims["preferred_username"] = "bo"  # u-1 took another name there
    assert json.loads(signed_on(browser(service)).data)["person"] == "ann"


@pytest.mark.parametrize("name", ["Ann", "ann@example.com", "a", "x" * 33, "", None, 7, ["ann"]])
def test_a_name_that_is_none_here_makes_nobody(service: Service, provider: Provider, name: Any) -> None:
    set_to(service, make_people=True, same_names=True)
    provider.claims["preferred_username"] = name
    assert problem(signed_on(browser(service)))[:2] == (401, "sign-on-failed")


def test_a_disabled_person_stays_out(service: Service, provider: Provider) -> None:
    linked(service, provider)
    with service.held.database.write() as work:
        work.people.disable("ann", "operator:tests")
    client = browser(service)
    answer = signed_on(client)
    assert problem(answer)[2] == "the person is disabled"
    nobody_is_in(service, client, answer)


def test_a_role_that_was_taken_there_is_gone_at_the_next_sign_on(service: Service, provider: Provider) -> None:
    linked(service, provider)
    provider.claims["groups"] = ["credit", "board"]
    client = browser(service)
    assert signed_on(client).status_code == 200
    provider.claims["groups"] = ["board"]
    assert json.loads(signed_on(client).data)["roles"] == ["approver"]


def test_new_keys_of_the_provider_are_found(service: Service, provider: Provider) -> None:
    linked(service, provider)
    assert signed_on(browser(service)).status_code == 200
    provider.key = RSAKey.generate_key(2048, parameters={"kid": "two"})
    provider.header = {"kid": "two"}
    assert signed_on(browser(service)).status_code == 200


def test_many_failures_of_one_address_are_refused(service: Service, provider: Provider) -> None:
    limits = Limits(LimitSettings(failures_per_minute=3))
    service.app.extensions["aval"] = replace(service.held, limits=limits)
    answers = [browser(service).get("/v1/sign-on/answer").status_code for _ in range(5)]
    assert answers == [401, 401, 401, 429, 429] and provider.asked == []


def test_without_a_provider_there_is_nothing(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "api.identity_provider", None)  # nor is what speaks to one installed
    service = Service(create_app(Settings(database=location, pepper=PEPPER)))
    bring_up(service.held.database)
    for path in ("/v1/sign-on", "/v1/sign-on/answer?code=x&state=y"):
        assert problem(browser(service).get(path))[:2] == (404, "not-found")
    service.held.database.dispose()
