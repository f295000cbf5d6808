"""Parts add names and decide nothing; the digest of a policy covers their bytes, and theirs alone where it has some."""

from __future__ import annotations

import hashlib

import pytest

from policy.load import Loaded, load_policy
from policy.parts import BYTES_MAX, Part, Shelf, bound_source, file_of
from rules.facts import trade_vocabulary
from rules.selftest import run_tests

HEADER = "aval: 1\npolicy: p\ntitle: {en: One, zh: 一}\ncurrency: CNY\n"
CHECK = "checks:\n  - {check: c, when: customer.country in lists.embargo, verdict: deny}\n"
USING = HEADER + "use: [shared/countries]\n" + CHECK
COUNTRIES = b"lists:\n  embargo: [KP]\n"


def loaded(text: str, file: str = "policies/p.yaml", **parts: bytes) -> Loaded:
    shelf = Shelf.of(Part(f"shared/{name}", source) for name, source in parts.items())
    return load_policy(text.encode(), file, trade_vocabulary(), shelf)


def told(found: Loaded) -> list[str]:
    return [str(problem) for problem in found.problems if problem.code != "nobody"]


def test_a_part_means_what_its_lines_would_mean_in_the_policy() -> None:
    used, alone = loaded(USING, countries=COUNTRIES), loaded(HEADER + COUNTRIES.decode() + CHECK)
    assert used.program is not None
    assert alone.program is not None
    assert used.program.digest == alone.program.digest
    assert used.parts == (Part("shared/countries", COUNTRIES),)


def test_the_digest_of_a_policy_without_parts_is_that_of_its_bytes() -> None:
    text = HEADER + COUNTRIES.decode() + CHECK
    program = loaded(text).program
    assert program is not None
    assert program.source_digest == "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def test_another_byte_in_a_part_is_another_digest_of_the_same_meaning() -> None:
    one, other = (loaded(USING, countries=COUNTRIES + tail).program for tail in (b"", b"# a remark\n"))
    assert one is not None
    assert other is not None
    assert (one.digest == other.digest, one.source_digest == other.source_digest) == (True, False)


def test_parts_that_are_cut_elsewhere_have_other_bytes() -> None:
    cuts = [[Part("a", b"12"), Part("b", b"3")], [Part("a", b"1"), Part("b", b"23")], [Part("a", b"12\n1\nb1\n3")]]
    assert len({bound_source(b"file", cut) for cut in cuts}) == 3


@pytest.mark.parametrize(
    ("file", "path"),
    [("p.yaml", "shared/x.yaml"), ("policies/p.yaml", "policies/shared/x.yaml"), ("d\\p.yaml", "d/shared/x.yaml")],
)
def test_a_part_is_called_by_its_path(file: str, path: str) -> None:
    assert file_of(file, "shared/x") == path


def test_what_is_wrong_in_a_part_is_told_there() -> None:
    found = loaded(USING, countries=b"lists:\n  embargo: [KP]\nfacts:\n  customer.vip: {kind: flagg}\n")
    assert found.program is None
    assert told(found)[0].startswith("policies/shared/countries.yaml:4:24: unknown-word: ")


def test_a_name_of_two_parts_is_told_once_with_both_places() -> None:
    text = HEADER + "use: [shared/a, shared/b]\n" + CHECK
    assert told(loaded(text, a=COUNTRIES, b=COUNTRIES)) == [
        "policies/shared/b.yaml:2:3: duplicate-name: 'embargo' stands in policies/shared/a.yaml:2:3 already; "
        "rename one of them, or take it out"
    ]


PAPERS = b"documents:\n  - {for: every order, require: {registration: {not_older_than: 12 months}}}\n"


@pytest.mark.parametrize(("dated", "verdict"), [("2026-05-10", "approve"), ("2026-05-09", "refer")])
def test_documents_of_a_part_and_of_the_policy_are_added_and_the_stricter_counts(dated: str, verdict: str) -> None:
    own = "documents:\n  - {for: every order, require: {registration: {not_older_than: 6 months}}}\n"
    tests = f"""tests:
  - name: a
    given: {{as_of: 2026-11-10, document.registration.dated_on: {dated}, limit.granted: none,
            order.unsecured_amount: 0}}
    expect: {{verdict: {verdict}}}
"""
    using, alone = HEADER + "use: [shared/papers]\n", HEADER + own + PAPERS.decode().partition("\n")[2] + tests
    used, whole = loaded(using + own + tests, papers=PAPERS), loaded(alone)
    assert used.program is not None, told(used)
    assert whole.program is not None
    assert used.program.digest == whole.program.digest
    assert [one.differences for one in run_tests(used.program, used.tests)] == [()]


def test_documents_of_a_part_alone_are_asked_for() -> None:
    used = loaded(HEADER + "use: [shared/papers]\n", papers=PAPERS).program
    assert used is not None
    assert used.digest == loaded(HEADER + PAPERS.decode()).program.digest  # type: ignore[union-attr]


def test_a_setting_and_a_list_may_have_one_name_in_two_files() -> None:
    found = loaded(HEADER + "use: [shared/countries]\nsettings:\n  embargo: 5 days\n" + CHECK, countries=COUNTRIES)
    assert [problem.code for problem in found.problems if problem.severity == "error"] == []


def test_what_a_part_declares_and_nobody_reads_is_no_finding() -> None:
    found = loaded(USING, countries=COUNTRIES + b"  other: [US]\nsettings:\n  days: 5 days\n")
    assert told(found) == []


def test_a_large_part_is_not_read() -> None:
    found = loaded(USING, countries=COUNTRIES + b"#" * BYTES_MAX)
    assert [problem.code for problem in found.problems] == ["too-large"]


def test_a_part_that_is_no_part_is_told_alone() -> None:
    assert [problem.code for problem in loaded(USING, countries=b"").problems] == ["empty-file"]
    assert [problem.code for problem in loaded(USING, countries=b"- 1\n").problems] == ["wrong-shape"]


def test_more_parts_than_a_policy_may_use() -> None:
    names = ", ".join(f"shared/p{number}" for number in range(21))
    parts = {f"p{number}": b"lists:\n  l%d: [A]\n" % number for number in range(21)}
    found = loaded(HEADER + f"use: [{names}]\n" + CHECK.replace("embargo", "l0"), **parts)
    assert told(found)[0].endswith("range: a policy uses at most 20 parts; put some of them together")
