"""The page on the customer file: every request is sent in its order to a policy with the page's rows, and compared."""

from __future__ import annotations

import json
from pathlib import Path

from tests.api.service import LIBRARY, publish, start_real_service
from tests.docs.console import blocks_of
from tests.docs.test_http_api import differs, moved, sent

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "customer-file.md").read_text("utf-8")


def test_every_request_gets_the_answer_that_is_shown(tmp_path: Path) -> None:
    blocks = list(blocks_of(PAGE))
    [rows] = [block.text for block in blocks if block.words == ("yaml", "documents")]
    service = start_real_service(tmp_path)
    publish(service, "asking.yaml", (LIBRARY / "standard.yaml").read_bytes() + rows.encode())
    asked = [block for block in blocks if block.words[0] == "http"]
    assert len(asked) >= 6
    for request, answer in zip(asked[::2], asked[1::2], strict=True):
        assert request.words == ("http",) and answer.words == ("http", "answer"), request.line
        response = sent(service, request, {})
        first, _, body = moved(answer.text).partition("\n\n")
        told = f"line {request.line}: {response.get_data(as_text=True)}"
        assert first == f"HTTP/1.1 {response.status_code}", told
        assert differs(json.loads(body), json.loads(response.data)) == "", told
