"""Recommendations: only what the policy approves on exactly these terms, ranked by arithmetic that can be followed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policy.load import load_policy
from rules.facts import trade_vocabulary
from storage.policies import NewPolicy
from tests.api.service import GOOD, Service, an_order, start_real_service
from tests.storage.records import let_decide

INPUTS = {
    "margin": "18000.00", "discount_taken": "50%", "cost_of_capital": "7.3%", "loss_given_default": "50%",
    "insured_share": "0%", "default_risk": {"net 30": "0.4%", "net 60": "1%", "2/10 net 30": "0.4%", "net 45": "0.5%",
                                            "net 90": "2%"},
}  # fmt: skip
OWN = """
aval: 1
policy: own
title: {en: Own, zh: 自有}
currency: CNY
roles: {rising: [cfo]}
settings:
  cost_of_capital: 7.3%
facts:
  customer.default_risk_30: {kind: percent, from: bureau, meaning: {en: default within 30 days, zh: 30 天违约概率}}
  customer.default_risk_60: {kind: percent, from: bureau, meaning: {en: default within 60 days, zh: 60 天违约概率}}
tables:
  default_risk:
    rows:
      - {when: order.requested_days <= 30, value: customer.default_risk_30}
      - {when: order.requested_days <= 60, value: customer.default_risk_60}
    missing: refer
let:
  cost_of_capital: settings.cost_of_capital
  expected: default_risk * order.unsecured_amount
terms:
  - otherwise: true
    offer: [net 30, net 60]
checks:
  - {check: loss, measure: expected, at_most: 1_000_000, verdict: refer}
authority:
  - {otherwise: true, release: cfo}
"""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The standard policy on the real engines; C-1 is prime with a limit of 500,000.00."""
    return start_real_service(tmp_path_factory.mktemp("terms"))


def recommended(service: Service, body: dict[str, Any], inputs: dict[str, Any] | None = None) -> dict[str, Any]:
    """The recommendations for an order."""
    sent = body if inputs is None else body | {"inputs": inputs}
    answer = service.send("POST", "/v1/recommendations", "order_system", sent)
    assert answer.status_code == 200, answer.data
    found: dict[str, Any] = json.loads(answer.data)
    return found


def test_allowed_terms_are_ranked_by_what_they_earn(real: Service) -> None:
    found = recommended(real, an_order("120000.00"), INPUTS)
    ranked = {one["terms"]: one for one in found["recommendations"]}
    assert [(one["rank"], one["terms"], one["expected_margin"]) for one in found["recommendations"]] == [
        (1, "prepaid", "18000.00"), (2, "net 30", "17040.00"), (3, "net 45", "16620.00"),
        (4, "2/10 net 30", "16080.00"), (5, "net 60", "15960.00"), (6, "net 90", "14640.00"),
    ]  # fmt: skip
    assert ranked["net 60"]["arithmetic"]["capital_cost"] == {
        "amount": "1440.00", "formula": "120000.00 * 7.3% a year * 60 days / 365"}  # fmt: skip
    assert ranked["net 60"]["arithmetic"]["expected_loss"]["formula"] == (
        "120000.00 * 100% own * 1% default * 50% lost")
    assert found["missing"] == [] and found["not_allowed"] == []


def test_nothing_is_held_or_stored(real: Service) -> None:
    before = real.counted()
    recommended(real, an_order("120000.00"), INPUTS)
    assert real.counted() == before


def test_terms_that_the_policy_does_not_allow_are_told_with_the_checks_that_failed(real: Service) -> None:
    found = recommended(real, an_order("500000.01"), INPUTS)
    assert [one["terms"] for one in found["recommendations"]] == ["prepaid"]
    assert {one["terms"]: one["checks"] for one in found["not_allowed"]}["net 30"] == ["over_limit"]
    edge = recommended(real, an_order("500000.00"), INPUTS)
    assert len(edge["recommendations"]) == 6


def test_terms_longer_than_the_longest_are_offered_others_instead(real: Service) -> None:
    found = recommended(real, an_order("100.00", requested_terms="net 91"), INPUTS)
    assert found["not_allowed"] == [{"terms": "net 91", "verdict": "approve_with_conditions", "checks": [],
                                     "offered_instead": "net 60"}]  # fmt: skip
    assert "net 90" in [one["terms"] for one in found["recommendations"]]


