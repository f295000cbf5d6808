"""The figures: what is counted, that all workers' counts are added up, and that they name nobody."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.parser import text_string_to_metric_families

from api import metrics
from api.app import create_app
from api.metrics import MOST_POLICIES, Metrics, begin_folder, bury, folder_for_counts, read_address
from api.problem_types import PROBLEM_TYPES
from api.roles import PUBLIC_OPERATIONS, ROLES_BY_OPERATION
from storage.failures import Busy, InDoubt, Unavailable
from tests.api.people import officer
from tests.api.running import OrderSystems, Running, free_port, serving, wait_for
from tests.api.service import Service, an_order, start_real_service, start_service
from tests.fakes import OnlyTheLimit

Figures = dict[tuple[str, tuple[str, ...]], float]
PORT = "80"  # the one at which the tests' own client asks


def read(text: str) -> Figures:
    """Every sample by its name and its labels' values, in the order of the labels' names."""
    return {(one.name, tuple(one.labels[label] for label in sorted(one.labels))): one.value
            for family in text_string_to_metric_families(text) for one in family.samples}  # fmt: skip


def scraped(service: Service) -> str:
    """What a scrape reads; the port of the tests' client is that of the figures for so long."""
    settings = service.held.settings
    object.__setattr__(settings, "metrics_port", int(PORT))
    answer = service.send("GET", "/metrics")
    object.__setattr__(settings, "metrics_port", None)
    assert answer.status_code == 200 and answer.content_type == metrics.MEDIA_TYPE
    return answer.text


def figures(service: Service) -> Figures:
    """The figures of a scrape."""
    return read(scraped(service))


