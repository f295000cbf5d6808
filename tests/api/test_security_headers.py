"""Every answer, refusals too, carries the headers that keep a browser from doing more than showing it."""

from __future__ import annotations

import pytest

from tests.api.service import Service, an_order


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json", "/nothing", "/v1/customers", "/problems/busy"])
def test_no_answer_can_be_framed_or_sniffed(service: Service, path: str) -> None:
    headers = service.send("GET", path).headers
    assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy


def test_data_is_never_cached_and_assets_are(service: Service) -> None:
    assert service.decide(an_order()).headers["Cache-Control"] == "no-store"
    assert service.decide(b"").headers["Cache-Control"] == "no-store"
    assert "max-age" in service.send("GET", "/docs/assets/docs.js").headers["Cache-Control"]


def test_data_may_load_nothing_at_all(service: Service) -> None:
    policy = service.send("GET", "/v1/customers/C-1", "compliance").headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_a_page_of_another_site_cannot_read_an_answer(service: Service) -> None:
    headers = service.send("GET", "/v1/customers", "compliance", Origin="https://elsewhere.example").headers
    assert "Access-Control-Allow-Origin" not in headers


def test_the_headers_that_a_browser_is_told_are_all_there(service: Service) -> None:
    headers = service.send("GET", "/healthz").headers
    told = {name: headers.get(name) for name in (
        "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Cross-Origin-Embedder-Policy",
        "Origin-Agent-Cluster", "X-Permitted-Cross-Domain-Policies",
    )}  # fmt: skip
    assert told == {
        "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp",
        "Origin-Agent-Cluster": "?1", "X-Permitted-Cross-Domain-Policies": "none",
    }  # fmt: skip
    assert "camera=()" in headers["Permissions-Policy"]


def test_no_page_may_run_a_script_that_is_not_a_file_of_ours(service: Service) -> None:
    policy = service.send("GET", "/docs").headers["Content-Security-Policy"]
    parts = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
    assert parts["script-src"] == ["'self'"] and parts["default-src"] == ["'none'"]
    assert parts["form-action"] == parts["base-uri"] == ["'none'"]


def test_who_came_over_https_is_told_to_come_so_again(service: Service) -> None:
    client = service.app.test_client()
    secure = client.get("/healthz", base_url="https://aval.example")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client.get("/healthz").headers
