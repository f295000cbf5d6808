"""A window over earlier orders counts those that were decided in it, whatever day the client names as theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from policy.load import load_policy
from rules.facts import trade_vocabulary
from storage import earlier_orders
from storage.policies import NewPolicy
from tests.api.service import Service, an_order, start_real_service
from tests.storage.records import let_decide

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
    effective(service, POLICY)
    verdicts = [decided(service, days) for days in (40, 70, 400, 3000)]
    assert verdicts == ["approve", "approve", "approve", "refer"]


@pytest.mark.parametrize(("most", "days", "verdict"), [
    (6, 0, "approve"), (5, 0, "refer"), (4, 0, "refer"), (4, 2, "refer"), (4, 3, "approve"),
])  # fmt: skip
def test_more_orders_than_are_read_matter_only_within_the_days_that_a_figure_looks_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, days: int, verdict: str
) -> None:
    service = start_real_service(tmp_path)
    effective(service, POLICY)
    for number in range(5):
        assert service.decide(an_order("1.00", id=f"SO-{number}"), f"k-{number}").status_code == 201
    monkeypatch.setattr(earlier_orders, "MOST_EARLIER_ORDERS", most)
    today = service.decide(an_order("1.00", prepaid="1.00", id="SO-t"), "t").get_json()["decision"]["as_of"]
    asked = an_order("1.00", id="SO-x") | {"as_of": str(date.fromisoformat(today) + timedelta(days=days))}
    answer = service.send("POST", "/v1/decisions:preview", "risk_officer", asked).get_json()["decision"]
    assert answer["verdict"] == verdict
    assert answer["missing"] == ([] if verdict == "approve" else ["earlier_orders"])


def effective(service: Service, source: bytes) -> None:
    """Store a policy and make it effective."""
    program = load_policy(source, "split.yaml", trade_vocabulary()).program
    assert program is not None
    with service.held.database.write() as work:
        work.policies.add(NewPolicy(program.name, program.source_digest, program.digest, source, "tests"))
        let_decide(work, program.source_digest)


def decided(service: Service, days: int) -> str:
    """The verdict on an order of 300.00 that names a day so many days back."""
    today = datetime.now(UTC).date()
    day = (today - timedelta(days=days)).isoformat()
    answer = service.decide(an_order("300.00", placed_on=day, deliver_by=today.isoformat()), f"k-{days}").json
    assert answer is not None
    return str(answer["decision"]["verdict"])


EVENING = """aval: 1
policy: evening
title: {en: Evening}
currency: CNY
timezone: America/Los_Angeles
settings:
  placed_on_days: 3650 days
let:
  recent: sum of earlier_orders.unsecured_amount where placed_on >= as_of - 60 days
checks:
  - {check: together, measure: recent + order.amount, at_most: 500, verdict: refer}
"""


def test_west_of_utc_the_first_of_sixty_days_counts_in_the_evening_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_real_service(tmp_path)
    effective(service, EVENING.encode())
    # 22:30 on 2026-09-23 and on 2026-09-24, then 21:30 on 2026-11-23, in Los Angeles: the next day in UTC already.
    evenings = (("2026-09-24T05:30:00Z", "100.00"), ("2026-09-25T05:30:00Z", "300.00"),
                ("2026-11-24T05:30:00Z", "200.01"), ("2026-11-24T05:30:00Z", "200.00"))  # fmt: skip
    verdicts = []
    for now, amount in evenings:
        instant = datetime.fromisoformat(now)
        monkeypatch.setattr("storage.exposure_ledger.read_instant", lambda text, instant=instant: instant)
        answer = service.decide(an_order(amount), now[:10] + amount).json
        assert answer is not None
        verdicts.append((answer["decision"]["as_of"], answer["decision"]["verdict"]))
    assert verdicts == [("2026-09-23", "approve"), ("2026-09-24", "approve"), ("2026-11-23", "refer"),
                        ("2026-11-23", "approve")]  # fmt: skip


def test_a_preview_of_a_past_day_looks_at_the_sixty_days_before_that_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_real_service(tmp_path)
    effective(service, EVENING.encode())
    clock = "storage.exposure_ledger.read_instant"
    monkeypatch.setattr(clock, lambda text: datetime(2026, 9, 1, 20, tzinfo=UTC))
    assert service.decide(an_order("300.00")).status_code == 201
    monkeypatch.setattr(clock, lambda text: datetime(2026, 11, 24, 20, tzinfo=UTC))
    found = {}
    for day in ("2026-10-31", "2026-11-01", "2026-11-24"):
        body = an_order("201.00") | {"as_of": day}
        answer = service.send("POST", "/v1/decisions:preview", "order_system", body).json
        assert answer is not None
        found[day] = answer["decision"]["verdict"]
    assert found == {"2026-10-31": "refer", "2026-11-01": "approve", "2026-11-24": "approve"}
