"""Lines to trees: every construct with its places, every common slip with its words, and nothing ever raised."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from policy.expression import read_condition, read_date, read_formula, read_number, read_tests
from policy.problems import Problem, Where
from policy.syntax import (
    Binary,
    Block,
    Call,
    Comparison,
    Condition,
    DateLiteral,
    Expr,
    FigureOf,
    Interval,
    Membership,
    Name,
    Negate,
    Number,
    StateTest,
    Text,
    Words,
)
from tests.cost import processor_seconds

AT = Where("f", 7, 11)


def shown(node: Expr | Condition | Interval | Problem | None) -> str:
    """A tree as one text, each node followed by the character where it stands, counted from the line's first."""
    if node is None or isinstance(node, Problem):
        return str(node)
    return f"{_words(node)}@{node.at.column - AT.column}"


def _words(node: Expr | Condition | Interval) -> str:
    match node:
        case Number():
            return f"{node.value}{node.unit}"
        case DateLiteral():
            return date.fromordinal(node.day).isoformat()
        case Name():
            return node.text
        case Text():
            return f"'{node.text}'"
        case Words():
            return f"<{node.text}>"
        case Binary() | Comparison():
            return f"({shown(node.left)} {node.op} {shown(node.right)})"
        case Negate():
            return f"-{shown(node.value)}"
        case Call():
            return f"{node.function}({', '.join(map(shown, node.args))})"
        case FigureOf():
            return f"{node.word} {node.list_name}/{node.field} {[shown(one) for one in node.where]}"
        case Interval():
            left, right = "([" [node.low_closed], ")]"[node.high_closed]
            return f"{left}{shown(node.low)}..{shown(node.high)}{right}"
        case Membership():
            return f"{shown(node.left)} {'not ' * node.negated}in {[shown(one) for one in node.items]}"
        case StateTest():
            return f"{shown(node.left)} is {'not ' * node.negated}{node.state}"
        case Block():
            return f"{node.op}{[shown(one) for one in node.items]}"


@pytest.mark.parametrize(
    ("line", "tree"),
    [
        ("customer.score >= 80", "(customer.score@0 >= 80@18)@0"),
        ("  a < b", "(a@2 < b@6)@2"),
        ("a <= -5", "(a@0 <= -5@6@5)@0"),
        ("account.overdue_amount is 0", "(account.overdue_amount@0 is 0@26)@0"),
        ("tier is not prime", "(tier@0 is_not prime@12)@0"),
        ("country is IR", "(country@0 is IR@11)@0"),
        ("rating is A+", "(rating@0 is A+@10)@0"),
        ('name is "A, B"', "(name@0 is 'A, B'@8)@0"),
        ("name is 'x ： y'", "(name@0 is 'x ： y'@8)@0"),
        ("terms is 2/10  net 30", "(terms@0 is <2/10 net 30>@9)@0"),
        ("terms is net 30 end of month", "(terms@0 is <net 30 end of month>@9)@0"),
        ("x in [net 30, prepaid]", "x@0 in ['<net 30>@6', 'prepaid@14']@0"),
        ("x in [school, hospital]", "x@0 in ['school@6', 'hospital@14']@0"),
        ("x not in [1, 2]", "x@0 not in ['1@10', '2@13']@0"),
        ("x in (5..9)", "x@0 in ['(5@6..9@9)@5']@0"),
        ("x in [60..80)", "x@0 in ['[60@6..80@10)@5']@0"),
        ("x in ]18..60[", "x@0 in ['(18@6..60@10)@5']@0"),
        ("x in [..5]", "x@0 in ['[None..5@8]@5']@0"),
        ("x in [[1..5], 9]", "x@0 in ['[1@7..5@10]@6', '9@14']@0"),
        ("x in lists.high_risk_countries", "x@0 in ['lists.high_risk_countries@5']@0"),
        ("limit.granted is missing", "limit.granted@0 is missing@0"),
        ("x is not known", "x@0 is not known@0"),
        ("x is none", "x@0 is none@0"),
        ("x is zero", "x@0 is zero@0"),
        ("x is unlimited", "x@0 is unlimited@0"),
        ("a + b > 2 * c", "((a@0 + b@4)@2 > (2@8 * c@12)@10)@0"),
        ("(a + b) / c <= 50%", "(((a@1 + b@5)@3 / c@10)@8 <= 1/2%@15)@1"),
        ("d >= as_of - 2 days", "(d@0 >= (as_of@5 - 2days@13)@11)@0"),
        ("x > 10% * y, at most 5", "(x@0 > min((1/10%@4 * y@10)@8, 5@21)@13)@0"),
    ],
)
def test_conditions_become_trees_with_places(line: str, tree: str) -> None:
    assert shown(read_condition(line, AT)) == tree


