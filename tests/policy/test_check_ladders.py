"""What a ladder may count from, read and ask of whom; which tier has which."""

from __future__ import annotations

import pytest

from tests.policy.written import codes, hints, program, told

ROLES = "roles: {rising: [clerk, cfo]}\n"
TIERS = "tiers:\n  - tier: good\n    when: customer.score >= 60%s\n  - tier: weak\n    otherwise: true%s\n"


def ladder(*steps: str) -> str:
    return "escalation:\n  standard:\n" + "".join(f"    - {{step: {step}}}\n" for step in steps)


def test_a_sound_ladder_has_no_finding() -> None:
    body = ROLES + ladder("a, at: due + 5 days, do: send x by email", "b, at: a sent + 5 days, do: propose y to cfo")
    assert told(body) == []
    assert hints(body) == []


def test_a_circle_of_three_is_told_once_with_its_way() -> None:
    body = ladder("a, at: c sent, do: send x by email", "b, at: a sent, do: send x by email",
                  "c, at: b sent, do: send x by email")  # fmt: skip
    assert told(body) == ["3:21: cycle: steps wait for each other: a -> c -> b -> a; one of them must count from "
                          "something else"]  # fmt: skip


def test_a_step_does_not_count_from_itself() -> None:
    assert codes(ladder("a, at: a sent + 3 days, do: send x by email")) == ["cycle"]


def test_until_may_name_steps_too() -> None:
    assert codes(ladder("a, at: due, until: z sent + 3 days, do: hold orders")) == ["unknown-step"]


def test_a_setting_of_days_moves_a_step() -> None:
    body = "settings:\n  wait: %s\n" + ladder("a, at: due + settings.wait, do: hold orders")
    assert program(body % "15 days").ladders[0].steps[0].at.number == 15
    assert program(body % "1 year").ladders[0].steps[0].at.op == "add_months"
    assert codes(body % "5%") == ["unit"]
    assert codes(body % "5_000 days") == ["range"]
    assert codes(body.replace("settings.wait", "settings.wiat") % "15 days") == ["unknown-fact"]
    assert codes(body % "[{value: 3 days, until: 2026-01-01}, {value: 4 days, from: 2026-01-02}]") == ["unit"]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("invoice.days_overdue > 5", []),
        ("account.overdue_amount > 5", []),
        ("tier is good", []),
        ("limit.policy > 5", ["section-order"]),
        ("order.amount > 5", ["scope"]),
        ("by_order > 5", ["scope"]),
        ("invoice.amuont > 5", ["scope"]),
    ],
)
def test_a_condition_reads_the_invoice_and_its_customer_and_never_an_order(line: str, wanted: list[str]) -> None:
    body = (
        "let:\n  by_order: order.amount * 2\nlimits:\n  - otherwise: true\n    limit: 5\n"
        + TIERS % ("", "") + ladder(f"a, at: due, when: {line}, do: hold orders")
    )  # fmt: skip
    assert codes(body) == wanted


def test_a_tier_that_hangs_on_the_order_is_not_known_to_a_ladder() -> None:
    tiers = "tiers:\n  - tier: good\n    when: order.amount < 5\n  - tier: weak\n    otherwise: true\n"
    found = told(tiers + ladder("a, at: due, when: tier is good, do: hold orders"))
    assert len(found) == 1
    assert "scope: 'tier' reads 'order.amount', a fact of an order" in found[0]


def test_a_long_chain_of_figures_is_walked_once() -> None:
    lines = [f"  f{number}: f{number + 1} + f{number + 1}\n" for number in range(30)]
    body = "let:\n" + "".join(lines) + "  f30: order.amount\n"
    found = told(body + ladder("a, at: due, when: f0 > 5, do: hold orders"))
    assert [line.split(": ")[1] for line in found] == ["scope"]


def test_several_ladders_need_a_tier_that_chooses() -> None:
    two = "escalation:\n  one:\n    - {step: a, at: due, do: hold orders}\n  two: []\n"
    assert codes(two) == ["missing-key"]
    assert codes(two + TIERS % ("", "\n    ladder: one")) == ["missing-key"]
    body = program(two + TIERS % ("\n    ladder: none", "\n    ladder: one"))
    assert body.ladder_of == (("good", "none"), ("weak", "one"))


def test_one_ladder_is_everybodys_who_names_none() -> None:
    one = "escalation:\n  one:\n    - {step: a, at: due, do: hold orders}\n"
    assert program(one + TIERS % ("\n    ladder: none", "")).ladder_of == (("good", "none"), ("weak", "one"))


def test_one_tier_has_one_ladder() -> None:
    one = "escalation:\n  one:\n    - {step: a, at: due, do: hold orders}\n"
    rows = (TIERS % ("\n    ladder: none", "\n    ladder: one")).replace("weak", "good")
    assert codes(one + rows) == ["duplicate-name"]


def test_business_days_ask_for_a_calendar() -> None:
    body = ladder("a, at: due + 3 business days, do: hold orders")
    assert codes(body) == ["date-formula"]
    assert codes("calendar: CN\n" + body) == []
    assert codes("calendar: CHINA\n" + body) == ["unknown-word"]
