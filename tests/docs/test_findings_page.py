"""The page of findings: every code has its heading, and the page says what the checker says now."""

from __future__ import annotations

import re

from policy.problems import CODES
from tests.docs.findings_page import GROUPS, MADE, NOTES, PAGE, examples, text, weights

WARNINGS = {"dates-gap", "dead-row", "redundant-row", "unreachable-outcome", "otherwise-slip", "off-by-one",
            "not-proven", "unused-fact", "unread-limit", "nobody", "zero-divisor", "prepaid-order",
            "no-bound", "short-longest"}  # fmt: skip
EITHER = {"yaml-word", "unknown-word", "date-formula", "step-order", "never-left", "interest"}
CONFLICTS = {"table-cell", "dates-overlap", "one-scope", "duplicate-name", "duplicate-key"}


def test_the_severity_of_every_code_is_the_one_decided_for_it() -> None:
    found = {code: weights(several) for code, several in examples().items()}
    assert {code for code, several in found.items() if several == ["warning"]} == WARNINGS
    assert {code for code, several in found.items() if len(several) == 2} == EITHER
    assert all(found[code] == ["error"] for code in {"gap", "no-otherwise", *CONFLICTS})


def test_the_page_says_the_severity_of_every_code() -> None:
    said = dict(re.findall(r"^### (\S+)\n\n[^*`]*?(?:`[^`]*`[^*`]*?)*\*(Error|Warning|Error or warning)\.\*",
                           PAGE.read_text("utf-8"), re.M))  # fmt: skip
    warnings = dict.fromkeys(WARNINGS, "Warning") | dict.fromkeys(EITHER, "Error or warning")
    assert said == dict.fromkeys(CODES, "Error") | warnings


def test_every_code_has_a_broken_policy_that_gets_it() -> None:
    assert [code for code, several in examples().items() if not several] == []


def test_the_page_has_a_heading_for_every_code_and_for_nothing_else() -> None:
    assert re.findall(r"^### (.*)$", PAGE.read_text("utf-8"), re.M) == list(CODES)


def test_the_page_is_what_the_checker_says_now() -> None:
    assert PAGE.read_text("utf-8") == text(), "the page is out of date; run: make docs-findings"


def test_notes_and_groups_name_codes_that_there_are() -> None:
    assert set(CODES) >= {*NOTES, *GROUPS, *MADE}
