"""Events: what was changed of keys, people and rules, by whom and when; nobody can alter them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response

from api.auth import performs
from api.errors import Refused
from api.requests import StrictBlueprint
from api.schemas.events import EventPage, EventsAsked
from api.services import services
from credit.decision import instant_text
from storage.events import Event

routes = StrictBlueprint("events", __name__, url_prefix="/v1/events", description="what was changed, and by whom")


@routes.route("", methods=["GET"])
@routes.arguments(EventsAsked(), location="query")
@routes.response(200, EventPage)
@routes.doc(operationId="list_events", summary="List events, newest first")
@performs("list_events")
def get_events(asked: Mapping[str, Any]) -> Response:
    """List what was changed of keys, people and rules, newest first."""
    size = asked["limit"] or services().settings.page_size
    try:
        with services().database.read() as work:
            page = work.events.list(asked["cursor"], size, kind=asked["kind"], subject=asked["subject"])
    except ValueError:
        raise Refused("invalid-cursor", "send `next` of the page before, unchanged") from None
    body = {"items": [_listed(one) for one in page.items], "next": page.next_cursor}
    return Response(json.dumps(body, ensure_ascii=False), mimetype="application/json")


def _listed(one: Event) -> dict[str, object]:
    assert one.at is not None, "what is recorded has its time"
    return {"seq": one.seq, "kind": one.kind, "subject": one.subject, "by": one.by, "at": instant_text(one.at),
            "details": dict(one.details)}  # fmt: skip
