"""Promises of real policies: those shipped are proved, planted slips are refuted by orders that replay."""

from __future__ import annotations

from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

from policy.load import Loaded, load_policy
from rules import proving
from rules.facts import trade_vocabulary
from rules.proving import Proof, all_findings, proofs_of, prove_promises, share_proved
from rules.selftest import facts_of
from rules.standing import decided, worse

pytest.importorskip("z3", reason="the prover is an extra of its own")

LIBRARY = Path(__file__).resolve().parents[2] / "policy" / "library"
STANDARD = (LIBRARY / "standard.yaml").read_text("utf-8")
SLIP = STANDARD.replace("when: customer.score >= 60 ", "when: customer.score in [60..80) ")


def loaded(text: str) -> Loaded:
    return load_policy(text.encode(), "p.yaml", trade_vocabulary())


def proofs(text: str) -> dict[str, Proof]:
    return {proof.promise: proof for proof in proofs_of(loaded(text))}


@pytest.mark.parametrize("name", ["standard", "payment_record"])
def test_the_promises_of_the_shipped_policies_are_proved(name: str) -> None:
    found = proofs_of(loaded((LIBRARY / f"{name}.yaml").read_text("utf-8")))
    assert len(found) >= 3 and share_proved(found) == 100, found


@pytest.mark.slow
def test_the_slip_of_the_first_draft_is_refuted_at_the_edge() -> None:
    found = proofs(SLIP)["better score never worse"]
    assert found.status == "refuted"
    assert [facts["customer.score"] for facts in found.orders] == [79, 80]
    program = loaded(SLIP).program
    assert program is not None
    before, after = (decided(program, facts)[1] for facts in found.orders)
    assert {"verdict", "limit"} <= set(worse(before, after))


def test_the_pair_of_79_and_85_breaks_the_first_draft_and_not_the_shipped_policy() -> None:
    harm = {}
    for name, text in (("draft", SLIP), ("shipped", STANDARD)):
        policy = loaded(text)
        assert policy.program is not None
        test = next(one for one in policy.tests if one.name == "six days late on average is standard, not high risk")
        facts = facts_of(policy.program, test)
        pair = [decided(policy.program, {**facts, "customer.score": score}) for score in (79, 85)]
        harm[name] = (pair[1][0].tier, bool(worse(pair[0][1], pair[1][1])))
    assert harm == {"draft": ("high_risk", True), "shipped": ("standard", False)}


@pytest.mark.slow
def test_a_refuted_promise_is_an_error_with_its_order() -> None:
    (problem,) = [one for one in all_findings(loaded(SLIP)) if one.code == "false-promise"]
    assert problem.severity == "error"
    assert "where customer.score goes from 79 to 80" in problem.message
    assert dict(problem.example)["customer.score"] == "79"


@pytest.mark.slow
@pytest.mark.parametrize(("was", "now", "promise"), [
    ("    largest_order: 2_000_000", "    largest_order: 200_000", "better score never worse"),
    ("    longest: net 90", "    longest: net 40", "better score never worse"),
    ("    require: none", "    require: {bank_guarantee: 100%}", "better score never worse"),
    ("    at_most: limit.largest_order", "    at_least: limit.largest_order", "larger order never easier"),
])  # fmt: skip
def test_a_planted_mistake_is_refuted(was: str, now: str, promise: str) -> None:
    assert STANDARD.count(was) == 1
    assert proofs(STANDARD.replace(was, now))[promise].status == "refuted"


@pytest.mark.slow
@pytest.mark.parametrize("never", ["order.unsecured_amount < 0", "order.prepaid > order.amount"])
def test_no_promise_is_broken_by_an_order_that_nobody_can_place(never: str) -> None:
    known = "  - better score never worse\n"
    for when, status in ((never, "proved"), ("order.unsecured_amount < 1_000_000", "refuted")):
        planted = f"  - always: {{when: {when}, then: {{verdict: deny}}}}\n"
        found = next(iter(proofs(STANDARD.replace(known, planted, 1)).values()))
        assert found.status == status, found