def test_securities_count_as_the_alternative_that_leaves_the_most_to_us(tmp_path: Path) -> None:
    service = start_real_service(tmp_path)
    service.put_customer(granted_limit="500000.00", country="CN", facts=GOOD | {"customer.score": 70})
    found = recommended(service, an_order("120000.00"), INPUTS)
    line = next(one for one in found["recommendations"] if one["terms"] == "net 30")
    assert line["alternative"] == 1 and line["verdict"] == "approve_with_conditions"
    assert line["arithmetic"]["credit"]["amount"] == "84000.00"  # 30% in advance
    assert line["arithmetic"]["exposed"]["amount"] == "0.00"  # 70% by letter of credit
    assert line["expected_margin"] == "17496.00"  # 18,000 - 84,000 * 7.3% * 30 / 365


def test_what_is_missing_is_named_and_ranks_last(real: Service) -> None:
    found = recommended(real, an_order("120000.00"), {"cost_of_capital": "7.3%", "insured_share": "100%"})
    assert found["missing"] == ["margin", "discount_taken"]
    assert [(one["terms"], one["rank"]) for one in found["recommendations"]][-1] == ("2/10 net 30", None)
    assert all(one["expected_margin"] is None for one in found["recommendations"])
    nothing = recommended(real, an_order("120000.00"))
    assert [one["terms"] for one in nothing["recommendations"] if one["rank"]] == ["prepaid"]
    assert set(nothing["missing"]) == {
        "margin", "discount_taken", "cost_of_capital", "insured_share", "default_risk", "loss_given_default",
    }  # fmt: skip


def test_figures_of_the_policy_are_read_at_each_of_the_terms(tmp_path: Path) -> None:
    service = start_real_service(tmp_path)
    loaded = load_policy(OWN.encode(), "own.yaml", trade_vocabulary())
    assert loaded.program is not None, [str(one) for one in loaded.problems]
    with service.held.database.write() as work:
        work.policies.add(NewPolicy("own", loaded.program.source_digest, loaded.program.digest, OWN.encode(), "tests"))
        let_decide(work, loaded.program.source_digest)
    service.put_customer(granted_limit="500000.00", facts={
        "customer.default_risk_30": "0.4%", "customer.default_risk_60": "1%"})  # fmt: skip
    body = an_order("120000.00")
    found = recommended(service, body, {"insured_share": "0%", "loss_given_default": "50%", "margin": "0.00"})
    lines = {one["terms"]: one["arithmetic"]["expected_loss"]["formula"] for one in found["recommendations"]}
    assert lines["net 30"] == "120000.00 * 100% own * 0.4% default * 50% lost"
    assert lines["net 60"] == "120000.00 * 100% own * 1% default * 50% lost"
    stated = {"insured_share": "0%", "loss_given_default": "50%", "default_risk": {"net 60": "3%"}}
    over = recommended(service, body, stated)
    lines = {one["terms"]: one["arithmetic"]["expected_loss"]["formula"] for one in over["recommendations"]}
    assert ["3%" in lines["net 60"], "0.4%" in lines["net 30"]] == [True, True]


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"margin": "1.001"}, "inputs.margin"), ({"cost_of_capital": "101%"}, "inputs.cost_of_capital"),
        ({"cost_of_capital": "0.1"}, "inputs.cost_of_capital"),
        ({"default_risk": {"soon": "1%"}}, "inputs.default_risk"),
        ({"default_risk": {"net 30": 1}}, "inputs.default_risk"), ({"default_risk": [1]}, "inputs.default_risk"),
        ({"weather": "1%"}, "inputs.weather"),
    ],
)  # fmt: skip
def test_figures_that_are_none_are_refused(real: Service, inputs: dict[str, Any], field: str) -> None:
    answer = real.send("POST", "/v1/recommendations", "order_system", an_order() | {"inputs": inputs})
    assert answer.status_code == 422 and json.loads(answer.data)["errors"][0]["field"] == field, answer.data