@pytest.mark.parametrize(
    ("line", "tree"),
    [
        ("a", "a@0"),
        ("none", "none@0"),
        ("net 60", "<net 60>@0"),
        ("a - b - c", "((a@0 - b@4)@2 - c@8)@6"),
        ("a + b * c", "(a@0 + (b@4 * c@8)@6)@2"),
        ("-a * b", "(-a@1@0 * b@5)@3"),
        ("10%*x", "(1/10%@0 * x@4)@3"),
        ("min(10% * x, 5_000_000)", "min((1/10%@4 * x@10)@8, 5000000@13)@0"),
        ("days_between(a, b)", "days_between(a@13, b@16)@0"),
        ("abs(a)", "abs(a@4)@0"),
        ("round(a)", "round(a@6)@0"),
        ("x, at least 5", "max(x@0, 5@12)@3"),
        ("x, at least 1, at most 5", "min(max(x@0, 1@12)@3, 5@23)@15"),
        ("min(10_000, unlimited)", "min(10000@4, unlimited@12)@0"),
        ("first known of [a, b]", "first_known(a@16, b@19)@0"),
        ("stricter of [limit.granted, group.limit]", "stricter(limit.granted@13, group.limit@28)@0"),
        ("count of invoices", "count invoices/ []@0"),
        ("sum of earlier_orders.amount where placed_on >= as_of - 2 days",
         "sum earlier_orders/amount ['(placed_on@35 >= (as_of@48 - 2days@56)@54)@35']@0"),
        ("count of invoices where a > 1 and b is 2 and c in [d]",
         "count invoices/ ['(a@24 > 1@28)@24', '(b@34 is 2@39)@34', \"c@45 in ['d@51']@45\"]@0"),
        ("2026-07-01 + 3 days", "(2026-07-01@0 + 3days@13)@11"),
    ],
)  # fmt: skip
def test_formulas_become_trees_with_places(line: str, tree: str) -> None:
    assert shown(read_formula(line, AT)) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("[60..80)", "s@-10 in ['[60@1..80@5)@0']@0"),
        (">= 80", "(s@-10 >= 80@3)@0"),
        ("> account.usual_days", "(s@-10 > account.usual_days@2)@0"),
        ('"A", "B"', "s@-10 in [\"'A'@0\", \"'B'@5\"]@0"),
        ("A, B", "s@-10 in ['A@0', 'B@3']@0"),
        ("A", "(s@-10 is A@0)@0"),
        ("5", "(s@-10 is 5@0)@0"),
        ("-5", "(s@-10 is -5@1@0)@0"),
        ("not(A)", "(s@-10 is_not A@4)@0"),
        ("not(A, B)", "s@-10 not in ['A@4', 'B@7']@0"),
        ("not([1..2])", "s@-10 not in ['[1@5..2@8]@4']@0"),
        ("not(< 5)", "not['(s@-10 < 5@6)@4']@0"),
        ("not(< 5, 9)", "not[\"any['(s@-10 < 5@6)@4', '(s@-10 is 9@9)@9']@0\"]@0"),
        ("< 5, [7..9], 11", "any['(s@-10 < 5@2)@0', \"s@-10 in ['[7@6..9@9]@5']@5\", '(s@-10 is 11@13)@13']@0"),
        ("]18..60[", "s@-10 in ['(18@1..60@5)@0']@0"),
        ("-", "all[]@0"),
        ("missing", "s@-10 is missing@0"),
        ("not(none)", "s@-10 is not none@0"),
        ("net 30", "(s@-10 is <net 30>@0)@0"),
    ],
)
def test_quoted_tests_ask_the_subject(text: str, tree: str) -> None:
    assert shown(read_tests(text, Name("s", Where("f", 7, 1)), AT)) == tree


