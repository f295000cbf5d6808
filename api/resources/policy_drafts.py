"""Drafts of policies and what is submitted of them: written by one person, approved by another, each with a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request

from api.auth import caller, performs
from api.errors import MEDIA_TYPE, Refused
from api.idempotency import HEADER, KEY_PARAMETER, Answer, answer_response, read_key
from api.operations.policy_drafts import check_draft, create_draft, edit_draft, show_draft, submit_draft
from api.operations.policy_review import list_drafts, list_submissions, show_submission
from api.operations.policy_step import Step
from api.operations.policy_submissions import (
    approve_policy,
    comment_policy,
    publish_policy,
    submit_version,
    withdraw_policy,
)
from api.operations.simulate_policy import simulate_draft
from api.requests import StrictBlueprint, with_largest_body
from api.resources.policies import page, shown
from api.schemas.customers import PageAsked
from api.schemas.fields import Problem
from api.schemas.policies import (
    Approved,
    CheckOfDraft,
    CheckWish,
    Commented,
    DraftShown,
    DraftSubmitted,
    DraftWish,
    PolicyPage,
    Published,
    SimulationOfDraft,
    SimulationWish,
    SubmissionPage,
    SubmissionShown,
    VersionSubmitted,
    Withdrawn,
)
from api.services import Services, services

routes = StrictBlueprint("policy_drafts", __name__, url_prefix="/v1/policies", description="policies by two people")
LARGEST_DRAFT = 2 * 1024 * 1024
FAILURES = {
    400: "no usable key or body", 403: "another person has to do this", 404: "there is nothing here",
    409: "it is edited, approved, withdrawn or published by now", 422: "a field, instant or key cannot be used",
    503: "nothing changed, or in doubt: retry",
}  # fmt: skip
refusable = routes.refusing(FAILURES)
IF_MATCH = {"in": "header", "name": "If-Match", "required": True, "schema": {"type": "string"},
            "description": "the ETag of the draft as the editor saw it"}  # fmt: skip


@routes.route("/drafts", methods=["GET"])
@routes.arguments(PageAsked(), location="query")
@routes.response(200, PolicyPage)
@routes.doc(operationId="list_drafts", summary="List drafts of policies")
@performs("list_drafts")
def get_drafts(asked: Mapping[str, Any]) -> Response:
    """List drafts, each with its last revision and what became of it."""
    return page(list_drafts, asked)


@routes.route("/drafts", methods=["POST"])
@with_largest_body(LARGEST_DRAFT)
@routes.arguments(DraftWish())
@routes.response(201, DraftShown, description="the draft is kept, whatever is wrong with it")
@refusable
@routes.doc(operationId="create_draft", summary="Begin a draft of a policy", parameters=[KEY_PARAMETER])
@performs("create_draft")
def post_draft(wish: Mapping[str, Any]) -> Response:
    """Begin a draft: its bytes are kept as they are written; whoever sends it is its author."""
    return _taken(create_draft, "create_draft", "drafts", wish)


@routes.route("/drafts/<draft_id>", methods=["GET"])
@routes.response(200, DraftShown)
@routes.alt_response(404, schema=Problem, description="no such draft", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_draft", summary="Show a draft")
@performs("show_draft")
def get_draft(draft_id: str) -> Response:
    """Show a draft with its text, revisions, last check and submissions; the ETag is needed to edit it."""
    tag, found = show_draft(services(), draft_id)
    return shown(found, tag=tag)


@routes.route("/drafts/<draft_id>", methods=["PUT"])
@with_largest_body(LARGEST_DRAFT)
@routes.arguments(DraftWish())
@routes.response(200, DraftShown, description="the next revision; what was submitted or approved before is void")
@refusable
@routes.alt_response(412, schema=Problem, description="somebody edited it since", content_type=MEDIA_TYPE)
@routes.alt_response(428, schema=Problem, description="If-Match is missing", content_type=MEDIA_TYPE)
@routes.doc(operationId="edit_draft", summary="Edit a draft", parameters=[IF_MATCH])
@performs("edit_draft")
def put_draft(wish: Mapping[str, Any], draft_id: str) -> Response:
    """Write the next revision of a draft, if nobody else did since; an approval of the one before is void."""
    asked = Step(caller(), "", request.get_data(cache=True), "edit_draft", f"draft:{draft_id}", wish)
    tag, found = edit_draft(services(), asked, request.headers.get("If-Match"))
    return shown(found, tag=tag)


@routes.route("/drafts/<draft_id>:check", methods=["POST"])
@routes.arguments(CheckWish())
@routes.response(201, CheckOfDraft, description="everything that was found, also where nothing is wrong")
@refusable
@routes.doc(operationId="check_draft", summary="Check a draft", parameters=[KEY_PARAMETER])
@performs("check_draft")
def post_check(wish: Mapping[str, Any], draft_id: str) -> Response:
    """Check the last revision: findings, tests, promises, engines; it is kept for whoever approves."""
    return _taken(check_draft, "check_draft", f"draft:{draft_id}", wish)


@routes.route("/drafts/<draft_id>:simulate", methods=["POST"])
@routes.arguments(SimulationWish())
@routes.response(201, SimulationOfDraft, description="what the order book would look like under the draft")
@refusable
@routes.doc(operationId="simulate_draft", summary="Simulate a draft", parameters=[KEY_PARAMETER])
@performs("simulate_draft")
def post_simulation(wish: Mapping[str, Any], draft_id: str) -> Response:
    """Decide stored decisions again by the last revision; counts and money are kept for whoever approves."""
    return _taken(simulate_draft, "simulate_draft", f"draft:{draft_id}", wish)


@routes.route("/drafts/<draft_id>:submit", methods=["POST"])
@routes.arguments(DraftSubmitted())
@routes.response(201, SubmissionShown, description="it waits for another person")
@refusable
@routes.doc(operationId="submit_draft", summary="Submit a draft", parameters=[KEY_PARAMETER])
@performs("submit_draft")
def post_submission_of_draft(wish: Mapping[str, Any], draft_id: str) -> Response:
    """Ask for another person's approval of the last revision, which has to be checked."""
    return _taken(submit_draft, "submit_draft", f"draft:{draft_id}", wish)


