"""Stored decisions are decided again from their own snapshot: all equal, or the difference belongs to what was done."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from api.build import PolicyEvaluator, build_policy
from api.operations.replay_decision import how_many, replay_days, replay_decision
from api.policies import LoadedPolicy
from api.replaying import facts_back, value_back
from api.snapshot import plain_json
from rules.agreement import Agreement
from rules.compiled import compile_program
from rules.durable import build
from rules.outcome import Missing
from storage.engine import Database
from storage.policies import PolicyVersion
from tests.api.operations.test_decide_referral import say
from tests.api.service import GOOD, Service, an_order, pay_on_time, publish, start_real_service

ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture
def real(tmp_path: Path) -> Service:
    return start_real_service(tmp_path)


def decided(service: Service, amount: str, key: str, **fields: Any) -> str:
    answer = service.decide(an_order(amount, id=f"SO-{key}", **fields), key)
    assert answer.status_code == 201, answer.data
    return str(json.loads(answer.data)["decision"]["decision_id"])


def results(database: Database) -> Counter[str]:
    return Counter(one.result for one in replay_days(database, *ALWAYS))


def changed(database: Database, statement: str, *values: Any) -> None:
    """Write past what watches, as somebody does who owns the database."""
    with database.alone() as connection:
        triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for name in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql(statement, values)


def unlogged(database: Database) -> None:
    """Make decisions as old as those from before the log, so that nothing commits to them."""
    changed(database, "DELETE FROM log_queue")
    changed(database, "DELETE FROM log_entry")


def test_decisions_of_every_kind_come_out_equal(real: Service) -> None:
    decided(real, "1000.00", "approved")
    decided(real, "1000.00", "net", requested_terms="net 90")
    decided(real, "1000.00", "prepaid", requested_terms="prepaid", prepaid="1000.00")
    decided(real, "900000.00", "over")
    for score in (70, 40, None):
        facts = {name: value for name, value in (GOOD | {"customer.score": score}).items() if value is not None}
        assert real.put_customer(granted_limit="500000.00", country="CN", facts=facts).status_code == 200
        decided(real, "2000.00", f"score-{score}")
    stopped = GOOD | {"customer.insolvent": True}
    real.put_customer(granted_limit="500000.00", country="CN", facts=stopped)
    decided(real, "2000.00", "insolvent")
    found = list(replay_days(real.held.database, *ALWAYS))
    assert [(one.result, one.differences) for one in found] == [("equal", ())] * 8
    assert len({one.verdict for one in found}) == 4
    assert how_many(real.held.database, *ALWAYS) == 8


def test_what_a_person_released_comes_out_equal(real: Service) -> None:
    referral = decided(real, "700000.00", "referred")
    answer = say(real, referral)
    assert answer.status_code == 200, answer.data
    real.put_customer(granted_limit="5000000.00", country="CN", facts=GOOD)
    lifted = say(real, decided(real, "2000000.01", "largest"), key="a-2")
    assert json.loads(lifted.data)["decision"]["release"]["lifted"] == ["largest_order"]
    assert results(real.held.database) == {"equal": 4}


def test_other_policies_than_that_of_the_decision_have_no_say(real: Service) -> None:
    decided(real, "1000.00", "first")
    written = (Path(__file__).resolve().parents[2] / "policy" / "library" / "standard.yaml").read_bytes()
    publish(real, "standard.yaml", written.replace(b"net 30", b"net 30") + b"\n# another version\n")
    decided(real, "1000.00", "second")
    assert results(real.held.database) == {"equal": 2}


def test_an_erased_decision_says_who_erased_it(real: Service) -> None:
    one = decided(real, "1000.00", "k")
    with real.held.database.write() as work:
        work.erasures.erase(one, "person:dpo", "asked by the data subject")
    found = replay_decision(real.held.database, one)
    assert found is not None
    assert found.result == "erased"
    assert "by person:dpo: asked by the data subject" in found.told


@pytest.mark.parametrize("part", ["facts", "outcome", "request", "response"])
def test_a_record_that_is_not_the_logged_one_is_told(real: Service, part: str) -> None:
    decided(real, "1000.00", "k")
    other = '{"customer.score": 1}'
    changed(real.held.database, f"UPDATE decision SET {part} = ?", other if part in ("facts", "outcome") else b"{}")
    [found] = replay_days(real.held.database, *ALWAYS)
    assert (found.result, found.told) == ("facts", f"what is stored of it is not what was logged: {part}")


def test_a_changed_snapshot_that_nothing_commits_to_shows_as_a_difference(real: Service) -> None:
    decided(real, "1000.00", "k")
    unlogged(real.held.database)
    worse = "UPDATE decision SET facts = replace(facts, '\"customer.score\":85', '\"customer.score\":1')"
    changed(real.held.database, worse)
    [found] = replay_days(real.held.database, *ALWAYS)
    assert found.result == "engine"  # nobody can tell any more which of both was changed
    assert "verdict" in [part.where for part in found.differences]


def test_an_answer_that_is_not_the_recorded_one_is_told(real: Service) -> None:
    decided(real, "1000.00", "k")
    unlogged(real.held.database)
    changed(real.held.database, "UPDATE decision SET response = ?", b'{"decision": {"verdict": "deny"}}')
    [found] = replay_days(real.held.database, *ALWAYS)
    assert [part.where for part in found.differences] == ["answer.verdict"]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE policy_version SET source = x'00'", "has errors under this version of the language"),
        ("UPDATE decision SET program_digest = 'sha256:other'", "the policy means something else now"),
        ("UPDATE decision SET policy_digest = 'sha256:other'", "the policy sha256:other is not stored"),
    ],
)
def test_a_policy_that_is_another_is_told(real: Service, statement: str, told: str) -> None:
    decided(real, "1000.00", "k")
    with real.held.database.alone() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    changed(real.held.database, "PRAGMA user_version = 0")
    raw = real.held.database
    with raw.alone() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        if "policy_digest" in statement:
            connection.exec_driver_sql(
                "INSERT INTO policy_version SELECT 'sha256:other', name, 99, source, program_digest, stored_at,"
                " stored_by FROM policy_version LIMIT 1"
            )
            told = "the stored bytes are not those of sha256:other"
        connection.exec_driver_sql(statement)
    [found] = replay_days(raw, *ALWAYS)
    assert (found.result, told in found.told) == ("policy", True), found


class Faulty:
    """A compiled engine that approves what should be referred."""

    def __init__(self, program: Any) -> None:
        self._good = compile_program(program)

    def decide(self, facts: Any, /) -> Any:
        found = self._good.decide(facts)
        return replace(found, verdict="deny")

    def core(self, facts: Any, /) -> Any:
        return self._good.core(facts)


def faulty_build(version: PolicyVersion) -> LoadedPolicy:
    loaded = build_policy(version, allow_single=False)
    assert isinstance(loaded.evaluator, PolicyEvaluator)
    engines = (Faulty(loaded.program), build(loaded.program))
    loaded.evaluator._agreement = Agreement(loaded.program, engines=engines)
    return loaded


def test_a_fault_of_an_engine_is_told_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = start_real_service(tmp_path)
    decided(service, "1000.00", "good")
    monkeypatch.setattr(service.held.policies, "_build", faulty_build)
    service.held.policies.close()
    decided(service, "1000.00", "bad")
    found = list(replay_days(service.held.database, *ALWAYS))
    assert [one.result for one in found] == ["equal", "engine"]
    assert found[1].told == "the engines did not agree when it was decided"


def test_a_decision_that_is_not_there_is_none(real: Service) -> None:
    assert replay_decision(real.held.database, "D-404") is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (Fraction(3, 10), "percent"), (True, "flag"), (7, "count"), ("3/10 net 30", "terms"), (None, "money"),
        (Missing(frozenset({"no_row:tiers"})), "count"), (("net 30", "net 60"), "terms"), (Fraction(-1, 3), "ratio"),
    ],
)  # fmt: skip
def test_a_value_comes_back_from_the_record_as_it_was(value: Any, kind: str) -> None:
    assert value_back(json.loads(json.dumps(plain_json(value))), kind) == value


def test_facts_come_back_by_their_kinds(real: Service) -> None:
    pay_on_time(real, "CNY", old=False)
    decided(real, "1000.00", "k")
    with real.held.database.read() as work:
        [(_, stored)] = work.decisions.decided_between(*ALWAYS, 0, 10)
        version = work.policies.get(stored.policy_digest)
    assert version is not None
    program = build_policy(version, allow_single=True).program
    assert plain_json(facts_back(program, stored.facts)) == dict(stored.facts)
