"""Payment terms are read in one spelling each, and their dates and amounts are exact."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit.money import Money
from credit.terms import LONGEST_DAYS, PREPAID, Discount, Instalment, PaymentTerms, parse_terms

INVOICED = date(2026, 11, 23)


def a_net(days: int, discount: Discount | None = None, from_delivery: bool = False, eom: bool = False,
          on_day: int | None = None) -> PaymentTerms:  # fmt: skip
    return PaymentTerms((Instalment(Fraction(1), days),), discount, from_delivery, eom, on_day)


@pytest.mark.parametrize(
    ("text", "terms", "net_days"),
    [
        ("prepaid", PREPAID, 0), ("net 0", a_net(0), 0), ("net 60", a_net(60), 60),
        ("2/10 net 30", a_net(30, Discount(Fraction(1, 50), 10)), 30),
        ("1.5/10 net 45", a_net(45, Discount(Fraction(3, 200), 10)), 45),
        ("net 30 end of month", a_net(30, eom=True), 60), ("net 14 from delivery", a_net(14, from_delivery=True), 14),
        ("net 14 from delivery end of month", a_net(14, from_delivery=True, eom=True), 44),
        ("net 30 on day 25", a_net(30, on_day=25), 60),
        ("2/10 net 14 from delivery on day 1", a_net(14, Discount(Fraction(1, 50), 10), True, on_day=1), 44),
        ("3 instalments every 30 days", PaymentTerms(tuple(Instalment(Fraction(1, 3), d) for d in (30, 60, 90))), 90),
        ("30% net 30 + 70% net 60",
         PaymentTerms((Instalment(Fraction(3, 10), 30), Instalment(Fraction(7, 10), 60))), 60),
    ],
)  # fmt: skip
def test_every_spelling_is_read_and_written_the_same(text: str, terms: PaymentTerms, net_days: int) -> None:
    assert parse_terms(text) == terms
    assert str(terms) == text
    assert terms.net_days == net_days


def test_other_ways_to_write_the_same_get_the_agreed_spelling() -> None:
    assert str(parse_terms("  NET   060 ")) == "net 60"
    assert str(parse_terms("2.50/10 net 30")) == "2.5/10 net 30"
    assert str(parse_terms("50% net 30 + 50% net 60")) == "2 instalments every 30 days"
    assert str(parse_terms("50% net 30 + 50% net 61")) == "50% net 30 + 50% net 61"


def test_only_a_bare_net_is_plain_and_only_prepaid_is_prepaid() -> None:
    texts = ["net 60", "net 0", "2/10 net 30", "net 30 end of month", "net 14 from delivery", "prepaid",
             "net 30 on day 25", "2 instalments every 30 days"]  # fmt: skip
    assert [text for text in texts if parse_terms(text).is_plain] == ["net 60", "net 0"]
    assert [text for text in texts if parse_terms(text).is_prepaid] == ["prepaid"]


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("2/10, net 30", "a comma splits a list in yaml: write '2/10 net 30' without it"),
        ("60", "did you mean 'net 60'"), ("60 days", "did you mean 'net 60'"), ("net60", "did you mean 'net 60'"),
        ("net 60 days", "did you mean 'net 60'"), ("n30", "did you mean 'net 30'"), ("CIA", "did you mean 'prepaid'"),
        ("COD", "did you mean 'net 0 from delivery'"),
        ("due on receipt", "did you mean 'net 0'"), ("net 30 eom", "write 'net 30 end of month'"),
        ("soon", "write 'net 60'"), ("", "write 'net 60'"), ("ｎｅｔ 60", "plain letters"),
        ("net ６０", "plain letters"),
        ("net -5", "write 'net 60'"), ("net 3651", "write 0 to 3650"), ("net 1e3", "write 'net 60'"),
        ("10/10 net 10", "must end before"), ("0/10 net 30", "above 0 %"), ("100/10 net 30", "above 0 %"),
        ("2.1234567/10 net 30", "per cent"), ("1 instalments every 30 days", "'net 30' for one payment"),
        ("37 instalments every 3 days", "2 to 36"), ("3 instalments every 0 days", "put them in order"),
        ("30% net 30 + 60% net 60", "100 %"), ("30% net 60 + 70% net 30", "put them in order"),
        ("30% net 30", "write 'net 60'"), ("net 30 + net 60", "write 'net 60'"), ("x" * 5000, "plain letters"),
        ("0% net 30 + 100% net 60", "100 %"), ("net 30 end of month from delivery", "write 'net 60'"),
        ("net 30 on day 0", "write 1 to 31"), ("net 30 on day 32", "write 1 to 31"),
        ("net 30 on day", "write 'net 60'"), ("net 30 on day 25 end of month", "write 'net 60'"),
        ("net 30 on the 25th", "'net 30 on day 25'"),
    ],
)  # fmt: skip
def test_unreadable_terms_are_refused_with_what_to_write(text: str, help: str) -> None:
    with pytest.raises(ValueError, match="payment terms") as refusal:
        parse_terms(text)
    assert help in str(refusal.value)
    assert len(str(refusal.value)) < 300


def test_records_that_no_text_could_say_are_refused() -> None:
    halves = (Instalment(Fraction(1, 2), 10), Instalment(Fraction(1, 2), 20))
    with pytest.raises(ValueError, match="goes with one due date"):
        PaymentTerms(halves, end_of_month=True)
    with pytest.raises(ValueError, match="goes with one due date"):
        PaymentTerms(halves, on_day=25)
    with pytest.raises(ValueError, match="write 1 to 31, or 'end of month'"):
        a_net(30, eom=True, on_day=25)
    with pytest.raises(ValueError, match="too many digits"):
        PaymentTerms((Instalment(Fraction(1, 3), 10), Instalment(Fraction(2, 3), 20)))
    with pytest.raises(ValueError, match="too many"):
        PaymentTerms(tuple(Instalment(Fraction(1, 50), day) for day in range(50)))
    with pytest.raises(ValueError, match="goes with one due date"):
        PaymentTerms((), from_delivery=True)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("prepaid", date(2026, 11, 23)), ("net 0", date(2026, 11, 23)), ("net 30", date(2026, 12, 23)),
        ("2/10 net 30", date(2026, 12, 23)), ("net 30 end of month", date(2026, 12, 31)),
        ("net 0 on day 23", date(2026, 11, 23)), ("net 0 on day 22", date(2026, 12, 22)),
        ("net 30 on day 25", date(2026, 12, 25)), ("net 70 on day 31", date(2027, 2, 28)),
        ("net 14 from delivery on day 15", date(2027, 1, 15)),
        ("net 7 end of month", date(2026, 11, 30)), ("net 8 end of month", date(2026, 12, 31)),
        ("net 90 end of month", date(2027, 2, 28)), ("net 14 from delivery", date(2026, 12, 19)),
        ("net 14 from delivery end of month", date(2026, 12, 31)), ("3 instalments every 30 days", date(2027, 2, 21)),
    ],
)  # fmt: skip
def test_the_last_payment_is_due_on_the_counted_day(text: str, due: date) -> None:
    assert parse_terms(text).due_on(INVOICED, date(2026, 12, 5)) == due


def test_end_of_month_knows_leap_years() -> None:
    assert parse_terms("net 0 end of month").due_on(date(2028, 2, 1)) == date(2028, 2, 29)
    assert parse_terms("net 0 end of month").due_on(date(2100, 2, 1)) == date(2100, 2, 28)


def test_terms_from_delivery_need_the_delivery_date() -> None:
    with pytest.raises(ValueError, match="give the delivery date"):
        parse_terms("net 14 from delivery").due_on(INVOICED)


def test_a_date_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="passes the year 9999"):
        parse_terms("net 30").due_on(date(9999, 12, 15))
    with pytest.raises(ValueError, match="passes the year 9999"):
        parse_terms("net 0 on day 14").due_on(date(9999, 12, 15))
    assert parse_terms("net 0 end of month").due_on(date(9999, 12, 15)) == date(9999, 12, 31)
    assert parse_terms("net 0 on day 31").due_on(date(9999, 12, 15)) == date(9999, 12, 31)


def test_instalments_add_up_to_the_cent() -> None:
    dates = parse_terms("3 instalments every 30 days").due_dates(INVOICED, None, Money(10_000, "CNY"))
    assert dates == (
        (date(2026, 12, 23), Money(3334, "CNY")), (date(2027, 1, 22), Money(3333, "CNY")),
        (date(2027, 2, 21), Money(3333, "CNY")),
    )  # fmt: skip
    assert PREPAID.due_dates(INVOICED, None, Money(5, "CNY")) == ((INVOICED, Money(5, "CNY")),)


def test_the_discount_ends_on_its_day() -> None:
    assert parse_terms("2/10 net 30").discount_until(INVOICED) == date(2026, 12, 3)
    assert parse_terms("2/10 net 30 from delivery").discount_until(INVOICED, date(2026, 12, 5)) == date(2026, 12, 15)
    assert parse_terms("net 30").discount_until(INVOICED) is None


def test_not_taking_two_per_cent_costs_37_per_cent_a_year() -> None:
    terms = parse_terms("2/10 net 30")
    assert terms.simple_yearly_cost() == Fraction(2, 98) * Fraction(365, 20)
    assert round(terms.simple_yearly_cost() * 10_000) == 3724
    assert round(terms.compounded_yearly_cost() * 100, 2) == Decimal("44.59")
    assert terms.compounded_yearly_cost().as_tuple().exponent == -6
    with pytest.raises(ValueError, match="gives no discount"):
        parse_terms("net 30").simple_yearly_cost()


@st.composite
def payment_terms(draw: st.DrawFn) -> PaymentTerms:
    days = draw(st.lists(st.integers(0, LONGEST_DAYS), min_size=1, max_size=6, unique=True).map(sorted))
    if len(days) > 1:
        cuts = draw(st.lists(st.integers(1, 10**8 - 1), min_size=len(days) - 1, max_size=len(days) - 1, unique=True))
        edges = [0, *sorted(cuts), 10**8]
        shares = [Fraction(high - low, 10**8) for low, high in zip(edges, edges[1:], strict=False)]
        return PaymentTerms(tuple(Instalment(share, day) for share, day in zip(shares, days, strict=True)))
    discount = None
    if days[0] > 0 and draw(st.booleans()):
        discount = Discount(Fraction(draw(st.integers(1, 10**8 - 1)), 10**8), draw(st.integers(0, days[0] - 1)))
    eom, on_day = draw(st.sampled_from([(True, None), (False, None), (False, draw(st.integers(1, 31)))]))
    return a_net(days[0], discount, draw(st.booleans()), eom, on_day)


@given(payment_terms())
def test_terms_written_and_read_again_are_the_same(terms: PaymentTerms) -> None:
    assert parse_terms(str(terms)) == terms


@given(payment_terms(), st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 10**15))
def test_due_amounts_add_up_and_no_due_date_passes_net_days(terms: PaymentTerms, start: date, minor: int) -> None:
    dues = terms.due_dates(start, start, Money(minor, "CNY"))
    assert sum(money.minor for _, money in dues) == minor
    assert dues[-1][0] == terms.due_on(start, start)
    assert start <= max(day for day, _ in dues) <= start + timedelta(days=terms.net_days)


def test_the_largest_days_of_end_of_month_do_occur() -> None:
    terms = parse_terms("net 31 end of month")
    start = date(2026, 12, 1)
    assert terms.due_on(start) == start + timedelta(days=terms.net_days)
    assert terms.net_days == 61
    fixed = parse_terms("net 30 on day 25")
    assert fixed.due_on(date(2026, 11, 26)) == date(2026, 11, 26) + timedelta(days=fixed.net_days)
