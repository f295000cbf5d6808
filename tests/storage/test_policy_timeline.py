"""Which policy decides for whom when: the narrowest, one at each instant, and never one that was taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.engine import Database
from storage.policy_timeline import Timeline, Whose, made
from tests.storage.records import DIGEST, a_policy, let_decide

KEYS = ("default", "customer:C-1", "group:NEAR", "group:FAR", "country:CN")


class Line:
    """A line of the list, as the database gives it."""

    def __init__(self, seq: int, assignment: str, start: int, kind: str = "begins", of: str | None = None) -> None:
        """Name the digest after the number of the line."""
        self.seq, self.assignment, self.kind = seq, assignment, kind
        self.digest, self.submission_id = f"d{seq}", of or f"s{seq}"
        self.effective_from, self.set_at = f"2026-01-{start:02}", "2026-01-01"


LINES = st.lists(st.tuples(st.sampled_from(KEYS), st.integers(1, 28), st.sampled_from(("begins", "ends"))), max_size=12)


@given(LINES, st.integers(1, 28))
def test_exactly_one_decides_and_it_is_the_narrowest_that_has_one(lines: list[tuple[str, int, str]], day: int) -> None:
    rows = [Line(seq, key, start, "begins" if key == "default" else kind)
            for seq, (key, start, kind) in enumerate(lines, 1)]  # fmt: skip
    whose, at = Whose("C-1", ("NEAR", "FAR"), "CN"), f"2026-01-{day:02}"
    wanted = None
    for key in ("customer:C-1", "group:NEAR", "group:FAR", "country:CN", "default"):
        begun = [row for row in rows if row.assignment == key and row.effective_from <= at]
        last = max(begun, key=lambda row: (row.effective_from, row.seq), default=None)
        if wanted is None and last is not None and last.kind == "begins":
            wanted = last.digest
    assert made(rows).digest_for(whose, at) == wanted


def test_what_was_cancelled_never_was() -> None:
    rows = [Line(1, "default", 1), Line(2, "default", 5), Line(3, "default", 5, "cancels", of="s2")]
    assert made(rows).digest_for(Whose(), "2026-01-09") == "d1"
    assert made(rows[:2]).digest_for(Whose(), "2026-01-09") == "d2"


def test_nobody_is_decided_for_before_the_first_line() -> None:
    assert Timeline().digest_for(Whose("C-1"), "2026-01-01") is None


def test_a_decision_reads_the_assignment_of_its_customer_under_its_lock(database: Database) -> None:
    with database.write() as work:
        work.policies.add(a_policy(digest="sha256:b", source=b"b"))
        let_decide(work, "sha256:b", assignment="customer:C-1")
        own = work.accounts.look("C-1")
    assert own is not None and own.policy_digest == "sha256:b"


def test_a_policy_that_was_taken_back_with_its_transaction_is_not_remembered(database: Database) -> None:
    class Interrupted(Exception):
        pass

    def spoiled() -> None:
        with database.write() as work:
            work.policies.add(a_policy(digest="sha256:b", source=b"b"))
            let_decide(work, "sha256:b")
            looked = work.accounts.look("C-1")
            assert looked is not None and looked.policy_digest == "sha256:b"
            raise Interrupted

    with pytest.raises(Interrupted):
        spoiled()
    with database.write() as work:
        looked = work.accounts.look("C-1")
        assert looked is not None and looked.policy_digest == DIGEST
        work.policies.add(a_policy(digest="sha256:c", source=b"c"))
        let_decide(work, "sha256:c")  # the same number in the list as the one that was taken back
    with database.read() as work:
        looked = work.accounts.look("C-1")
        later = work.policies.effective(work.now() + timedelta(days=1))
    assert looked is not None and looked.policy_digest == "sha256:c"
    assert later is not None and later.digest == "sha256:c"