@routes.route("/submissions", methods=["GET"])
@routes.arguments(PageAsked(), location="query")
@routes.response(200, SubmissionPage)
@routes.doc(operationId="list_submissions", summary="List submissions, newest first")
@performs("list_submissions")
def get_submissions(asked: Mapping[str, Any]) -> Response:
    """List what was submitted and what became of it, newest first."""
    return page(list_submissions, asked)


@routes.route("/submissions", methods=["POST"])
@routes.arguments(VersionSubmitted())
@routes.response(201, SubmissionShown, description="it waits for another person")
@refusable
@routes.doc(operationId="submit_version", summary="Ask for a stored version to decide", parameters=[KEY_PARAMETER])
@performs("submit_version")
def post_submission(wish: Mapping[str, Any]) -> Response:
    """Ask for a stored version to decide (again), for an assignment to end, or to roll back in an emergency."""
    if wish["digest"] is None and wish["kind"] != "end":
        raise Refused("invalid-field", "name the `digest` of the version; only an end has none")
    return _taken(submit_version, "submit_version", "submissions", wish)


@routes.route("/submissions/<submission_id>", methods=["GET"])
@routes.response(200, SubmissionShown)
@routes.alt_response(404, schema=Problem, description="no such submission", content_type=MEDIA_TYPE)
@routes.doc(operationId="show_submission", summary="Show a submission")
@performs("show_submission")
def get_submission(submission_id: str) -> Response:
    """Show a submission with its evidence, its comments, and who may not approve it."""
    return shown(show_submission(services(), submission_id))


@routes.route("/submissions/<submission_id>:approve", methods=["POST"])
@routes.arguments(Approved())
@routes.response(200, SubmissionShown, description="approved; an emergency decides from now on")
@refusable
@routes.doc(operationId="approve_policy", summary="Approve a submission", parameters=[KEY_PARAMETER])
@performs("approve_policy")
def post_approval(wish: Mapping[str, Any], submission_id: str) -> Response:
    """Approve exactly these bytes, as another person than everybody who wrote them."""
    return _taken(approve_policy, "approve_policy", f"submission:{submission_id}", wish)


@routes.route("/submissions/<submission_id>:withdraw", methods=["POST"])
@routes.arguments(Withdrawn())
@routes.response(200, SubmissionShown, description="withdrawn; what was to begin later does not begin")
@refusable
@routes.doc(operationId="withdraw_policy", summary="Withdraw a submission", parameters=[KEY_PARAMETER])
@performs("withdraw_policy")
def post_withdrawal(wish: Mapping[str, Any], submission_id: str) -> Response:
    """Take a submission back, also an approved one, and one that was to begin later."""
    return _taken(withdraw_policy, "withdraw_policy", f"submission:{submission_id}", wish)


@routes.route("/submissions/<submission_id>:publish", methods=["POST"])
@routes.arguments(Published())
@routes.response(200, SubmissionShown, description="it decides from that instant on")
@refusable
@routes.doc(operationId="publish_policy", summary="Have an approved policy decide", parameters=[KEY_PARAMETER])
@performs("publish_policy")
def post_publication(wish: Mapping[str, Any], submission_id: str) -> Response:
    """Have an approved policy decide from an instant on, by default now; never from one that has passed."""
    return _taken(publish_policy, "publish_policy", f"submission:{submission_id}", wish)


@routes.route("/submissions/<submission_id>:comment", methods=["POST"])
@routes.arguments(Commented())
@routes.response(201, SubmissionShown)
@refusable
@routes.doc(operationId="comment_policy", summary="Comment a submission", parameters=[KEY_PARAMETER])
@performs("comment_policy")
def post_comment(wish: Mapping[str, Any], submission_id: str) -> Response:
    """Say something to a submission."""
    return _taken(comment_policy, "comment_policy", f"submission:{submission_id}", wish)


def _taken(take: Callable[[Services, Step], Answer], operation: str, about: str, wish: Mapping[str, Any]) -> Response:
    key = read_key(request.headers.get(HEADER))
    return answer_response(take(services(), Step(caller(), key, request.get_data(cache=True), operation, about, wish)))
