"""States and acts in the tests of a file: `state.x: active`, `cleared by finance: true`, `entries of x: [...]`."""

from __future__ import annotations

from policy.acts import ACTS, day_of_act, fact_name, parts_of_fact
from policy.check_states import ACTIVE
from policy.document import Word
from policy.infer import Inference
from policy.meaning import STATE, Referent, fact_referent
from policy.source import Node, Scalar
from policy.suggest import did_you_mean, listed

IS = {ACTIVE: True, "not active": False}


def given_names(inference: Inference, key: Word) -> tuple[Word, ...]:
    """The facts and lists that a key gives: an act counts for the customer and in every state that asks for it."""
    text = "_".join(key.text.split())
    if text in inference.names.vocabulary.lists:
        return (Word(text, key.at),)
    if key.text.endswith(" on") and (day := day_of_act(key.text.removesuffix(" on"))) in inference.names.known:
        return (Word(day, key.at),)
    act = fact_name(ACTS, key.text)
    if " by " not in key.text or parts_of_fact(act) is None:
        return (key,)
    found = [act] if act in inference.names.known else []
    found += [name for name in inference.names.facts if name.startswith(STATE) and name.endswith(f".{act[4:]}")]
    if not found and not has_broken_state(inference):
        inference.note("unknown-fact", key.at, f"no line asks for '{key.text}'", "take it out, or add the line")
    return tuple(Word(name, key.at) for name in found)


def has_broken_state(inference: Inference) -> bool:
    """Whether a state of the file could not be read, which hides what its lines ask for and what it gives."""
    return any(name.startswith(STATE) for name in inference.names.policy.broken)


def stored(inference: Inference, key: Word) -> Referent | None:
    """What a test may give under a name that also stands for something computed: a state as it was before."""
    fact = inference.names.facts.get(key.text)
    return fact_referent(fact) if fact is not None and key.text.startswith(STATE) else None


def is_state(inference: Inference, name: str) -> bool:
    """Whether a name is that of a state of the file."""
    return any(name == f"{STATE}{state.name.text}" for state in inference.names.policy.states)


def active_or_not(inference: Inference, node: Node) -> str | None:
    """The written word of a state, None after a finding."""
    text = node.text if isinstance(node, Scalar) else ""
    if text in IS:
        return text
    inference.note("test-value", node.at, f"'{text}' is no word of a state",
                   did_you_mean(text, IS, f"one of: {listed(IS)}"))  # fmt: skip
    return None
