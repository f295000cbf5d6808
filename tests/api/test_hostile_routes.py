"""Every route of the app gets hostile bodies, headers, paths and queries: no answer is a fault, none costs a second.

The routes are those of the app itself, so a new one is tried without anybody thinking of it; planted faults are found.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api import app as applications
from api.auth import COOKIE, declared_operations, performs
from api.roles import ROLES_BY_OPERATION
from tests.api.service import Service, start_service
from tests.cost import processor_seconds
from tests.quick_routes import WIRED

MOST_SECONDS = 1.0
JSON = "application/json"
BODIES = (
    b"", b"{}", b"[]", b"null", b"{", b'{"a"', b"\x00", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b'{"a": NaN}',
    b'{"a": 1e300000}', b'{"a": -1e-300000}', b'{"a": ' + b"9" * 200_000 + b"}", b'{"a": 1, "a": 2}',
    b'{"a": "\\ud800"}', b'{"a": "\\u0000"}', b'{"__proto__": {"x": 1}}', b"[" * 200_000, b'{"a":' * 50_000,
    b"{" + b",".join(b'"k%d": 0' % n for n in range(20_000)) + b"}", b"[" + b"0," * 100_000 + b"0]",
    b'{"a": "' + b"x" * 250_000 + b'"}', b'{"a": "' + b"x" * 300_000 + b'"}', b'{"a": "' + b"\\u" * 100_000 + b'"}',
    b"1" * 250_000, b'"' + b"\\\\" * 120_000 + b'"', b" " * 250_000,
)  # fmt: skip
HEADERS: tuple[dict[str, str], ...] = (
    {"Content-Type": ""}, {"Content-Type": "text/plain"}, {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "application/json;" + "a=b;" * 1500}, {"Content-Type": "multipart/form-data; boundary=x"},
    {"Content-Type": "multipart/form-data"}, {"Content-Type": "application/x-www-form-urlencoded"},
    {"Content-Encoding": "gzip"}, {"Idempotency-Key": "x" * 8000}, {"Idempotency-Key": "é"}, {"Idempotency-Key": ""},
    {"Authorization": "Bearer " + "a" * 8000}, {"Authorization": "Bearer aval_" + "\xff" * 16}, {"Authorization": ""},
    {"Authorization": "Basic " + "=" * 4000}, {"Cookie": "; ".join(f"c{n}=x" for n in range(900))},
    {"Cookie": f"{COOKIE}=" + "x" * 8000}, {"Cookie": f'{COOKIE}="\\377\\000"'}, {"Cookie": "=;=;=,\x7f"},
    {"Host": "["}, {"Host": "a" * 5000}, {"Host": "evil.example:99999999"}, {"Origin": "http://[x"},
    {"Range": "bytes=9-1"}, {"Sec-Fetch-Site": "\xff"}, {"X-Real-IP": "\xff"},
    {"Accept": ",".join(f"a/b;q=0.{n}" for n in range(800))}, {"Accept-Language": "x" * 8000},
    {"If-None-Match": '"' * 4000}, {"If-Modified-Since": "Thu, 99 Foo 99999 99:99:99 GMT"}, {"Expect": "100-continue"},
    {"X-HTTP-Method-Override": "DELETE"}, {"X-Forwarded-For": "1," * 4000}, {"Transfer-Encoding": "chunked"},
)  # fmt: skip
PARTS = (
    "%00", "%ff", "..%2f..%2fetc", "%2e%2e", "a" * 4000, "%F0%9F%92%A9", "'--", "%0d%0aSet-Cookie:x=y", ";",
    "%E2%80%AE", "%25s%25n", "{{7*7}}", "-1", "9" * 500, "%EF%BC%91", "a%0a",
)  # fmt: skip
QUERIES = (
    "limit=0", "limit=-1", "limit=1e9", "limit=%EF%BC%91", "limit=" + "9" * 4000, "cursor=%00", "cursor=" + "9" * 18,
    "cursor=" + "x" * 4000, "cursor=%ff", "a&b&=&&==", "x=1&" * 1500, "kind[]=a&kind[]=b", "subject=%00", "verdict=%ff",
    "limit=1&limit=2", "cursor=1&cursor=2",
)  # fmt: skip


@dataclass(frozen=True)
class Hostile:
    """One request that no honest client sends."""

    what: str
    path: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def requests_for(path: str, method: str) -> Iterator[Hostile]:
    """All hostile requests for a route."""
    plain = path.replace("<", "").replace(">", "")
    sends = method in ("POST", "PUT", "PATCH")
    for n, body in enumerate(BODIES if sends else BODIES[:12]):
        yield Hostile(f"body {n}", plain, body, {"Content-Type": JSON})
    for header in HEADERS:
        yield Hostile(f"header {str(header)[:40]}", plain, b"{}" if sends else None, {"Content-Type": JSON} | header)
    if sends:
        form = b"&".join(b"k%d=v" % n for n in range(20_000))
        yield Hostile("form", plain, form, {"Content-Type": "application/x-www-form-urlencoded"})
        parts = b"".join(b'--x\r\nContent-Disposition: form-data; name="k%d"\r\n\r\n\r\n' % n for n in range(3_000))
        yield Hostile("parts", plain, parts, {"Content-Type": "multipart/form-data; boundary=x"})
    for part in PARTS if "<" in path else ():
        whole = "/".join(part if piece.startswith("<") else piece for piece in path.split("/"))
        yield Hostile(f"path {part[:20]}", whole, b"{}" if sends else None, {"Content-Type": JSON})
    for query in QUERIES:
        yield Hostile(f"query {query[:20]}", f"{plain}?{query}", b"{}" if sends else None, {"Content-Type": JSON})


def faults(service: Service, path: str, method: str, operation: str | None) -> Iterator[str]:
    """What goes wrong on one route: an answer of 5xx, one that is no JSON or page, or one that takes too long."""
    role = min(ROLES_BY_OPERATION.get(operation or "", {"admin"}))
    for n, hostile in enumerate(requests_for(path, method)):
        answers: list[TestResponse] = []

        def ask() -> None:
            key = {"Idempotency-Key": f"hostile-{n}-{len(answers)}"}  # noqa: B023 (a repeated key would be replayed)
            sent = {"Authorization": f"Bearer {service.keys[role]}"} | key | hostile.headers  # noqa: B023
            client = service.app.test_client(use_cookies=False)
            answers.append(client.open(hostile.path, method=method, headers=sent, data=hostile.body))  # noqa: B023

        took = processor_seconds(ask, MOST_SECONDS)
        answer = answers[0]
        if answer.status_code >= 500 and not (operation == "show_readiness" and answer.status_code == 503):
            yield f"{method} {path}: {hostile.what}: {answer.status_code}"
        if took > MOST_SECONDS:
            yield f"{method} {path}: {hostile.what}: {took:.1f} s"
        if answer.mimetype == JSON and answer.data:
            json.loads(answer.data)
        if "\n" in str(answer.headers.get("Location", "")) or "x=y" in str(answer.headers.getlist("Set-Cookie")):
            yield f"{method} {path}: {hostile.what}: a header was planted"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """One service for all requests."""
    found = start_service(tmp_path_factory.mktemp("hostile"))
    assert found.put_customer().status_code == 201
    return found


def routes() -> list[tuple[str, str, str | None]]:
    """All routes of the app, as an app without a database knows them."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        app = start_service(Path(folder)).app
        return sorted(declared_operations(app), key=str)


