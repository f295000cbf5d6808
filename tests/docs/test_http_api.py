"""The HTTP page: every request is sent as it stands, the answer compared; roles and problems are those of the code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.test import TestResponse

from api.auth import declared_operations
from api.identity_provider import IdentityProvider
from api.limits import Limits, LimitSettings
from api.problem_types import PROBLEM_TYPES
from api.roles import PUBLIC_OPERATIONS, ROLES, may
from api.sign_on import SignOn
from storage.legal_cases import Joining
from storage.outbox import Message
from storage.receivables import Invoice
from storage.sequencer import integrate, sign_head
from tests.api.operations.test_counter_offers import with_permission
from tests.api.operations.test_decide_referral import submitted_by
from tests.api.people import add_person, officer, session_of, signed_in
from tests.api.policies import SMALL, Life
from tests.api.service import GOOD, Service, an_order, pay_on_time, start_real_service, start_service
from tests.docs.console import Block, blocks_of
from tests.storage.test_sequencer import KEY

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "http-api.md").read_text("utf-8")
WRITTEN = date(2026, 12, 1)  # the day on which the page says that it asks
ORDER = {"customer_id": "C-7", "order": {"id": "SO-9", "amount": "1.00", "currency": "CNY"}}
PAYMENT = {"id": "P-1", "customer_id": "C-7", "amount": "1.00", "currency": "CNY", "day": "2026-11-01"}
NOT_SHOWN = {
    "in-progress", "malformed-request", "refused", "engine-fault", "busy", "unavailable", "in-doubt", "internal",
}  # fmt: skip


def blocked_twice(service: Service) -> TestResponse:
    """A block that is ended twice."""
    service.put_customer("C-7")
    one = Invoice("C-7", "I-blocked", 100, "CNY", date(2026, 1, 1), date(2026, 1, 31))
    with service.held.database.write() as work:
        work.invoices.add_many([one], date(2026, 2, 1))
    body = {"invoice_id": "I-blocked", "kind": "dispute", "until": "2099-01-01", "reason": "x"}
    placed = service.send("POST", "/v1/customers/C-7/blocks", "collector", body, Idempotency_Key="block")
    path = f"/v1/blocks/{json.loads(placed.data)['block']['id']}:end"
    service.send("POST", path, "collector", {"reason": "x"}, Idempotency_Key="once")
    return service.send("POST", path, "collector", {"reason": "x"}, Idempotency_Key="twice")


def settled(service: Service, path: str, body: dict[str, Any], again: bool = False) -> TestResponse:
    """What comes of a request after a payment of a customer who owes nothing."""
    service.put_customer("C-7")
    service.send("POST", "/v1/payments", "risk_officer", PAYMENT, Idempotency_Key="paid")
    if again:
        service.send("POST", path, "risk_officer", body, Idempotency_Key="once")
    return service.send("POST", path, "risk_officer", body, Idempotency_Key="twice")


def exchanges() -> Iterator[tuple[Block, Block]]:
    """The requests of the page, each with its answer."""
    blocks = [block for block in blocks_of(PAGE) if block.words[0] == "http"]
    for request, answer in zip(blocks[::2], blocks[1::2], strict=True):
        assert request.words == ("http",) and answer.words == ("http", "answer"), request.line
        yield request, answer


def moved(text: str) -> str:
    """A block with its days moved from the page's day to today in the policy's timezone: what is to come stays so."""
    later = datetime.now(ZoneInfo("Asia/Shanghai")).date() - WRITTEN
    return re.sub(r"\d{4}-\d\d-\d\d", lambda day: (date.fromisoformat(day[0]) + later).isoformat(), text)


def sent(service: Service, request: Block, reservations: dict[str, str]) -> TestResponse:
    """Send a request as the page writes it, with a key of the role and the id of a reservation in angle brackets."""
    if "/v1/log/" in request.text or "/receipt" in request.text:
        integrate(service.held.database)
        sign_head(service.held.database, KEY.name, KEY, None)
    named = r"<((?:re[a-z]+|decision|draft|submission) of [^>]+)>"
    text = re.sub(named, lambda found: reservations[found[1]], moved(request.text))
    head, _, body = text.partition("\n\n")
    first, *lines = head.splitlines()
    method, path = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    if "Authorization" in headers:
        headers["Authorization"] = re.sub(r"<(\w+)>", lambda role: service.keys[role[1]], headers["Authorization"])
    if (whose := re.fullmatch(r"<session of (\w+)>", headers.get("Cookie", ""))) is not None:
        headers["Cookie"] = session_of(service, whose[1])["Cookie"]
    client = service.app.test_client(use_cookies=False)
    return client.open(path, method=method, headers=headers, data=body.encode() or None)


def differs(wanted: Any, found: Any, path: str = "") -> str:
    """Where an answer is not what the page shows; empty where it is. "..." stands for anything, as a key for more."""
    if wanted == "...":
        return ""
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = set(wanted) - {"..."}
        if not keys <= set(found) or ("..." not in wanted and keys != set(found)):
            return f"{path}: {sorted(keys ^ set(found))}"
        return next(filter(None, (differs(wanted[key], found[key], f"{path}.{key}") for key in keys)), "")
    if isinstance(wanted, list) and isinstance(found, list):
        shown = wanted[:-1] if wanted[-1:] == ["..."] else wanted
        if len(found) < len(shown) or (shown == wanted and len(found) != len(shown)):
            return f"{path}: {len(found)} items"
        pairs = enumerate(zip(shown, found, strict=False))
        return next(filter(None, (differs(one, other, f"{path}[{n}]") for n, (one, other) in pairs)), "")
    return "" if wanted == found and type(wanted) is type(found) else f"{path}: {found!r}"


def test_every_request_gets_the_answer_that_is_shown(tmp_path: Path) -> None:
    service = with_permission(start_real_service(tmp_path), name="order_system_with_offers")
    add_person(service, "ann", "approver", authorities=frozenset({"cfo"}))
    add_person(service, "bo", "risk_officer", authorities=frozenset({"cfo"}))
    add_person(service, "dora", "compliance")
    reservations: dict[str, str] = {}
    for request, answer in exchanges():
        if request.text.startswith("GET /v1/messages?"):
            write_messages(service, "D-31")
        response = sent(service, request, reservations)
        head, _, body = moved(answer.text).partition("\n\n")
        first, *headers = head.splitlines()
        told = f"line {request.line}: {response.get_data(as_text=True)}"
        assert first == f"HTTP/1.1 {response.status_code}", told
        assert all(response.headers[name] == value for name, value in (line.split(": ", 1) for line in headers)), told
        assert differs(json.loads(body), json.loads(response.data)) == "", told
        if "/v1/policies/" in request.text and "id" in (found := response.json or {}):
            what = "submission" if ":submit" in request.text else "draft" if "source" in found else "check"
            reservations[f"{what} of {found.get('policy')}"] = found["id"]
        if (asked_of := re.search(r"<referral of ([^>]+)>:approve", request.text)) and response.status_code == 200:
            released = json.loads(response.data)["decision"]["reservation"]
            reservations[f"reservation of {asked_of[1]}"] = released["id"]
        if (decision := (response.json or {}).get("decision")) and "order" in (asked := json.loads(
                request.text.partition("\n\n")[2])):  # fmt: skip
            for name in ("referral", "decision"):
                reservations[f"{name} of {asked['order']['id']}"] = decision["decision_id"]
            if decision["reservation"] is not None:
                reservations[f"reservation of {asked['order']['id']}"] = decision["reservation"]["id"]


@pytest.mark.parametrize(
    ("wanted", "found", "where"),
    [
        ({"a": "..."}, {"a": 1}, ""),
        ({"a": 1}, {"a": 1, "b": 2}, ": ['b']"),
        ({"a": 1, "...": "..."}, {"a": 1, "b": 2}, ""),
        ({"a": 1}, {"a": True}, ".a: True"),
        ([1, "..."], [1, 2, 3], ""),
        ([1], [1, 2], ": 2 items"),
        ([], [1], ": 1 items"),
        ({"a": [{"b": None}]}, {"a": [{"b": 0}]}, ".a[0].b: 0"),
    ],
)
def test_answers_are_compared_in_full(wanted: Any, found: Any, where: str) -> None:
    assert differs(wanted, found) == where


def test_the_table_of_roles_is_that_of_the_service(tmp_path: Path) -> None:
    declared = declared_operations(start_service(tmp_path).app)
    expected = {(f"{method} {path}", *("yes" if may(role, operation or "") else "" for role in ROLES))
                for path, method, operation in declared if operation not in PUBLIC_OPERATIONS}  # fmt: skip
    rows = re.findall(r"^\| `([A-Z]+ [^`]+)` \|(.*)\|$", PAGE, re.M)
    assert {(route, *(cell.strip() for cell in cells.split("|"))) for route, cells in rows} == expected
    assert f"| | {' | '.join(ROLES)} |" in PAGE


def problems() -> dict[str, list[str]]:
    """The rows of the table of problems: status, what it is, for example, what to do."""
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (\d+) \| (.*)$", PAGE, re.M)
    return {name: [status, *(cell.strip() for cell in rest.rstrip(" |").split(" | "))] for name, status, rest in rows}


def test_the_table_of_problems_is_that_of_the_service() -> None:
    found = {name: (int(row[0]), row[1], row[3]) for name, row in problems().items()}
    assert found == {one.name: (one.status, one.title, one.advice) for one in PROBLEM_TYPES.values()}


BODIES = {name: row[2].strip("`") for name, row in problems().items() if row[2].startswith("`")}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The standard policy on the real engines and the customer C-7, with one decided order under the key `taken`."""
    found = start_real_service(tmp_path_factory.mktemp("problems"))
    assert found.put_customer("C-7").status_code == 201
    assert found.decide(ORDER, key="taken").status_code == 201
    return found


