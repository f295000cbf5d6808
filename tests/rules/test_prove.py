"""The prover against the definition: what it refutes is shown by the reference, what it proves no order breaks."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from policy.compile_promises import Question
from policy.problems import Where
from policy.program import Program
from rules.proving import Found, Task, replayed
from rules.standing import decided, worse
from tests.programs import KIND_OF, TERMS, Builder, random_program, random_value

pytest.importorskip("z3", reason="the prover is an extra of its own")
from rules.prove import prove

HERE = Where("made.yaml", 1, 1)
MOVED = {"customer.score": "higher", "account.overdue_days": "lower", "customer.revenue": "higher",
         "order.amount": "lower", "limit.granted": "higher", "customer.leverage": "lower"}  # fmt: skip
PROGRAMS = 24
PAIRS = 2_000
STEPS = 400_000


def question(name: str) -> Question:
    return Question(f"better {name} never worse", HERE, "never_worse", name, MOVED[name])


def found(program: Program, name: str) -> Found:
    return next(prove(Task(program, (question(name),), steps=STEPS)))[1]


def whole(random: Random) -> dict[str, Any]:
    """Facts of an order with nothing missing but, now and then, the payment terms asked for."""
    facts = {name: value(random, name) for name in KIND_OF}
    if random.random() < 0.4 or facts["order.requested_terms"] not in ("prepaid", *TERMS):
        del facts["order.requested_terms"]
    return facts


def value(random: Random, name: str) -> Any:
    """A value of a fact that an order can have."""
    natural = name in ("order.amount", "order.prepaid") or KIND_OF[name] in ("count", "months")
    found = random_value(random, name)
    while natural and found < 0:
        found = random_value(random, name)
    return found


def broken_by_chance(program: Program, name: str, random: Random) -> tuple[Any, ...]:
    """Two orders, found by chance, of which the one with the better value fares worse; empty where there were none."""
    for _ in range(PAIRS):
        one = whole(random)
        pair = [one, {**one, name: value(random, name)}]
        pair.sort(key=lambda facts: facts[name], reverse=MOVED[name] == "lower")
        if pair[0][name] != pair[1][name] and worse(*(decided(program, facts)[1] for facts in pair)):
            return tuple(pair)
    return ()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_a_refutation_replays_and_a_proof_is_never_contradicted(seed: int) -> None:
    random = Random(seed)
    program = random_program(random)
    name = random.choice([*MOVED])
    answer = found(program, name)
    if answer.status == "refuted":
        assert replayed(program, question(name), answer.orders), answer
    elif answer.status == "proved":
        assert broken_by_chance(program, name, random) == ()


@pytest.mark.slow
def test_the_random_programs_are_both_proved_and_refuted() -> None:
    answers = []
    for seed in range(PROGRAMS):
        random = Random(seed)
        program = random_program(random)
        answers.append(found(program, random.choice([*MOVED])).status)
    assert answers.count("proved") > 2 and answers.count("refuted") > 2, answers


def test_what_has_no_formula_stays_unknown_and_the_answer_says_why() -> None:
    b = Builder()
    strange = b.calc("unheard_of", b.fact("order.amount"), b.const("money", 1))
    check = b.measured("strange", strange, "at_most", b.const("money", 5), "refer")
    answer = found(b.program((check,)), "order.amount")
    assert (answer.status, answer.reason) == ("unknown", "the prover does not know 'unheard_of'")


def test_the_same_question_gets_the_same_answer() -> None:
    program = random_program(Random(3))
    assert found(program, "customer.score") == found(program, "customer.score")
