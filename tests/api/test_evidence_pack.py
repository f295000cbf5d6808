"""The evidence of one decision, opened as an auditor does: every commitment fits, the receipt leads to the root."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from api.commands import cli
from api.operations.collect_evidence import collect_evidence
from storage.checkpoints import read_checkpoint
from storage.merkle import is_included, leaf_hash
from storage.sequencer import integrate, sign_head
from tests.api.service import GOOD, Service, an_order, start_real_service
from tests.storage.test_sequencer import KEY


@pytest.fixture
def real(tmp_path: Path) -> Service:
    return start_real_service(tmp_path)


def decided(service: Service, amount: str = "1000.00", score: int = 85) -> str:
    service.put_customer(granted_limit="500000.00", country="CN", facts=GOOD | {"customer.score": score})
    answer = service.decide(an_order(amount, id=f"SO-{amount}"), f"k-{amount}")
    return str(json.loads(answer.data)["decision"]["decision_id"])


def opened(service: Service, decision_id: str) -> dict[str, bytes]:
    made = collect_evidence(service.held.database, decision_id)
    assert made is not None
    assert made == collect_evidence(service.held.database, decision_id)  # the same evidence gives the same bytes
    with zipfile.ZipFile(io.BytesIO(made)) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_everything_in_it_is_what_the_log_commits_to(real: Service) -> None:
    one = decided(real)
    integrate(real.held.database)
    sign_head(real.held.database, KEY.name, KEY, None)
    found = opened(real, one)
    entry, salt = json.loads(found["log/entry.json"]), b64decode(json.loads(found["log/opening.json"])["salt"])
    parts = {"request": found["request.json"], "response": found["answer.json"], "facts": found["log/facts.json"],
             "outcome": found["log/outcome.json"]}  # fmt: skip
    assert entry["commitments"] == {
        name: hashlib.sha256(salt + name.encode() + b"\0" + held).hexdigest() for name, held in parts.items()
    }
    receipt = json.loads(found["log/receipt.json"])
    signed = read_checkpoint(receipt["checkpoint"], KEY.verifying)
    proof = [bytes.fromhex(step) for step in receipt["proof"]]
    assert is_included(leaf_hash(found["log/entry.json"]), receipt["seq"], signed.size, proof, signed.root)
    policy = json.loads(found["policy.json"])
    source = found[f"policy/{policy['name']}.yaml"]
    [approval] = policy["approvals"]
    assert approval["approved_by"] not in (approval["author"], approval["submitted_by"])
    assert policy["digest"] == entry["policy"] == "sha256:" + hashlib.sha256(source).hexdigest()


def test_facts_say_where_they_come_from(real: Service) -> None:
    facts = json.loads(opened(real, decided(real))["facts.json"])
    assert facts["customer.score"] == {"value": 85, "source": "bureau"}
    assert facts["order.amount"] == {"value": 100000, "source": "request"}
    assert {one["source"] for one in facts.values()} <= {"request", "ledger", "master", "bureau", "computed"}


@pytest.mark.parametrize(
    ("amount", "score", "told"),
    [
        ("1000.00", 85, "- Verdict: approve\n"),
        ("1000.00", 70, "- Conditions: (1) "),
        ("900000.00", 85, "- **refer** over_limit: "),
    ],
)
def test_the_page_says_what_was_decided_and_why(real: Service, amount: str, score: int, told: str) -> None:
    found = opened(real, decided(real, amount, score))
    page = found["summary.en.md"].decode()
    assert told in page
    assert "- Replayed: equal" in page
    assert "not yet signed" in page
    chinese = found["summary.zh.md"].decode()
    assert "# 决策证据" in chinese
    assert len(page.splitlines()) == len(chinese.splitlines()) < 60


def test_an_erased_record_gives_what_is_left_and_says_so(real: Service) -> None:
    one = decided(real)
    with real.held.database.write() as work:
        work.erasures.erase(one, "person:dpo", "asked by the data subject")
    found = opened(real, one)
    assert {"request.json", "answer.json", "facts.json", "outcome.json", "log/facts.json"} & set(found) == set()
    assert "by person:dpo: asked by the data subject" in found["summary.en.md"].decode()
    assert b64decode(json.loads(found["log/opening.json"])["salt"]) == b""
    assert "Example Ltd" not in str(found)


def test_compliance_takes_it_over_http_and_nobody_else(real: Service) -> None:
    one = decided(real)
    answer = real.send("GET", f"/v1/decisions/{one}/evidence", "compliance")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None
    assert real.send("GET", f"/v1/decisions/{one}/evidence", "risk_officer").status_code == 403
    assert real.send("GET", "/v1/decisions/D-404/evidence", "compliance").status_code == 404


def test_the_command_writes_it_and_tells_mistakes(real: Service, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    one, database = decided(real), real.held.settings.database
    done = CliRunner().invoke(cli, ["evidence", one, "--database", database])
    assert done.exit_code == 0
    assert (tmp_path / f"evidence-{one}.zip").stat().st_size > 1_000
    for args, told in ((["D-404"], "there is no decision 'D-404'"), ([one, "--out", "no/where.zip"], "--out")):
        wrong = CliRunner().invoke(cli, ["evidence", *args, "--database", database])
        assert (wrong.exit_code, told in wrong.stderr) == (2, True)
