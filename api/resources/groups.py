"""Groups: set one in full, show one with its exposure and members, list them, and place a customer in one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import caller, performs
from api.errors import MEDIA_TYPE, Refused
from api.operations.set_customer import is_identifier
from api.operations.set_group import place_customer, set_group
from api.requests import StrictBlueprint
from api.resources.customers import limit_dict
from api.schemas.customers import PageAsked
from api.schemas.fields import Problem
from api.schemas.groups import GroupPage, GroupShown, GroupWish, Placement, PlacementShown
from api.services import services
from credit.decision import instant_text
from credit.money import Money
from storage.groups import Group, GroupAccount

routes = StrictBlueprint("groups", __name__, url_prefix="/v1", description="customers that share a limit")


@routes.route("/groups/<group_id>", methods=["PUT"])
@routes.arguments(GroupWish())
@routes.response(200, GroupShown, description="the group was changed")
@routes.alt_response(201, schema=GroupShown, description="the group is new, and so is its account")
@routes.alt_response(422, schema=Problem, description="a field or the parent cannot be used", content_type=MEDIA_TYPE)
@routes.doc(operationId="set_group", summary="Set a group in full")
@performs("set_group")
def put_group(wish: Mapping[str, Any], group_id: str) -> Response:
    """Set a group in full: what is left out is emptied. What it owes goes along where its parent changes."""
    stored, new = set_group(services(), group_id, wish, caller().by)
    return _json(group_dict(stored), 201 if new else 200)


@routes.route("/groups/<group_id>", methods=["GET"])
@routes.response(200, GroupShown)
@routes.alt_response(404, schema=Problem, description="no such group", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_group", summary="Show a group, what it owes, and what lies in it")
@performs("show_group")
def get_group(group_id: str) -> Response:
    """Show a group, what its members owe and hold together, and what lies directly in it (at most 500 of each)."""
    with services().database.read() as work:
        found = work.groups.get(group_id) if is_identifier(group_id) else None
        account = None if found is None else work.groups.account_of(group_id)
        members = None if found is None else work.groups.members(group_id)
    if found is None or account is None or members is None:
        raise Refused("not-found", "there is no group with this id")
    more = {"exposure": exposure_dict(account, found.currency), "customers": list(members.customers),
            "groups": list(members.groups)}  # fmt: skip
    return _json(group_dict(found) | more)


@routes.route("/groups", methods=["GET"])
@routes.arguments(PageAsked(), location="query")
@routes.response(200, GroupPage)
@routes.doc(operationId="list_groups", summary="List groups by id")
@performs("list_groups")
def get_groups(asked: Mapping[str, Any]) -> Response:
    """List groups by ascending id."""
    if asked["cursor"] is not None and not is_identifier(asked["cursor"]):
        raise Refused("invalid-cursor", "send `next` of the page before, unchanged")
    with services().database.read() as work:
        page = work.groups.list(asked["cursor"], asked["limit"] or services().settings.page_size)
    return _json({"items": [group_dict(one) for one in page.items], "next": page.next_cursor})


@routes.route("/customers/<customer_id>/group", methods=["PUT"])
@routes.arguments(Placement())
@routes.response(200, PlacementShown, description="the customer lies there now, with everything it owes")
@routes.alt_response(404, schema=Problem, description="no such customer", content_type=MEDIA_TYPE)
@routes.alt_response(422, schema=Problem, description="the group cannot be used", content_type=MEDIA_TYPE)
@routes.doc(operationId="place_customer", summary="Put a customer into a group, or into none")
@performs("place_customer")
def put_placement(wish: Mapping[str, Any], customer_id: str) -> Response:
    """Put a customer into a group, or into none; what it owes and holds goes along."""
    place_customer(services(), customer_id, wish["group"])
    return _json({"customer_id": customer_id, "group": wish["group"]})


def group_dict(one: Group) -> dict[str, object]:
    """A group as it is shown."""
    return {
        "group_id": one.group_id, "name": one.name, "currency": one.currency, "parent": one.parent_group,
        **limit_dict(one.limit, one.currency),
        "updated_at": None if one.updated_at is None else instant_text(one.updated_at),
    }  # fmt: skip


def exposure_dict(account: GroupAccount, currency: str) -> dict[str, str]:
    """What a group's account holds, as text in its currency."""
    parts = {"balance": account.balance, "open_receivables": account.open_receivables,
             "reserved": account.balance - account.open_receivables}  # fmt: skip
    return {name: Money(minor, currency).amount for name, minor in parts.items()}


def _json(body: object, status: int = 200) -> Response:
    return Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/json")
