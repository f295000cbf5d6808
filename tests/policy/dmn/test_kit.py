"""The conformance kit's files beside the repository: every expected result, from DMN and from the imported policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.dmn.cases import read_cases, run_cases, same
from policy.dmn.decide import Decisions
from policy.dmn.read_model import read_model
from tests.conftest import REAL_DATA
from tests.policy.dmn.models import Read

KIT = REAL_DATA / "dmn_tck"
FOLDERS = sorted(path for path in KIT.glob("cl*") if path.is_dir()) if KIT.is_dir() else []

pytestmark = pytest.mark.skipif(not FOLDERS, reason="the kit's files are not beside the repository")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_result_is_the_expected_one_in_both_forms(folder: Path) -> None:
    (source,) = folder.glob("*.dmn")
    model = read_model(source.read_bytes(), source.name)
    read, compared = Read(model), 0
    for tests in folder.glob("*-test-*.xml"):
        cases = read_cases(tests.read_bytes(), tests.name)
        results = run_cases(model, cases)
        assert [one for one in results if not one.agrees] == []
        for case in cases:
            decisions = Decisions(model, case.given)
            for name in read.imported.answers:
                given = {**case.given, **{one: decisions[one] for one in model.decisions}}
                assert same(decisions[name], read.answer(name, given)), (case.name, name)
                compared += 1
    tables = "simpletable" in folder.name or "hitpolicy" in folder.name or "multi" in folder.name
    assert compared >= (3 if tables else 0)


@pytest.mark.parametrize("folder", [one for one in FOLDERS if "table" in one.name or "hitpolicy" in one.name
                                    or "multi" in one.name], ids=lambda path: path.name)  # fmt: skip
def test_no_table_of_the_kit_is_refused(folder: Path) -> None:
    (source,) = folder.glob("*.dmn")
    imported = Read(read_model(source.read_bytes(), source.name)).imported
    assert [str(one) for one in imported.findings if one.severity == "error"] == []


def test_the_gap_at_130_of_the_lending_example_is_found_and_nothing_else() -> None:
    source = KIT / "cl3-0004-lending" / "0004-lending.dmn"
    if not source.exists():
        pytest.skip("the lending example is not beside the repository")
    imported = Read(read_model(source.read_bytes(), source.name)).imported
    gaps = [str(one) for one in imported.findings if one.code == "dmn-gap"]
    assert gaps == ["0004-lending.dmn:735:13: dmn-gap: no row of 'Pre-bureauRiskCategory' fits when ExistingCustomer "
                    "is false and ApplicationRiskScore is 130; add a row for it"]  # fmt: skip
    assert len(imported.answers) == 10
