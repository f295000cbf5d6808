"""Single sign-on: off to the provider, and back with its answer; what comes of it is a session like any other."""

from __future__ import annotations

import json

from flask import Response, request

from api.auth import COOKIE, performs
from api.errors import MEDIA_TYPE
from api.operations.sign_on import LIFE, Answered, begin_sign_on, finish_sign_on
from api.requests import StrictBlueprint
from api.roles import ROLES
from api.schemas.fields import Problem
from api.schemas.session import CallerShown
from api.services import services
from api.sessions import give_cookie
from credit.decision import instant_text

PATH = "/v1/sign-on"
SEAL = "aval_sign_on"  # comes back with the provider's redirect, so it is Lax; what it holds is sealed
LONGEST_SEAL, LONGEST_CODE = 2_000, 4_000

routes = StrictBlueprint("sign_on", __name__, url_prefix=PATH, description="people who sign on by a provider")


@routes.route("", methods=["GET"])
@routes.response(302, description="to the provider")
@routes.alt_response(404, schema=Problem, description="no provider is set", content_type=MEDIA_TYPE)
@routes.alt_response(503, schema=Problem, description="the provider is down", content_type=MEDIA_TYPE)
@routes.doc(operationId="begin_sign_on", summary="Go to the provider to sign on", security=[])
@performs("begin_sign_on")
def get_sign_on() -> Response:
    """Go to the provider to sign on; the browser keeps what proves that the answer is its own."""
    begun = begin_sign_on(services())
    answer = Response(status=302, headers={"Location": begun.url})
    answer.set_cookie(SEAL, begun.seal, max_age=int(LIFE.total_seconds()), path=PATH, secure=True, httponly=True,
                      samesite="Lax")  # fmt: skip
    return answer


@routes.route("/answer", methods=["GET"])
@routes.response(200, CallerShown, description="signed on; the cookie is the session")
@routes.alt_response(401, schema=Problem, description="nobody is signed on", content_type=MEDIA_TYPE)
@routes.alt_response(404, schema=Problem, description="no provider is set", content_type=MEDIA_TYPE)
@routes.alt_response(429, schema=Problem, description="too many failures", content_type=MEDIA_TYPE)
@routes.alt_response(503, schema=Problem, description="the provider is down", content_type=MEDIA_TYPE)
@routes.doc(operationId="finish_sign_on", summary="Come back from the provider", security=[])
@performs("finish_sign_on")
def get_sign_on_answer() -> Response:
    """Come back from the provider: begins a session of the person whom its answer proves.

    Providers send more than they have to; what else they send is not looked at.
    """
    held, given = services(), request.args
    done = finish_sign_on(held, Answered(
        seal=request.cookies.get(SEAL, "")[:LONGEST_SEAL], state=given.get("state", ""),
        code=given.get("code", "")[:LONGEST_CODE], error=given.get("error", ""), issuer=given.get("iss"),
        address=request.remote_addr or "", old_token=request.cookies.get(COOKIE),
    ))  # fmt: skip
    body = {"client": None, "person": done.person.name, "roles": sorted(done.person.roles, key=ROLES.index),
            "permissions": [], "expires_at": instant_text(done.expires_at)}  # fmt: skip
    answer = Response(json.dumps(body, ensure_ascii=False), 200, mimetype="application/json")
    give_cookie(answer, done.token, int(held.settings.session_lifetime.longest.total_seconds()))
    answer.delete_cookie(SEAL, path=PATH, secure=True, httponly=True, samesite="Lax")
    return answer
