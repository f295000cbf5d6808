"""A newly effective policy decides from its instant on, in every worker, without a signal or a restart.

Two workers decide while policies are published; afterwards each decision is compared with the policy that was effective
at its own `decided_at`. The control keeps the first digest that it saw, and is found.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from api.operations import decide as decide_module
from api.operations.decide import Asked
from api.operations.evaluate import Slow
from api.policies import LoadedPolicy
from api.services import Services
from policy.load import load_policy
from rules.facts import trade_vocabulary
from storage.decisions import Claim
from storage.policies import NewPolicy, PolicyVersion
from tests.api.nothing_lost import count_losses
from tests.api.running import OrderSystems, serving
from tests.api.service import LIBRARY, Service, an_order, start_real_service, start_service
from tests.fakes import fake_build
from tests.storage.records import let_decide

PUBLISHED = 12
DATED = "SELECT digest, effective_from FROM policy_effective ORDER BY seq"
DECIDED = "SELECT policy_digest, decided_at, response FROM decision"
CACHING = """
import sys
from api.app import create_app
from api.operations import decide
from api.serve import Listening, serve
from api.settings import Settings
first, real = [], decide.use_policy
def cached(held, digest):
    first.append(digest)
    return real(held, first[0])
decide.use_policy = cached
serve(create_app(Settings(database=sys.argv[1], pepper=b"p" * 32)), Listening(port=int(sys.argv[2])))
"""


def store_another(service: Service) -> tuple[str, str]:
    """Store a second version of the standard policy, and give both digests."""
    source = (LIBRARY / "standard.yaml").read_bytes() + b"# the second version\n"
    program = load_policy(source, "standard.yaml", trade_vocabulary()).program
    assert program is not None
    with service.held.database.write() as work:
        first = work.policies.effective()
        assert first is not None
        work.policies.add(NewPolicy(program.name, program.source_digest, program.digest, source, "tests"))
    return first.digest, program.source_digest


def decided_by_others(held: Services) -> int:
    """How many decisions name another policy than the one that was effective at their instant."""
    with held.database.looking() as connection:
        dated = connection.exec_driver_sql(DATED).all()
        decided = connection.exec_driver_sql(DECIDED).all()
    wrong = 0
    for digest, at, response in decided:
        effective = [one for one, since in dated if since <= at][-1]
        wrong += digest != effective or effective.encode() not in bytes(response)
    return wrong


def publish_under_load(service: Service, folder: Path, program: str = "") -> OrderSystems:
    """Let two workers decide while the two versions take turns at being effective."""
    digests = store_another(service)
    service.held.policies.close()
    service.held.database.dispose()
    with serving(service, folder, program=program) as running, OrderSystems(running, threads=4) as asking:
        for number in range(PUBLISHED):
            asking.wait_for(3)
            with service.held.database.write() as work:
                let_decide(work, digests[(number + 1) % 2])
        asking.wait_for(5)
    return asking


@pytest.mark.slow
def test_no_decision_names_an_older_policy_than_the_one_of_its_instant(location: str, tmp_path: Path) -> None:
    service = start_real_service(location)
    asking = publish_under_load(service, tmp_path)
    assert asking.failed() == [], asking.counted()
    assert decided_by_others(service.held) == 0
    counts = count_losses(service.held.database, asking.told)
    assert counts.broken == {} and counts.decisions > 3 * PUBLISHED, counts
    service.held.database.dispose()


@pytest.mark.slow
def test_control_a_worker_that_keeps_the_digest_is_found(tmp_path: Path) -> None:
    service = start_real_service(tmp_path)
    publish_under_load(service, tmp_path, CACHING)
    assert decided_by_others(service.held) > 0


def test_a_policy_that_came_between_look_and_lock_is_built_while_others_write(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(version: PolicyVersion) -> LoadedPolicy:
        with service.held.database.write():  # waits in vain where the decision that wants it holds the lock
            built.append(version.digest)
        return fake_build()(version)

    def look(held: Services, asked: Asked) -> Slow | Claim:
        found = loading(held, asked)
        with held.database.write() as work:
            work.policies.add(replace_digest(work.policies.effective(), "sha256:" + "c" * 64))
            let_decide(work, "sha256:" + "c" * 64)
        return found

    built: list[str] = []
    service = start_service(location, build=build)
    service.put_customer()
    loading = decide_module._load
    monkeypatch.setattr(decide_module, "_load", look)
    answer = service.decide(an_order())
    assert answer.status_code == 201, answer.data
    assert answer.json["decision"]["policy"]["digest"] == built[-1] == "sha256:" + "c" * 64
    assert len(built) == 2 and decided_by_others(service.held) == 0
    service.held.database.dispose()


def replace_digest(version: PolicyVersion | None, digest: str) -> NewPolicy:
    """The same policy under another digest; the fakes read no bytes."""
    assert version is not None
    return NewPolicy(version.name, digest, version.program_digest, version.source, "tests")
