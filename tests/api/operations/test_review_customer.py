"""Reviews and falls over HTTP: the next day by policy or person, and a fall that stands until a person saw it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from werkzeug.test import TestResponse

from api import reviewing
from api.commands import cli
from rules.arithmetic import add_months
from tests.api.operations.test_customer_file import ONE_DAY, decision, file, tell
from tests.api.operations.test_tell_limit import today
from tests.api.people import officer
from tests.api.service import GOOD, LIBRARY, Service, publish, start_real_service


@pytest.fixture
def real(location: str) -> Service:
    """The standard policy on each kind of database; C-1 is prime with a score of 85."""
    return start_real_service(location)


def review(service: Service, key: str = "r-1", **said: Any) -> TestResponse:
    """Review C-1."""
    body = {"finding": "visited, all well"} | said
    return service.send("POST", "/v1/customers/C-1/reviews", "risk_officer", body, Idempotency_Key=key)


def listed(service: Service, path: str) -> list[dict[str, Any]]:
    """The items of a list."""
    answer = service.send("GET", path, "compliance")
    assert answer.status_code == 200, answer.data
    found: list[dict[str, Any]] = json.loads(answer.data)["items"]
    return found


def test_the_next_review_is_the_policys_or_the_one_that_a_person_states(real: Service) -> None:
    day = today(real)
    assert [(one["customer_id"], one["due_on"]) for one in listed(real, "/v1/reviews/due")] == [("C-1", None)]
    kept = review(real)
    assert kept.status_code == 201, kept.data
    next_on = date.fromordinal(add_months(day.toordinal(), 12))  # prime: every 12 months
    [shown] = json.loads(kept.data)["items"]
    assert (shown["next_on"], shown["basis"], shown["tier"]) == (str(next_on), "policy", "prime")
    assert listed(real, f"/v1/reviews/due?on={next_on - ONE_DAY}") == []
    [late] = listed(real, f"/v1/reviews/due?on={next_on}")
    assert (late["due_on"], late["reviewed_on"], late["tier"]) == (str(next_on), str(day), "prime")
    assert review(real, "r-2", next_on=str(day + 5 * ONE_DAY)).status_code == 201
    found = json.loads(real.send("GET", "/v1/customers/C-1/reviews", "collector").data)
    assert (found["next_on"], found["due"], len(found["items"])) == (str(day + 5 * ONE_DAY), False, 2)
    assert found["items"][1]["basis"] == "stated"
    assert review(real, "r-3", next_on=str(day)).status_code == 422


def test_a_lower_tier_is_reviewed_sooner(real: Service) -> None:
    day = today(real)
    tell(real, {"customer.score": 65}, day)
    [shown] = json.loads(review(real).data)["items"]
    assert (shown["tier"], shown["next_on"]) == ("standard", str(date.fromordinal(add_months(day.toordinal(), 3))))


def test_a_fall_is_an_alert_and_the_next_order_is_offered_the_lower_terms(real: Service) -> None:
    assert decision(real, "before")["terms"]["net_days"] == 30
    assert listed(real, "/v1/alerts") == []
    tell(real, {"customer.score": 40})
    [alert] = listed(real, "/v1/alerts")
    assert (alert["customer_id"], alert["fell"], alert["seen"]) == ("C-1", ["tier"], None)
    before, after = alert["before"], alert["after"]
    assert (before["tier"], before["terms"], before["longest"]) == ("prime", ["net 60", "2/10 net 30"], "net 90")
    assert (after["tier"], after["terms"], after["longest"]) == ("high_risk", ["prepaid", "net 30"], "net 30")
    assert (before["limit"], after["limit"]) == ("5000000.00", "0.00") and after["why"] == "facts were told"
    offered = decision(real, "after")
    assert (offered["tier"], offered["verdict"] == "approve") == ("high_risk", False)
    [event] = listed(real, "/v1/events?kind=customer_downgraded")
    assert event["details"]["fell"] == ["tier"]


def test_a_rise_and_the_same_again_are_no_alerts(real: Service) -> None:
    tell(real, {"customer.score": 40})
    tell(real, {"customer.score": 41}, key="f-2")
    tell(real, {"customer.score": 90}, key="f-3")
    assert len(listed(real, "/v1/alerts")) == 1
    real.put_customer(granted_limit="500000.00", country="CN", facts=GOOD | {"customer.score": 65})
    assert [one["after"]["tier"] for one in listed(real, "/v1/alerts?all=yes") if one["before"]["tier"] == "prime"
            and one["after"]["why"] == "the master data were set"] == ["standard"]  # fmt: skip


def test_only_a_person_sees_an_alert_once(real: Service) -> None:
    tell(real, {"customer.score": 40})
    [alert] = listed(real, "/v1/alerts")
    path = f"/v1/alerts/{alert['id']}:see"
    note = {"note": "asked for a guarantee"}
    assert real.send("POST", path, "risk_officer", note, Idempotency_Key="s-1").status_code == 403
    person = officer(real, "risk_officer", "cfo")
    seen = real.send("POST", path, body=note, Idempotency_Key="s-1", **person)
    assert seen.status_code == 200, seen.data
    assert json.loads(seen.data)["alert"]["seen"]["note"] == "asked for a guarantee"
    assert listed(real, "/v1/alerts") == [] and len(listed(real, "/v1/alerts?all=yes")) == 1
    again = real.send("POST", path, body=note, Idempotency_Key="s-2", **person)
    assert (again.status_code, json.loads(again.data)["type"].rsplit("/", 1)[-1]) == (409, "alert-seen")
    unknown = real.send("POST", "/v1/alerts/A-9:see", body=note, Idempotency_Key="s-3", **person)
    assert unknown.status_code == 404


def test_a_fact_whose_day_has_come_is_seen_by_the_daily_look(real: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    day = today(real)
    tell(real, {"customer.score": 40}, day + ONE_DAY)
    assert listed(real, "/v1/alerts") == []
    database = real.held.settings.database

    def assess() -> str:
        done = CliRunner().invoke(cli, ["dossier", "assess", "--database", database], prog_name="aval")
        assert done.exit_code == 0, done.output
        return done.output

    assert assess() == "1 customer looked at, 0 fell\n"
    # the day after: the clock is the database's, so the account is looked at as of then
    seen = reviewing.under_policy
    monkeypatch.setattr(reviewing, "under_policy", lambda work, account, as_of=None: seen(work, account, day + ONE_DAY))
    assert assess() == "C-1: fell in tier\n1 customer looked at, 1 fell\n"
    assert assess() == "1 customer looked at, 0 fell\n"
    assert [one["after"]["as_of"] for one in listed(real, "/v1/alerts")] == [str(day + ONE_DAY)]


def test_a_rating_that_falls_is_an_alert_though_the_tier_stays(real: Service) -> None:
    publish(real, "rated.yaml", with_ratings())
    tell(real, {"customer.grade": "AA"}, source="an agency")
    assert listed(real, "/v1/alerts") == []
    tell(real, {"customer.grade": "A"}, key="f-2", source="an agency")
    [alert] = listed(real, "/v1/alerts")
    assert alert["fell"] == ["customer.grade"]
    assert [alert[when]["ratings"]["customer.grade"] for when in ("before", "after")] == ["AA", "A"]
    assert alert["before"]["tier"] == alert["after"]["tier"] == "prime"
    tell(real, {"customer.grade": "AAA"}, key="f-3")
    assert len(listed(real, "/v1/alerts?all=yes")) == 1


def test_a_policy_that_reads_the_day_of_the_review_is_told_it(real: Service) -> None:
    publish(real, "rated.yaml", with_ratings())
    assert review(real).status_code == 201
    shown = json.loads(real.send("GET", "/v1/customers/C-1/facts", "collector").data)
    assert shown["facts"]["customer.reviewed_on"] == str(today(real))


def test_an_expired_paper_can_bring_a_customer_down(real: Service) -> None:
    prime = b"  - tier: prime\n    when:\n"
    source = (LIBRARY / "standard.yaml").read_bytes()
    source = source.replace(prime, prime + b"      - document.registration.dated_on is known\n")
    publish(real, "papers.yaml", source + b"documents: [{for: order, require: [registration]}]\n")
    filed = json.loads(file(real, today(real) - timedelta(days=9)).data)["document"]
    assert decision(real, "filed")["tier"] == "prime"
    real.send("POST", f"/v1/documents/{filed['id']}:withdraw", "approver", {"reason": "x"}, Idempotency_Key="w")
    assert decision(real, "gone")["tier"] == "standard"
    [alert] = listed(real, "/v1/alerts")
    assert (alert["before"]["tier"], alert["after"]["tier"]) == ("prime", "standard")
    assert alert["after"]["why"] == "a document was withdrawn"


def test_what_is_not_there_or_cannot_be_is_refused(real: Service) -> None:
    assert real.send("GET", "/v1/customers/C-9/reviews", "collector").status_code == 404
    body = {"finding": "x"}
    assert real.send("POST", "/v1/customers/C-9/reviews", "approver", body, Idempotency_Key="k").status_code == 404
    assert review(real, finding="").status_code == 422
    for query in ("on=soon", "on=2026-02-30", "limit=0", "cursor=%20"):
        assert real.send("GET", f"/v1/reviews/due?{query}", "compliance").status_code in (400, 422)
    assert real.send("GET", "/v1/alerts?all=maybe", "compliance").status_code == 422


def with_ratings() -> bytes:
    """The standard policy with a rating and the day of the last review among its facts."""
    added = (
        "facts:\n"
        "  customer.grade: {kind: rating, of: grades, from: bureau, meaning: {en: the grade, zh: 评级}}\n"
        "  customer.reviewed_on: {kind: date, from: master, meaning: {en: last review, zh: 上次复审}}\n"
        "scales:\n  grades: {best_first: [AAA, AA, A, B]}\n"
    )
    checks = (
        "checks:\n"
        "  - {check: graded, when: customer.grade is B, verdict: warn}\n"
        "  - {check: reviewed, when: customer.reviewed_on > as_of, verdict: warn}\n"
    )
    source = (LIBRARY / "standard.yaml").read_text("utf-8")
    assert source.count("\nchecks:") == 1 and source.count("\nfacts:\n") <= 1
    if "\nfacts:\n" in source:
        source = source.replace("\nfacts:\n", "\n" + added.split("scales:")[0], 1).replace(
            "\nchecks:", "\nscales:" + added.split("scales:")[1] + "\nchecks:", 1)  # fmt: skip
    else:
        source = source.replace("\nchecks:", "\n" + added + "\nchecks:", 1)
    line = next(one for one in source.splitlines() if one.startswith("checks:"))
    return source.replace(line + "\n", checks, 1).encode()
