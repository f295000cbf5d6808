"""An exception over HTTP: the customer's own number and group decide whom it lifts a check for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from policy.load import load_policy
from rules.facts import trade_vocabulary
from storage.policies import NewPolicy
from tests.api.service import Service, an_order, start_real_service
from tests.storage.records import let_decide

POLICY = b"""aval: 1
policy: excused
title: {en: Excused}
currency: CNY
checks:
  - {check: small_orders, measure: order.amount, at_most: 100, verdict: deny}
exceptions:
  - {exception: our_friend, for: customer C-1, lifts: [small_orders], when: order.amount <= 300}
  - {exception: the_north, for: group North, lifts: [small_orders]}
"""


@pytest.fixture
def excused(tmp_path: Path) -> Service:
    """A service under a policy with exceptions, with the customers C-1, C-2, and C-3 of the group North."""
    service = start_real_service(tmp_path)
    program = load_policy(POLICY, "excused.yaml", trade_vocabulary()).program
    assert program is not None
    with service.held.database.write() as work:
        work.policies.add(NewPolicy(program.name, program.source_digest, program.digest, POLICY, "tests"))
        let_decide(work, program.source_digest)
    assert service.put_customer("C-2", granted_limit="500000.00").status_code == 201
    assert service.put_customer("C-3", granted_limit="500000.00", facts={"customer.group": "North"}).status_code == 201
    return service


@pytest.mark.parametrize(("customer", "amount", "verdict", "lifted_by"), [
    ("C-1", "300.00", "approve", "our_friend"), ("C-1", "300.01", "deny", None), ("C-2", "300.00", "deny", None),
    ("C-3", "300.01", "approve", "the_north"), ("C-2", "100.00", "approve", None),
])  # fmt: skip
def test_an_exception_lifts_a_check_for_whom_it_names(
    excused: Service, customer: str, amount: str, verdict: str, lifted_by: str | None
) -> None:
    answer = excused.decide(an_order(amount, customer, placed_on=datetime.now(UTC).date().isoformat())).json
    assert answer is not None
    decision = answer["decision"]
    (entry,) = [check for check in decision["checks"] if check["check"] == "small_orders"]
    assert (decision["verdict"], decision["engines"]) == (verdict, "agreed")
    assert entry.get("lifted_by") == lifted_by
    assert (entry["status"] == "lifted") is (lifted_by is not None)
