"""Figures for whoever runs the service, in Prometheus' text form: how many, how fast, how it ended; never about whom.

They are told at `/metrics` on an address of its own (`aval serve --metrics`), and nowhere else: they say how busy a
firm is, so they are not for everybody who can reach the service. Each worker counts in files of its own in one folder;
a scrape adds them up, whichever worker answers it. No label holds what a client may write.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from api.auth import performs
from api.errors import Refused
from api.services import services
from api.situation import Evaluated
from storage.engine import Database
from storage.failures import StorageFailure

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
MOST_POLICIES = 64  # versions that get labels of their own in one process; later ones are counted as "other"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_DEAD = "dead"

routes = Blueprint("metrics", __name__)


class Metrics:
    """The counters of one process; without a folder they are kept in memory, for a service of one process."""

    def __init__(self, folder: Path | None = None) -> None:
        """Begin to count; the files of earlier processes in the folder are not ours to read."""
        self.folder = folder
        self._registry = CollectorRegistry()
        self._policies: set[tuple[str, str]] = set()
        if folder is not None:
            begin_folder(folder)
            os.environ[FOLDER_VARIABLE] = str(folder)
            values.ValueClass = values.MultiProcessValue()  # type: ignore[no-untyped-call]  # else chosen at the import, before any folder is known
        self._decisions = self._counter("aval_decisions", "Decisions recorded.", "policy", "version", "verdict")
        self._differing = self._counter("aval_engine_disagreements", "Decisions on which the engines differed or one "
                                        "failed.", "engines")  # fmt: skip
        self._compared = self._counter("aval_challenger_comparisons", "Decisions that a challenger was asked about.",
                                       "challenger", "version", "verdict", "challenger_verdict", "result")  # fmt: skip
        self._not_compared = self._counter("aval_challenger_not_compared", "Decisions that a challenger was not "
                                           "asked about.", "reason")  # fmt: skip
        self._requests = self._counter("aval_requests", "Requests answered.", "operation", "status")
        self._problems = self._counter("aval_problems", "Requests answered with a problem.", "problem")
        self._seconds = Histogram("aval_request_seconds", "Seconds until a request was answered.", ("operation",),
                                  registry=self._registry, buckets=SECONDS)  # fmt: skip

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(name, told, labels, registry=self._registry)

    def count_decision(self, evaluated: Evaluated) -> None:
        """Count a decision that was recorded."""
        decision = evaluated.decision
        self._decisions.labels(*self._labels_of(decision.policy.name, decision.policy.version), decision.verdict).inc()
        if decision.engines in ("disagreed", "second_faulted"):
            self._differing.labels(decision.engines).inc()

    def count_comparison(self, policy: tuple[str, int], verdicts: tuple[str, str], differs: bool) -> None:
        """Count what a challenger, by name and version, said beside a decision: the answer's verdict and its own."""
        self._compared.labels(*self._labels_of(*policy), *verdicts, "differed" if differs else "agreed").inc()

    def count_not_compared(self, reason: str, number: int = 1) -> None:
        """Count decisions that a challenger was not asked about: `left_out` where it cannot keep up, or `failed`."""
        self._not_compared.labels(reason).inc(number)

    def _labels_of(self, name: str, version: int | None) -> tuple[str, str]:
        """A policy's labels; once there are many, later ones share those of all others."""
        policy = (name, str(version))
        if policy not in self._policies:
            if len(self._policies) >= MOST_POLICIES:
                return "other", "other"
            self._policies.add(policy)
        return policy

    def count_request(self, operation: str, status: int, seconds: float | None, problem: str | None) -> None:
        """Count a request that was answered; all words are ours."""
        self._requests.labels(operation, str(status)).inc()
        if problem is not None:
            self._problems.labels(problem).inc()
        if seconds is not None:
            self._seconds.labels(operation).observe(seconds)

    def tell(self, database: Database, referral_life: timedelta) -> bytes:
        """Everything counted in all processes, and the queues as the database has them now."""
        told = CollectorRegistry()
        told.register(QueueFigures(database, referral_life))
        if self.folder is None:
            return generate_latest(self._registry) + generate_latest(told)
        with _alone(self.folder, fcntl.LOCK_SH):
            MultiProcessCollector(told, str(self.folder))  # type: ignore[no-untyped-call]
            return generate_latest(told)


