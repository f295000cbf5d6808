"""Promises: what the credit committee says of the policy as a whole, in a closed grammar, with names made sure of.

A promise is proved, refuted by an order, or not proven in `rules/proving.py`; here it is only read. The named
sentences are short for the general forms. Source: the policy language, "promises".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from policy.document import Policy, Word
from policy.infer import Inference
from policy.kinds import NUMERIC
from policy.meaning import names_in
from policy.problems import Where
from policy.shapes import DOTTED, Shapes
from policy.source import Mapping as Block
from policy.source import Node as Source
from policy.source import Scalar
from policy.subjects import ORDER, has_fact
from policy.suggest import did_you_mean, listed
from policy.syntax import Condition
from policy.vocabulary import DIRECTIONS

ASPECTS = ("verdict", "limit", "largest_order", "longest", "terms", "security")
ANSWERS = ("verdict", "tier", "authority", "hard_stop")
NEVER_WORSE = re.compile(r"better ([a-z][a-z0-9_.]*) never worse")
LARGER_ORDER = "larger order never easier"
RELEASED = "every referral can be released by someone"
STEPS = "steps in order"
AMOUNT = "order.amount"
SENTENCES = ("better FACT never worse", LARGER_ORDER, RELEASED)


@dataclass(frozen=True, slots=True)
class PromiseWritten:
    """A promise as written.

    `form` is never_worse (of `fact`, in the parts `on`), released, or always: wherever `when` holds, `then` does, which
    is a condition, or words of the answer by their part.
    """

    text: str
    form: str
    at: Where
    fact: Word | None = None
    better: str = ""
    on: tuple[str, ...] = ASPECTS
    when: Condition | None = None
    then: Condition | None = None
    answers: tuple[tuple[Word, tuple[Word, ...]], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class CheckedPromise:
    """A promise whose fact has its full name and whose better direction is known."""

    written: PromiseWritten
    fact: str = ""
    better: str = ""


def read_promises(shapes: Shapes, node: Source | None) -> tuple[PromiseWritten, ...]:
    """The promises of a file, in its order."""
    items = () if node is None else shapes.items(node, "promises")
    return tuple(found for item in items if (found := _promise(shapes, item)) is not None)


def _promise(shapes: Shapes, node: Source) -> PromiseWritten | None:
    if isinstance(node, Scalar):
        return _sentence(shapes, node)
    values = shapes.block(node, "a promise", ("monotone", "always"))
    if values is None or len(values) != 1:
        if values is not None and values.whole:
            shapes.note("promise", node.at, "a promise is one sentence, or one block 'monotone' or 'always'",
                        f"write one of: {listed(SENTENCES)}")  # fmt: skip
        return None
    (form, value), = values.items()
    return (_monotone if form == "monotone" else _always)(shapes, value)


def _sentence(shapes: Shapes, node: Scalar) -> PromiseWritten | None:
    text = " ".join(node.text.split())
    found = NEVER_WORSE.fullmatch(text)
    if found is not None:
        return PromiseWritten(text, "never_worse", node.at, Word(found.group(1), node.at))
    if text == LARGER_ORDER:
        return PromiseWritten(text, "never_worse", node.at, Word(AMOUNT, node.at), "lower")
    if text == RELEASED:
        return PromiseWritten(text, "released", node.at)
    if text == STEPS:
        shapes.note("not-yet-supported", node.at, f"'{STEPS}' is part of the language, but this version does not run "
                    "it", "take it out; steps out of order are told where they stand")  # fmt: skip
    else:
        shapes.note("promise", node.at, f"'{text[:80]}' is not a promise that can be proved",
                    did_you_mean(text, SENTENCES, f"write one of: {listed(SENTENCES)}"))  # fmt: skip
    return None


def _monotone(shapes: Shapes, node: Source) -> PromiseWritten | None:
    values = shapes.block(node, "monotone", ("fact", "better", "on"))
    if values is None:
        return None
    fact = shapes.word(shapes.need(values, "fact", node.at, "monotone"), "fact", DOTTED)
    better = shapes.choice(shapes.word(values.get("better"), "better"), "direction", DIRECTIONS)
    parts = shapes.words(values["on"], "on") if "on" in values else ()
    chosen = [word.text for word in parts if shapes.choice(word, "part of a decision that can be compared", ASPECTS)]
    if fact is None or len(chosen) != len(parts) or ("better" in values and better is None):
        return None
    side = better.text if better else ""
    text = f"better {fact.text} never worse" + (f" in {', '.join(chosen)}" if chosen else "")
    return PromiseWritten(text, "never_worse", node.at, fact, side, tuple(chosen) or ASPECTS)


def _always(shapes: Shapes, node: Source) -> PromiseWritten | None:
    values = shapes.block(node, "always", ("when", "then"))
    if values is None:
        return None
    then = shapes.need(values, "then", node.at, "always")
    when = shapes.condition(shapes.need(values, "when", node.at, "always"), "when")
    if when is None or then is None:
        return None
    text = f"always from line {node.at.line}"
    if isinstance(then, Block) and any(key.text in ANSWERS for key, _ in then.entries):
        said = shapes.block(then, "then", ANSWERS)
        places = {key.text: key.at for key, _ in then.entries}
        answers = tuple((Word(key, places.get(key, then.at)), shapes.words(value, key))
                        for key, value in (said or {}).items())  # fmt: skip
        return PromiseWritten(text, "always", node.at, when=when, answers=answers)
    lines = shapes.condition(then, "then")
    return None if lines is None else PromiseWritten(text, "always", node.at, when=when, then=lines)


def check_promises(inference: Inference) -> tuple[CheckedPromise, ...]:
    """The promises with their names made sure of; findings for what does not fit."""
    policy: Policy = inference.names.policy
    return tuple(found for one in policy.promises if (found := _checked(inference, one)) is not None)


def _checked(inference: Inference, one: PromiseWritten) -> CheckedPromise | None:
    told = len(inference.problems)
    if one.form == "always":
        for condition in (one.when, one.then):
            if condition is not None and inference.condition(condition):
                for read in names_in(condition):
                    _of_no_order(inference, read.text, read.at)
        _answers(inference, one)
        return CheckedPromise(one) if len(inference.problems) == told else None
    if one.fact is None:
        return CheckedPromise(one)
    name = _full_name(inference, one.fact)
    if name is None:
        return None
    declared = inference.names.facts.get(name)
    if _of_no_order(inference, name, one.fact.at):
        return None
    if declared is None or (declared.kind not in NUMERIC and not declared.scale):
        inference.note("promise", one.fact.at, f"'{name}' has no order in which one value is better than another",
                       "name a fact that is a number or a rating, or write an 'always'")  # fmt: skip
        return None
    better = "lower" if declared.scale else one.better or declared.better  # of ranks, 1 the best
    if not better:
        inference.note("promise", one.fact.at, f"nothing says whether a higher or a lower '{name}' is better",
                       "declare it under facts with 'better: higher' or 'better: lower'")  # fmt: skip
        return None
    return CheckedPromise(one, name, better)


def _of_no_order(inference: Inference, name: str, at: Where) -> bool:
    """Whether a promise reads a fact of another subject than orders; then that is told."""
    if has_fact(ORDER, name):
        return False
    inference.note("promise", at, f"promises are about orders, and no order has '{name}'",
                   "name a fact of the order, the customer or the account")  # fmt: skip
    return True


def _full_name(inference: Inference, word: Word) -> str | None:
    """The fact of a name, or of its last part where only one fact ends so."""
    facts = inference.names.facts
    if word.text in facts:
        inference.names.read([])
        return word.text
    ending = [name for name in facts if name.rpartition(".")[2] == word.text]
    if len(ending) == 1:
        return ending[0]
    if ending:
        inference.note("promise", word.at, f"'{word.text}' may be {listed(ending)}", "write the whole name")
    elif word.text not in inference.names.policy.broken:
        inference.note("unknown-fact", word.at, f"'{word.text}' is not a fact", did_you_mean(word.text, facts))
    return None


def _answers(inference: Inference, one: PromiseWritten) -> None:
    policy = inference.names.policy
    tiers = inference.names.known["tier"].sort.choices if "tier" in inference.names.known else ()
    roles = [role.text for role in (*policy.roles_rising, *policy.roles_beside)]
    allowed = {"verdict": ("approve", "approve_with_conditions", "refer", "deny"), "tier": (*tiers, "none"),
               "authority": (*roles, "none"), "hard_stop": ("true", "false")}  # fmt: skip
    for key, words in one.answers:
        for word in words:
            if word.text not in allowed[key.text]:
                inference.note("promise", word.at, f"'{word.text}' is not a {key.text.replace('_', ' ')}",
                               did_you_mean(word.text, allowed[key.text], f"one of: {listed(allowed[key.text])}"))
