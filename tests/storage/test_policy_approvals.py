"""Who may let a policy decide: the words of the repository, and, with those taken away, the database itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from storage import policy_approvals
from storage.clock import database_now
from storage.engine import Database, open_database
from storage.failures import NotAllowed
from storage.people import Person
from storage.policies import Approved
from storage.policy_approvals import EMERGENCY, END, VERSION, NewSubmission, Submission
from storage.policy_drafts import NewRevision, PolicyCheck
from storage.policy_tables import policy_approval
from storage.policy_timeline import Whose
from storage.unit_of_work import Work
from tests.storage.records import DIGEST, WRITER, a_policy, let_decide

B = "sha256:b"


def a_revision(by: str = WRITER, source: bytes = b"b") -> NewRevision:
    """Bytes that somebody wrote."""
    return NewRevision(source, f"sha256:{source.decode()}", "standard", by)


def submitted(work: Work, editors: tuple[str, ...] = ("ann", "bea"), by: str = "cid") -> Submission:
    """A draft that the first wrote, the others edited, and somebody submitted, all of them known."""
    for name in (*editors, by, "dan", "eve"):
        if work.people.find(name) is None:
            work.people.add(Person(name, frozenset({"risk_officer"}), "x"), "operator:tests")
    draft = work.drafts.add(a_revision(editors[0], b"first"))
    for place, name in enumerate(editors[1:]):
        draft = work.drafts.edit(draft.draft_id, draft.tag, a_revision(name, b"b" * (len(editors) - 1 - place)))
    checked = PolicyCheck(draft.digest, True, {"findings": []}, editors[-1], "sha256:program")
    work.drafts.keep_check(checked, f"draft:{draft.draft_id}")
    work.policies.add(a_policy(digest=draft.digest, source=draft.source))
    return work.submissions.add(NewSubmission(
        "draft", draft.digest, by, check_id=checked.check_id, draft_id=draft.draft_id, revision=draft.revision,
        author=draft.author, last_editor=draft.edited_by,
    ))  # fmt: skip


def refused(database: Database, step: Callable[[Work], object]) -> str:
    """The name of the refusal of a step."""
    with pytest.raises(NotAllowed) as found, database.write() as work:
        step(work)
    return found.value.name


def test_a_draft_decides_when_another_person_approved_it(database: Database) -> None:
    with database.write() as work:
        asked = submitted(work)
        assert asked.state(work.now()) == "submitted"
        assert work.submissions.approve(asked.submission_id, "dan", "seen").state(work.now()) == "approved"
        done = work.submissions.publish(asked.submission_id, "cid")
        assert done.state(work.now()) == "published"
        effective = work.policies.effective()
        told = [one.kind for one in work.events.list(subject=f"submission:{asked.submission_id}").items]
    assert effective is not None and effective.digest == B
    assert told == ["policy_published", "policy_approved", "policy_submitted"]
    assert done.approval is not None and (done.approval.person, done.approval.text) == ("dan", "seen")


@pytest.mark.parametrize("own", ["ann", "bea", "cid"], ids=["author", "last editor", "submitter"])
def test_nobody_approves_what_they_wrote_edited_or_submitted(database: Database, own: str) -> None:
    with database.write() as work:
        asked = submitted(work)
    assert refused(database, lambda work: work.submissions.approve(asked.submission_id, own)) == "own-policy"


def test_an_editor_in_between_does_not_approve_either(database: Database) -> None:
    with database.write() as work:
        asked = submitted(work, ("ann", "dan", "bea"))
    assert refused(database, lambda work: work.submissions.approve(asked.submission_id, "dan")) == "own-policy"
    with pytest.raises(IntegrityError, match="cannot approve"), database.write() as work:
        write_approval(work, asked, "dan")


def write_approval(work: Work, asked: Submission, approver: str, **lies: str) -> None:
    """An approval as somebody writes it who goes around the repository."""
    values = {"submission_id": asked.submission_id, "digest": asked.digest, "author": asked.author,
              "last_editor": asked.last_editor, "submitted_by": asked.submitted_by, "approver": approver,
              "comment": ""} | lies  # fmt: skip
    work._connection.execute(insert(policy_approval).values(at=database_now(), **values))


@pytest.mark.parametrize("own", ["ann", "bea", "cid"])
def test_the_database_refuses_an_own_approval_whoever_writes_it(database: Database, own: str) -> None:
    with database.write() as work:
        asked = submitted(work)
    with pytest.raises(IntegrityError), database.write() as work:
        write_approval(work, asked, own)
    with pytest.raises(IntegrityError), database.write() as work:  # nor under a submission of somebody else
        write_approval(work, asked, own, author="eve", last_editor="eve", submitted_by="eve")
    with pytest.raises(IntegrityError), database.write() as work:  # nor by somebody who is nobody
        write_approval(work, asked, "unknown")
    with pytest.raises(IntegrityError), database.write() as work:  # nor of other bytes
        write_approval(work, asked, "dan", digest=DIGEST)


def test_without_the_constraint_the_database_would_let_it_pass(database: Database, kind: str) -> None:
    """The control: the same row, with the constraint and the trigger taken away."""
    with database.write() as work:
        asked = submitted(work)
    with database.alone() as connection:
        on = " ON policy_approval" if kind == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER policy_approval_of_others{on}"))
        if kind == "postgresql":
            connection.execute(text("ALTER TABLE policy_approval DROP CONSTRAINT policy_approval_by_another_person"))
        else:
            connection.execute(text("PRAGMA ignore_check_constraints = ON"))
    with database.alone() as connection:
        if kind == "sqlite":
            connection.execute(text("PRAGMA ignore_check_constraints = ON"))
        values = {"one": asked.submission_id, "by": asked.author, "digest": asked.digest,
                  "editor": asked.last_editor, "who": asked.submitted_by}  # fmt: skip
        connection.execute(text("INSERT INTO policy_approval VALUES (:one, :digest, :by, :editor, :who, :by, '', '')"),
                           values)  # fmt: skip
        found = connection.execute(text("SELECT approver = author FROM policy_approval WHERE approver = 'ann'"))
        assert found.scalar_one()


def test_an_edit_voids_the_approval(database: Database) -> None:
    with database.write() as work:
        asked = submitted(work)
        work.submissions.approve(asked.submission_id, "dan")
        assert asked.draft_id is not None
        work.drafts.edit(asked.draft_id, None, a_revision("ann", b"c"))
        assert work.submissions.known(asked.submission_id).state(work.now()) == "edited"
    assert refused(database, lambda work: work.submissions.publish(asked.submission_id, "cid")) == "policy-edited"
    with pytest.raises(IntegrityError, match="approval that still stands"), database.write() as work:
        work.policies.publish(Approved(asked.submission_id, asked.digest), "cid")


def test_an_edit_before_the_approval_leaves_nothing_to_approve(database: Database) -> None:
    with database.write() as work:
        asked = submitted(work)
        assert asked.draft_id is not None
        work.drafts.edit(asked.draft_id, None, a_revision("ann", b"c"))
    assert refused(database, lambda work: work.submissions.approve(asked.submission_id, "dan")) == "policy-edited"
    with pytest.raises(IntegrityError, match="cannot approve"), database.write() as work:
        write_approval(work, asked, "dan")


def test_a_withdrawn_one_is_neither_approved_nor_published(database: Database) -> None:
    with database.write() as work:
        first, second = submitted(work), submitted(work, ("eve", "bea"))
        work.submissions.withdraw(first.submission_id, "ann", "wrong limit")
        work.submissions.approve(second.submission_id, "dan")
        work.submissions.withdraw(second.submission_id, "dan", "second thoughts")
    one, other = first.submission_id, second.submission_id
    assert refused(database, lambda work: work.submissions.approve(one, "dan")) == "submission-withdrawn"
    assert refused(database, lambda work: work.submissions.publish(other, "cid")) == "submission-withdrawn"
    with pytest.raises(IntegrityError, match="still stands"), database.write() as work:
        work.policies.publish(Approved(second.submission_id, second.digest), "cid")


def test_what_was_to_begin_later_does_not_begin_when_it_is_withdrawn(database: Database) -> None:
    with database.write() as work:
        asked = submitted(work)
        work.submissions.approve(asked.submission_id, "dan")
        start = work.now() + timedelta(days=1)
        assert work.submissions.publish(asked.submission_id, "cid", start).state(work.now()) == "scheduled"
        work.submissions.withdraw(asked.submission_id, "bea", "not yet")
        effective = work.policies.effective(start + timedelta(days=1))
        assert effective is not None and effective.digest == DIGEST
        let_decide(work, B, start)  # the instant is free again


def test_what_decides_cannot_be_withdrawn(database: Database) -> None:
    with database.write() as work:
        asked = submitted(work)
        work.submissions.approve(asked.submission_id, "dan")
        work.submissions.publish(asked.submission_id, "cid")
    withdrawing = lambda work: work.submissions.withdraw(asked.submission_id, "ann", "late")  # noqa: E731
    assert refused(database, withdrawing) == "published-already"
    values = f"('{asked.submission_id}', 'ann', 'late', '9999-01-01T00:00:00.000Z')"
    with pytest.raises(IntegrityError, match="in effect"), database.alone() as connection:
        connection.execute(text(f"INSERT INTO policy_withdrawal VALUES {values}"))


def test_nothing_is_published_twice_nor_without_an_approval(database: Database) -> None:
    with database.write() as work:
        asked = submitted(work)
    assert refused(database, lambda work: work.submissions.publish(asked.submission_id, "cid")) == "not-approved"
    for wrong in (asked.approved, Approved("nobody's", DIGEST)):
        with pytest.raises(IntegrityError, match="approval that still stands"), database.write() as work:
            work.policies.publish(wrong, "cid")
    with database.write() as work:
        work.submissions.approve(asked.submission_id, "dan")
        work.submissions.publish(asked.submission_id, "cid")
    assert refused(database, lambda work: work.submissions.publish(asked.submission_id, "cid")) == "published-already"
    for wrong in (replace(asked.approved, digest=DIGEST), replace(asked.approved, assignment="customer:C-1")):
        with pytest.raises(IntegrityError, match="approval that still stands"), database.write() as work:
            work.policies.publish(wrong, "cid")


def test_a_failing_check_is_no_check(database: Database) -> None:
    with database.write() as work:
        submitted(work)
        failing = PolicyCheck(DIGEST, False, {}, "ann")
        work.drafts.keep_check(failing, "policy")
        asked = work.submissions.add(NewSubmission(VERSION, DIGEST, "ann", "x", check_id=failing.check_id))
        work.submissions.approve(asked.submission_id, "dan")
    with pytest.raises(IntegrityError, match="approval that still stands"), database.write() as work:
        work.submissions.publish(asked.submission_id, "cid")


def test_an_emergency_needs_no_check_and_still_another_person(database: Database) -> None:
    with database.write() as work:
        submitted(work)
        asked = work.submissions.add(NewSubmission(EMERGENCY, DIGEST, "ann", "wrong limits"))
    assert refused(database, lambda work: work.submissions.approve(asked.submission_id, "ann")) == "own-policy"
    with database.write() as work:
        work.submissions.approve(asked.submission_id, "dan")
        work.submissions.publish(asked.submission_id, "dan")
        kinds = [one.kind for one in work.events.list(subject=f"submission:{asked.submission_id}").items]
    assert kinds == ["policy_emergency_published", "policy_approved", "policy_emergency_submitted"]


def test_an_assignment_ends_by_the_same_gate(database: Database) -> None:
    with database.write() as work:
        submitted(work)
        let_decide(work, B, assignment="country:CN")
        whose = Whose("C-1", (), "CN")
        before = work.policies.effective(whose=whose)
        asked = work.submissions.add(NewSubmission(END, B, "ann", "tried out", "country:CN"))
        work.submissions.approve(asked.submission_id, "dan")
        work.submissions.publish(asked.submission_id, "ann")
        after = work.policies.effective(whose=whose)
    assert (before and before.digest, after and after.digest) == (B, DIGEST)


def test_of_two_who_approve_at_once_one_does(database: Database, prepared: str) -> None:
    with database.write() as work:
        asked = submitted(work)
    told: list[str] = []
    ready = threading.Barrier(2)

    def approve(name: str) -> None:
        own = open_database(prepared, wait_seconds=10.0)
        ready.wait()
        try:
            with own.write() as work:
                work.submissions.approve(asked.submission_id, name)
            told.append("approved")
        except NotAllowed as refusal:
            told.append(refusal.name)
        finally:
            own.dispose()

    racing = [threading.Thread(target=approve, args=(name,)) for name in ("dan", "eve")]
    for one in racing:
        one.start()
    for one in racing:
        one.join()
    assert sorted(told) == ["approved", "approved-already"]
    with database.looking() as connection:
        of_this = text("SELECT count(*) FROM policy_approval WHERE submission_id = :one")
        assert connection.execute(of_this, {"one": asked.submission_id}).scalar_one() == 1


def test_without_its_turn_the_key_of_the_table_still_lets_one_through(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the race: nobody waits, and nobody looks whether it is approved; the second row is refused."""
    monkeypatch.setattr(policy_approvals, "take_turn", lambda connection: None)
    with database.write() as work:
        asked = submitted(work)
        work.submissions.approve(asked.submission_id, "dan")
    with pytest.raises(IntegrityError), database.write() as work:
        write_approval(work, asked, "eve")


def test_lines_of_before_stay_and_decide(database: Database, kind: str) -> None:
    guards = ("policy_effective_is_approved", "policy_effective_one_at_a_time")
    with database.alone() as connection:
        for name in guards:
            connection.execute(text(f"DROP TRIGGER {name}" + (" ON policy_effective" if kind == "postgresql" else "")))
        for instant in ("2031-01-01T00:00:00.000Z", "2031-01-01T00:00:00.000Z"):
            connection.execute(text(
                "INSERT INTO policy_effective (digest, name, effective_from, set_at, set_by) VALUES"
                f" ('{DIGEST}', 'standard', '{instant}', '{instant}', 'before')"
            ))  # fmt: skip
    with database.write() as work:
        lines = work.policies.history().items
        later = work.policies.effective(work.now() + timedelta(days=3650))
    assert [one.submission_id for one in lines[:2]] == [None, None]
    assert later is not None and later.digest == DIGEST
