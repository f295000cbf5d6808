"""Policies over HTTP: drafts that are written, what is submitted, and what is read of versions and their evidence."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from api.schemas.fields import Body, identifier
from storage.policy_approvals import EMERGENCY, END, VERSION

LONGEST_SOURCE = 1024 * 1024
MOST_PARTS = 50
LONGEST_COMMENT = 2_000
DIGEST = r"^sha256:[0-9a-f]{64}$"


def digest(what: str, **options: Any) -> fields.String:
    """The digest of a version."""
    check = validate.Regexp(DIGEST, error="is no digest; write it as 'sha256:' and 64 hexadecimal digits")
    return fields.String(validate=check, metadata={"description": what}, **options)


class Moment(fields.AwareDateTime):
    """An instant with its timezone, as 2026-11-23T08:00:00Z."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        found = super()._deserialize(value, attr, data, **options)
        if not 2000 <= found.year <= 2200:
            raise ValidationError("is not between the years 2000 and 2200; mend the year")
        return found


def moment(what: str, **options: Any) -> Moment:
    """An instant with its timezone."""
    told = "is no instant with a timezone; write it as \"2026-11-23T08:00:00Z\""
    messages: dict[str, Any] = {"invalid": told, "invalid_awareness": told, "format": told}
    return Moment(format="iso", metadata={"description": what}, error_messages=messages, **options)


class Comment(fields.String):
    """What somebody says, in one line or more."""

    def __init__(self, what: str, **options: Any) -> None:
        length = validate.Length(1, LONGEST_COMMENT, error=f"is not a text of 1 to {LONGEST_COMMENT} characters")
        super().__init__(validate=length, metadata={"description": what}, **options)


class DraftWish(Body):
    """A policy as it is written: the text of the file, and the parts that it uses, by name."""

    source = fields.String(required=True, validate=validate.Length(1, LONGEST_SOURCE),
                           metadata={"description": "the text of the policy file, kept byte for byte"})  # fmt: skip
    parts = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"^[A-Za-z0-9_./-]{1,120}$")),
        values=fields.String(validate=validate.Length(0, LONGEST_SOURCE)), load_default=dict,
        validate=validate.Length(max=MOST_PARTS),
        metadata={"description": "the shared parts that it uses, by the name under `use`"},
    )  # fmt: skip
    comment = Comment("why it was changed", load_default=None)


class CheckWish(Body):
    """How much is to be checked."""

    compare = fields.Boolean(
        load_default=False, truthy={True}, falsy={False},
        metadata={"description": "look for orders that the policy in effect decides otherwise"},
    )  # fmt: skip


class SimulationWish(Body):
    """Which decisions are decided again, and what the answers are held against."""

    first = fields.Date(data_key="from", load_default=None, metadata={"description": "decided on this day or later"})
    last = fields.Date(data_key="to", load_default=None, metadata={"description": "decided on this day or before"})
    against = fields.String(
        load_default=None,
        validate=validate.Regexp(rf"^effective$|{DIGEST}", error="is neither 'effective' nor a digest"),
        metadata={"description": "`effective` or a digest; what was recorded then where it is left out"},
    )  # fmt: skip


class Assigned(Body):
    """For whom a policy is to decide."""

    assignment = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(1, 80),
        metadata={"description": "default, customer:ID, group:ID, country:CN or challenger"},
    )  # fmt: skip


class DraftSubmitted(Assigned):
    """What is asked of the other person."""

    reason = Comment("what the other person should know", load_default=None)


class VersionSubmitted(Assigned):
    """A stored version that is to decide (again), or an assignment that is to end; and why."""

    kind = fields.String(
        load_default=VERSION, validate=validate.OneOf((VERSION, EMERGENCY, END)),
        metadata={"description": "`emergency` takes effect with its approval, without a new check"},
    )  # fmt: skip
    digest = digest("the version; not for `end`", load_default=None)
    reason = Comment("why", required=True)


class Approved(Body):
    """What the approver says."""

    comment = Comment("what was looked at", load_default=None)


class Withdrawn(Body):
    """Why it is taken back."""

    reason = Comment("why", required=True)


class Commented(Body):
    """What somebody says to it."""

    comment = Comment("what is said", required=True)


class Published(Body):
    """From when it is to decide."""

    effective_from = moment("the first instant; now where it is left out", load_default=None, allow_none=True)


class DiffAsked(Body):
    """Which two versions."""

    old = digest("the version before", required=True)
    new = digest("the version after", required=True)


class EffectiveAsked(Body):
    """At which instant, and for which customer as well."""

    on = moment("at this instant; now where it is left out", load_default=None)
    customer_id = identifier("and what decides for this customer", load_default=None)


class PolicyPage(Body):
    """Some records; `next` is null on the last page."""

    items = fields.List(fields.Dict(keys=fields.String()), required=True)
    next = fields.String(required=True, allow_none=True)


class ApprovalShown(Body):
    """Who said what when."""

    person = fields.String(required=True)
    comment = fields.String(required=True)
    at = fields.DateTime(required=True)


