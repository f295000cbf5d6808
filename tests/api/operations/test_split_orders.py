"""A window over earlier orders counts those that were decided in it, whatever day the client names as theirs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from policy.load import load_policy
from rules.facts import trade_vocabulary
from storage.policies import NewPolicy
from tests.api.service import Service, an_order, start_real_service

POLICY = b"""aval: 1
policy: split
title: {en: Split}
currency: CNY
settings:
  placed_on_days: 3650 days
let:
  recent: sum of earlier_orders.unsecured_amount where placed_on >= as_of - 2 days
checks:
  - {check: together, measure: recent + order.amount, at_most: 1000, verdict: refer}
"""


def test_orders_placed_long_ago_and_decided_today_all_count_in_a_window_of_two_days(tmp_path: Path) -> None:
    service = start_real_service(tmp_path)
    program = load_policy(POLICY, "split.yaml", trade_vocabulary()).program
    assert program is not None
    with service.held.database.write() as work:
        work.policies.add(NewPolicy(program.name, program.source_digest, program.digest, POLICY, "tests"))
        work.policies.set_effective(program.source_digest, "tests")
    verdicts = [decided(service, days) for days in (40, 70, 400, 3000)]
    assert verdicts == ["approve", "approve", "approve", "refer"]


def decided(service: Service, days: int) -> str:
    """The verdict on an order of 300.00 that names a day so many days back."""
    today = datetime.now(UTC).date()
    day = (today - timedelta(days=days)).isoformat()
    answer = service.decide(an_order("300.00", placed_on=day, deliver_by=today.isoformat()), f"k-{days}").json
    assert answer is not None
    return str(answer["decision"]["verdict"])
