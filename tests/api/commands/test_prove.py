"""`aval prove` in a terminal: what is proved, what is refuted and by which order, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import cli

pytest.importorskip("z3", reason="the prover is an extra of its own")
STANDARD = (Path(__file__).resolve().parents[3] / "policy" / "library" / "standard.yaml").read_text("utf-8")


@pytest.fixture
def slip(tmp_path: Path) -> Path:
    path = tmp_path / "slip.yaml"
    path.write_text(STANDARD.replace("customer.score >= 60 ", "customer.score in [60..80) "), "utf-8")
    return path


def aval(*args: str) -> Result:
    return CliRunner().invoke(cli, args)


def test_a_refuted_promise_ends_with_1_and_shows_its_order(slip: Path) -> None:
    done = aval("prove", str(slip))
    assert done.exit_code == 1
    assert "refuted: better score never worse; where customer.score goes from 79 to 80" in done.output
    assert "    for example account.exposure " in done.output
    assert "2 of 3 promises proved (66 %)" in done.output


def test_check_tells_the_same_as_an_error(slip: Path) -> None:
    done = aval("check", str(slip))
    assert done.exit_code == 1
    assert "false-promise: 'better score never worse' is not kept" in done.output


def test_machines_get_one_document(slip: Path) -> None:
    told = json.loads(aval("prove", str(slip), "--format", "json").output)
    (file,) = told["files"]
    assert told["kept"] is False and file["percent"] == 66
    first = file["promises"][0]
    assert first["status"] == "refuted" and first["example"]["customer.score"] == "79"


def test_a_policy_with_errors_is_not_proved(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("aval: 1\n", "utf-8")
    done = aval("prove", str(path))
    assert done.exit_code == 1 and "nothing proved" in done.output
