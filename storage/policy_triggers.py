"""What the database itself asks of a policy before it may decide: another person's approval that still stands.

The migrations keep words of their own, as they never change; a test holds both equal. Lines that were written before
approvals were kept have none, and stay as they are: a trigger looks at new lines alone.
"""

from __future__ import annotations

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


ONLY_ADDED_OF_POLICIES = (
    "policy_draft", "policy_revision", "policy_revision_part", "policy_check", "policy_submission", "policy_approval",
    "policy_withdrawal", "policy_comment", "policy_simulation",
)  # fmt: skip
GUARDS_IN_FILE = tuple(in_file(*guard) for guard in GUARDS)
GUARDS_ON_SERVER = tuple(statement for guard in GUARDS for statement in on_server(*guard))