class PolicyCheckShown(Body):
    """What a check found of some bytes."""

    id = fields.String(required=True)
    digest = fields.String(required=True)
    program_digest = fields.String(required=True, allow_none=True)
    publishable = fields.Boolean(required=True)
    by = fields.String(required=True)
    at = fields.DateTime(required=True)
    findings = fields.List(fields.Dict(keys=fields.String()), required=True)
    tests = fields.List(fields.Dict(keys=fields.String()), required=True)
    promises = fields.List(fields.Dict(keys=fields.String()), required=True)
    not_looked_at = fields.List(fields.String())
    letters = fields.List(fields.Dict(), metadata={"description": "what would keep a letter of it from being sent"})
    engines = fields.String(required=True)
    comparison = fields.Dict(keys=fields.String(), required=True, allow_none=True)


class CheckOfDraft(PolicyCheckShown):
    """The same, with the revision that was checked."""

    draft = fields.String(required=True)
    revision = fields.Integer(required=True)


class SimulationShown(Body):
    """What a simulation of some bytes found."""

    id = fields.String(required=True)
    digest = fields.String(required=True)
    by = fields.String(required=True)
    at = fields.DateTime(required=True)
    report = fields.Dict(keys=fields.String(), required=True)


class SimulationOfDraft(SimulationShown):
    """The same, with the revision that was simulated."""

    draft = fields.String(required=True)
    revision = fields.Integer(required=True)


class SubmissionLine(Body):
    """A submission and what became of it; `state` is submitted, edited, approved, withdrawn, scheduled or published."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    digest = fields.String(required=True)
    policy = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True, allow_none=True)
    assignment = fields.String(required=True)
    author = fields.String(required=True)
    last_editor = fields.String(required=True)
    submitted_by = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)
    draft = fields.String(required=True, allow_none=True)
    revision = fields.Integer(required=True, allow_none=True)
    check = fields.String(required=True, allow_none=True)
    approval = fields.Nested(ApprovalShown(), required=True, allow_none=True)
    withdrawal = fields.Nested(ApprovalShown(), required=True, allow_none=True)
    effective_from = fields.DateTime(required=True, allow_none=True)


class SubmissionShown(SubmissionLine):
    """The same with its evidence, its comments, and who may not approve it."""

    evidence = fields.Nested(PolicyCheckShown(), required=True, allow_none=True)
    simulation = fields.Nested(SimulationShown(), required=True, allow_none=True)
    comments = fields.List(fields.Nested(ApprovalShown()), required=True)
    may_not_approve = fields.List(fields.String(), required=True)


class SubmissionPage(Body):
    """Submissions, newest first; `next` is null on the last page."""

    items = fields.List(fields.Nested(SubmissionLine()), required=True)
    next = fields.String(required=True, allow_none=True)


class DraftShown(Body):
    """A draft in full."""

    id = fields.String(required=True)
    policy = fields.String(required=True)
    author = fields.String(required=True)
    revision = fields.Integer(required=True)
    digest = fields.String(required=True)
    edited_by = fields.String(required=True)
    comment = fields.String(required=True)
    at = fields.DateTime(required=True)
    state = fields.String(required=True)
    submission = fields.String(required=True, allow_none=True)
    source = fields.String(required=True)
    parts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    check = fields.Nested(PolicyCheckShown(), required=True, allow_none=True)
    simulation = fields.Nested(SimulationShown(), required=True, allow_none=True)
    revisions = fields.List(fields.Dict(keys=fields.String()), required=True)
    submissions = fields.List(fields.Nested(SubmissionLine()), required=True)


class PartShown(Body):
    """A shared part of a version."""

    name = fields.String(required=True)
    digest = fields.String(required=True)


class VersionLine(Body):
    """A stored version, never changed."""

    policy = fields.String(required=True)
    version = fields.Integer(required=True)
    digest = fields.String(required=True)
    program_digest = fields.String(required=True)
    stored_at = fields.DateTime(required=True)
    stored_by = fields.String(required=True)
    parts = fields.List(fields.Nested(PartShown()), required=True)


class VersionShown(VersionLine):
    """The same with its text."""

    text = fields.String(required=True)


class AssignedVersion(VersionLine):
    """A version and for whom it decides."""

    assignment = fields.String(required=True)


class EffectiveShown(Body):
    """What decides at an instant; `decides` is there where a customer was named, null where nothing decides for it."""

    on = fields.DateTime(required=True)
    items = fields.List(fields.Nested(AssignedVersion()), required=True)
    customer_id = fields.String()
    decides = fields.Nested(AssignedVersion(), allow_none=True)


class DiffShown(Body):
    """What changed between two versions, and for whom."""

    old = fields.Nested(VersionLine(), required=True)
    new = fields.Nested(VersionLine(), required=True)
    changes = fields.List(fields.Dict(keys=fields.String()), required=True)
    decisions = fields.Dict(keys=fields.String(), required=True)
    other_subjects = fields.Dict(keys=fields.String(), required=True)


class PolicyEvidence(Body):
    """A version with everything that speaks for it; bytes are base64."""

    format = fields.String(required=True)
    version = fields.Nested(VersionLine(), required=True)
    source = fields.String(required=True)
    parts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    submissions = fields.List(fields.Nested(SubmissionShown()), required=True)
    revisions = fields.Dict(keys=fields.String(), required=True)
    published = fields.List(fields.Dict(keys=fields.String()), required=True)
    before_approvals = fields.Boolean(required=True)


class ChallengersShown(Body):
    """Each challenger with counts by pairs of verdicts, and the latest decisions that it would have made otherwise."""

    items = fields.List(fields.Dict(keys=fields.String()), required=True)
