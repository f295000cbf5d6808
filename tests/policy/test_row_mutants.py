"""Each slip in a row of a shipped policy is found: by its findings, its own tests or its promises.

A slip that nothing finds shows a test that the policy lacks. Swapped checks change no decision, nor do swapped rows
that no order fits both; such slips are no faults, and are shown to be none by their Program's meaning. Short: every
twelfth; `AVAL_SOAK=1`: all.
"""

from __future__ import annotations

from functools import cache

import pytest

from policy.load import Loaded, load_policy
from rules.equivalence import proof_of_equality
from rules.facts import trade_vocabulary
from rules.proving import proofs_of
from rules.selftest import run_tests
from tests.conftest import ROOT, SOAK
from tests.generated.row_mutants import row_mutants

SHIPPED = ("standard", "payment_record")
EACH = 1 if SOAK else 12
SHARE = 95  # per cent
UNSEEN = {  # slips that decide no order otherwise: 'longest' gives those terms too, and who is not trusted pays anyway
    "standard": ("30 becomes 29", "'net 30' left out"), "payment_record": ("100% becomes 99%",),
}  # fmt: skip


@cache
def shipped(name: str) -> tuple[str, Loaded]:
    """A shipped policy's text, and what comes of it."""
    text = (ROOT / "policy" / "library" / f"{name}.yaml").read_text("utf-8")
    return text, loaded(text)


def loaded(text: str) -> Loaded:
    """What comes of a text."""
    return load_policy(text.encode(), "mutant.yaml", trade_vocabulary())


def found_by(text: str) -> str:
    """What finds a mutant; empty for nothing."""
    mutant = loaded(text)
    if mutant.problems or mutant.program is None:
        return "findings"
    if not all(result.passed for result in run_tests(mutant.program, mutant.tests)):
        return "tests"
    return "promises" if any(proof.status == "refuted" for proof in proofs_of(mutant)) else ""


def is_no_fault(name: str, text: str) -> bool:
    """Whether no order is decided otherwise than by the shipped policy, which is proved."""
    old, new = shipped(name)[1].program, loaded(text).program
    return old is not None and new is not None and bool(proof_of_equality(old, new))


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_slips_in_the_rows_of_a_shipped_policy_are_found(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text, whole = shipped(name)
    assert not whole.problems and found_by(text) == ""
    mutants = list(row_mutants(text))
    assert len(mutants) > 100
    by = {what: found_by(changed) for what, changed in mutants[::EACH]}
    texts = dict(mutants)
    left = [what for what, how in by.items() if not how and not is_no_fault(name, texts[what])]
    counted = {how: list(by.values()).count(how) for how in ("findings", "tests", "promises", "")}
    with capsys.disabled():
        print(f"\n{name}: {len(by)} slips, found by {counted}; not found: {'; '.join(left) or 'none'}")
    assert [what for what in left if what.split(": ", 1)[1] not in UNSEEN[name]] == []
    assert not SOAK or 100 * (len(by) - len(left)) >= SHARE * len(by), left


def test_a_policy_without_its_tests_leaves_slips_unfound() -> None:
    text, _ = shipped("standard")
    bare = text[: text.index("\npromises:")] + "\n"
    number = next(changed for what, changed in row_mutants(bare) if "80 becomes 81" in what)
    assert found_by(number) == ""