class QueueFigures(Collector):
    """How much waits, and for how long; nothing is told where the database cannot be asked."""

    def __init__(self, database: Database, referral_life: timedelta) -> None:
        self._database, self._referral_life = database, referral_life

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Ask the database."""
        count = GaugeMetricFamily("aval_queue_waiting", "Entries that wait to be worked on.", labels=["queue"])
        oldest = GaugeMetricFamily("aval_queue_oldest_seconds", "How long the oldest has waited.", labels=["queue"])
        try:
            with self._database.read() as work:
                found = work.queues.all(self._referral_life)
        except StorageFailure:
            return
        for name, queue in found.items():
            count.add_metric([name], queue.count)
            oldest.add_metric([name], queue.oldest_seconds)
        yield from (count, oldest)


def begin_folder(folder: Path) -> None:
    """An empty folder for the counts of processes to come: what an earlier service counted is not this one's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()


@contextmanager
def folder_for_counts(told_at: object) -> Iterator[Path | None]:
    """A new folder for one service's counts, removed by the process that made it; none where nothing is told."""
    if told_at is None:
        yield None
        return
    mine, folder = os.getpid(), Path(tempfile.mkdtemp(prefix="aval-metrics-"))
    try:
        yield folder
    finally:
        if os.getpid() == mine:  # a worker that ends leaves by the same door
            shutil.rmtree(folder, ignore_errors=True)


def bury(folder: Path, process: int) -> None:
    """Add a dead process's counts to those of all dead ones, so that files do not become more with each of them."""
    with _alone(folder, fcntl.LOCK_EX):
        mark_process_dead(process, str(folder))  # type: ignore[no-untyped-call]
        for left in folder.glob(f"*_{process}.db"):
            kind = left.name.partition("_")[0]
            together = MmapedDict(str(folder / f"{kind}_{_DEAD}.db"))  # type: ignore[no-untyped-call]
            for key, value, at, _ in MmapedDict.read_all_values_from_file(str(left)):  # type: ignore[no-untyped-call]
                before, _ = together.read_value(key)  # type: ignore[no-untyped-call]
                together.write_value(key, before + value, at)  # type: ignore[no-untyped-call]
            together.close()  # type: ignore[no-untyped-call]
            left.unlink()


@contextmanager
def _alone(folder: Path, how: int) -> Iterator[None]:
    """Adding up and moving counts never happen at once, else some would be seen twice."""
    with (folder / "lock").open("a") as lock:
        fcntl.flock(lock, how)
        yield


@routes.get("/metrics")
@performs("show_metrics")
def show_metrics() -> Response:
    """The figures; only at the address that the operator gave them."""
    held = services()
    if not _is_of_metrics(held.settings.metrics_port):
        raise Refused("not-found", "there is nothing here")
    life = timedelta(hours=held.settings.referral_hours)
    return Response(held.metrics.tell(held.database, life), content_type=MEDIA_TYPE)


def register(app: Flask) -> None:
    """Serve nothing but figures and health at the address of the figures."""

    @app.before_request
    def keep_apart() -> None:
        if _is_of_metrics(services().settings.metrics_port) and request.path not in ("/metrics", "/healthz", "/readyz"):
            raise Refused("not-found", "this address is for figures alone")


def _is_of_metrics(port: int | None) -> bool:
    return port is not None and request.environ.get("SERVER_PORT") == str(port)


def operation_counted() -> str:
    """The operation of this request, or "none" where nothing of ours was asked for."""
    return str(g.get("operation") or "none")


def read_address(text: str) -> tuple[str, int]:
    """A host and a port, such as "127.0.0.1:9464". Raises: ValueError."""
    found = re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})", text)
    if found is None or not 0 < int(found[2]) < 65_536:
        raise ValueError(f"'{text}' is no address; give a host and a port, such as 127.0.0.1:9464")
    return found[1], int(found[2])