@pytest.mark.parametrize("name", BODIES)
def test_every_body_in_the_table_gets_its_problem(service: Service, name: str) -> None:
    answer = service.decide(BODIES[name].encode(), key=f"body-{name}")
    assert json.loads(answer.data)["type"] == f"/problems/{name}"


def changed(service: Service, what: str, score: int) -> TestResponse:
    """A reservation of C-1, voided first where it is to be converted, else confirmed with half of its conditions."""
    service.put_customer(granted_limit="500000.00", country="CN", facts=GOOD | {"customer.score": score})
    answer = service.decide(an_order("1000.00", id=what), f"{what}-{score}")
    path = f"/v1/reservations/{json.loads(answer.data)['decision']['reservation']['id']}"
    if what == "convert":
        service.send("POST", f"{path}/void", "order_system", {}, Idempotency_Key=f"void-{score}")
        return service.send("POST", f"{path}/convert", "order_system", {"amount": "1.00"}, Idempotency_Key="late")
    half = {"conditions": [{"security": "prepayment", "amount": "300.00", "reference": "B-1"}]}
    return service.send("POST", f"{path}/confirm", "approver", half, Idempotency_Key=f"half-{score}")


def asked_too_often(service: Service) -> TestResponse:
    """The second of two requests of a client that may send one a minute."""
    before = service.held
    service.app.extensions["aval"] = replace(before, limits=Limits(LimitSettings(requests_per_minute=1)))
    try:
        service.send("GET", "/v1/customers", "collector")
        return service.send("GET", "/v1/customers", "collector")
    finally:
        service.app.extensions["aval"] = before