@pytest.mark.parametrize(
    ("text", "value", "unit", "decimals"),
    [
        ("5_000", Fraction(5000), "", 0),
        ("24_999.99", Fraction("24999.99"), "", 2),
        ("0", Fraction(0), "", 0),
        ("-5", Fraction(-5), "", 0),
        ("30%", Fraction(3, 10), "%", 0),
        ("7.5 %", Fraction(3, 40), "%", 1),
        ("0.000001%", Fraction(1, 10**8), "%", 6),
        ("1 day", Fraction(1), "days", 0),
        ("12 months", Fraction(12), "months", 0),
        ("1 hour", Fraction(1), "hours", 0),
        ("2 years", Fraction(2), "years", 0),
        ("2_000 USD", Fraction(2000), "USD", 0),
        ("0.05% per day", Fraction(1, 2000), "% per day", 2),
        ("24%  per  year", Fraction(6, 25), "% per year", 0),
        ("1_234_567", Fraction(1234567), "", 0),
    ],
)
def test_numbers_keep_their_exact_value_and_unit(text: str, value: Fraction, unit: str, decimals: int) -> None:
    number = read_number(text, AT)
    assert isinstance(number, Number)
    assert (number.value, number.unit, number.decimals, number.at) == (value, unit, decimals, AT)


@pytest.mark.parametrize("text", ["a", "5 + 5", "", "5 6", "--5", "2026-07-01", "5,000", "none"])
def test_what_is_no_number_is_told(text: str) -> None:
    assert isinstance(read_number(text, AT), Problem)


def test_a_date_is_a_day_number() -> None:
    assert read_date("2024-02-29", AT) == date(2024, 2, 29).toordinal()


@pytest.mark.parametrize(
    "text", ["2026-02-29", "2026-7-1", "2026/07/01", "01.07.2026", "20260701", "today", "", "5 days"]
)
def test_what_is_no_date_is_told_as_a_date(text: str) -> None:
    problem = read_date(text, AT)
    assert isinstance(problem, Problem)
    assert problem.code == "date"