def test_decisions_requests_and_problems_are_counted(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    service.put_customer()
    for number, amount in enumerate(("100.00", "100.00", "2000.00")):
        service.decide(an_order(amount), f"k-{number}")
    service.decide(an_order("100.00"), "k-0")  # told again, decided once
    service.decide(an_order("1.00"), "k-0")
    service.send("GET", "/nowhere")
    found = figures(service)
    assert found["aval_decisions_total", ("fake", "approve", "1")] == 2
    assert found["aval_decisions_total", ("fake", "refer", "1")] == 1
    assert found["aval_requests_total", ("decide", "201")] == 3
    assert found["aval_requests_total", ("decide", "200")] == 1
    assert found["aval_problems_total", ("idempotency-key-reused",)] == 1
    assert found["aval_requests_total", ("none", "404")] == 1
    assert found["aval_request_seconds_count", ("decide",)] == 5
    assert found["aval_queue_waiting", ("overdue_reservations",)] == 0


def test_disagreements_are_counted(tmp_path: Path) -> None:
    service = start_service(tmp_path, OnlyTheLimit(engines="disagreed"))
    service.put_customer()
    service.decide(an_order("2000.00"))
    assert figures(service)["aval_engine_disagreements_total", ("disagreed",)] == 1


def test_a_faulty_database_is_counted_by_what_it_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    service = start_service(tmp_path)
    service.put_customer()
    for fault in (Busy, InDoubt, Unavailable):
        with monkeypatch.context() as patched:
            patched.setattr(service.held.database, "write", Mock(side_effect=fault("told")))
            service.decide(an_order(), f"k-{fault.__name__}")
    found = figures(service)
    assert [found["aval_problems_total", (one,)] for one in ("busy", "in-doubt", "unavailable")] == [1, 1, 1]


def test_open_referrals_are_a_queue_and_what_a_person_made_of_one_is_counted(tmp_path: Path) -> None:
    service = start_real_service(tmp_path)
    answer = service.decide(an_order("700000.00"))
    assert answer.json is not None and answer.json["decision"]["verdict"] == "refer"
    policy = answer.json["decision"]["policy"]
    waiting = figures(service)
    assert waiting["aval_queue_waiting", ("open_referrals",)] == 1
    assert 0 <= waiting["aval_queue_oldest_seconds", ("open_referrals",)] < 600
    found = service.send("POST", f"/v1/referrals/{answer.json['decision']['decision_id']}:approve",
                         body={"reason": "seen the order book"}, Idempotency_Key="a-1",
                         **officer(service, "approver", "cfo"))  # fmt: skip
    assert found.status_code == 200, found.data
    verdict = found.json["decision"]["verdict"] if found.json and "decision" in found.json else "approve"
    done = figures(service)
    assert done["aval_queue_waiting", ("open_referrals",)] == 0
    assert done["aval_decisions_total", (policy["name"], verdict, str(policy["version"]))] == 1


def test_referrals_that_are_over_wait_for_nobody(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    service.put_customer()
    service.decide(an_order("2000.00"))
    assert figures(service)["aval_queue_waiting", ("open_referrals",)] == 1
    object.__setattr__(service.held.settings, "referral_hours", 0)
    assert figures(service)["aval_queue_waiting", ("open_referrals",)] == 0


def test_a_late_sweep_shows_as_a_queue(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    object.__setattr__(service.held.settings, "reservation_hours", -2)
    service.put_customer()
    service.decide(an_order())
    found = figures(service)
    assert found["aval_queue_waiting", ("overdue_reservations",)] == 1
    assert 7_200 <= found["aval_queue_oldest_seconds", ("overdue_reservations",)] < 7_300


def test_figures_name_nobody_and_have_few_labels(tmp_path: Path) -> None:
    service = start_service(tmp_path)
    service.put_customer("C-geheim", name="Geheim GmbH")
    for number in range(30):
        service.decide(an_order("1.00", customer_id="C-geheim", id=f"SO-geheim-{number}"), f"k-geheim-{number}")
        service.send("GET", f"/v1/customers/C-geheim-{number}", "compliance")
        service.send("GET", f"/geheim-{number}")
        service.send(f"GEHEIM{number}", "/v1/decisions")
    text = scraped(service)
    assert "geheim" not in text.lower() and "order_system" not in text
    known = {*ROLES_BY_OPERATION, *PUBLIC_OPERATIONS, *PROBLEM_TYPES, "none"}
    for name, labels in read(text):
        if name in ("aval_requests_total", "aval_request_seconds_count", "aval_problems_total"):
            assert labels[0] in known, (name, labels)


def test_many_versions_of_policies_become_no_more_labels() -> None:
    @dataclass
    class Named:
        name: str
        version: int

    @dataclass
    class Decided:
        policy: Named
        verdict: str = "approve"
        engines: str = "agreed"

    @dataclass
    class Evaluated:
        decision: Decided

    counting = Metrics()
    for version in range(3 * MOST_POLICIES):
        counting.count_decision(Evaluated(Decided(Named("p", version))))  # type: ignore[arg-type]
    labels = {labels for name, labels in read(metrics.generate_latest(counting._registry).decode())
              if name == "aval_decisions_total"}  # fmt: skip
    assert len(labels) == MOST_POLICIES + 1 and ("other", "approve", "other") in labels


def test_figures_are_told_at_their_own_address_alone(tmp_path: Path, service: Service) -> None:
    assert service.send("GET", "/metrics").status_code == 404
    assert service.send("GET", "/metrics", "admin").status_code == 404
    apart = tmp_path / "apart"
    apart.mkdir()
    told = start_service(apart)
    settings = told.held.settings
    there = Service(create_app(replace(settings, metrics_port=int(PORT))), told.keys)
    assert there.send("GET", "/metrics").status_code == 200
    assert there.send("GET", "/healthz").status_code == 200
    assert [there.send("GET", path, "compliance").status_code for path in ("/v1/customers", "/docs")] == [404, 404]


def test_an_address_is_a_host_and_a_port() -> None:
    assert read_address("127.0.0.1:9464") == ("127.0.0.1", 9464)
    assert read_address("[::1]:1") == ("[::1]", 1)
    for wrong in ("9464", "host:", "host:0", "host:65536", "a b:1", ":1", "host:1:2"):
        with pytest.raises(ValueError, match="no address"):
            read_address(wrong)


def test_a_folder_for_counts_is_empty_at_the_start_and_gone_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "counter_1.db").write_bytes(b"of an earlier service")
    begin_folder(tmp_path)
    assert list(tmp_path.glob("*.db")) == []
    with folder_for_counts(("127.0.0.1", 1)) as folder:
        assert folder is not None and list(folder.iterdir()) == []
    assert not folder.exists()
    with folder_for_counts(None) as none:
        assert none is None


def scrape(running: Running, port: int) -> Figures:
    """What a scrape of a running service reads."""
    return read(Running(running.process, port, running.service, running.log).send("GET", "/metrics")[1].decode())


def decided_in(found: Figures) -> float:
    """All decisions counted, whatever the verdict."""
    return sum(value for (name, _), value in found.items() if name == "aval_decisions_total")


@pytest.mark.slow
def test_all_workers_are_added_up_also_those_that_ended(tmp_path: Path) -> None:
    service, port = start_real_service(tmp_path), free_port()
    service.held.policies.close()
    service.held.database.dispose()
    options = ("--metrics", f"127.0.0.1:{port}", "--requests-per-worker", "30")
    with serving(service, tmp_path, *options, TMPDIR=str(tmp_path)) as running:
        first = set(running.workers())
        with OrderSystems(running, threads=4) as asking:
            wait_for(lambda: not first & set(running.workers()), 60)
            asking.wait_for(10)
        told = len(asking.decided())
        assert asking.failed() == []
        wait_for(lambda: decided_in(scrape(running, port)) == told, 10, lambda: f"{scrape(running, port)} {told}")
        os.kill(running.workers()[0], signal.SIGKILL)
        wait_for(lambda: len(running.workers()) == 2, 30)
        assert decided_in(scrape(running, port)) == told
        [folder] = tmp_path.glob("aval-metrics-*")
        wait_for(lambda: len(list(folder.glob("counter_*.db"))) <= 4, 10)  # two workers, the master and the dead
        running.stop()
        assert list(tmp_path.glob("aval-metrics-*")) == []


def test_counts_of_the_dead_are_kept_and_their_files_are_not(tmp_path: Path) -> None:
    begin_folder(tmp_path)
    key = mmap_key("aval_x", "aval_x_total", ("a",), ("b",), "told")
    for process, count in ((11, 3.0), (12, 4.0)):
        left = MmapedDict(str(tmp_path / f"counter_{process}.db"))
        left.write_value(key, count, 0.0)
        left.close()
        bury(tmp_path, process)
    [kept] = tmp_path.glob("*.db")
    assert kept.name == "counter_dead.db"
    assert [value for _, value, _, _ in MmapedDict.read_all_values_from_file(str(kept))] == [7.0]
