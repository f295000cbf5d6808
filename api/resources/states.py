"""What is remembered of a customer: record an act, show states and acts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from api.auth import caller, performs
from api.errors import MEDIA_TYPE, Refused
from api.idempotency import HEADER, KEY_PARAMETER, answer_response, read_key
from api.keyed_request import keyed_request
from api.operations.customer_states import Recording, act_dict, record_act, show_states
from api.operations.set_customer import is_identifier
from api.operations.tell_invoice_day import tell_invoice_day
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.invoice_days import InvoiceDaysShown, InvoiceDayWish
from api.schemas.states import ActShown, ActWish, StatesShown
from api.services import services
from credit.decision import instant_text
from storage.states import StateChanged

routes = StrictBlueprint("states", __name__, url_prefix="/v1/customers", description="what is remembered of a customer")


@routes.route("/<customer_id>/acts", methods=["POST"])
@routes.arguments(ActWish())
@routes.response(201, ActShown, description="the act is recorded")
@routes.alt_response(200, schema=ActShown, description="the stored answer to this key, byte for byte")
@routes.alt_response(400, schema=Problem, description="no usable key or body", content_type=MEDIA_TYPE)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.alt_response(409, schema=Problem, description="the first request is still in work", content_type=MEDIA_TYPE)
@routes.alt_response(422, schema=Problem, description="the policy asks for no such act", content_type=MEDIA_TYPE)
@routes.alt_response(503, schema=Problem, description="nothing recorded, or in doubt: retry", content_type=MEDIA_TYPE)
@routes.doc(operationId="record_act", summary="Record what a person of a role did for a customer",
            parameters=[KEY_PARAMETER])  # fmt: skip
@performs("record_act")
def post_act(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Record what a person of a role did for a customer; it is kept for good, and the next decision reads it."""
    key = read_key(request.headers.get(HEADER))
    asked = Recording(caller(), key, request.get_data(cache=True), _known(customer_id))
    return answer_response(record_act(services(), asked, wish))


@routes.route("/<customer_id>/invoices/<invoice_id>/days", methods=["POST"])
@routes.arguments(InvoiceDayWish())
@routes.response(201, InvoiceDaysShown, description="the day is told; all of them are shown")
@routes.alt_response(200, schema=InvoiceDaysShown, description="the stored answer to this key, byte for byte")
@routes.alt_response(400, schema=Problem, description="no usable key or body", content_type=MEDIA_TYPE)
@routes.alt_response(404, schema=Problem, description="no such customer or invoice", content_type=MEDIA_TYPE)
@routes.alt_response(409, schema=Problem, description="the first request is still in work", content_type=MEDIA_TYPE)
@routes.alt_response(422, schema=Problem, description="a field or key cannot be used", content_type=MEDIA_TYPE)
@routes.alt_response(503, schema=Problem, description="nothing told, or in doubt: retry", content_type=MEDIA_TYPE)
@routes.doc(operationId="tell_invoice_day", summary="Tell a day of an invoice that a ladder counts from",
            parameters=[KEY_PARAMETER])  # fmt: skip
@performs("tell_invoice_day")
def post_day(wish: Mapping[str, Any], customer_id: str, invoice_id: str) -> Response:
    """Tell when the goods of an invoice were delivered, or when it came onto the ladder; the last one told counts."""
    asked = keyed_request("tell_invoice_day", _known(customer_id), invoice_id)
    return answer_response(tell_invoice_day(services(), asked, wish))


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
        "acts": [act_dict(one, one.at) for one in history.acts],
    })  # fmt: skip


def _known(customer_id: str) -> str:
    if not is_identifier(customer_id):
        raise Refused("not-found", "there is no customer with this id")
    return customer_id


def _change(one: StateChanged) -> dict[str, object]:
    assert one.at is not None, "what is recorded has its time"
    return {"state": one.state, "change": "entered" if one.entered else "left", "day": one.day.isoformat(),
            "why": list(one.why), "decision_id": one.decision_id, "at": instant_text(one.at)}  # fmt: skip


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
