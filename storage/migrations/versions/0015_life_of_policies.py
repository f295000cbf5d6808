"""The life of a policy: drafts, checks, submissions, approvals; what begins to decide from now on is approved.

Lines of before have no submission: they were published before approvals were kept, and stay as they are.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

WHOLE = BigInteger().with_variant(Integer(), "sqlite")
TEXT = Text().with_variant(Text(collation="C"), "postgresql")
OF_SUBMISSION = ("submission_id", "digest", "author", "last_editor", "submitted_by")


def text(name: str, *, empty: bool = False) -> Column[str]:
    """A text column."""
    return Column(name, TEXT, nullable=empty)


def whole(name: str, *, empty: bool = False) -> Column[int]:
    """A 64-bit whole number."""
    return Column(name, WHOLE, nullable=empty)


def a_person(name: str) -> Column[str]:
    """A column that names somebody who is known."""
    return Column(name, TEXT, ForeignKey("person.name"), nullable=False)


INDEXES = (
    ("policy_check_digest", "policy_check", ["digest"]),
    ("policy_submission_draft_id", "policy_submission", ["draft_id", "revision"]),
    ("policy_comment_submission_id", "policy_comment", ["submission_id", "seq"]),
)
WHAT = ("DISABLE", "ENABLE")
ONLY_ADDED = (
    "policy_draft", "policy_revision", "policy_revision_part", "policy_check", "policy_submission", "policy_approval",
    "policy_withdrawal", "policy_comment",
)  # fmt: skip
APPROVED = """
SELECT 1 FROM policy_submission AS s JOIN policy_approval AS a ON a.submission_id = s.submission_id
WHERE s.submission_id = NEW.submission_id AND s.digest = NEW.digest AND s.assignment = NEW.assignment
AND CASE NEW.kind
  WHEN 'cancels' THEN EXISTS (SELECT 1 FROM policy_withdrawal AS w WHERE w.submission_id = s.submission_id)
    AND EXISTS (SELECT 1 FROM policy_effective AS e WHERE e.submission_id = s.submission_id AND e.kind <> 'cancels'
                AND e.effective_from = NEW.effective_from)
  ELSE (s.kind = 'end') = (NEW.kind = 'ends')
    AND NOT EXISTS (SELECT 1 FROM policy_withdrawal AS w WHERE w.submission_id = s.submission_id)
    AND (s.check_id IS NULL OR EXISTS (SELECT 1 FROM policy_check AS c WHERE c.check_id = s.check_id
                                       AND c.publishable = 1))
    AND NOT EXISTS (SELECT 1 FROM policy_revision AS r WHERE r.draft_id = s.draft_id AND r.revision > s.revision)
  END
