"""Real ladders and charges, written as policies: their published days, amounts and boundaries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from credit.escalation import History, planned_days, steps_due
from credit.late_charges import Payment, settle_oldest_first
from policy.load import load_policy
from policy.program import Program
from rules.facts import trade_vocabulary
from rules.ladders import (
    Situation,
    charges_on,
    fees_for,
    is_business_day,
    ladder_for,
    ladder_named,
    release_terms,
    states_on,
)

LIBRARY = Path(__file__).resolve().parents[2] / "policy" / "library"
HEAD = (
    "aval: 1\npolicy: real\ntitle: {en: Real}\ncurrency: USD\n"
    "roles: {rising: [clerk, ar_manager], also: [collector]}\n"
)
VIRGINIA = """
escalation:
  receivables:
    - {step: letter_1, at: due + 15 days, do: send first_letter by letter}
    - {step: call, at: due + 15 days, when: invoice.open_amount > 1_000, do: task phone_call for collector}
    - {step: letter_2, at: due + 30 days, do: [send second_letter by letter, task contact for collector]}
    - {step: final_demand, at: due + 45 days, do: send final_demand by letter}
    - {step: set_off, at: due + 60 days, do: propose state_set_off to ar_manager}
    - {step: agency, at: due + 120 days, when: invoice.open_amount > 200, do: propose agency to ar_manager}
"""
TRIPLE_R = """
escalation:
  notices:
    - {step: notice_1, at: due + 10 days, do: send notice by email}
    - {step: notice_2, at: due + 15 days, do: send notice by email}
    - {step: notice_3, at: due + 20 days, do: send notice by email}
    - {step: credit_hold, at: due + 30 days, do: [hold orders, send hold_notice by email]}
    - {step: account_hold, at: due + 40 days, do: hold account}
"""
OCA = """
escalation:
  credit_control:
    - {step: level_1, at: due + 10 days, do: send reminder by email}
    - {step: level_2, at: month end of (due + 30 days), do: send reminder by email}
    - {step: level_3, at: level_2 sent + 10 days, do: send reminder by letter}
"""
DUE = date(2024, 1, 15)


def program(body: str) -> Program:
    loaded = load_policy((HEAD + body).encode(), "f", trade_vocabulary())
    assert loaded.program is not None, [str(problem) for problem in loaded.problems]
    return loaded.program


def shipped(name: str) -> Program:
    loaded = load_policy((LIBRARY / name).read_bytes(), name, trade_vocabulary())
    assert loaded.program is not None
    return loaded.program


def days(body: Program, name: str, due: date = DUE) -> dict[str, int | None]:
    """Days after the due date by step."""
    ladder = ladder_named(body, name)
    assert ladder is not None
    planned = planned_days(ladder.steps, History({"due": due}), is_business_day(body))
    return {step: None if on is None else (on - due).days for step, on in planned}


def taken(body: Program, name: str, day: int, item: Mapping[str, int], done: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The steps due on a day after the due date."""
    ladder = ladder_named(body, name)
    assert ladder is not None
    history = History({"due": DUE}, dict.fromkeys(done, DUE))
    return steps_due(states_on(body, ladder, history, DUE + timedelta(day), Situation(item)))


@pytest.mark.parametrize(
    ("day", "amount", "wanted"),
    [
        (14, 100_000, ()),
        (15, 100_000, ("letter_1",)),
        (15, 100_001, ("letter_1", "call")),
    ],
)
def test_virginia_calls_on_day_15_above_1000(day: int, amount: int, wanted: tuple[str, ...]) -> None:
    assert taken(program(VIRGINIA), "receivables", day, {"open_amount": amount}) == wanted


@pytest.mark.parametrize(("amount", "wanted"), [(20_000, ()), (20_001, ("agency",))])
def test_virginia_hands_over_on_day_120_above_200(amount: int, wanted: tuple[str, ...]) -> None:
    before = ("letter_1", "call", "letter_2", "final_demand", "set_off")
    assert taken(program(VIRGINIA), "receivables", 119, {"open_amount": amount}, before) == ()
    assert taken(program(VIRGINIA), "receivables", 120, {"open_amount": amount}, before) == wanted


