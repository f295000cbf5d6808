"""The core says what the whole outcome says, in numbers."""

from __future__ import annotations

from rules import reference
from rules.core import APPROVE, CONDITIONS, DENY, REFER, core_of
from tests.programs import credit_program
from tests.rules.test_durable import GOOD


def test_the_core_of_an_outcome_holds_verdict_rows_and_masks() -> None:
    program = credit_program()

    def core(**changed: object) -> tuple[int, ...]:
        facts = GOOD | {name.replace("__", "."): value for name, value in changed.items()}
        return core_of(reference.decide(program, facts))

    assert core(order__requested_terms="net 60") == (APPROVE, 0, 0, 0, 0, -1, 0, 0)
    assert core(customer__score=79) == (CONDITIONS, 1, 1, 1, 1, -1, 0, 0)
    assert core(order__amount=6000) == (REFER, 0, 0, 0, 0, 1, 0b11, 0)
    assert core(customer__country="RU") == (DENY, 0, 0, 0, 0, -1, 0b1000, 0)
    assert core(account__exposure=None)[-1] == 0b11
