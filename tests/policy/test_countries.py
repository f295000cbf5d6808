"""Names of countries beside their codes: the table is whole, and no code is taken for a name."""

from __future__ import annotations

import pytest

from policy import load_policy
from policy.countries import CODES, NAMES
from rules.facts import trade_vocabulary

HEAD = "aval: 1\npolicy: small\ntitle: {en: Small}\ncurrency: CNY\nchecks:\n"


def told(line: str) -> list[str]:
    text = f"{HEAD}  - check: one\n    when: {line}\n    verdict: deny\n"
    return [str(one) for one in load_policy(text.encode(), "f", trade_vocabulary()).problems]


def test_every_code_has_an_english_and_a_chinese_name_and_every_name_one_code() -> None:
    assert len(NAMES) == 249
    assert all(len(code) == 2 and code.isupper() and len(names) >= 2 for code, names in NAMES.items())
    assert sum(len(names) for names in NAMES.values()) == len(CODES)


@pytest.mark.parametrize(
    ("word", "code"),
    [("Germany", "DE"), ("germany", "DE"), ('"南非"', "ZA"), ("USA", "US"), ('"United Kingdom"', "GB"), ("cn", "CN")],
)
def test_a_name_is_told_with_the_code_to_write(word: str, code: str) -> None:
    (found,) = told(f"customer.country is {word}")
    assert found.endswith(f"is not the code of a country, so no customer fits it; write '{code}'")


@pytest.mark.parametrize("line", ["customer.country is DE", "customer.country in [CN, US]", "customer.id is Germany"])
def test_a_code_and_a_text_of_another_kind_are_let_alone(line: str) -> None:
    assert told(line) == []
