"""Messages: the letters, tasks and proposals of ladders; how they stand, what was sent, and what people say of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Response

from api.auth import performs
from api.errors import MEDIA_TYPE, Refused
from api.idempotency import KEY_PARAMETER, answer_response
from api.keyed_request import keyed_request
from api.operations.handle_message import add_proof, finish_message, retry_message, standing_of, write_letter
from api.operations.show_outbox import message_dict, standing_dict
from api.requests import StrictBlueprint
from api.schemas.fields import Problem
from api.schemas.messages import (
    DoneWish,
    MessageAnswer,
    MessageInFull,
    MessagePage,
    MessagesAsked,
    ProofAdded,
    ProofWish,
    RetryWish,
    WriteWish,
)
from api.services import services
from credit.decision import canonical_json
from storage.messages import Wanted

routes = StrictBlueprint("messages", __name__, url_prefix="/v1/messages", description="what ladders send and ask for")
FAILURES = {400: "no usable key or body", 404: "no such message",
            409: "it ended before, cannot be written, or the first request is still in work",
            422: "a field or key cannot be used", 503: "nothing changed, or in doubt: retry"}  # fmt: skip
refusable = routes.refusing(FAILURES)
PLACE = re.compile(r"[1-9][0-9]{0,2}")
SAME_KEY = "the answer that was given to the same key before"


@routes.route("", methods=["GET"])
@routes.arguments(MessagesAsked(), location="query")
@routes.response(200, MessagePage)
@routes.doc(operationId="list_messages", summary="List letters, tasks and proposals")
@performs("list_messages")
def get_messages(asked: Mapping[str, Any]) -> Response:
    """List messages by their id: of one state, kind, customer, channel or role where asked for."""
    wanted = Wanted(asked["state"], asked["kind"], asked["customer_id"], asked["who"])
    with services().database.read() as work:
        page = work.messages.list(wanted, asked["cursor"], asked["limit"] or services().settings.page_size)
    return _shown({"items": [standing_dict(one) for one in page.items], "next": page.next_cursor})


@routes.route("/<message_id>", methods=["GET"])
@routes.response(200, MessageInFull)
@routes.alt_response(404, schema=Problem, description="no such message", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_message", summary="Show a message with its attempts, letter and proofs")
@performs("show_message")
def get_message(message_id: str) -> Response:
    """Show a message with every attempt, the letter that was kept, and what proves its delivery."""
    with services().database.read() as work:
        return _shown(message_dict(work, standing_of(work, message_id)))


@routes.route("/<message_id>/letter", methods=["GET"])
@routes.response(200, description="the bytes of the letter, as they were sent or printed",
                 content_type="application/octet-stream")  # fmt: skip
@routes.alt_response(404, schema=Problem, description="no such message, or no letter yet", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_letter", summary="The exact bytes of a letter")
@performs("show_letter")
def get_letter(message_id: str) -> Response:
    """The bytes of the newest edition of a letter: a mail, the body of a webhook, or a page that is printed."""
    with services().database.read() as work:
        standing_of(work, message_id)
        kept = work.letters.last(message_id)
    if kept is None or not kept.content:
        raise Refused("not-found", "no letter was written for this message yet, or it was erased")
    name = {"message/rfc822": "letter.eml", "application/json": "letter.json"}.get(kept.media_type, "letter.html")
    return _download(kept.content, name)


@routes.route("/<message_id>/proofs/<place>/file", methods=["GET"])
@routes.response(200, description="the bytes of the file, as they were sent in",
                 content_type="application/octet-stream")  # fmt: skip
@routes.alt_response(404, schema=Problem, description="no such message, proof or file", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_proof_file", summary="The exact bytes of a proof's file")
@performs("show_proof_file")
def get_proof_file(message_id: str, place: str) -> Response:
    """The bytes of the file of a proof."""
    with services().database.read() as work:
        standing_of(work, message_id)
        found = work.proofs.file(message_id, int(place)) if PLACE.fullmatch(place) else None
    if found is None:
        raise Refused("not-found", "this message has no such proof, or it has no file")
    return _download(found[1], found[0].file_name)


@routes.route("/<message_id>:done", methods=["POST"])
@routes.arguments(DoneWish())
@routes.response(200, MessageAnswer, description="it is done, or could not be; or " + SAME_KEY)
@refusable
@routes.doc(operationId="finish_message", summary="Say what became of a message", parameters=[KEY_PARAMETER])
@performs("finish_message")
def post_done(wish: Mapping[str, Any], message_id: str) -> Response:
    """Say that a task was done or a letter delivered, with its result and proof, or that it could not be."""
    return answer_response(finish_message(services(), keyed_request("finish_message", message_id), wish))


@routes.route("/<message_id>/proofs", methods=["POST"])
@routes.arguments(ProofWish())
@routes.response(201, ProofAdded, description="the proof is kept")
@routes.alt_response(200, schema=ProofAdded, description=SAME_KEY)
@refusable
@routes.doc(operationId="add_proof", summary="Add a proof of delivery", parameters=[KEY_PARAMETER])
@performs("add_proof")
def post_proof(wish: Mapping[str, Any], message_id: str) -> Response:
    """Add what shows that a message arrived: a receipt's number, a time, a file."""
    return answer_response(add_proof(services(), keyed_request("add_proof", message_id), wish))


@routes.route("/<message_id>:retry", methods=["POST"])
@routes.arguments(RetryWish())
@routes.response(200, MessageAnswer, description="the sender tries it again; or " + SAME_KEY)
@refusable
@routes.doc(operationId="retry_message", summary="Let the sender try a message again", parameters=[KEY_PARAMETER])
@performs("retry_message")
def post_retry(wish: Mapping[str, Any], message_id: str) -> Response:
    """Let the sender try now what failed, was given up or waits for its next attempt."""
    return answer_response(retry_message(services(), keyed_request("retry_message", message_id), wish))


@routes.route("/<message_id>:write", methods=["POST"])
@routes.arguments(WriteWish())
@routes.response(201, MessageAnswer, description="the page is kept, and is at /letter")
@routes.alt_response(200, schema=MessageAnswer, description=SAME_KEY)
@refusable
@routes.doc(operationId="write_letter", summary="Write a letter as a page to print", parameters=[KEY_PARAMETER])
@performs("write_letter")
def post_write(wish: Mapping[str, Any], message_id: str) -> Response:
    """Write a letter that a person delivers, as it reads today, and keep the page that is printed."""
    return answer_response(write_letter(services(), keyed_request("write_letter", message_id), wish))



def _shown(told: Mapping[str, object]) -> Response:
    return Response(canonical_json(told), 200, mimetype="application/json")


def _download(content: bytes, name: str) -> Response:
    """Bytes that are saved and never shown as a page."""
    answer = Response(content, 200, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return answer
