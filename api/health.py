"""Is the process alive, and can it decide? Two questions with two answers, neither of which names a customer."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from flask import Blueprint, Response

from api.auth import performs
from api.policies import UnknownPolicy
from api.services import Services, services
from rules import durable
from storage.engine import Database, server_url
from storage.failures import StorageFailure
from storage.schema import current_revision, is_known, newest_revision

AWAY_FILE = "it cannot be read; see that its disk is there and its owner is the one who runs aval"
AWAY_SERVER = "the server gives no connection; see that it runs, that its address, role and password are right"
BROKEN = (
    "they differ on most orders of this process, so nothing is approved; see the alarms in the log, and make the "
    "policy of before effective again"
)

routes = Blueprint("health", __name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """One thing that the service needs, and what is wrong with it (empty: nothing); deciding may do without some."""

    check: str
    wrong: str
    decides_without: bool = False


@routes.get("/healthz")
@performs("show_health")
def healthz() -> Response:
    """Alive: the process answers."""
    return Response('{"status":"ok"}', mimetype="application/json")


@routes.get("/readyz")
@performs("show_readiness")
def readyz() -> Response:
    """Ready to decide, or a 503 that says what is wrong."""
    found = readiness(services())
    ready = not any(one.wrong and not one.decides_without for one in found)
    body = {"ready": ready, "checks": [{"check": one.check, "ok": not one.wrong, "wrong": one.wrong} for one in found]}
    return Response(json.dumps(body, ensure_ascii=False), 200 if ready else 503, mimetype="application/json")


def readiness(held: Services) -> list[Readiness]:
    """What deciding needs, in the order in which it is needed; what follows a fault is not asked."""
    on_server = server_url(held.settings.database) is not None
    try:
        tables = _tables(held.database)
        if tables.wrong:
            return [Readiness("database", ""), tables]
        with held.database.read() as work:
            version = work.policies.effective()
            behind = work.log.behind()
            dead = work.queues.dead_letters()
    except StorageFailure:
        return [Readiness("database", AWAY_SERVER if on_server else AWAY_FILE)]
    found = [Readiness("database", ""), tables, Readiness("writes", held.database.unwritable())]
    if version is None:
        return [*found, Readiness("policy", "no policy is in effect; run: aval policy publish FILE")]
    return [*found, _policy(held, version.digest), _engines(held), _log(held, behind), _letters(dead)]


def _tables(database: Database) -> Readiness:
    """Whether the tables are those of this program: older ones want an upgrade, newer ones a newer program."""
    found = current_revision(database)
    if found == newest_revision():
        return Readiness("tables", "")
    if found is not None and not is_known(found):
        return Readiness("tables", f"they are at {found}, which this program does not know; install the newer aval")
    at = "there are none yet" if found is None else f"they are at {found}, this program wants {newest_revision()}"
    return Readiness("tables", f"{at}; run: aval db upgrade")


def _policy(held: Services, digest: str) -> Readiness:
    try:
        with held.policies.use(digest):
            return Readiness("policy", "")
    except UnknownPolicy:
        return Readiness("policy", "the effective policy is not stored")
    except Exception:  # whatever a build can raise: the service is not ready, and says so instead of failing
        return Readiness("policy", "the effective policy cannot be built; run: aval check")


def _log(held: Services, behind: float) -> Readiness:
    """Whether decisions get into the log in time; they are made nevertheless, and their entries wait."""
    longest = held.settings.log_delay_seconds
    if longest is None or behind <= longest:
        return Readiness("log", "")
    return Readiness("log", f"an entry has waited for {behind:.0f} s; see that 'aval log run' runs, and its alarms")


def _letters(dead: int) -> Readiness:
    """Whether letters were given up and wait for a person; orders are decided all the same."""
    told = f"{dead} were given up and wait for a person; see: aval outbox list --state dead" if dead else ""
    return Readiness("letters", told, decides_without=True)


def _engines(held: Services) -> Readiness:
    if not durable.AVAILABLE and not held.settings.allow_single:
        return Readiness("engines", f"the second engine is not installed on Python {sys.version_info.major}."
                         f"{sys.version_info.minor}, so nothing can be approved")  # fmt: skip
    if held.agreeing.is_broken:
        return Readiness("engines", BROKEN)
    return Readiness("engines", "")