def test_virginia_without_the_amount_takes_no_step_that_asks_for_it() -> None:
    assert taken(program(VIRGINIA), "receivables", 15, {}) == ("letter_1",)


def test_triple_r_gives_three_notices_and_two_holds() -> None:
    wanted = {"notice_1": 10, "notice_2": 15, "notice_3": 20, "credit_hold": 30, "account_hold": 40}
    body = program(TRIPLE_R)
    assert days(body, "notices") == wanted
    holds = {step.name: [str(act) for act in step.does if act.verb == "hold"] for step in body.ladders[0].steps}
    assert (holds["credit_hold"], holds["account_hold"]) == (["hold orders"], ["hold account"])


def test_oca_levels_fire_on_their_published_days() -> None:
    body = program(OCA)
    found = {step: DUE + timedelta(day) for step, day in days(body, "credit_control").items() if day is not None}
    assert found == {"level_1": date(2024, 1, 25), "level_2": date(2024, 2, 29), "level_3": date(2024, 3, 10)}


def test_oca_level_3_is_never_first() -> None:
    assert taken(program(OCA), "credit_control", 400, {}) == ("level_1", "level_2")


def test_the_two_shipped_ladders_have_the_days_they_promise() -> None:
    body = shipped("escalation.yaml")
    assert days(body, "friendly") == {"reminder": -7, "demand": 3, "legal": 15}
    assert days(body, "strict") == {"reminder": 3, "demand": 15, "legal": 30}
    demand = body.ladders[1].steps[1]
    assert [str(action) for action in demand.does] == ["send formal_demand by registered_mail", "hold orders"]
    assert body.letters is not None
    assert body.letters.per == "customer"


def test_a_tier_has_its_ladder_and_an_unknown_tier_none() -> None:
    body = shipped("escalation.yaml")
    names = [ladder.name if (ladder := ladder_for(body, tier)) else None for tier in ("good_payer", "other", None)]
    assert names == ["friendly", "strict", None]
    assert ladder_for(program("let: {}\n"), "other") is None
    only = ladder_for(program(OCA), None)
    assert only is not None
    assert only.name == "credit_control"


def test_a_condition_reads_the_tier_of_the_day_of_the_run() -> None:
    body = program(
        "tiers:\n  - tier: good\n    when: customer.score >= 60\n  - tier: weak\n    otherwise: true\n"
        "escalation:\n  standard:\n    - {step: call, at: due + 5 days, when: tier is weak, do: hold orders}\n"
    )
    ladder = body.ladders[0]
    found = []
    for score in (60, 59, None):
        facts = {} if score is None else {"customer.score": score}
        states = states_on(body, ladder, History({"due": DUE}), DUE + timedelta(5), Situation({}, facts))
        found.append(states[0].status)
    assert found == ["not_now", "due", "missing"]


def test_a_dated_setting_in_a_condition_is_that_of_the_run() -> None:
    body = program(
        "settings:\n  small:\n    - {value: 100 USD, until: 2024-01-31}\n    - {value: 500 USD, from: 2024-02-01}\n"
        "escalation:\n  standard:\n"
        "    - {step: call, at: due, when: invoice.open_amount > settings.small, do: hold orders}\n"
    )
    assert taken(body, "standard", 16, {"open_amount": 30_000}) == ("call",)
    assert taken(body, "standard", 17, {"open_amount": 30_000}) == ()


def test_customers_where_is_one_more_line() -> None:
    body = program(
        "escalation:\n  standard:\n    - step: call\n      at: due\n      when: invoice.open_amount > 10\n"
        "      for: customers where customer.type is school\n      do: hold orders\n"
    )
    ladder = body.ladders[0]
    for kind, wanted in (("school", "due"), ("company", "not_now")):
        situation = Situation({"open_amount": 1_001}, {"customer.type": kind})
        assert states_on(body, ladder, History({"due": DUE}), DUE, situation)[0].status == wanted


