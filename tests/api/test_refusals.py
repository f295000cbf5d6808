"""What somebody tried and may not do is an event with an entry of the log, by every door, and never a flood of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from werkzeug.test import TestResponse

from api import refusals
from api.commands import cli
from api.refusals import MOST_EACH_MINUTE, Refusals
from storage.events import Event
from storage.failures import Unavailable
from tests.api.people import PASSWORD, add_person, officer
from tests.api.policies import SMALL, Life, problem
from tests.api.service import Service, an_order, start_real_service, start_service
from tests.api.test_allowance import Clock

OTHER = SMALL + "# other\n"
LIBRARY = Path(__file__).resolve().parents[2] / "policy" / "library"


@pytest.fixture
def life(location: str) -> Life:
    """People and a service, on each kind of database."""
    return Life(start_service(location))


def told(service: Service, kind: str) -> list[Event]:
    """The events of refusals, the newest first, each of which has to be an entry of the log as well."""
    with service.held.database.read() as work:
        found = list(work.events.list(kind=kind, limit=500).items)
        assert all(work.log.entry(f"event-{one.seq}") is not None for one in found)
    return found


def own(life: Life) -> TestResponse:
    """Approve what one submitted."""
    asked = life.submitted()
    again = life.post("cid", "submissions", {"digest": life.get(f"submissions/{asked}")["digest"], "reason": "x"})
    return life.post("cid", f"submissions/{json.loads(again.data)['id']}:approve")


def edited(life: Life) -> TestResponse:
    """Approve what was edited since."""
    asked = life.submitted()
    draft = life.get(f"submissions/{asked}")["draft"]
    tag = life.service.send("GET", f"/v1/policies/drafts/{draft}", **life.sessions["ann"]).headers["ETag"]
    assert life.edit("bea", draft, OTHER, tag).status_code == 200
    return life.post("cid", f"submissions/{asked}:approve")


def raced(life: Life) -> TestResponse:
    """Two approve at the same moment; what the slower one is told."""
    path = f"submissions/{life.submitted()}:approve"
    with ThreadPoolExecutor(2) as both:
        answers = [one.result() for one in [both.submit(life.post, who, path) for who in ("cid", "dan")]]
    assert sorted(one.status_code for one in answers) == [200, 409]
    return max(answers, key=lambda one: one.status_code)


def stale(life: Life) -> TestResponse:
    """Edit with the tag of the revision before."""
    draft = life.drafted()["id"]
    tag = life.service.send("GET", f"/v1/policies/drafts/{draft}", **life.sessions["ann"]).headers["ETag"]
    assert life.edit("ann", draft, OTHER, tag).status_code == 200
    return life.edit("bea", draft, SMALL, tag)


def published(life: Life, start: str) -> TestResponse:
    """Publish from an instant on, from which another policy decides already."""
    first, second = life.approved(), life.approved(OTHER)
    life.post("ann", f"submissions/{second}:publish", {"effective_from": "2099-01-01T00:00:00Z"})
    return life.post("ann", f"submissions/{first}:publish", {"effective_from": start})


CASES: dict[str, tuple[str, Callable[[Life], TestResponse]]] = {
    "own-policy": (refusals.POLICY, own),
    "policy-edited": (refusals.POLICY, edited),
    "approved-already": (refusals.POLICY, raced),
    "if-match-stale": (refusals.POLICY, stale),
    "effective-overlap": (refusals.POLICY, lambda life: published(life, "2099-01-01T00:00:00Z")),
    "effective-in-past": (refusals.POLICY, lambda life: published(life, "2020-01-01T00:00:00Z")),
    "person-only": (refusals.REQUEST, lambda life: life.service.send(
        "POST", "/v1/policies/submissions/S-1:approve", "approver", {}, Idempotency_Key="k")),
    "forbidden": (refusals.REQUEST, lambda life: life.post("ann", "submissions/S-1:approve")),
}  # fmt: skip
BY = {"own-policy": "person:cid", "policy-edited": "person:cid", "if-match-stale": "person:bea",
      "person-only": "client:approver-1"}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_refusal_has_its_problem_and_is_an_event_with_an_entry(life: Life, name: str) -> None:
    kind, trying = CASES[name]
    answer = trying(life)
    assert problem(answer)[1] == name
    [event] = told(life.service, kind)
    assert event.details["problem"] == name
    assert event.by == BY.get(name, event.by) and event.by.startswith(("person:", "client:"))


def test_who_may_not_decide_an_order_is_told_as_well(tmp_path: Path) -> None:
    real = start_real_service(tmp_path)
    answer = real.decide(an_order("700000.00"))
    referral = json.loads(answer.data)["decision"]["decision_id"]
    low = officer(real, "approver", "credit_analyst")
    refused = real.send("POST", f"/v1/referrals/{referral}:approve", body={"reason": "x"}, Idempotency_Key="k", **low)
    assert problem(refused) == (403, "authority-too-low")
    [event] = told(real, refusals.REQUEST)
    assert (event.subject, event.by) == (f"approve_referral:{referral}", "person:approver-credit-analyst")
    assert event.details == {"operation": "approve_referral", "problem": "authority-too-low"}


def test_what_is_allowed_or_only_wrong_is_no_event(service: Service) -> None:
    assert service.send("GET", "/v1/customers/C-1", "collector").status_code == 200
    assert problem(service.send("GET", "/v1/customers/C-404", "collector")) == (404, "not-found")
    assert problem(service.send("GET", "/v1/customers/C-1")) == (401, "unauthorized")
    assert told(service, refusals.REQUEST) == []


@pytest.mark.parametrize(("each_minute", "events"), [(MOST_EACH_MINUTE, MOST_EACH_MINUTE), (1_000, 50)])
def test_a_flood_of_attempts_is_counted_and_not_written(service: Service, each_minute: int, events: int) -> None:
    """The second pair is the control: without a bound every attempt is written."""
    clock = Clock()
    held = replace(service.held, refusals=Refusals(each_minute, clock))
    service.app.extensions["aval"] = held
    for _ in range(50):
        assert problem(service.send("GET", "/v1/events", "collector")) == (403, "forbidden")
    assert len(told(service, refusals.REQUEST)) == events
    service.send("GET", "/v1/events", "order_system")  # another client is told at once
    assert told(service, refusals.REQUEST)[0].by == "client:order_system-1"
    clock.now += 60
    service.send("GET", "/v1/events", "collector")
    assert told(service, refusals.REQUEST)[0].details.get("untold", 0) == 50 - events


def test_attempts_on_policies_share_the_bound(life: Life) -> None:
    asked = life.submitted()
    life.post("cid", f"submissions/{asked}:approve")
    for _ in range(2 * MOST_EACH_MINUTE):
        assert problem(life.post("dan", f"submissions/{asked}:approve")) == (409, "approved-already")
    assert len(told(life.service, refusals.POLICY)) == MOST_EACH_MINUTE


def test_who_was_asked_about_least_recently_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusals, "MOST_CLIENTS", 2)
    counted = Refusals(1, Clock())
    for who in ("a", "b", "c"):
        assert counted.count(who) == 0
        assert counted.count(who) is None
    assert len(counted._untold) == 2


def test_a_refusal_that_cannot_be_kept_is_a_refusal_still(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def broken(self: Any) -> Any:
        raise Unavailable("the disk is full")
        yield

    monkeypatch.setattr(type(service.held.database), "write", broken)
    assert problem(service.send("GET", "/v1/events", "collector")) == (403, "forbidden")


def aval(service: Service, *args: str, typed: int = 1) -> Result:
    """One command on the database of a service; the password is typed so often."""
    return CliRunner().invoke(cli, [*args, "--database", service.held.settings.database],
                              input=f"{PASSWORD}\n" * typed, prog_name="aval")  # fmt: skip


def test_the_command_line_tells_them_too_and_is_bounded_as_well(service: Service) -> None:
    add_person(service, "both", "risk_officer", "approver")
    add_person(service, "bo", "collector")
    policy = str(LIBRARY / "standard.yaml")
    one = aval(service, "policy", "publish", policy, "--by", "both", "--approved-by", "both", typed=2)
    assert one.exit_code == 2 and "own-policy" in one.output
    [event] = told(service, refusals.POLICY)
    assert (event.by, event.details["problem"]) == ("person:both", "own-policy")
    assert event.subject == "command:policy publish"
    for _ in range(MOST_EACH_MINUTE + 2):
        assert aval(service, "referral", "reject", "R-1", "--person", "bo", "--reason", "x").exit_code == 2
    found = told(service, refusals.REQUEST)
    assert len(found) == MOST_EACH_MINUTE
    assert {(one.by, one.subject, one.details["problem"]) for one in found} == {
        ("person:bo", "command:referral reject", "forbidden")}  # fmt: skip


def test_a_wrong_password_names_nobody_in_the_events(service: Service) -> None:
    add_person(service, "bo", "collector")
    refused = CliRunner().invoke(cli, ["referral", "reject", "R-1", "--person", "bo", "--reason", "x", "--database",
                                       service.held.settings.database], input="another four words\n")  # fmt: skip
    assert refused.exit_code == 2 and told(service, refusals.REQUEST) == []
