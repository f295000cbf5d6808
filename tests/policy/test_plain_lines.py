"""Common lines are read at sight just as the grammar reads them, and everything else is left to it."""

from __future__ import annotations

from random import Random

import pytest

from policy import expression
from policy.expression import read_condition, read_formula
from policy.plain_lines import LENGTH_MAX, plain_condition, plain_formula
from policy.problems import Where

AT = Where("f", 7, 11)
LINES = 5_000
WORDS = (
    "and", "any", "by", "count", "ever", "every", "in", "is", "net", "not", "of", "one", "or", "since", "where",
    "worse", "known", "missing", "none", "true", "months", "days", "a", "B2", "AAA", "x.by", "customer.score",
    "limit.effective", "lists.high_risk", "CNY", "business", "min",
)  # fmt: skip
NUMBERS = (
    "0", "5", "5_000", "30%", "15 days", "6 months", "2_000 USD", "007", "5_00", "1.5", "5,000", "1 month", "5 XYZ",
)  # fmt: skip
SIGNS = (">=", "<=", ">", "<", "is", "is not", "in", "not in", "=", "or", "+")
NOISE = (" ", ",", ".", "_", "-", "%", "[", "]", "5", "A", "\n")


def line(chance: Random) -> str:
    """A line of common words, numbers and signs, many of them nearly of a common shape."""
    parts = [*WORDS, *NUMBERS]
    ends = [chance.choice(parts), f"[{', '.join(chance.choices(WORDS, k=chance.randint(1, 4)))}]"]
    shape = chance.random()
    if shape < 0.2:
        text = ends[0]
    elif shape < 0.8:
        text = f"{chance.choice(parts)} {chance.choice(SIGNS)} {chance.choice(ends)}"
    else:
        text = " ".join(chance.choices([*parts, *SIGNS], k=chance.randint(1, 5)))
    place = chance.randint(0, len(text))
    return text if chance.random() < 0.8 else text[:place] + chance.choice(NOISE) + text[place:]


def by_grammar(monkeypatch: pytest.MonkeyPatch, text: str) -> tuple[str, str]:
    """A line as a condition and as a formula, both read by the grammar."""
    with monkeypatch.context() as patched:
        patched.setattr(expression, "plain_condition", lambda text, at: None)
        patched.setattr(expression, "plain_formula", lambda text, at: None)
        return repr(read_condition(text, AT)), repr(read_formula(text, AT))


@pytest.mark.parametrize(
    "text",
    [
        "customer.score >= 80", "a < b.c", "account.exposure > 5_000 CNY", "share <= 30%", "customer.days <= 15 days",
        "tier is A", "tier is not BBB", "limit.granted is missing", "customer.figure_1 is not known",
        "customer.country in [DE, FR, NO]", "customer.country not in [IR]", "a > 0", "a > 999999999999999",
    ],
)  # fmt: skip
def test_a_common_condition_is_read_at_sight_as_the_grammar_reads_it(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    plain = plain_condition(text, AT)
    if text.startswith("share"):
        assert plain is None, "a word of the grammar"
    else:
        assert repr(plain) == by_grammar(monkeypatch, text)[0]


@pytest.mark.parametrize(
    "text", ["0", "50_000", "5000", "30%", "15 days", "6 months", "5 USD", "limit", "limit.policy"]
)
def test_a_number_or_a_name_alone_is_read_at_sight(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    assert repr(plain_formula(text, AT)) == by_grammar(monkeypatch, text)[1]


def test_no_line_is_read_otherwise_than_by_the_grammar(monkeypatch: pytest.MonkeyPatch) -> None:
    chance, read = Random(11), 0
    for text in (line(chance) for _ in range(LINES)):
        plain = (plain_condition(text, AT), plain_formula(text, AT))
        if plain != (None, None):
            read += 1
            for found, wanted in zip(plain, by_grammar(monkeypatch, text), strict=True):
                assert found is None or repr(found) == wanted, text
    assert read > LINES // 10


@pytest.mark.parametrize(
    "text",
    [
        "", " a > 5", "a  > 5", "a >5", "a > 007", "a > 5_00", "a > 5,000", "a > 1.5", "a > 5 in", "not > 5", "a is or",
        "a is b.c", "a in lists.b", "a in []", "a in [b,c]", "a in [b, or]", "a in [5, 6]", "a is A or better",
        "cleared by finance", "a > 5\n", "count of invoices", "2026-07-01", "5 XY", "a = 5", "A > 5",
        "a > 1000000000000000", "a" * LENGTH_MAX + " > 5",
    ],
)  # fmt: skip
def test_everything_else_is_left_to_the_grammar(text: str) -> None:
    assert plain_condition(text, AT) is None
    assert plain_formula(text, AT) is None


def test_the_length_is_looked_at_to_the_character() -> None:
    long = "a" * (LENGTH_MAX - 4)
    assert plain_condition(f"{long} > 5", AT) is not None
    assert plain_condition(f"{long}a > 5", AT) is None
    assert plain_formula("a" * LENGTH_MAX, AT) is not None
    assert plain_formula("a" * (LENGTH_MAX + 1), AT) is None
