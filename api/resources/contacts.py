"""Contacts: where a customer is written to, set and shown by those who collect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import caller, performs
from api.errors import MEDIA_TYPE
from api.operations.set_contact import set_contact, show_contact
from api.requests import StrictBlueprint
from api.schemas.contacts import ContactShown, ContactWish
from api.schemas.fields import Problem
from api.services import services
from credit.decision import canonical_json

routes = StrictBlueprint("contacts", __name__, url_prefix="/v1/customers", description="where customers are written to")


@routes.route("/<customer_id>/contact", methods=["PUT"])
@routes.arguments(ContactWish())
@routes.response(200, ContactShown, description="letters go there from now on")
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.alt_response(422, schema=Problem, description="an address cannot be used", content_type=MEDIA_TYPE)
@routes.doc(operationId="set_contact", summary="Set where a customer is written to")
@performs("set_contact")
def put_contact(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Set where a customer is written to: a mailbox, a web address, or nowhere."""
    return Response(canonical_json(set_contact(services(), customer_id, wish, caller().by)), 200,
                    mimetype="application/json")  # fmt: skip


@routes.route("/<customer_id>/contact", methods=["GET"])
@routes.response(200, ContactShown)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_contact", summary="Show where a customer is written to")
@performs("show_contact")
def get_contact(customer_id: str) -> Response:
    """Show where a customer is written to, who said so and when."""
    return Response(canonical_json(show_contact(services(), customer_id)), 200, mimetype="application/json")
