"""`aval replay` at the terminal: one decision, all of some days, and what is not equal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli
from tests.api.service import Service, an_order, start_real_service
from tests.api.test_replaying import changed, unlogged


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """Two decisions."""
    found = start_real_service(tmp_path)
    for key in ("one", "two"):
        assert found.decide(an_order(id=f"SO-{key}"), key).status_code == 201
    return found


def aval(service: Service, *args: str) -> Result:
    return CliRunner().invoke(cli, ["replay", *args, "--database", service.held.settings.database])


def ids(service: Service) -> list[str]:
    return [one["decision_id"] for one in service.send("GET", "/v1/decisions", "compliance").json["items"]]  # type: ignore[index]


def test_one_decision_is_told_whole(service: Service) -> None:
    one = ids(service)[0]
    done = aval(service, one)
    assert (done.exit_code, done.stdout) == (0, f"{one}: equal: the same verdict, reasons, terms and figures\n")
    assert json.loads(aval(service, one, "--json").stdout)["result"] == "equal"


def test_all_of_some_days_are_counted_with_their_rate(service: Service) -> None:
    done = aval(service, "--from", "2026-01-01")
    assert done.exit_code == 0
    assert done.stdout.startswith("2 decisions: 2 equal (")
    assert "nothing to replay" in aval(service, "--from", "2000-01-01", "--to", "2000-01-02").stdout
    assert len(aval(service, "--from", "2026-01-01", "--json").stdout.splitlines()) == 2


def test_what_differs_is_told_part_by_part_and_ends_with_1(service: Service) -> None:
    unlogged(service.held.database)
    changed(service.held.database, "UPDATE decision SET response = ?", b'{"decision": {"verdict": "deny"}}')
    done = aval(service, "--from", "2026-01-01")
    assert done.exit_code == 1
    assert "answer.verdict: recorded 'deny', now 'approve'" in done.stdout
    assert "2 decisions: 2 engine" in done.stdout


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([], "name one decision, or the days with --from"),
        (["D-1", "--from", "2026-01-01"], "name one decision, or the days with --from"),
        (["D-404"], "there is no decision 'D-404'"),
        (["--from", "01.02.2026"], "does not match the format"),
    ],
)
def test_mistakes_are_told_with_what_to_do(service: Service, args: list[str], told: str) -> None:
    done = aval(service, *args)
    assert (done.exit_code, told in done.stderr) == (2, True), done.stderr


def test_over_http_officers_and_compliance_replay_and_order_systems_do_not(service: Service) -> None:
    path = f"/v1/decisions/{ids(service)[0]}/replay"
    answer = service.send("GET", path, "compliance")
    assert answer.json == {
        "decision_id": ids(service)[0], "result": "equal", "verdict": "approve", "differences": [],
        "told": "the same verdict, reasons, terms and figures",
    }  # fmt: skip
    assert service.send("GET", path, "order_system").status_code == 403
    assert service.send("GET", "/v1/decisions/D-404/replay", "compliance").status_code == 404
