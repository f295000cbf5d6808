"""The tables of a policy's life: drafts and their revisions, checks, submissions, approvals, withdrawals, comments.

Rows are only added. INVARIANT: nobody approves what they wrote, edited or submitted (`by_another_person`, with foreign
keys that keep an approval from naming another author than its submission has); there is one approval for a submission;
and a line of `policy_effective` needs an approval that no edit and no withdrawal voided (`storage.policy_triggers`).
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from storage.tables import TEXT, WHOLE, metadata, text, whole


def a_person(name: str) -> Column[str]:
    """A column that names somebody who is known: never a key, never a word for nobody."""
    return Column(name, TEXT, ForeignKey("person.name"), nullable=False)


policy_draft = Table(
    "policy_draft", metadata,
    Column("draft_id", TEXT, primary_key=True),
    a_person("author"), text("created_at"),
    UniqueConstraint("draft_id", "author"),
    sqlite_strict=True,
)  # fmt: skip

policy_revision = Table(
    "policy_revision", metadata,
    Column("draft_id", TEXT, ForeignKey("policy_draft.draft_id"), primary_key=True),
    Column("revision", WHOLE, primary_key=True, autoincrement=False),
    text("digest"), text("name"), Column("source", LargeBinary, nullable=False),
    a_person("edited_by"), text("comment"), text("at"),
    UniqueConstraint("draft_id", "revision", "digest", "edited_by"),
    sqlite_strict=True,
)  # fmt: skip

policy_revision_part = Table(
    "policy_revision_part", metadata,
    Column("draft_id", TEXT, primary_key=True),
    Column("revision", WHOLE, primary_key=True, autoincrement=False),
    Column("place", WHOLE, primary_key=True, autoincrement=False),
    text("name"), Column("source", LargeBinary, nullable=False),
    ForeignKeyConstraint(["draft_id", "revision"], ["policy_revision.draft_id", "policy_revision.revision"]),
    sqlite_strict=True,
)  # fmt: skip

policy_check = Table(
    "policy_check", metadata,
    Column("check_id", TEXT, primary_key=True),
    text("digest"), text("program_digest", empty=True), whole("publishable"), text("report"),
    a_person("checked_by"), text("at"),
    UniqueConstraint("check_id", "digest"),
    CheckConstraint("publishable IN (0, 1)", name="publishable_or_not"),
    CheckConstraint("publishable = 0 OR program_digest IS NOT NULL", name="publishable_runs"),
    Index("policy_check_digest", "digest"),
    sqlite_strict=True,
)  # fmt: skip

policy_submission = Table(
    "policy_submission", metadata,
    Column("seq", WHOLE, Identity(), primary_key=True),
    Column("submission_id", TEXT, nullable=False, unique=True),
    text("kind"), text("draft_id", empty=True), whole("revision", empty=True),
    Column("digest", TEXT, ForeignKey("policy_version.digest"), nullable=False),
    text("assignment"), a_person("author"), a_person("last_editor"), a_person("submitted_by"),
    text("check_id", empty=True), text("reason"), text("at"),
    UniqueConstraint("submission_id", "digest", "author", "last_editor", "submitted_by"),
    ForeignKeyConstraint(["draft_id", "author"], ["policy_draft.draft_id", "policy_draft.author"]),
    ForeignKeyConstraint(
        ["draft_id", "revision", "digest", "last_editor"],
        ["policy_revision.draft_id", "policy_revision.revision", "policy_revision.digest",
         "policy_revision.edited_by"],
    ),
    ForeignKeyConstraint(["check_id", "digest"], ["policy_check.check_id", "policy_check.digest"]),
    CheckConstraint("kind IN ('draft', 'version', 'emergency', 'end')", name="kind_known"),
    CheckConstraint(
        "(kind = 'draft') = (draft_id IS NOT NULL) AND (kind = 'draft') = (revision IS NOT NULL)", name="of_a_draft"
    ),
    CheckConstraint(
        "kind = 'draft' OR (author = submitted_by AND last_editor = submitted_by)", name="asked_for_by_its_author"
    ),
    CheckConstraint("(kind IN ('draft', 'version')) = (check_id IS NOT NULL)", name="is_checked"),
    CheckConstraint("kind = 'draft' OR reason <> ''", name="says_why"),
    Index("policy_submission_draft_id", "draft_id", "revision"),
    sqlite_strict=True,
)  # fmt: skip

OF_SUBMISSION = ("submission_id", "digest", "author", "last_editor", "submitted_by")

policy_approval = Table(
    "policy_approval", metadata,
    Column("submission_id", TEXT, primary_key=True),  # two cannot both approve
    text("digest"), text("author"), text("last_editor"), text("submitted_by"),
    a_person("approver"), text("comment"), text("at"),
    ForeignKeyConstraint(list(OF_SUBMISSION), [f"policy_submission.{name}" for name in OF_SUBMISSION]),
    CheckConstraint(
        "approver <> author AND approver <> last_editor AND approver <> submitted_by", name="by_another_person"
    ),
    sqlite_strict=True,
)  # fmt: skip

policy_withdrawal = Table(
    "policy_withdrawal", metadata,
    Column("submission_id", TEXT, ForeignKey("policy_submission.submission_id"), primary_key=True),
    a_person("withdrawn_by"), text("reason"), text("at"),
    sqlite_strict=True,
)  # fmt: skip

policy_comment = Table(
    "policy_comment", metadata,
    Column("seq", WHOLE, Identity(), primary_key=True),
    Column("submission_id", TEXT, ForeignKey("policy_submission.submission_id"), nullable=False),
    a_person("person"), text("comment"), text("at"),
    Index("policy_comment_submission_id", "submission_id", "seq"),
    sqlite_strict=True,
)  # fmt: skip

policy_simulation = Table(
    "policy_simulation", metadata,
    Column("seq", WHOLE, Identity(), primary_key=True),
    Column("simulation_id", TEXT, nullable=False, unique=True),
    text("digest"), text("report"), a_person("simulated_by"), text("at"),
    Index("policy_simulation_digest", "digest", "seq"),
    sqlite_strict=True,
)  # fmt: skip

policy_challenge = Table(
    "policy_challenge", metadata,
    Column("decision_id", TEXT, ForeignKey("decision.decision_id"), primary_key=True),
    Column("digest", TEXT, ForeignKey("policy_version.digest"), primary_key=True),
    text("decided_by"), text("verdict"), text("challenger_verdict"), whole("differs"), text("details"), text("at"),
    CheckConstraint("differs IN (0, 1)", name="differs_or_not"),
    Index("policy_challenge_digest", "digest", "verdict", "challenger_verdict"),
    sqlite_strict=True,
)  # fmt: skip
