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
from storage.failures import StorageFailure
from storage.schema import is_current

routes = Blueprint("health", __name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """One thing that deciding needs, and what is wrong with it (empty: nothing)."""

    check: str
    wrong: str


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
    ready = not any(one.wrong for one in found)
    body = {"ready": ready, "checks": [{"check": one.check, "ok": not one.wrong, "wrong": one.wrong} for one in found]}
    return Response(json.dumps(body, ensure_ascii=False), 200 if ready else 503, mimetype="application/json")


def readiness(held: Services) -> list[Readiness]:
    """What deciding needs, in the order in which it is needed; what follows a fault is not asked."""
    try:
        if not is_current(held.database):
            return [Readiness("database", "its tables are not the newest; run: aval db upgrade")]
        with held.database.read() as work:
            version = work.policies.effective()
    except StorageFailure:
        return [Readiness("database", "it cannot be read; see its disk and its permissions")]
    found = [Readiness("database", "")]
    if version is None:
        return [*found, Readiness("policy", "no policy is in effect; run: aval policy publish FILE")]
    return [*found, _policy(held, version.digest), _engines(held.settings.allow_single)]


def _policy(held: Services, digest: str) -> Readiness:
    try:
        with held.policies.use(digest):
            return Readiness("policy", "")
    except UnknownPolicy:
        return Readiness("policy", "the effective policy is not stored")
    except Exception:  # whatever a build can raise: the service is not ready, and says so instead of failing
        return Readiness("policy", "the effective policy cannot be built; run: aval check")


def _engines(allow_single: bool) -> Readiness:
    if not durable.AVAILABLE and not allow_single:
        return Readiness("engines", f"the second engine is not installed on Python {sys.version_info.major}."
                         f"{sys.version_info.minor}, so nothing can be approved")  # fmt: skip
    return Readiness("engines", "")