def test_business_days_of_a_ladder_step_over_the_holidays_of_the_calendar() -> None:
    step = "escalation:\n  s:\n    - {step: a, at: due + 1 business day, do: hold orders}\n"
    before_new_year = date(2026, 2, 13)
    plain = days(program(step), "s", before_new_year)
    china = days(program("calendar: CN\n" + step), "s", before_new_year)
    assert (plain, china) == ({"a": 3}, {"a": 1})  # Saturday 14 February is worked in exchange


def test_the_shipped_charge_splits_on_1_july_and_keeps_its_grace() -> None:
    body = shipped("standard.yaml")
    dates = {"due": date(2026, 6, 15)}
    (charged,) = charges_on(body, 1_000_000, dates, [], date(2026, 7, 15))
    assert charged.minor == 15 * 500 + 15 * 400
    paid = [Payment(date(2026, 6, 18), 1_000_000)]
    assert [one.minor for one in charges_on(body, 1_000_000, dates, paid, date(2026, 9, 1))] == [0]
    late = [Payment(date(2026, 6, 19), 1_000_000)]
    assert [one.minor for one in charges_on(body, 1_000_000, dates, late, date(2026, 9, 1))] == [4 * 500]


def test_charges_add_up_by_instalment() -> None:
    body = program(
        "late_charge:\n"
        "  - {rate: 1.5% per month, on: open principal, from: due + 1 day, grace: 10 days, cap: 18% per year,"
        " count_days: 30/360}\n"
        "  - {amount: 1.5% of open principal, at: delivered + 30 days, then_every: 30 days}\n"
    )
    parts = settle_oldest_first((60_000, 40_000), [Payment(date(2026, 3, 1), 60_000)])
    dues = (date(2026, 1, 31), date(2026, 2, 28))
    as_of = date(2026, 3, 30)
    found = [
        [one.minor for one in charges_on(body, principal, {"due": due}, part, as_of)]
        for principal, due, part in zip((60_000, 40_000), dues, parts, strict=True)
    ]
    assert found == [[31 * 30], [32 * 20]]
    both = charges_on(body, 40_000, {"due": dues[1], "delivered": date(2026, 1, 1)}, [], as_of)
    assert [one.minor for one in both] == [640, 600 * 2]


def test_a_day_before_the_first_rate_has_no_amount() -> None:
    body = program(
        "settings:\n  late_rate:\n    - {from: 2026-01-01, value: 0.05% per day}\n"
        "late_charge: {rate: settings.late_rate, on: open principal, from: due + 1 day}\n"
    )
    (charged,) = charges_on(body, 100, {"due": date(2025, 12, 30)}, [], date(2026, 1, 5))
    assert charged.minor is None
    assert charged.interest is not None
    assert charged.interest.unrated == date(2025, 12, 31)


def test_fees_are_charged_for_each_time() -> None:
    body = program("fees: [{fee: returned_cheque, when: payment returned, amount: 25}]\n" + OCA)
    assert fees_for(body, ["payment returned", "level_1 sent", "payment returned"]) == (("returned_cheque", 2500),) * 2


def test_the_shipped_release_covers_110_percent_for_30_days() -> None:
    terms = release_terms(shipped("standard.yaml"))
    assert terms is not None
    assert terms.covers(100_000, date(2026, 1, 1), 110_000, date(2026, 1, 31))
    assert not terms.covers(100_000, date(2026, 1, 1), 110_000, date(2026, 2, 1))
    assert release_terms(program("let: {}\n")) is None


def test_ladders_and_charges_are_part_of_the_meaning_and_their_place_is_not() -> None:
    digests = {program(text).digest for text in (OCA, OCA.replace("+ 10 days", "+ 11 days"), "let: {}\n")}
    assert len(digests) == 3
    assert program("\n\n" + OCA).digest == program(OCA).digest
    charge = "late_charge: {{rate: {} per day, on: open principal, from: due + 1 day}}\n"
    assert program(charge.format("0.05%")).digest != program(charge.format("0.04%")).digest
