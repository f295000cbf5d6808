"""The service, wired: the only place where settings, database, policies and routes meet.

`create_app` opens nothing and reads no environment; the first request opens the database. The command line and the
server both start here.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING

from flask import Flask, Request, Response, g, request

from api import auth, documentation, errors, health, metrics, refusals, security_headers
from api.agreeing import Agreeing
from api.allowance import Allowance
from api.build import build_policy
from api.challenging import Challenger
from api.idempotency import InWork
from api.known_keys import KnownKeys
from api.limits import Limits
from api.memory import Memory
from api.metrics import Metrics
from api.operations.set_customer import is_identifier
from api.policies import LoadedPolicy, PolicyCache
from api.resources import (
    blocks,
    contacts,
    customer_file,
    customers,
    decisions,
    erasures,
    events,
    grants,
    groups,
    holds,
    legal_cases,
    limits,
    messages,
    open_items,
    policies,
    policy_drafts,
    rates,
    recommendations,
    referrals,
    reservations,
    reviews,
    session,
    settlements,
    sign_on,
    states,
)
from api.resources import (
    log as log_resource,
)
from api.services import Services, services
from api.sessions import finder, identify_person
from api.settings import Settings
from rules.facts import trade_vocabulary
from storage.engine import Database, open_database
from storage.failures import StorageFailure
from storage.keys import ApiKey
from storage.policies import PolicyVersion

if TYPE_CHECKING:
    from api.identity_provider import IdentityProvider

log = logging.getLogger("aval.api")
VERSION = version("aval")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def create_app(settings: Settings, build: Callable[[PolicyVersion], LoadedPolicy] | None = None) -> Flask:
    """The HTTP service for these settings; `build` replaces how a stored policy becomes an engine.

    Raises: ValueError for a database that is not known.
    """
    database = open_database(settings.database)
    policies = PolicyCache(lambda digest: _read_version(database, digest),
                           build or (lambda stored: build_policy(stored, settings.allow_single)))  # fmt: skip
    app = wired()
    app.config["MAX_CONTENT_LENGTH"] = settings.largest_body
    app.extensions["aval"] = Services(settings, database, trade_vocabulary(), policies, InWork(),
                                          Metrics(settings.metrics_folder), Agreeing(),
                                          Allowance(settings.offers_each_minute),
                                          Limits(settings.limits),
                                          KnownKeys(lambda key_id: _find_key(database, key_id)), Memory(),
                                          Challenger(), _provider(settings))  # fmt: skip
    return app


def wired() -> Flask:
    """The routes, and what stands before and behind each; all of it answers from the `Services` of the app."""
    app = Flask("api", static_folder=None)
    app.url_map.strict_slashes = False
    _register_routes(app)
    _register_log(app)
    _register_refusals(app)
    metrics.register(app)
    auth.register(app, auth.Doors(_person))
    security_headers.register(app)
    errors.register(app)
    _register_storage_failures(app)
    return app


def _person(asking: Request) -> auth.Caller:
    """The person who asks with a session. Raises: Refused."""
    held = services()
    return identify_person(asking, finder(held.database, held.settings.session_lifetime))


def _register_routes(app: Flask) -> None:
    app.config |= {"API_TITLE": "Aval", "API_VERSION": VERSION, "OPENAPI_VERSION": "3.1.0"}
    api = errors.ProblemApi(app, spec_kwargs={
        "info": {"description": "Credit policy as code for business-to-business trade.",
                 "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "security": [{"key": []}, {"session": []}],
    })  # fmt: skip
    api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer",
                                               "description": "an API key, aval_<prefix>_<secret>"})  # fmt: skip
    api.spec.components.security_scheme("session", {"type": "apiKey", "in": "cookie", "name": auth.COOKIE,
                                                   "description": "the session of a person who signed in"})  # fmt: skip
    api.register_blueprint(decisions.routes)
    api.register_blueprint(recommendations.routes)
    api.register_blueprint(referrals.routes)
    api.register_blueprint(reservations.routes)
    api.register_blueprint(customers.routes)
    api.register_blueprint(contacts.routes)
    api.register_blueprint(messages.routes)
    api.register_blueprint(groups.routes)
    api.register_blueprint(grants.routes)
    api.register_blueprint(limits.routes)
    api.register_blueprint(holds.routes)
    api.register_blueprint(blocks.routes)
    api.register_blueprint(settlements.routes)
    api.register_blueprint(open_items.routes)
    api.register_blueprint(erasures.routes)
    api.register_blueprint(customer_file.routes)
    api.register_blueprint(legal_cases.routes)
    api.register_blueprint(reviews.routes)
    api.register_blueprint(rates.routes)
    api.register_blueprint(states.routes)
    api.register_blueprint(policies.routes)
    api.register_blueprint(policy_drafts.routes)
    api.register_blueprint(events.routes)
    api.register_blueprint(log_resource.routes)
    api.register_blueprint(session.routes)
    api.register_blueprint(sign_on.routes)
    app.register_blueprint(health.routes)
    app.register_blueprint(metrics.routes)
    app.register_blueprint(documentation.blueprint(api))


def _register_log(app: Flask) -> None:
    """Give every request an id, and write one line about it when it is answered."""

    @app.before_request
    def begin() -> None:
        g.request_id, g.began = request_id(request.headers.get("X-Request-Id")), time.monotonic()

    @app.after_request
    def tell(response: Response) -> Response:
        caller = g.get("caller")
        seconds = time.monotonic() - g.began if "began" in g else None
        held = services()
        held.metrics.count_request(metrics.operation_counted(), response.status_code, seconds, g.get("problem"))
        route = request.url_rule.rule if request.url_rule else None
        log.info("request", extra={
            "method": request.method if request.method in METHODS else None, "route": route,
            "operation": g.get("operation"), "status": response.status_code, "problem": g.get("problem"),
            "client": caller.client if caller else None, "role": caller.role if caller else None,
            "milliseconds": None if seconds is None else round(seconds * 1000, 1),
        })  # fmt: skip
        return response


def _register_refusals(app: Flask) -> None:
    """Keep what a client or person tried that they may not do, once it is refused."""

    @app.after_request
    def keep_refusal(response: Response) -> Response:
        caller, problem, operation = g.get("caller"), g.get("problem"), g.get("operation")
        if caller is not None and problem in refusals.TOLD:
            held = services()
            about = next(iter((request.view_args or {}).values()), "")
            subject = f"{operation}:{about}" if is_identifier(about) else str(operation)
            tried = refusals.Attempt(refusals.REQUEST, subject, caller.by, str(operation), problem)
            refusals.keep(held.database, held.refusals, tried)
        return response


def request_id(asked: str | None) -> str:
    """The id that the sender gave a request, where it is a UUID, which says nothing of anybody; else a new one."""
    given = asked is not None and UUID.fullmatch(asked) is not None
    return str(asked).lower() if given else str(uuid.uuid4())


def _register_storage_failures(app: Flask) -> None:
    """A fault of the database is told as what it means to the client: nothing was stored, or nobody knows."""

    @app.errorhandler(StorageFailure)
    def failed(error: StorageFailure) -> Response:
        return errors.problem_response(errors.storage_refusal(error))


def _provider(settings: Settings) -> IdentityProvider | None:
    """The provider that people sign on by, where one is set; what speaks to it is installed as an extra."""
    if settings.sign_on is None:
        return None
    from api.identity_provider import IdentityProvider

    return IdentityProvider(settings.sign_on)


def _read_version(database: Database, digest: str) -> PolicyVersion | None:
    with database.read() as work:
        return work.policies.get(digest)


def _find_key(database: Database, key_id: str) -> ApiKey | None:
    with database.read() as work:
        return work.keys.find(key_id)