def referred(service: Service, what: str) -> TestResponse:
    """An order that is referred, and what a person cannot do with it."""
    limit = "500000.00" if what != "authority-too-low" else "0.00"
    service.put_customer(f"C-{what}", granted_limit=limit, country="CN", facts=GOOD)
    pay_on_time(service, "CNY", f"C-{what}", old=what == "not-releasable")
    order = an_order("600000.00", f"C-{what}", id="SO-R")
    decision = json.loads(service.decide(order, f"{what}-1").data)["decision"]
    said: dict[str, Any] = {"reason": "why not"}
    path, whose = f"/v1/referrals/{decision['decision_id']}:approve", officer(service, "approver", "cfo")
    if what == "referral-decided":
        service.send("POST", path.replace(":approve", ":reject"), body=said, Idempotency_Key=f"{what}-2", **whose)
    elif what == "order-held":
        service.decide(an_order("1000.00", f"C-{what}", id="SO-R"), f"{what}-3")
    elif what == "terms-not-allowed":
        path, said = f"{path}-with-terms", said | {"requested_terms": "net 91"}
    elif what == "authority-too-low":
        whose = officer(service, "approver", "credit_analyst")
    hours = 0 if what == "referral-expired" else 336
    object.__setattr__(service.held.settings, "referral_hours", hours)
    try:
        return service.send("POST", path, body=said, Idempotency_Key=f"{what}-4", **whose)
    finally:
        object.__setattr__(service.held.settings, "referral_hours", 336)