@pytest.mark.parametrize(
    ("line", "column", "told"),
    [
        ("a > 5,000", 4, "number: '5,000' is not one number; write 5_000"),
        ("a > 1,000.50", 4, "number: '1,000.50' is not one number; write 1_000.50"),
        ("a > 5_00", 4, "number: '5_00' has '_' in the wrong place; write 500"),
        ("a > 5__000", 4, "number: '5__000' has '_' in the wrong place; write 5_000"),
        ("a > 1e3", 4, "number: '1e3' has an exponent; write 1_000"),
        ("a > 1.5E+6", 4, "number: '1.5E+6' has an exponent; write 1_500_000"),
        ("a > 1e99999999", 4, "number: '1e99999999' has an exponent; write all its digits"),
        ("a > 010", 4, "number: '010' begins with 0; write 10"),
        ("a > .5", 4, "number: '.5' begins with a point; write 0.5"),
        ("a > 5.", 4, "number: '5.' ends in a point; write 5"),
        ("a > 0x10", 4, "number: '0x10' is not a decimal number; write it with the digits 0 to 9"),
        ("a > 60:30", 4, "number: '60:30' is not a number; write the number of hours, such as 12 hours"),
        ("a > 5 000", 4, "number: '5 000' is not one number; write 5_000"),
        ("a > ５", 4, "full-width-sign: '５' found; type '5'"),
        ("a ≥ 5", 2, "full-width-sign: '≥' found; type '>='"),
        ("a ≠ 5", 2, "full-width-sign: '≠' found; type 'is not'"),
        ("a == 5", 2, "expression: '==' is not part of the language; write 'is'"),
        ("a = 5", 2, "expression: '=' is not part of the language; write 'is'"),
        ("a != 5", 2, "expression: '!=' is not part of the language; write 'is not'"),
        ("a <> 5", 2, "expression: '<>' is not part of the language; write 'is not'"),
        ("a => 5", 2, "expression: '=>' is not part of the language; write '>='"),
        ("a > 5 && b < 3", 6, "one-test-per-line: '&&' joins two tests in one line; write each test as a line"),
        ("a > 5 and b < 3", 6, "one-test-per-line: 'and' joins two tests in one line; write each test as a line"),
        ("a > 5 or b < 3", 6,
         "one-test-per-line: 'or' joins two tests in one line; write each test as a line under any:"),
        ("5 < a < 9", 6,
         "chained-comparison: '<' is the second comparison in one line; write two lines, or one with 'in (5..9)'"),
        ("a > foo(3)", 4,
         "unknown-function: 'foo' is not a function of the language; functions are min, max, abs, round, days_between"),
        ("a > mim(3, 4)", 4, "unknown-function: 'mim' is not a function of the language; did you mean 'min'?"),
        ("a > min(3)", 4, "expression: 'min' takes 2 to 20 values, not 1"),
        ("收入 > 5", 0, "bad-name: '收入' is not a name of the language; "
                      "names have a-z, 0-9, _ and a point; a text goes in quotes"),
        ("a > 2 weeks", 6, "unit: 'weeks' is not a unit; units are days, months, hours, years, %, "
                           "or a currency such as USD"),
        ("a > 30.1234567%", 4, "percent: '30.1234567%' has more than 6 decimals; round it"),
        ("a is 2026-02-30", 5, "date: '2026-02-30' is not in the calendar; write year-month-day"),
        ("a", 0, "expression: 'a' does not compare anything; write what it must be, such as 'a is true'"),
        ("a >", 3, "expression: something is missing after '>'; write the value"),
        ("a > (5", 4, "expression: '(' is never closed; add ')'"),
        ("a > 5)", 5, "expression: ')' closes nothing; delete it, or open the bracket before it"),
        ("a is 'x", 5, "expression: the quote that begins here is never closed; close it with '"),
        ("a is not in [b]", 12, "expression: 'is' and 'in' stand together; write 'in' or 'not in'"),
        ("any invoices where a > 5", 13, "expression: a figure over a list stands alone in its line; give it a name of "
                                         "its own under let, and use the name here"),
        ("largest of a.b > 5", 8, "expression: a figure over a list stands alone in its line; give it a name of "
                                  "its own under let, and use the name here"),
        ("a in last 5 days", 2, "expression: a window such as 'in last 30 days' stands behind a figure's list; "
                                "write count of LIST in last 30 days, or in last full calendar year"),
        ("months in a row with any a where b > 1", 0, "expression: a streak stands alone in its line and says what "
         "each month must have; write it under let as months in a row with any LIST where ..."),
        ("not a > 5", 0, "expression: 'not' cannot begin a line; write the opposite test, or put the line under not:"),
    ],
)  # fmt: skip
def test_a_slip_says_what_was_meant_at_its_character(line: str, column: int, told: str) -> None:
    problem = read_condition(line, AT)
    assert isinstance(problem, Problem)
    assert str(problem) == f"f:7:{AT.column + column}: {told}"


@pytest.mark.parametrize(
    "line",
    ["a + 5 business days", "month end of a"],
)  # fmt: skip
def test_what_does_not_run_yet_says_so(line: str) -> None:
    problem = read_formula(line, AT)
    assert isinstance(problem, Problem)
    assert problem.code == "not-yet-supported"