@pytest.mark.slow
def test_a_referral_without_authority_is_found() -> None:
    start, end = STANDARD.index("\nauthority:"), STANDARD.index("\nsettings:")
    found = proofs(STANDARD[:start] + STANDARD[end:])["every referral can be released by someone"]
    assert found.status == "refuted" and "nobody" in found.harm


def test_without_the_prover_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proving, "find_spec", lambda name: None)
    found = proofs_of(loaded(STANDARD))
    assert {proof.status for proof in found} == {"not proven"}
    assert {one.severity for one in all_findings(loaded(STANDARD))} == {"warning"}


def test_what_takes_too_long_is_not_proven() -> None:
    policy = loaded(STANDARD)
    assert policy.program is not None
    found = prove_promises(policy.program, policy.promises, seconds=0.01)
    assert {(proof.status, proof.reason) for proof in found} == {("not proven", "not settled within 0.01 seconds")}


@pytest.mark.slow
def test_too_little_memory_ends_in_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = loaded(STANDARD)
    assert policy.program is not None
    task = proving.Task(policy.program, policy.promises, megabytes=64, seconds=20)
    found, why = proving._run(task)
    assert len(found) < 3 and "memory" in why


@pytest.mark.slow
def test_a_thousand_rows_take_no_more_than_ten_seconds() -> None:
    rows = [f"  - tier: t{score}\n    when: [customer.country is C{place}, customer.score >= {score}]\n"
            for place in range(112) for score in range(90, 0, -10)]  # fmt: skip
    tiers = "".join(f"  - {{when: tier is t{score}, limit: {score}000}}\n" for score in range(90, 0, -10))
    text = ("aval: 1\npolicy: big\ntitle: {en: Big}\ncurrency: CNY\nroles: {rising: [analyst]}\ntiers:\n"
            + "".join(rows) + "  - {tier: t0, otherwise: true}\nlimits:\n" + tiers + "  - {otherwise: true, limit: 0}\n"
            "checks:\n  - {check: over, measure: order.amount, at_most: limit.effective, verdict: refer}\n"
            "authority:\n  - {otherwise: true, release: analyst}\n"
            "promises:\n  - better score never worse\n  - larger order never easier\n")  # fmt: skip
    policy = loaded(text)
    assert policy.program is not None, policy.problems[:3]
    start = getrusage(RUSAGE_CHILDREN).ru_utime
    found = proofs_of(policy)
    assert getrusage(RUSAGE_CHILDREN).ru_utime - start < 10
    assert {proof.status for proof in found} == {"proved"}


RATED = """aval: 1
policy: rated
title: {en: Rated}
currency: CNY
scales:
  agency: {best_first: [A, B+, B, C], moodys: {Aa: A, Ba: B}}
facts:
  customer.rating: {kind: rating, of: agency, from: bureau, meaning: {en: a rating}}
  customer.other: {kind: rating, of: agency.moodys, from: bureau, meaning: {en: another rating}}
limits:
  - {when: customer.rating is A, limit: 3_000}
  - {when: customer.other is Ba or better, limit: 2_000}
  - {otherwise: true, limit: 1_000}
checks:
  - {check: over, only_when: order.unsecured_amount > 0, measure: account.exposure, at_most: limit.effective,
     verdict: deny}
promises: [better rating never worse, better other never worse]
"""


def test_a_better_rating_is_the_one_that_stands_first_on_its_scale() -> None:
    assert {proof.status for proof in proofs_of(loaded(RATED))} == {"proved"}


def test_ratings_of_an_example_are_said_by_their_words() -> None:
    found = {one.message.partition(",")[0]: one for one in all_findings(loaded(RATED.replace("3_000", "300")))}
    told = next(one for one in found.values() if "better rating" in one.message)
    assert "where customer.rating goes from B+ to A, the verdict goes from approve to deny" in told.message
    assert dict(told.example)["customer.rating"] == "B+" and dict(told.example)["customer.other"] in ("Aa", "Ba")