def erased(service: Service) -> TestResponse:
    """A decision whose bytes were erased, asked for again."""
    decision = json.loads(service.decide(ORDER, key="erased").data)["decision"]
    with service.held.database.write() as work:
        work.erasures.erase(decision["decision_id"], "person:dpo", "asked")
    return service.send("GET", f"/v1/decisions/{decision['decision_id']}", "order_system")


def kept(service: Service) -> TestResponse:
    """A customer that is to be erased while it holds exposure."""
    service.put_customer("C-kept", granted_limit="500000.00", country="CN", facts=GOOD)
    pay_on_time(service, "CNY", "C-kept")
    decision = json.loads(service.decide(an_order("1000.00", "C-kept"), "kept").data)["decision"]
    return service.send("POST", f"/v1/decisions/{decision['decision_id']}:erase", body={"reason": "x"},
                        Idempotency_Key="kept", **officer(service, "compliance", "cfo"))  # fmt: skip


def write_messages(service: Service, customer_id: str) -> None:
    """A task T-1, a letter L-1 by registered mail, a letter X-1 that is not there, about a new customer's invoice."""
    today = datetime.now(UTC).date()
    service.put_customer(customer_id)
    with service.held.database.write() as work:
        version = work.policies.effective()
        assert version is not None
        due = today - timedelta(5)
        work.invoices.add_many([Invoice(customer_id, "INV-7", 1_00, "CNY", due - timedelta(30), due)], today)
        for name, kind, what, who in (("T-1", "task", "phone_call", "collector"), ("X-1", "letter", "none", "letter"),
                                      ("L-1", "letter", "written_reminder", "registered_mail")):  # fmt: skip
            work.outbox.put(Message(name, customer_id, kind, what, who, "call", ("INV-7",), today - timedelta(1),
                                    version.digest))  # fmt: skip


def message_ended(service: Service, message_id: str, what: str) -> TestResponse:
    """A message that is asked for the second time what it can do once, or never."""
    with service.held.database.read() as work:
        known = work.messages.get("T-1") is not None
    if not known:
        write_messages(service, "C-m")
    path = f"/v1/messages/{message_id}:{what}"
    body = {"result": "x"} if what == "done" else {}
    service.send("POST", path, "collector", body, Idempotency_Key=f"{what}-1")
    return service.send("POST", path, "collector", body, Idempotency_Key=f"{what}-2")