def test_words_of_later_constructs_are_free_inside_quotes() -> None:
    assert shown(read_condition("a is 'A or better'", AT)) == "(a@0 is 'A or better'@5)@0"


@pytest.mark.parametrize("line", ["a > b", "a is b", "a in [b]"])
def test_a_comparison_is_no_formula(line: str) -> None:
    problem = read_formula(line, AT)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.where.column) == ("expression", AT.column + 2)


def test_a_text_over_several_lines_has_one_place() -> None:
    found = read_condition("a\n  > 5", AT)
    assert isinstance(found, Comparison)
    assert found.right.at == AT
    problem = read_condition("a\n  > 5,000", AT)
    assert isinstance(problem, Problem)
    assert problem.where == AT


@pytest.mark.parametrize("deep", ["(" * 45 + "a" + ")" * 45, "+".join("a" * 100), "-" * 60 + "a"])
def test_deep_lines_are_refused(deep: str) -> None:
    problem = read_formula(deep, AT)
    assert isinstance(problem, Problem)
    assert problem.code == "too-deep"


def test_thirty_terms_are_not_deep() -> None:
    assert isinstance(read_formula("+".join("a" * 30), AT), Binary)


def test_a_line_of_two_thousand_characters_is_the_longest() -> None:
    assert isinstance(read_formula("a" * 2000, AT), Name)
    problem = read_formula("a" * 2001, AT)
    assert isinstance(problem, Problem)
    assert "2_000 characters" in problem.message


def test_four_thousand_lines_are_read_in_time() -> None:
    read_condition("a > 1", AT)

    def read_all() -> None:
        for number in range(4000):
            read_condition(f"customer.score_{number} >= {number}", AT)

    assert processor_seconds(read_all, 4) < 4  # 0.25 s where nothing else runs


def value_of(node: Expr | Problem) -> Fraction:
    match node:
        case Number():
            return node.value
        case Negate():
            return -value_of(node.value)
        case Binary():
            left, right = value_of(node.left), value_of(node.right)
            return {"+": left + right, "-": left - right, "*": left * right}[node.op]
        case _:
            raise AssertionError(shown(node))


ARITHMETIC = st.recursive(
    st.integers(0, 999).map(str),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "-", " * ", " - "]), inner).map("".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-{text}"),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(ARITHMETIC)
def test_arithmetic_means_what_it_means_everywhere(text: str) -> None:
    assume(not re.fullmatch(r"\d+ ?- ?\d+", text))  # two bare numbers alone are read as a span, and told
    assert value_of(read_formula(text, AT)) == eval(text)  # our own digits, signs and brackets only


PIECES = st.sampled_from(
    ["a", "b.c", " ", "5", "5_000", ">=", "<", "is", "not", "in", "[", "]", "(", ")", "..", ",", '"', "'", "+", "-",
     "*", "/", "%", " days", "net 30", "count of", "where", "and", "or", "min", "first known of", "at most",
     "2026-07-01", "≥", "收", "5,", ".5", "0x", "e3", "=", "&", "none", "A+", "better", " USD", "per day", "\n", "\t",
     "2/10 net 30", "²", "٣", "🙂", "of", "by", "last"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=16).map(" ".join), st.lists(PIECES, max_size=16).map("".join), st.text()))
def test_any_text_is_read_or_told_with_a_place_inside_it(text: str) -> None:
    subject = Name("s", AT)
    for found in (read_condition(text, AT), read_formula(text, AT), read_number(text, AT), read_date(text, AT),
                  read_tests(text, subject, AT)):  # fmt: skip
        if not isinstance(found, int):
            at = found.where if isinstance(found, Problem) else found.at
            assert at.line == AT.line
            assert AT.column <= at.column <= AT.column + len(text)
        if isinstance(found, Problem):
            assert "\n" not in str(found)
