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