def withdrawn_twice(service: Service) -> TestResponse:
    """A grant that is taken back for the second time."""
    whose, until = officer(service, "approver", "cfo"), str(datetime.now(UTC).date() + timedelta(days=3))
    body = {"customer_id": "C-7", "order_id": "SO-7", "amount": "1.00", "currency": "CNY", "until": until}
    given = service.send("POST", "/v1/grants", body=body | {"reason": "x"}, Idempotency_Key="grant", **whose)
    path = f"/v1/grants/{json.loads(given.data)['grant']['id']}:withdraw"
    service.send("POST", path, body={"reason": "x"}, Idempotency_Key="once", **whose)
    return service.send("POST", path, body={"reason": "x"}, Idempotency_Key="twice", **whose)


def ended_twice(service: Service) -> TestResponse:
    """A hold that is ended for the second time."""
    body = {"scope": "orders", "reason": "x"}
    placed = service.send("POST", "/v1/customers/C-7/holds", "collector", body, Idempotency_Key="hold")
    path = f"/v1/holds/{json.loads(placed.data)['hold']['id']}:end"
    service.send("POST", path, "risk_officer", {"reason": "x"}, Idempotency_Key="ended")
    return service.send("POST", path, "risk_officer", {"reason": "x"}, Idempotency_Key="ended-again")


def closed_twice(service: Service) -> TestResponse:
    """A legal case that is closed for the second time."""
    service.put_customer("C-8", currency="CNY")
    day = date(2026, 1, 1)
    with service.held.database.write() as work:
        work.invoices.add_many([Invoice("C-8", "I-1", 100, "CNY", day, day)], day)
        digest = work.policies.effective()
        assert digest is not None
        work.legal_cases.bring("L-8", Joining("C-8", "I-1", day, "standard", "legal", digest.digest), "ladder")
    body = {"result": "paid", "note": "x"}
    service.send("POST", "/v1/legal-cases/L-8:close", "approver", body, Idempotency_Key="closed")
    return service.send("POST", "/v1/legal-cases/L-8:close", "approver", body, Idempotency_Key="closed-again")


def alert_seen_twice(service: Service) -> TestResponse:
    """An alert that is seen for the second time."""
    for number, score in enumerate((85, 10)):
        body = {"facts": {"customer.score": score}, "reason": "x"}
        service.send("POST", "/v1/customers/C-1/facts", "risk_officer", body, Idempotency_Key=f"score-{number}")
    alert = json.loads(service.send("GET", "/v1/alerts", "compliance").data)["items"][0]
    person, path = officer(service, "approver", "cfo"), f"/v1/alerts/{alert['id']}:see"
    service.send("POST", path, body={"note": "x"}, Idempotency_Key="saw", **person)
    return service.send("POST", path, body={"note": "x"}, Idempotency_Key="saw-again", **person)


def taken_off_twice(service: Service) -> TestResponse:
    """A document that is withdrawn for the second time."""
    body = {"kind": "registration", "title": "x", "issued_on": "2026-01-01", "source": "x"}
    filed = service.send("POST", "/v1/customers/C-7/documents", "collector", body, Idempotency_Key="filed")
    path = f"/v1/documents/{json.loads(filed.data)['document']['id']}:withdraw"
    service.send("POST", path, "risk_officer", {"reason": "x"}, Idempotency_Key="gone")
    return service.send("POST", path, "risk_officer", {"reason": "x"}, Idempotency_Key="gone-again")


