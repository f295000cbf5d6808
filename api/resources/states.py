"""What is remembered of a customer: record an act, show states and acts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Response

from api.auth import caller, performs
from api.errors import MEDIA_TYPE, Refused
from api.operations.customer_states import record_act, show_states
from api.operations.set_customer import is_identifier
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.states import ActShown, ActWish, StatesShown
from api.services import services
from credit.decision import instant_text
from storage.states import Act, StateChanged

routes = StrictBlueprint("states", __name__, url_prefix="/v1/customers", description="what is remembered of a customer")


@routes.route("/<customer_id>/acts", methods=["POST"])
@routes.arguments(ActWish())
@routes.response(201, ActShown, description="the act is recorded")
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.alt_response(422, schema=Problem, description="the policy asks for no such act", content_type=MEDIA_TYPE)
@routes.doc(operationId="record_act", summary="Record what a person of a role did for a customer")
@performs("record_act")
def post_act(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Record what a person of a role did for a customer; it is kept for good, and the next decision reads it."""
    done, at = record_act(services(), caller(), _known(customer_id), wish)
    return _json(_act(done, at), 201)


@routes.route("/<customer_id>/states", methods=["GET"])
@routes.response(200, StatesShown)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_states", summary="Show the states and acts of a customer")
@performs("show_states")
def get_states(customer_id: str) -> Response:
    """Show which states a customer is in, how it came to them, and what people recorded."""
    history = show_states(services(), _known(customer_id))
    last = {change.state: change for change in history.changes}
    active = [{"state": one.state, "since": one.day.isoformat()} for one in last.values() if one.entered]
    return _json({
        "customer_id": customer_id, "active": active, "changes": [_change(one) for one in history.changes],
        "acts": [_act(one, one.at) for one in history.acts],
    })  # fmt: skip


def _known(customer_id: str) -> str:
    if not is_identifier(customer_id):
        raise Refused("not-found", "there is no customer with this id")
    return customer_id


def _act(one: Act, at: datetime | None) -> dict[str, object]:
    assert at is not None, "what is recorded has its time"
    return {"act": one.act, "role": one.role, "person": one.person, "client": one.client, "reason": one.reason,
            "at": instant_text(at)}  # fmt: skip


def _change(one: StateChanged) -> dict[str, object]:
    assert one.at is not None, "what is recorded has its time"
    return {"state": one.state, "change": "entered" if one.entered else "left", "day": one.day.isoformat(),
            "why": list(one.why), "decision_id": one.decision_id, "at": instant_text(one.at)}  # fmt: skip


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