ROUTES = routes()


@pytest.mark.parametrize(("path", "method", "operation"), ROUTES, ids=lambda part: str(part).replace("/", "."))
def test_no_hostile_request_is_a_fault_or_costs_a_second(
    service: Service, path: str, method: str, operation: str | None
) -> None:
    assert list(faults(service, path, method, operation)) == []


def planted(tmp_path: Path, view: Any) -> list[str]:
    """What is found on a route that was planted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(applications, "wired", WIRED)
        service = start_service(tmp_path)
    service.app.add_url_rule("/planted/<name>", "planted", performs("show_health")(view))
    return list(faults(service, "/planted/<name>", "GET", "show_health"))


def test_a_route_that_fails_on_a_strange_path_is_found(tmp_path: Path) -> None:
    def fails(name: str) -> str:
        return str(name.encode("ascii"))

    assert any("path %F0%9F%92%A9: 500" in line for line in planted(tmp_path, fails))


def burn(seconds: float) -> str:
    """Keep the processor for so long."""
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        pass
    return ""


def test_a_route_that_takes_long_is_found(tmp_path: Path) -> None:
    found = planted(tmp_path, lambda name: burn(1.1 if name == "-1" else 0))
    assert len(found) == 1 and "path -1: 1." in found[0]


def test_a_pause_of_the_machine_during_one_request_is_no_fault_of_the_route(tmp_path: Path) -> None:
    pauses = [1.1]
    assert planted(tmp_path, lambda name: burn(pauses.pop() if name == "-1" and pauses else 0)) == []
    assert pauses == []