def lived(service: Service, what: str) -> TestResponse:
    """A policy, and what a person cannot do with it."""
    if id(service) not in LIVES:
        LIVES[id(service)] = Life(service)
    life = LIVES[id(service)]
    source = SMALL + f"# {what}\n"
    if what in ("not-checked", "not-publishable", "if-match-missing", "if-match-stale"):
        draft = life.drafted(source.replace("order.amount", "order.amuont") if what == "not-publishable" else source)
        if what.startswith("if-match"):
            return life.edit("ann", draft["id"], SMALL, None if what.endswith("missing") else '"1-0"')
        if what == "not-publishable":
            life.post("ann", f"drafts/{draft['id']}:check")
        return life.post("ann", f"drafts/{draft['id']}:submit")
    if what in ("unknown-assignment", "nothing-to-end"):
        whom = {"kind": "end"} if what == "nothing-to-end" else {"digest": life.in_effect(), "assignment": "group:none"}
        return life.post("ann", "submissions", {"reason": "x", **whom})
    asked = life.submitted(source)
    path = f"submissions/{asked}"
    if what == "own-policy":
        again = life.post("cid", "submissions", {"digest": life.get(path)["digest"], "reason": "x"})
        return life.post("cid", f"submissions/{json.loads(again.data)['id']}:approve")
    if what == "never-effective":
        digest = life.get(path)["digest"]
        return life.post("ann", "submissions", {"kind": "emergency", "digest": digest, "reason": "x"})
    if what == "submission-withdrawn":
        life.post("ann", f"{path}:withdraw", {"reason": "x"})
    if what == "policy-edited":
        draft = life.get(path)["draft"]
        tag = service.send("GET", f"/v1/policies/drafts/{draft}", **life.sessions["ann"]).headers["ETag"]
        life.edit("ann", draft, source + "# again\n", tag)
    if what in ("policy-edited", "submission-withdrawn"):
        return life.post("cid", f"{path}:approve")
    if what == "not-approved":
        return life.post("ann", f"{path}:publish")
    life.post("cid", f"{path}:approve")
    if what == "approved-already":
        return life.post("dan", f"{path}:approve")
    if what == "effective-overlap":
        other = life.approved(source + "# other\n")
        life.post("ann", f"submissions/{other}:publish", {"effective_from": "2099-01-01T00:00:00Z"})
    if what == "published-already":
        life.post("ann", f"{path}:publish", {"effective_from": "2099-01-02T00:00:00Z"})
    start = {"effective-overlap": "2099-01-01T00:00:00Z", "effective-in-past": "2020-01-01T00:00:00Z"}
    return life.post("ann", f"{path}:publish", {"effective_from": start.get(what)})


LIVES: dict[int, Life] = {}
OF_A_POLICY = (
    "own-policy", "policy-edited", "not-checked", "not-publishable", "approved-already", "not-approved",
    "submission-withdrawn", "published-already", "effective-in-past", "effective-overlap", "unknown-assignment",
    "never-effective", "nothing-to-end", "if-match-missing", "if-match-stale",
)  # fmt: skip
OF_A_REFERRAL = ("referral-decided", "referral-expired", "order-held", "not-releasable", "terms-not-allowed",
                 "authority-too-low")  # fmt: skip
def signing_on(service: Service, path: str) -> TestResponse:
    """An answer of a service whose provider of identities is down."""
    before = service.held
    ours = SignOn("http://127.0.0.1:9", "aval", "s", "http://localhost/v1/sign-on/answer", {"credit": "risk_officer"})
    changed = replace(before, settings=replace(before.settings, sign_on=ours), provider=IdentityProvider(ours))
    service.app.extensions["aval"] = changed
    try:
        return service.send("GET", path)
    finally:
        service.app.extensions["aval"] = before


