"""Ladders as written: steps, actions and letters, and each slip told once."""

from __future__ import annotations

import pytest

from policy.syntax import Block, Comparison
from tests.policy.written import checked, codes, program, told

ROLES = "roles: {rising: [clerk, cfo]}\n"
STEP = "escalation:\n  standard:\n    - {step: a, at: due, do: %s}\n"


@pytest.mark.parametrize(
    "action",
    ["send formal_demand by registered_mail", "hold orders", "hold account", "release hold", "task call for clerk",
     "task call", "propose legal to cfo"],
)  # fmt: skip
def test_every_action_is_kept_as_written(action: str) -> None:
    (step,) = program(ROLES + STEP % action).ladders[0].steps
    assert [str(one) for one in step.does] == [action]


@pytest.mark.parametrize(
    ("action", "help"),
    [
        ("send letter", "write send LETTER by CHANNEL"),
        ("hold", "write hold orders or hold account"),
        ("release orders", "write release hold"),
        ("task", "write task NAME for ROLE"),
        ("propose legal", "write propose ACT to ROLE"),
        ("hold orders now", "write hold orders or hold account"),
    ],
)
def test_a_slip_in_an_action_gets_the_form_that_was_probably_meant(action: str, help: str) -> None:
    assert told(ROLES + STEP % action)[0].endswith(f"'{action}' is nothing that a step does; {help}")


def test_several_actions_stand_in_one_list() -> None:
    (step,) = program(ROLES + STEP % "[hold orders, task call for clerk]").ladders[0].steps
    assert [one.verb for one in step.does] == ["hold", "task"]


def test_when_and_for_are_joined() -> None:
    body = "escalation:\n  s:\n    - step: a\n      at: due\n      do: hold orders\n%s"
    both = "      when: invoice.open_amount > 5\n      for: customers where customer.type is school\n"
    (step,) = checked(body % both).policy.ladders[0].steps
    assert isinstance(step.when, Block)
    assert len(step.when.items) == 2
    (step,) = checked(body % "      for: customers where customer.type is school\n").policy.ladders[0].steps
    assert isinstance(step.when, Comparison)
    (step,) = checked(body % "      for: all\n").policy.ladders[0].steps
    assert step.when is None


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("escalation: [a]\n", ["wrong-shape"]),
        ("escalation:\n  Standard: []\n", ["bad-name"]),
        ("escalation:\n  s: {step: a}\n", ["wrong-shape"]),
        ("escalation:\n  s:\n    - {step: a, at: due}\n", ["missing-key"]),
        ("escalation:\n  s:\n    - {step: a, do: hold orders}\n", ["missing-key"]),
        ("escalation:\n  s:\n    - {step: a, at: due, do: hold orders, colour: red}\n", ["unknown-key"]),
        ("escalation:\n  s:\n    - {step: a, at: due, do: hold orders}\n    - {step: a, at: due, do: hold account}\n",
         ["duplicate-name"]),
        ("escalation:\n  none:\n    - {step: a, at: due, do: hold orders}\n", ["bad-name"]),
        ("letters: {per: customer}\n", ["missing-key"]),
        ("letters: {per: customer, lines: some}\n" + STEP % "hold orders", ["unknown-word"]),
    ],
)  # fmt: skip
def test_each_slip_is_told_once(body: str, wanted: list[str]) -> None:
    assert codes(body) == wanted


def test_a_step_that_cannot_be_read_is_not_told_again_where_it_is_named() -> None:
    body = (
        "escalation:\n  s:\n    - {step: a, at: deu, do: send x by email}\n"
        "    - {step: b, at: a sent + 3 days, do: hold orders}\n"
    )
    assert codes(body) == ["date-formula"]


def test_a_ladder_without_steps_is_a_ladder() -> None:
    found = program("escalation:\n  quiet: []\n").ladders
    assert [(ladder.name, ladder.steps) for ladder in found] == [("quiet", ())]
