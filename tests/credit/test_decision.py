"""A decision has one shape and one order of keys, and the same decision always has the same bytes."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest

from credit.decision import (
    CheckEntry,
    Condition,
    CounterOffer,
    Decision,
    EvidenceEntry,
    ExposureView,
    PolicyReference,
    ReservationReference,
    TermsOffered,
    canonical_json,
    instant_text,
)
from credit.exposure import Limit
from credit.money import Money
from credit.terms import Discount

CONTRACT = """
{"decision_id": "D-1", "verdict": "approve_with_conditions", "hard_stop": false,
 "checks": [{"check": "over_limit", "status": "pass", "evidence": [{"fact": "committed_after", "value": "430000.00",
             "wanted": "<= 500000.00", "unit": "CNY", "distance": "70000.00"}],
             "message": {"en": "within the limit", "zh": "在额度内"}, "rule": {"row": 1, "line": 42}}],
 "tier": "standard",
 "terms": {"offer": "net 30", "net_days": 30, "discount": null, "due_on": "2027-01-04"},
 "conditions": [{"alternative": 1, "security": "prepayment", "share": "30%", "amount": "36000.00"},
                {"alternative": 1, "security": "letter_of_credit", "share": "70%", "amount": "84000.00"}],
 "exposure": {"limit": "500000.00", "before": "310000.00", "after": "430000.00", "headroom": "70000.00"},
 "counter_offers": [{"change": {"requested_terms": "prepaid", "prepaid": "120000.00"}, "verdict": "approve",
   "terms": null, "conditions": [], "evidence": []}],
 "reservation": {"id": "R-1", "amount": "120000.00", "expires_at": "2026-11-30T09:30:00.000000Z"},
 "policy": {"name": "standard-trade-credit", "version": 7, "digest": "sha256:aa", "program_digest": "sha256:bb"},
 "authority": null, "missing": [], "decided_at": "2026-11-23T09:30:00.000001Z", "as_of": "2026-11-23",
 "engines": "agreed"}
"""


def yuan(text: str) -> Money:
    return Money.parse(text, "CNY")


def a_decision() -> Decision:
    evidence = EvidenceEntry("committed_after", "430000.00", "<= 500000.00", "CNY", "70000.00")
    message = {"en": "within the limit", "zh": "在额度内"}
    return Decision(
        decision_id="D-1",
        verdict="approve_with_conditions",
        hard_stop=False,
        checks=(CheckEntry("over_limit", "pass", (evidence,), message, {"line": 42, "row": 1}),),
        tier="standard",
        terms=TermsOffered("net 30", 30, None, date(2027, 1, 4)),
        conditions=(
            Condition(1, "prepayment", Fraction(3, 10), yuan("36000.00")),
            Condition(1, "letter_of_credit", Fraction(7, 10), yuan("84000.00")),
        ),
        exposure=ExposureView(Limit.of(yuan("500000")), yuan("310000"), yuan("430000"), yuan("70000")),
        policy=PolicyReference("standard-trade-credit", 7, "sha256:aa", "sha256:bb"),
        decided_at=datetime(2026, 11, 23, 9, 30, 0, 1, UTC),
        as_of=date(2026, 11, 23),
        engines="agreed",
        counter_offers=(CounterOffer({"requested_terms": "prepaid", "prepaid": "120000.00"}, "approve"),),
        reservation=ReservationReference("R-1", yuan("120000.00"), datetime(2026, 11, 30, 9, 30, tzinfo=UTC)),
    )


def test_a_decision_has_the_shape_and_key_order_of_the_contract() -> None:
    assert json.dumps(a_decision().as_dict()) == json.dumps(json.loads(CONTRACT))


def test_only_a_preview_says_that_it_is_one() -> None:
    assert "preview" not in a_decision().as_dict()
    preview = replace(a_decision(), reservation=None, preview=True).as_dict()
    assert preview["preview"] is True
    assert list(preview)[-1] == "preview"


def test_what_is_not_known_is_null() -> None:
    document = replace(
        a_decision(), tier=None, terms=None, exposure=ExposureView(None, None, None, None), reservation=None
    ).as_dict()
    assert document["terms"] is document["tier"] is document["reservation"] is None
    assert document["exposure"] == {"limit": None, "before": None, "after": None, "headroom": None}
    assert Condition(1, "prepayment", Fraction(1), None).as_dict()["amount"] is None
    assert EvidenceEntry("customer.score", None).as_dict() == {
        "fact": "customer.score", "value": None, "wanted": None, "unit": None, "distance": None
    }  # fmt: skip
    assert CheckEntry("no_limit", "refer", (), {}, None).as_dict()["rule"] is None


def test_limits_that_are_no_amount_are_words() -> None:
    unlimited = ExposureView(Limit.unlimited(), yuan("1"), yuan("2"), Limit.unlimited()).as_dict()
    assert (unlimited["limit"], unlimited["headroom"]) == ("unlimited", "unlimited")
    assert ExposureView(Limit.none(), None, None, yuan("0")).as_dict()["limit"] == "none"


def test_a_discount_shows_its_share_and_days() -> None:
    terms = TermsOffered("2/10 net 30", 30, Discount(Fraction(1, 50), 10), None)
    assert terms.as_dict()["discount"] == {"share": "2%", "days": 10}


def test_the_same_decision_has_the_same_bytes() -> None:
    first, second = canonical_json(a_decision().as_dict()), canonical_json(a_decision().as_dict())
    assert first == second
    assert "在额度内".encode() in first
    assert b" " not in first.replace(b"<= ", b"").replace(b"within the limit", b"").replace(b"net 30", b"")
    assert json.loads(first) == json.loads(CONTRACT)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        canonical_json({"value": value})


def test_a_record_inside_a_document_is_refused() -> None:
    with pytest.raises(TypeError):
        canonical_json({"amount": yuan("1")})


def test_instants_are_written_in_utc() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert instant_text(datetime(2026, 11, 23, 7, 0, tzinfo=shanghai)) == "2026-11-22T23:00:00.000000Z"
    with pytest.raises(AssertionError, match="time zone"):
        instant_text(datetime(2026, 11, 23))


def test_contradictory_decisions_cannot_be_made() -> None:
    with pytest.raises(AssertionError, match="a hard stop denies"):
        replace(a_decision(), hard_stop=True)
    with pytest.raises(AssertionError, match="a preview reserves nothing"):
        replace(a_decision(), preview=True)
    with pytest.raises(AssertionError, match="maybe"):
        replace(a_decision(), verdict="maybe")
    with pytest.raises(AssertionError, match="passed"):
        CheckEntry("over_limit", "passed", (), {}, None)


def test_a_decision_cannot_be_changed() -> None:
    decision = a_decision()
    with pytest.raises(FrozenInstanceError):
        decision.verdict = "approve"  # type: ignore[misc]
