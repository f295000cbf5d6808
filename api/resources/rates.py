"""Exchange rates: add one, show one with its age, list them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from api.auth import caller, performs
from api.errors import MEDIA_TYPE, Refused
from api.idempotency import HEADER, KEY_PARAMETER, answer_response, read_key
from api.operations.add_rate import Adding, add_rate, rate_dict
from api.operations.set_customer import is_identifier
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.rates import RateAnswer, RatePage, RatesAsked, RateWish
from api.services import services
from storage.rates import Pair

routes = StrictBlueprint("rates", __name__, url_prefix="/v1/rates", description="what other currencies are worth")


@routes.route("", methods=["POST"])
@routes.arguments(RateWish())
@routes.response(201, RateAnswer, description="the rate is kept, and counts from now on")
@routes.alt_response(200, schema=RateAnswer, description="the answer that was given to the same key before")
@routes.alt_response(400, schema=Problem, description="no usable key or body", content_type=MEDIA_TYPE)
@routes.alt_response(409, schema=Problem, description="the first request is still in work", content_type=MEDIA_TYPE)
@routes.alt_response(422, schema=Problem, description="a field or key cannot be used", content_type=MEDIA_TYPE)
@routes.alt_response(503, schema=Problem, description="nothing changed, or in doubt: retry", content_type=MEDIA_TYPE)
@routes.doc(operationId="add_rate", summary="Add an exchange rate", parameters=[KEY_PARAMETER])
@performs("add_rate")
def post_rate(wish: Mapping[str, Any]) -> Response:
    """Add a rate for one day and one direction; a later one for the same day corrects it."""
    asked = Adding(caller(), read_key(request.headers.get(HEADER)), request.get_data(cache=True))
    return answer_response(add_rate(services(), asked, wish))


@routes.route("/<rate_id>", methods=["GET"])
@routes.response(200, RateAnswer)
@routes.alt_response(404, schema=Problem, description="no such rate", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_rate", summary="Show an exchange rate and its age")
@performs("show_rate")
def get_rate(rate_id: str) -> Response:
    """Show a rate, how many days old it is, and whether that is too old for an approval."""
    held = services()
    with held.database.read() as work:
        found = work.rates.get(rate_id) if is_identifier(rate_id) else None
        today = work.now().date()
    if found is None:
        raise Refused("not-found", "there is no rate with this id")
    return _json({"rate": rate_dict(found, today, held.settings.rate_days)})


@routes.route("", methods=["GET"])
@routes.arguments(RatesAsked(), location="query")
@routes.response(200, RatePage)
@routes.doc(operationId="list_rates", summary="List exchange rates, those added last first")
@performs("list_rates")
def get_rates(asked: Mapping[str, Any]) -> Response:
    """List rates with their ages, those added last first, of one pair where asked for."""
    held, pair = services(), Pair(asked["from_currency"], asked["to_currency"])
    try:
        with held.database.read() as work:
            page = work.rates.list(pair, asked["cursor"], asked["limit"] or held.settings.page_size)
            today = work.now().date()
    except ValueError:
        raise Refused("invalid-cursor", "send `next` of the page before, unchanged") from None
    items = [rate_dict(one, today, held.settings.rate_days) for one in page.items]
    return _json({"items": items, "next": page.next_cursor})


def _json(body: object) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), 200, mimetype="application/json")