OTHERS: dict[str, Callable[[Service], TestResponse]] = {
    "not-utf8": lambda s: s.decide('{"customer_id": "标准"}'.encode("gbk")),
    "too-deep": lambda s: s.decide(b'{"a": ' + b"[" * 32 + b"]" * 32 + b"}"),
    "unsupported-media-type": lambda s: s.decide(b"{}", Content_Type="text/plain"),
    "too-large": lambda s: s.decide(b'{"a": "' + b"x" * 10_000_000 + b'"}'),
    "idempotency-key-missing": lambda s: s.decide(ORDER, key=None),
    "idempotency-key-malformed": lambda s: s.decide(ORDER, key="two words"),
    "idempotency-key-reused": lambda s: s.decide(ORDER | {"customer_id": "C-1"}, key="taken"),
    "reservation-over": lambda s: changed(s, "convert", 85),
    "nothing-to-confirm": lambda s: changed(s, "confirm", 85),
    "conditions-not-met": lambda s: changed(s, "confirm", 70),
    **{name: partial(referred, what=name) for name in OF_A_REFERRAL},
    **{name: partial(lived, what=name) for name in OF_A_POLICY},
    "own-submission": lambda s: s.send("POST", f"/v1/referrals/{submitted_by(s, 'approver-cfo')}:approve",
                                       body={"reason": "x"}, Idempotency_Key="own", **officer(s, "approver", "cfo")),
    "unauthorized": lambda s: s.send("POST", "/v1/decisions", body=ORDER),
    "forbidden": lambda s: s.decide(ORDER, role="collector"),
    "sign-in-failed": lambda s: s.send("POST", "/v1/session", body={"name": "bo", "password": "another four words"}),
    "sign-on-failed": lambda s: signing_on(s, "/v1/sign-on/answer?code=x&state=y"),
    "sign-on-unavailable": lambda s: signing_on(s, "/v1/sign-on"),
    "person-only": lambda s: s.send("DELETE", "/v1/session", "approver"),
    "cross-site": lambda s: s.send("DELETE", "/v1/session", Cookie=signed_in(s, "approver")["Cookie"]),
    "too-many-requests": lambda s: asked_too_often(s),
    "currency-fixed": lambda s: s.put_customer("C-7", currency="USD"),
    "hold-ended": lambda s: ended_twice(s),
    "block-ended": lambda s: blocked_twice(s),
    "settlement-known": lambda s: settled(s, "/v1/payments", PAYMENT | {"amount": "2.00"}),
    "settlement-reversed": lambda s: settled(s, "/v1/payments/P-1:reverse", {"reason": "x"}, again=True),
    "settlement-refused": lambda s: settled(s, "/v1/write-offs", PAYMENT | {"invoice_id": "I-1", "reason": "x"}),
    "case-ended": lambda s: closed_twice(s),
    "alert-seen": lambda s: alert_seen_twice(s),
    "document-withdrawn": lambda s: taken_off_twice(s),
    "message-ended": lambda s: message_ended(s, "T-1", "done"),
    "letter-not-written": lambda s: message_ended(s, "X-1", "write"),
    "grant-withdrawn": lambda s: withdrawn_twice(s),
    "currency-mismatch": lambda s: s.decide({"subject": "limit_request", "customer_id": "C-7", "limit_request":
                                             {"amount": "1.00", "currency": "USD"}}),
    "unknown-policy": lambda s: s.send("POST", "/v1/decisions:preview", "risk_officer",
                                       ORDER | {"policy_digest": "sha256:" + "0" * 64}),
    "subject-not-decided": lambda s: s.decide(ORDER | {"subject": "shipment"}),
    "invalid-cursor": lambda s: s.send("GET", "/v1/decisions?cursor=mine", "compliance"),
    "not-found": lambda s: s.send("GET", "/v1/customers/C-404", "risk_officer"),
    "record-erased": lambda s: erased(s),
    "record-kept": lambda s: kept(s),
    "method-not-allowed": lambda s: s.send("DELETE", "/v1/customers/C-7", "risk_officer"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_every_other_example_in_the_table_gets_its_problem(service: Service, name: str) -> None:
    assert json.loads(OTHERS[name](service).data)["type"] == f"/problems/{name}"


def test_an_order_before_any_policy_is_published_gets_its_problem(tmp_path: Path) -> None:
    service = start_service(tmp_path, policy=False)
    service.put_customer("C-7")
    assert json.loads(service.decide(ORDER).data)["type"] == "/problems/no-policy"


def test_every_problem_is_provoked_here_or_among_the_faults() -> None:
    assert {*BODIES, *OTHERS, "no-policy"} | NOT_SHOWN == set(PROBLEM_TYPES)
    assert not {*BODIES, *OTHERS, "no-policy"} & NOT_SHOWN
