"""The section `documents` as it is read: ages, numbers, qualities, and names that hardly were meant."""

from __future__ import annotations

import pytest

from policy.documents import _one_slip, read_documents
from policy.shapes import Shapes
from policy.source import Mapping, read_source


def read(text: str) -> tuple[Shapes, tuple[object, ...]]:
    """What a section says, and what was noted."""
    node, _ = read_source(f"documents:\n{text}".encode(), "f")
    assert isinstance(node, Mapping)
    shapes = Shapes()
    return shapes, read_documents(shapes, node.get("documents"))


@pytest.mark.parametrize(("age", "wanted"), [
    ("12 months", (12, "months")), ("1 month", (1, "months")), ("90 days", (90, "days")), ("2 years", (24, "months")),
    ("1_200 months", (1_200, "months")),
])  # fmt: skip
def test_an_age_counts_in_days_or_calendar_months(age: str, wanted: tuple[int, str]) -> None:
    shapes, rows = read(f"  - require: {{paper: {{not_older_than: {age}}}}}\n")
    assert shapes.problems == []
    found = rows[0].required[0]  # type: ignore[attr-defined]
    assert (found.not_older_than, found.age_unit) == wanted


@pytest.mark.parametrize("age", ["12", "0 months", "1_201 months", "12 weeks", "a month", "1.5 months", "-1 days"])
def test_what_is_no_age_is_told(age: str) -> None:
    assert [one.code for one in read(f"  - require: {{paper: {{not_older_than: {age}}}}}\n")[0].problems] == ["unit"]


@pytest.mark.parametrize(("one", "other", "near"), [
    ("registration", "registratoin", True), ("registration", "registrations", True),
    ("registration", "regstration", True),
    ("registration", "registration", False), ("tax_2024", "tax_2025", False), ("plan", "statement", False),
    ("abc", "abd", False),
])  # fmt: skip
def test_one_letter_makes_a_slip(one: str, other: str, near: bool) -> None:
    assert _one_slip(one, other) is near
    assert _one_slip(other, one) is near


def test_of_two_names_that_are_used_once_the_second_is_told() -> None:
    shapes, _ = read("  - require: [registration]\n  - require: [registratoin]\n")
    assert [(one.where.line, one.severity) for one in shapes.problems] == [(3, "warning")]
    assert read("  - require: [registration]\n" * 2 + "  - require: [registrations]\n" * 2)[0].problems == []
