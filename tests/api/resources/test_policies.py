"""What compliance reads of policies: exact bytes, what changed between two, what decided when, and the evidence."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.policies import SMALL, Life, problem
from tests.api.service import DIGEST, start_service

OTHER = SMALL.replace("1_000.00", "2_000.00")


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A service in which two policies were published one after the other."""
    found = Life(start_service(tmp_path_factory.mktemp("review")))
    found.first = found.published()["digest"]  # type: ignore[attr-defined]
    found.second = found.published(OTHER)["digest"]  # type: ignore[attr-defined]
    return found


def test_the_bytes_of_a_version_are_those_that_its_digest_names(life: Any) -> None:
    answer = life.service.send("GET", f"/v1/policies/versions/{life.first}/source", **life.sessions["eve"])
    assert answer.data == SMALL.encode()
    assert life.first == "sha256:" + hashlib.sha256(answer.data).hexdigest()
    assert answer.headers["ETag"] == f'"{life.first}"' and answer.mimetype == "application/yaml"
    assert life.get(f"versions/{life.first}")["text"] == SMALL


def test_versions_are_listed_by_name_and_number(life: Any) -> None:
    found = [(one["policy"], one["version"]) for one in life.get("versions")["items"]]
    assert found == [("fake", 1), ("small", 1), ("small", 2)]


def test_a_difference_is_told_in_sentences_and_by_orders(life: Any) -> None:
    found = life.get(f"diff?old={life.first}&new={life.second}")
    [change] = [one for one in found["changes"] if one["about"] == "meaning"]
    assert "1_000.00" in change["sentence"] and "2_000.00" in change["sentence"]
    assert found["decisions"]["orders_differing"] > 0
    one = found["decisions"]["differences"][0]
    assert one["old"]["verdict"] != one["new"]["verdict"] and "order.amount" in one["facts"]
    assert life.get(f"diff?old={life.first}&new={life.first}")["decisions"]["proved_equal"]


def test_what_is_no_version_is_refused(life: Any) -> None:
    unknown = "sha256:" + "0" * 64
    for path in (f"versions/{unknown}", f"versions/{unknown}/source", f"versions/{unknown}/evidence"):
        answer = life.service.send("GET", f"/v1/policies/{path}", **life.sessions["eve"])
        assert problem(answer) == (404, "not-found")
    answer = life.service.send("GET", f"/v1/policies/diff?old={unknown}&new={life.first}", **life.sessions["eve"])
    assert problem(answer) == (422, "unknown-policy")
    answer = life.service.send("GET", f"/v1/policies/diff?old={DIGEST}&new={life.first}", **life.sessions["eve"])
    assert problem(answer) == (422, "not-publishable")  # the fake policy is none
    answer = life.service.send("GET", "/v1/policies/diff?old=x", **life.sessions["eve"])
    assert problem(answer) == (422, "invalid-field")


def test_what_decided_at_an_instant_is_told_later(life: Any) -> None:
    lines = life.get("history")["items"]
    starts = {one["digest"]: datetime.fromisoformat(one["effective_from"]) for one in lines}
    for digest in (life.first, life.second):
        at = quote(starts[digest].isoformat())
        assert [one["digest"] for one in life.get(f"effective?on={at}")["items"]] == [digest]
    long_ago = quote((datetime.now(UTC) - timedelta(days=900)).isoformat())
    assert life.get(f"effective?on={long_ago}")["items"] == []


def test_the_history_comes_in_pages(life: Any) -> None:
    first = life.get("history?limit=2")
    rest = life.get(f"history?limit=2&cursor={first['next']}")
    seqs = [one["seq"] for one in (*first["items"], *rest["items"])]
    assert seqs == sorted(seqs, reverse=True) and len(seqs) == 3 and rest["next"] is None


def test_the_evidence_holds_everything_that_speaks_for_a_version(life: Any) -> None:
    found = life.get(f"versions/{life.first}/evidence")
    assert hashlib.sha256(b64decode(found["source"])).hexdigest() == life.first.removeprefix("sha256:")
    [asked] = found["submissions"]
    assert (asked["author"], asked["approval"]["person"], asked["evidence"]["publishable"]) == ("ann", "cid", True)
    assert asked["evidence"]["engines"] == "agreed" and asked["digest"] == life.first
    [line] = found["published"]
    assert line["what"] == "begins" and not found["before_approvals"]
    assert list(found["revisions"]) == [asked["draft"]]
    json.dumps(found)
