"""The benchmark's answers, on a few orders: a fast engine that answers something else is no engine."""

from __future__ import annotations

import importlib.util

import pytest

from tests.benchmarks import decide, peers, workload

ORDERS = workload.inputs(400)
OURS = {"compiled": decide.compiled, "agreement": decide.agreement}
PEERS = {"zen": (peers.zen, "zen"), "datalogic_py": (peers.datalogic, "datalogic_py"),
         "durable_rules": (peers.durable_rules, "durable_rules_engine")}


@pytest.mark.parametrize("rows", [4, 100])
@pytest.mark.parametrize("name", OURS)
def test_our_engines_answer_the_workload_as_plain_python_does(name: str, rows: int) -> None:
    engine, expected = OURS[name](rows), workload.answer(rows)
    assert [engine(order) for order in ORDERS] == [expected(order) for order in ORDERS]


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_answers_the_workload_as_plain_python_does(name: str) -> None:
    make, module = PEERS[name]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed; make bench installs it")
    engine, expected = make(4), workload.answer(4)
    assert [engine(order) for order in ORDERS] == [expected(order) for order in ORDERS]


def test_the_orders_reach_every_verdict_and_the_exact_edges() -> None:
    answers = [workload.answer(4)(order) for order in ORDERS]
    assert {answer[0] for answer in answers} == {"approve", "refer", "deny"}
    known = [workload.derived(order) for order in ORDERS]
    assert any(facts["headroom"] == 0 for facts in known)
    assert any(facts["insured"] and facts["cover"] == 0 for facts in known)


def test_a_wrong_table_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = decide.compiled(4)
    monkeypatch.setattr(workload, "CHECKS", workload.CHECKS[1:])
    expected = workload.answer(4)
    assert [engine(order) for order in ORDERS] != [expected(order) for order in ORDERS]
