"""Customers: set one in full, show one with its exposure, list them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import caller, performs
from api.errors import MEDIA_TYPE, Refused
from api.known import granted_limit
from api.operations.set_customer import is_identifier, set_customer
from api.requests import StrictBlueprint
from api.schemas.customers import CustomerPage, CustomerShown, CustomerWish, PageAsked
from api.schemas.fields import Problem
from api.services import services
from credit.decision import instant_text
from credit.money import Money
from storage.customers import Customer, GrantedLimit
from storage.exposure_ledger import AccountState

routes = StrictBlueprint("customers", __name__, url_prefix="/v1/customers", description="whom we sell to on credit")


@routes.route("/<customer_id>", methods=["PUT"])
@routes.arguments(CustomerWish())
@routes.response(200, CustomerShown, description="the customer was changed")
@routes.alt_response(201, schema=CustomerShown, description="the customer is new, and so is its account")
@routes.alt_response(422, schema=Problem, description="a field or fact cannot be used", content_type=MEDIA_TYPE)
@routes.doc(operationId="set_customer", summary="Set a customer in full")
@performs("set_customer")
def put_customer(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Set a customer in full: what is left out is emptied. The currency is fixed once the account is open."""
    stored, new = set_customer(services(), customer_id, wish, caller().by)
    return _json(customer_dict(stored), 201 if new else 200)


@routes.route("/<customer_id>", methods=["GET"])
@routes.response(200, CustomerShown)
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_customer", summary="Show a customer and what its account holds")
@performs("show_customer")
def get_customer(customer_id: str) -> Response:
    """Show a customer and what its account holds."""
    state: AccountState | None = None
    if is_identifier(customer_id):
        with services().database.read() as work:
            state = work.accounts.look(customer_id)
    if state is None:
        raise Refused("not-found", "there is no customer with this id")
    group = state.groups[0].group_id if state.groups else None
    return _json(customer_dict(state.customer) | {"group": group, "exposure": exposure_dict(state)})


@routes.route("", methods=["GET"])
@routes.arguments(PageAsked(), location="query")
@routes.response(200, CustomerPage)
@routes.doc(operationId="list_customers", summary="List customers by id")
@performs("list_customers")
def get_customers(asked: Mapping[str, Any]) -> Response:
    """List customers by ascending id."""
    if asked["cursor"] is not None and not is_identifier(asked["cursor"]):
        raise Refused("invalid-cursor", "send `next` of the page before, unchanged")
    with services().database.read() as work:
        page = work.customers.list(asked["cursor"], asked["limit"] or services().settings.page_size)
    return _json({"items": [customer_dict(one) for one in page.items], "next": page.next_cursor})


def customer_dict(one: Customer) -> dict[str, object]:
    """A customer as it is shown; its limit is none, unlimited or an amount."""
    return {
        "customer_id": one.customer_id, "name": one.name, "country": one.country, "currency": one.currency,
        **limit_dict(one.limit, one.currency), "facts": dict(one.facts),
        "updated_at": None if one.updated_at is None else instant_text(one.updated_at),
    }  # fmt: skip


def limit_dict(limit: GrantedLimit, currency: str) -> dict[str, str | None]:
    """A granted limit as it is shown: none, unlimited or an amount, and its days."""
    first, last = (None if day is None else day.isoformat() for day in (limit.valid_from, limit.valid_until))
    shown = str(granted_limit(limit, currency))
    return {"granted_limit": shown, "limit_valid_from": first, "limit_valid_until": last}


def exposure_dict(state: AccountState) -> dict[str, str]:
    """What an account holds, as text in its currency."""
    parts = {"balance": state.balance, "open_receivables": state.open_receivables, "reserved": state.reserved}
    return {name: Money(minor, state.currency).amount for name, minor in parts.items()}


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
