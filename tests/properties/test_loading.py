"""Loading a policy is a function of its text: one digest for one meaning, whatever the process, comments or spaces."""

from __future__ import annotations

import os
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from policy import load_policy
from policy.program import Program
from rules.facts import trade_vocabulary
from tests.conftest import ROOT, SOAK
from tests.generated.comparison import program_of
from tests.generated.documents import document

SEEDS = st.integers(0, 10**6)
EXAMPLES = settings(max_examples=2_000 if SOAK else 25)
DIGESTS = """
from tests.generated.comparison import program_of
from tests.generated.documents import document
print([program_of(document(seed)).digest for seed in range(12)])
"""


def loaded(text: str) -> Program:
    """The Program of a text without errors."""
    program = load_policy(text.encode(), "f.yaml", trade_vocabulary()).program
    assert program is not None
    return program


@given(SEEDS)
@EXAMPLES
def test_the_same_text_gives_the_same_program(seed: int) -> None:
    one, two = program_of(document(seed)), program_of(document(seed))
    assert one == two
    assert (one.digest, one.source_digest) == (two.digest, two.source_digest)


@given(SEEDS, st.integers(1, 5), st.text("abc äöü: -#[]{}标准", max_size=30))
@EXAMPLES
def test_comments_and_spaces_change_the_source_digest_alone(seed: int, spaces: int, comment: str) -> None:
    text = document(seed).whole
    commented = f"# {comment}\n\n" + "".join(f"{line}{' ' * spaces}# {comment}\n\n" for line in text.splitlines())
    one, two = loaded(text), loaded(commented)
    assert one.digest == two.digest
    assert one.source_digest != two.source_digest


@given(SEEDS)
@EXAMPLES
def test_messages_and_titles_are_no_part_of_the_meaning(seed: int) -> None:
    text = document(seed).whole
    reworded = text.replace("Made by chance", "Worded anew").replace('"see {', '"look at {')
    assert loaded(text).digest == loaded(reworded).digest


@given(SEEDS)
@EXAMPLES
def test_one_more_check_changes_the_digest(seed: int) -> None:
    text = document(seed).whole
    more = text.replace("checks:\n", "checks:\n  - {check: one_more, when: order.amount > 7, verdict: warn}\n", 1)
    if more != text:
        assert loaded(text).digest != loaded(more).digest


def test_another_process_with_another_order_of_sets_gives_the_same_digests() -> None:
    def digests(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", DIGESTS]
        return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=True).stdout.decode()

    assert digests("1") == digests("2") == str([program_of(document(seed)).digest for seed in range(12)]) + "\n"