""".strip()

SAME_INSTANT = """
SELECT 1 FROM policy_effective AS e
WHERE e.assignment = NEW.assignment AND e.effective_from = NEW.effective_from AND NEW.kind <> 'cancels'
AND e.kind <> 'cancels' AND e.submission_id IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM policy_effective AS c WHERE c.submission_id = e.submission_id AND c.kind = 'cancels')
""".strip()

EDITED = """
SELECT 1 FROM policy_submission AS s JOIN policy_revision AS r ON r.draft_id = s.draft_id
WHERE s.submission_id = NEW.submission_id AND (r.edited_by = NEW.approver OR r.revision > s.revision)
""".strip()

WITHDRAWN = "SELECT 1 FROM policy_withdrawal AS w WHERE w.submission_id = NEW.submission_id"

IN_EFFECT = """
SELECT 1 FROM policy_effective AS e WHERE e.submission_id = NEW.submission_id AND e.effective_from <= NEW.at
""".strip()

NEEDS_APPROVAL = "a policy becomes effective by another person's approval that still stands"
ONE_AT_A_TIME = "another policy becomes effective for the same customers at the same instant"
NOBODY_OWN = "who edited a draft cannot approve it, and no edited or withdrawn one can be approved"
TOO_LATE = "what is in effect cannot be withdrawn"

GUARDS = (
    ("policy_effective_is_approved", "policy_effective", f"NOT EXISTS ({APPROVED})", NEEDS_APPROVAL),
    ("policy_effective_one_at_a_time", "policy_effective", f"EXISTS ({SAME_INSTANT})", ONE_AT_A_TIME),
    ("policy_approval_of_others", "policy_approval", f"EXISTS ({EDITED}) OR EXISTS ({WITHDRAWN})", NOBODY_OWN),
    ("policy_withdrawal_in_time", "policy_withdrawal", f"EXISTS ({IN_EFFECT})", TOO_LATE),
)


def upgrade() -> None:
    """Make the tables, let a line of the effective policies name its submission, and watch over new ones."""
    server = op.get_context().dialect.name == "postgresql"
    make_drafts()
    make_approvals()
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    kind = 'TEXT COLLATE "C"' if server else "TEXT"
    op.execute(f"ALTER TABLE policy_effective ADD COLUMN submission_id {kind}")
    op.execute(f"ALTER TABLE policy_effective ADD COLUMN assignment {kind} DEFAULT 'default' NOT NULL")
    known = "CONSTRAINT policy_effective_kind_known CHECK (kind IN ('begins', 'ends', 'cancels'))"
    op.execute(f"ALTER TABLE policy_effective ADD COLUMN kind {kind} DEFAULT 'begins' NOT NULL {known}")
    op.create_index("policy_effective_submission_id", "policy_effective", ["submission_id", "kind"], unique=True)
    for guard in GUARDS:
        for statement in on_server(*guard) if server else (in_file(*guard),):
            op.execute(statement)
    for table in ONLY_ADDED:
        for statement in only_added(table, server):
            op.execute(statement)


def downgrade() -> None:
    """Remove the tables with all approvals; what decides by default goes on, as if it had been published before."""
    server = op.get_context().dialect.name == "postgresql"
    for name, table, _, _ in GUARDS:
        op.execute(f"DROP TRIGGER {name} ON {table}" if server else f"DROP TRIGGER {name}")
        if server:
            op.execute(f"DROP FUNCTION {name}()")
    keep_the_default(server)
    op.drop_index("policy_effective_submission_id", "policy_effective")
    for column in ("kind", "assignment", "submission_id"):
        op.execute(f"ALTER TABLE policy_effective DROP COLUMN {column}")
    for table in reversed(ONLY_ADDED):
        op.drop_table(table)


def keep_the_default(server: bool) -> None:
    """Take out what the older program would mistake for a policy of everybody: other assignments, and what was cancelled."""
    off, on = (f"ALTER TABLE policy_effective {what} TRIGGER policy_effective_only_added_to" for what in WHAT)
    op.execute(off if server else "DROP TRIGGER policy_effective_no_delete")
    cancelled = "SELECT submission_id FROM policy_effective WHERE kind = 'cancels'"
    op.execute(f"DELETE FROM policy_effective WHERE assignment <> 'default' OR submission_id IN ({cancelled})")
    refusal = "SELECT RAISE(ABORT, 'policy_effective is only added to')"
    anew = f"CREATE TRIGGER policy_effective_no_delete BEFORE DELETE ON policy_effective BEGIN {refusal}; END"
    op.execute(on if server else anew)


def make_drafts() -> None:
    """Make the tables of drafts and of what their checks said."""
    op.create_table(
        "policy_draft",
        Column("draft_id", TEXT, primary_key=True),
        a_person("author"), text("created_at"),
        UniqueConstraint("draft_id", "author"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "policy_revision",
        Column("draft_id", TEXT, ForeignKey("policy_draft.draft_id"), primary_key=True),
        Column("revision", WHOLE, primary_key=True, autoincrement=False),
        text("digest"), text("name"), Column("source", LargeBinary, nullable=False),
        a_person("edited_by"), text("comment"), text("at"),
        UniqueConstraint("draft_id", "revision", "digest", "edited_by"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "policy_revision_part",
        Column("draft_id", TEXT, primary_key=True),
        Column("revision", WHOLE, primary_key=True, autoincrement=False),
        Column("place", WHOLE, primary_key=True, autoincrement=False),
        text("name"), Column("source", LargeBinary, nullable=False),
        ForeignKeyConstraint(["draft_id", "revision"], ["policy_revision.draft_id", "policy_revision.revision"]),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "policy_check",
        Column("check_id", TEXT, primary_key=True),
        text("digest"), text("program_digest", empty=True), whole("publishable"), text("report"),
        a_person("checked_by"), text("at"),
        UniqueConstraint("check_id", "digest"),
        CheckConstraint("publishable IN (0, 1)", name="publishable_or_not"),
        CheckConstraint("publishable = 0 OR program_digest IS NOT NULL", name="publishable_runs"),
        sqlite_strict=True,
    )  # fmt: skip


def make_approvals() -> None:
    """Make the tables of who submitted, approved, withdrew and commented."""
    op.create_table(
        "policy_submission",
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
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "policy_approval",
        Column("submission_id", TEXT, primary_key=True),  # two cannot both approve
        text("digest"), text("author"), text("last_editor"), text("submitted_by"),
        a_person("approver"), text("comment"), text("at"),
        ForeignKeyConstraint(list(OF_SUBMISSION), [f"policy_submission.{name}" for name in OF_SUBMISSION]),
        CheckConstraint(
            "approver <> author AND approver <> last_editor AND approver <> submitted_by", name="by_another_person"
        ),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "policy_withdrawal",
        Column("submission_id", TEXT, ForeignKey("policy_submission.submission_id"), primary_key=True),
        a_person("withdrawn_by"), text("reason"), text("at"),
        sqlite_strict=True,
    )  # fmt: skip
    op.create_table(
        "policy_comment",
        Column("seq", WHOLE, Identity(), primary_key=True),
        Column("submission_id", TEXT, ForeignKey("policy_submission.submission_id"), nullable=False),
        a_person("person"), text("comment"), text("at"),
        sqlite_strict=True,
    )  # fmt: skip


def only_added(table: str, server: bool) -> tuple[str, ...]:
    """What keeps a table's rows as they were written."""
    if server:
        when = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        return (f"CREATE TRIGGER {table}_only_added_to {when} FOR EACH STATEMENT EXECUTE FUNCTION only_added_to()",)
    refusal = f"SELECT RAISE(ABORT, '{table} is only added to')"
    return tuple(f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} BEGIN {refusal}; END"
                 for change in ("UPDATE", "DELETE"))  # fmt: skip


def in_file(name: str, table: str, when: str, told: str) -> str:
    """A guard as SQLite writes it."""
    told = told.replace("'", "''")
    return f"CREATE TRIGGER {name} BEFORE INSERT ON {table}\nWHEN {when}\nBEGIN SELECT RAISE(ABORT, '{told}'); END"


def on_server(name: str, table: str, when: str, told: str) -> tuple[str, str]:
    """A guard as PostgreSQL writes it: a function and its trigger."""
    told = told.replace("'", "''")
    function = f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {when} THEN
    RAISE EXCEPTION '{told}' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$
""".strip()
    return function, f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
