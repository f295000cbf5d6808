"""Whatever a file or a line holds, it is answered with findings: soon, in little memory, and never by an exception.

Pieces of shipped and broken policies are swapped, cut, repeated and replaced. Short: a few seconds; `AVAL_SOAK=1`: ten
minutes. The seed is printed, and `AVAL_TEST_SEED` gives it again.
"""

from __future__ import annotations

import os
import re
import resource
from random import Random
from time import process_time

import pytest

from policy.day_formula import read_day
from policy.expression import read_condition, read_formula, read_tests
from policy.load import load_policy
from policy.nodes import Scalar
from policy.problems import Where
from policy.shapes import Shapes
from policy.syntax import Name
from rules.facts import trade_vocabulary
from tests.conftest import ROOT, SOAK
from tests.cost import processor_seconds

SECONDS = 600 if SOAK else 8  # of the processor
EACH, MEGABYTES = 1.0, 100
FOLDERS = ("policy/library", "tests/conformance/broken")
TEXTS = [path.read_text("utf-8", "replace") for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.yaml"))]
PIECES = ("[", "]", "{", "}", "((((", "1e400", "9" * 20, "0x1F", "２", "≥", "\u202e", "-", "*a", "&a", "<<: *a",
          "- " * 30, "[" * 60, "not(", "min(", "5 days", "2026-13-40", "%", "NaN", ".inf", "-1", "tier", "missing",
          "!!x/y", "null", "9_223_372_036_854_775_807", "\t", "|", ">", ":", "#", "or better",
          "is ", "in ", "order.amount", "\x00")
DAYS = ("due", "invoiced", "sent", "failed", "by", "+", "-", "(", ")", "15", "9" * 5_000, "１５", "day", "days",
        "months", "business", "month end of", "settings.x", "earliest", "1_000", "1.5", "\x00", "\u202e", "demand")
HERE = Where("f", 1, 1)


def fuzzed(random: Random) -> str:
    """A policy with a few of its pieces changed."""
    pieces = re.findall(r"\w+|\s+|[^\w\s]", random.choice(TEXTS)) or [""]
    for _ in range(random.randint(1, 6)):
        place, other = random.randrange(len(pieces)), random.randrange(len(pieces))
        match random.randrange(5):
            case 0:
                pieces[place] = random.choice(PIECES)
            case 1:
                pieces[place], pieces[other] = pieces[other], pieces[place]
            case 2:
                pieces = pieces[: max(1, place)]
            case 3:
                pieces[place:place] = pieces[place : place + random.randint(1, 20)] * random.randint(1, 30)
            case _:
                pieces[place] = random.choice(PIECES) * random.randint(1, 50)
    return "".join(pieces)


def read_lines(random: Random) -> None:
    """Each reader of a line gets one; what it cannot read is a finding, never an exception."""
    line = "".join(random.choice(PIECES) for _ in range(random.randint(1, 40)))
    read_condition(line, HERE)
    read_formula(line, HERE)
    read_tests(line, Name("customer.score", HERE), HERE)
    shapes = Shapes()
    day = " ".join(random.choice(random.choice((DAYS, DAYS, PIECES))) for _ in range(random.randint(1, 30)))
    assert (read_day(shapes, Scalar(day, True, HERE, False), "at") is None) == bool(shapes.problems), day


@pytest.mark.slow
def test_a_fuzzed_file_or_line_gets_findings_soon(capsys: pytest.CaptureFixture[str]) -> None:
    seed = int(os.environ.get("AVAL_TEST_SEED", "1"))
    print(f"AVAL_TEST_SEED={seed}")
    random, vocabulary, started = Random(seed), trade_vocabulary(), process_time()
    load_policy(TEXTS[0].encode(), "f", vocabulary)
    before, count = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    while process_time() - started < SECONDS:
        text, lines = fuzzed(random), random.getrandbits(64)

        def read() -> None:
            loaded = load_policy(text.encode("utf-8", "replace"), "f", vocabulary)  # noqa: B023
            assert loaded.program is not None or loaded.problems
            read_lines(Random(lines))  # noqa: B023

        assert processor_seconds(read, EACH) < EACH, text
        count += 1
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    with capsys.disabled():
        print(f"\nfuzzed: {count} files and {4 * count} lines, {more} MB more; AVAL_TEST_SEED={seed}")
    assert count > 100
    assert more < MEGABYTES
