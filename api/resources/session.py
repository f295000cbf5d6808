"""The session of a person: sign in, sign out, who am I; order systems come with keys and need none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from api.auth import COOKIE, acting_person, caller, performs
from api.errors import MEDIA_TYPE
from api.operations.sign_in import Attempt, sign_in, sign_out
from api.requests import StrictBlueprint
from api.roles import ROLES
from api.schemas.fields import Problem
from api.schemas.session import CallerShown, SignInWish
from api.services import services
from api.sessions import give_cookie, refuse_other_sites, take_cookie
from credit.decision import instant_text

routes = StrictBlueprint("session", __name__, url_prefix="/v1/session", description="people who sign in")


@routes.route("", methods=["POST"])
@routes.arguments(SignInWish())
@routes.response(201, CallerShown, description="signed in; the cookie is the session")
@routes.alt_response(401, schema=Problem, description="name or password is wrong", content_type=MEDIA_TYPE)
@routes.alt_response(429, schema=Problem, description="too many failures", content_type=MEDIA_TYPE)
@routes.doc(operationId="sign_in", summary="Sign in with name and password", security=[])
@performs("sign_in")
def post_session(wish: Mapping[str, Any]) -> Response:
    """Sign in: begins a session with a new token, which the cookie holds; a session before it ends."""
    refuse_other_sites(request, silent=True)
    attempt = Attempt(wish["name"], wish["password"], request.remote_addr or "", request.cookies.get(COOKIE))
    done = sign_in(services(), attempt)
    body = _caller(None, done.person.name, done.person.roles) | {"expires_at": instant_text(done.expires_at)}
    answer = _json(body, 201)
    give_cookie(answer, done.token, int(services().settings.session_lifetime.longest.total_seconds()))
    return answer


@routes.route("", methods=["GET"])
@routes.response(200, CallerShown)
@routes.doc(operationId="show_session", summary="Show who is asking")
@performs("show_session")
def get_session() -> Response:
    """Show who is asking: the person of the session, or the client of the key, with roles and permissions."""
    asking = caller()
    client = asking.client if asking.person is None else None
    return _json(_caller(client, asking.person, asking.roles, asking.permissions))


@routes.route("", methods=["DELETE"])
@routes.response(204)
@routes.alt_response(403, schema=Problem, description="a key has no session", content_type=MEDIA_TYPE)
@routes.doc(operationId="sign_out", summary="Sign out")
@performs("sign_out")
def delete_session() -> Response:
    """Sign out: the session ends for good."""
    acting_person()
    sign_out(services(), request.cookies[COOKIE])
    answer = Response(status=204)
    take_cookie(answer)
    return answer


def _caller(client: str | None, person: str | None, roles: frozenset[str],
            permissions: frozenset[str] = frozenset()) -> dict[str, object]:  # fmt: skip
    return {"client": client, "person": person, "roles": sorted(roles, key=ROLES.index),
            "permissions": sorted(permissions)}  # fmt: skip


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
