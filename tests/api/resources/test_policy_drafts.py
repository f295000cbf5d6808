"""A policy's life over HTTP: written by one person, approved by another, in effect from an instant; every refusal."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.api.policies import SMALL, Life, problem, told
from tests.api.service import an_order, start_service

OTHER = SMALL.replace("1_000.00", "2_000.00")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """A service with people, shared by tests that do not mind what others published."""
    return Life(start_service(tmp_path_factory.mktemp("life")))


@pytest.fixture
def life(tmp_path: Path) -> Life:
    """A service of its own with people."""
    return Life(start_service(tmp_path))


def test_the_whole_way(life: Life) -> None:
    draft = life.drafted()
    assert (draft["author"], draft["revision"], draft["state"], draft["source"]) == ("ann", 1, "unchecked", SMALL)
    checked = told(life.post("ann", f"drafts/{draft['id']}:check"), 201)
    assert checked["publishable"] and checked["engines"] == "agreed" and checked["digest"] == draft["digest"]
    asked = told(life.post("bea", f"drafts/{draft['id']}:submit", {"reason": "new limit"}), 201)
    assert (asked["state"], asked["may_not_approve"]) == ("submitted", ["ann", "bea"])
    assert asked["evidence"]["publishable"]
    life.post("eve", f"submissions/{asked['id']}:comment", {"comment": "why\\n2,000?"})
    done = told(life.post("cid", f"submissions/{asked['id']}:approve", {"comment": "seen"}))
    assert (done["state"], done["approval"]["person"], done["comments"][0]["person"]) == ("approved", "cid", "eve")
    done = told(life.post("ann", f"submissions/{asked['id']}:publish"))
    assert done["state"] == "published"
    assert life.get("effective")["items"][0]["digest"] == draft["digest"]
    [line, *_] = life.get("history")["items"]
    assert (line["author"], line["approver"], line["digest"]) == ("ann", "cid", draft["digest"])
    assert life.get(f"drafts/{draft['id']}")["state"] == "published"


def test_a_check_can_say_whose_orders_change(life: Life) -> None:
    draft = life.drafted(OTHER)["id"]
    compare = {"compare": True}
    first = told(life.post("ann", f"drafts/{draft}:check", compare), 201)
    assert first["comparison"] is None and first["not_looked_at"] == []  # the fake one never ran
    life.published()
    found = told(life.post("ann", f"drafts/{draft}:check", compare), 201)["comparison"]
    assert found["decisions"]["orders_differing"] > 0


def test_bytes_are_kept_exactly_as_they_were_written(shared: Life) -> None:
    source = SMALL.replace("\n", "\r\n") + "#  \u00e9\u2028 trailing  \r\n"
    draft = shared.drafted(source)
    with shared.service.held.database.read() as work:
        kept = work.drafts.get(draft["id"])
    assert kept is not None and kept.source == source.encode()


def test_a_draft_with_errors_is_kept_and_not_submitted(shared: Life) -> None:
    draft = shared.drafted(SMALL.replace("order.amount", "order.amuont"))["id"]
    checked = told(shared.post("ann", f"drafts/{draft}:check"), 201)
    assert not checked["publishable"] and checked["findings"][0]["code"] == "unknown-fact"
    assert checked["not_looked_at"] == ["checks.large"] and checked["engines"] == "not tried"
    assert problem(shared.post("ann", f"drafts/{draft}:submit")) == (422, "not-publishable")


def test_what_is_not_checked_is_not_submitted(shared: Life) -> None:
    draft = shared.drafted(SMALL + "# not checked\n")
    assert problem(shared.post("ann", f"drafts/{draft['id']}:submit")) == (409, "not-checked")
    told(shared.post("ann", f"drafts/{draft['id']}:check"), 201)
    tag = shared.service.send("GET", f"/v1/policies/drafts/{draft['id']}", **shared.sessions["ann"]).headers["ETag"]
    assert shared.edit("ann", draft["id"], SMALL + "# edited behind the check\n", tag).status_code == 200
    assert problem(shared.post("ann", f"drafts/{draft['id']}:submit")) == (409, "not-checked")


@pytest.mark.parametrize("who", ["ann", "dan"])
def test_nobody_approves_their_own_by_http_and_it_is_an_event(shared: Life, who: str) -> None:
    with shared.service.held.database.write() as work:  # an approver who writes too: the role is no way around
        both = f"UPDATE person SET roles = 'approver risk_officer' WHERE name = '{who}'"
        work.people._connection.exec_driver_sql(both)
    asked = shared.submitted(SMALL + f"# {who}\n", by=who)
    assert problem(shared.post(who, f"submissions/{asked}:approve")) == (403, "own-policy")
    assert shared.refusals()[-1] == (f"person:{who}", "own-policy")


def test_a_key_approves_nothing(shared: Life) -> None:
    asked = shared.submitted(SMALL + "# key\n")
    answer = shared.service.send("POST", f"/v1/policies/submissions/{asked}:approve", "approver", {},
                                 Idempotency_Key="k-key")  # fmt: skip
    assert problem(answer) == (403, "person-only")


def test_an_edit_needs_the_tag_and_voids_the_approval(life: Life) -> None:
    asked = life.approved()
    draft = life.get(f"submissions/{asked}")["draft"]
    tag = life.service.send("GET", f"/v1/policies/drafts/{draft}", **life.sessions["ann"]).headers["ETag"]
    assert problem(life.edit("ann", draft, OTHER, None)) == (428, "if-match-missing")
    assert problem(life.edit("ann", draft, OTHER, '"1-0000000000000000"')) == (412, "if-match-stale")
    answer = life.edit("bea", draft, OTHER, tag)
    assert answer.status_code == 200 and answer.headers["ETag"] != tag
    assert problem(life.edit("ann", draft, SMALL, tag)) == (412, "if-match-stale")
    assert life.get(f"submissions/{asked}")["state"] == "edited"
    assert problem(life.post("ann", f"submissions/{asked}:publish")) == (409, "policy-edited")
    assert problem(life.post("dan", f"submissions/{asked}:approve")) == (409, "policy-edited")
    problems = [name for _, name in life.refusals()]
    assert problems == ["if-match-missing", "if-match-stale", "if-match-stale", "policy-edited", "policy-edited"]


def test_instants_that_passed_or_are_taken_are_refused(life: Life) -> None:
    first, second = life.approved(), life.approved(OTHER)
    now = datetime.now(UTC)
    past = {"effective_from": (now - timedelta(days=1)).isoformat()}
    assert problem(life.post("ann", f"submissions/{first}:publish", past)) == (422, "effective-in-past")
    later = {"effective_from": (now + timedelta(days=9)).isoformat(timespec="seconds")}
    assert told(life.post("ann", f"submissions/{first}:publish", later))["state"] == "scheduled"
    assert problem(life.post("ann", f"submissions/{second}:publish", later)) == (409, "effective-overlap")
    assert told(life.post("ann", f"submissions/{first}:withdraw", {"reason": "x"}))["state"] == "withdrawn"
    assert told(life.post("ann", f"submissions/{second}:publish", later))["state"] == "scheduled"
    assert [name for _, name in life.refusals()] == ["effective-in-past", "effective-overlap"]
    without = {"effective_from": "2030-01-01T00:00:00"}
    assert problem(life.post("ann", f"submissions/{second}:publish", without)) == (422, "invalid-field")


def test_nothing_is_published_that_nobody_approved(shared: Life) -> None:
    asked = shared.submitted(SMALL + "# nobody\n")
    assert problem(shared.post("ann", f"submissions/{asked}:publish")) == (409, "not-approved")
    assert told(shared.post("bea", f"submissions/{asked}:withdraw", {"reason": "x"}))["state"] == "withdrawn"
    assert problem(shared.post("cid", f"submissions/{asked}:approve")) == (409, "submission-withdrawn")


def test_rolling_back_takes_the_same_gate(life: Life) -> None:
    old = life.published()["digest"]
    new = life.published(OTHER)["digest"]
    asked = told(life.post("ann", "submissions", {"digest": old, "reason": "worse"}), 201)
    assert problem(life.post("ann", f"submissions/{asked['id']}:publish")) == (409, "not-approved")
    told(life.post("cid", f"submissions/{asked['id']}:approve"))
    told(life.post("cid", f"submissions/{asked['id']}:publish"))
    assert [one["digest"] for one in life.get("history")["items"][:3]] == [old, new, old]
    assert life.get("effective")["items"][0]["digest"] == old


def test_an_emergency_is_louder_and_takes_two_people(life: Life, caplog: pytest.LogCaptureFixture) -> None:
    old = life.published()["digest"]
    new = life.published(OTHER)["digest"]
    aside = life.submitted(SMALL + "# never\n")
    never = life.get(f"submissions/{aside}")["digest"]
    wish = {"kind": "emergency", "digest": never, "reason": "wrong limits"}
    assert problem(life.post("cid", "submissions", wish)) == (422, "never-effective")
    asked = told(life.post("cid", "submissions", wish | {"digest": old}), 201)["id"]
    assert life.get("effective")["items"][0]["digest"] == new
    assert problem(life.post("cid", f"submissions/{asked}:approve")) == (403, "own-policy")
    assert told(life.post("dan", f"submissions/{asked}:approve"))["state"] == "published"
    assert life.get("effective")["items"][0]["digest"] == old
    alarms = [record.__dict__["alarm"] for record in caplog.records if record.getMessage() == "alarm"]
    assert len(alarms) == 2 and "took effect in an emergency" in alarms[1]
    assert problem(life.post("cid", "submissions", {"kind": "emergency", "digest": old})) == (422, "invalid-field")


def test_the_narrowest_assignment_decides_and_ends_by_the_same_gate(life: Life) -> None:
    life.service.put_customer("C-1", country="CN")
    life.service.put_customer("C-2", country="FR")
    wide, narrow = life.published()["digest"], life.published(OTHER, "country:CN")["digest"]
    found = {one: life.get(f"effective?customer_id={one}")["decides"] for one in ("C-1", "C-2")}
    assert (found["C-1"]["digest"], found["C-1"]["assignment"]) == (narrow, "country:CN")
    assert found["C-2"]["digest"] == wide
    body = {"digest": wide, "reason": "x", "assignment": "customer:nobody"}
    assert problem(life.post("ann", "submissions", body)) == (422, "unknown-assignment")
    assert problem(life.post("ann", "submissions", {"kind": "end", "reason": "x"})) == (422, "nothing-to-end")
    asked = told(life.post("ann", "submissions", {"kind": "end", "reason": "x", "assignment": "country:CN"}), 201)
    told(life.post("cid", f"submissions/{asked['id']}:approve"))
    told(life.post("cid", f"submissions/{asked['id']}:publish"))
    assert life.get("effective?customer_id=C-1")["decides"]["digest"] == wide


def test_orders_are_decided_by_the_policy_of_their_customer(tmp_path: Path) -> None:
    """On real engines: the same order of two customers, one of whom has a policy of its own."""
    from api.build import build_policy

    service = start_service(tmp_path, policy=False, build=lambda stored: build_policy(stored, False))
    life = Life(service)
    for name in ("C-1", "C-2"):
        service.put_customer(name, granted_limit="500000.00")
    life.published()
    life.published(OTHER, "customer:C-2")
    verdicts = {}
    for name in ("C-1", "C-2"):
        answer = service.decide(an_order("1500.00", name, id=f"SO-{name}"), f"k-{name}")
        verdicts[name] = json.loads(answer.data)["decision"]["verdict"]
    assert verdicts["C-1"] == "deny" and verdicts["C-2"] != "deny"


def test_of_two_approvers_at_once_one_is_told_so(life: Life) -> None:
    asked = life.submitted()
    ready, answers = threading.Barrier(2), []

    def approve(name: str) -> None:
        ready.wait()
        answers.append(life.service.send("POST", f"/v1/policies/submissions/{asked}:approve", body={},
                                         Idempotency_Key=f"race-{name}", **life.sessions[name]))  # fmt: skip

    racing = [threading.Thread(target=approve, args=(name,)) for name in ("cid", "dan")]
    for one in racing:
        one.start()
    for one in racing:
        one.join()
    assert sorted(one.status_code for one in answers) == [200, 409]
    [lost] = [one for one in answers if one.status_code == 409]
    assert problem(lost) == (409, "approved-already")
    assert [name for _, name in life.refusals()] == ["approved-already"]


def test_two_editors_at_once_do_not_overwrite_each_other(life: Life) -> None:
    draft = life.drafted()["id"]
    tag = life.service.send("GET", f"/v1/policies/drafts/{draft}", **life.sessions["ann"]).headers["ETag"]
    ready, answers = threading.Barrier(2), []

    def edit(name: str) -> None:
        ready.wait()
        answers.append(life.edit(name, draft, SMALL + f"# {name}\n", tag))

    racing = [threading.Thread(target=edit, args=(name,)) for name in ("ann", "bea")]
    for one in racing:
        one.start()
    for one in racing:
        one.join()
    assert sorted(one.status_code for one in answers) == [200, 412]


def test_lists_go_on_and_refuse_a_strange_cursor(shared: Life) -> None:
    for _ in range(2):
        shared.drafted(SMALL + "# list\n")
    first = shared.get("drafts?limit=1")
    second = shared.get(f"drafts?limit=1&cursor={first['next']}")
    assert first["items"][0]["id"] < second["items"][0]["id"]
    for path in ("submissions?cursor=x", "history?cursor=x"):
        answer = shared.service.send("GET", f"/v1/policies/{path}", **shared.sessions["eve"])
        assert problem(answer) == (422, "invalid-cursor")


ABSENT = ["drafts/x:check", "drafts/x:submit", "submissions/x:approve", "submissions/x:publish"]


@pytest.mark.parametrize("path", ABSENT)
def test_what_is_not_there_is_not_found(shared: Life, path: str) -> None:
    by = "cid" if path.endswith("approve") else "ann"
    assert problem(shared.post(by, path)) == (404, "not-found")


def test_a_check_tells_letters_that_could_not_be_sent_and_hinders_nothing(shared: Life) -> None:
    ladder = "escalation:\n  l:\n    - {step: reminder, at: due + 3 days, do: send last_word by email}\n"
    checked = told(shared.post("ann", f"drafts/{shared.drafted(SMALL + ladder)['id']}:check"), 201)
    assert {one["code"] for one in checked["letters"]} == {"letter-missing"}
    assert "'last_word', which is not there in 'en'" in checked["letters"][0]["message"]
    assert checked["publishable"], checked["findings"]
