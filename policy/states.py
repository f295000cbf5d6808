"""States that stay, under `states:`: what a customer is in until every line under `leave` holds.

Reading only; `policy/check_states.py` judges the lines, `policy/lower_states.py` makes tables of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from policy.acts import ACTS, parts_of_fact
from policy.document import Line, Policy, RowWritten, StateWritten, Word
from policy.meaning import STATE
from policy.problems import Where
from policy.sameness import lines_of, written
from policy.shapes import NAME, Keys, Shapes
from policy.source import Node, Scalar
from policy.syntax import Block, Comparison, Condition, Name
from policy.vocabulary import Vocabulary

STATE_KEYS = ("of", "enter", "leave", "while")
WHILE_KEYS = ("terms", "pay_by", "ship_when")
SUBJECTS = ("customer", "group")


def read_states(shapes: Shapes, node: Node | None) -> tuple[StateWritten, ...]:
    """Every state of the file; one that cannot be read is known by its name alone."""
    states = []
    for name, value in shapes.entries(node, "states"):
        found = _state(shapes, name, value) if shapes.named(name) else None
        if found is None:
            shapes.broken.update(state_names(name.text))
        else:
            states.append(found)
    return tuple(states)


def state_names(name: str) -> tuple[str, str, str]:
    """What lines may read of a state."""
    return f"{STATE}{name}", f"{STATE}{name}.since", f"{STATE}{name}.days"


def _state(shapes: Shapes, name: Word, node: Node) -> StateWritten | None:
    place = f"state '{name.text}'"
    values = shapes.block(node, place, STATE_KEYS)
    if values is None:
        return None
    subject = shapes.choice(shapes.word(values.get("of"), "of"), "subject of a state", SUBJECTS)
    if subject is not None and subject.text == "group":
        shapes.note("not-yet-supported", subject.at, "a state of a 'group' is part of the language, but this version "
                    "does not run it",
                    "write 'of: customer'; lines of group.exposure and group.limit hold for every member")  # fmt: skip
    enter = _lines(shapes, name, shapes.need(values, "enter", name.at, place), "enter")
    left = values.get("leave")
    never = isinstance(left, Scalar) and left.text == "never"
    if never or ("leave" not in values and values.whole):
        shapes.note("never-left", name.at, f"'{name.text}' can be entered but never left",
                    "add 'leave: ...', the lines that end it, such as 'reopened by cfo' "
                    "where only a person may")  # fmt: skip
    leave = () if never else _lines(shapes, name, values.get("leave"), "leave")
    offered = _while(shapes, values["while"], place) if "while" in values else {}
    at = values["while"].at if "while" in values else name.at
    return StateWritten(name, enter, leave, offered, at) if enter and leave else None


def _lines(shapes: Shapes, name: Word, node: Node | None, key: str) -> tuple[Line, ...]:
    """The lines of a condition with their text; acts in them count from the state's last change."""
    found = []
    for one in lines_of(node):
        condition = shapes.condition(one, key)
        if condition is not None:
            found.append(Line(_of_state(condition, name.text), " ".join(written(one).split())))
    return tuple(found)


def _of_state(condition: Condition, state: str) -> Condition:
    if isinstance(condition, Block):
        return replace(condition, items=tuple(_of_state(item, state) for item in condition.items))
    if isinstance(condition, Comparison) and isinstance(condition.left, Name) and parts_of_fact(condition.left.text):
        name = condition.left.text.removeprefix(f"{ACTS}.")
        return replace(condition, left=Name(f"{STATE}{state}.{name}", condition.left.at))
    return condition


def _while(shapes: Shapes, node: Node, place: str) -> Mapping[str, object]:
    """What a row of terms says while the state lasts; nothing where it cannot be read."""
    values = shapes.block(node, f"'while' of {place}", WHILE_KEYS) or Keys()
    terms = shapes.need(values, "terms", node.at, f"'while' of {place}")
    offer = shapes.words(terms, "terms") if terms is not None else ()
    said = {key: shapes.word(values.get(key), key, NAME) for key in WHILE_KEYS[1:]}
    return {"offer": offer, **{key: word for key, word in said.items() if word}} if offer else {}


def with_while_rows(policy: Policy, vocabulary: Vocabulary) -> Policy:
    """The policy with a row of terms for each state that says what holds meanwhile: first of all, stricter first."""
    states = sorted((state for state in policy.states if state.offered), key=lambda state: _days(state, vocabulary))
    if not states or "terms" not in policy.rows:
        return policy
    rows = tuple(RowWritten(is_active(state.name), state.offered, state.while_at) for state in states)
    return replace(policy, rows={**policy.rows, "terms": (*rows, *policy.rows["terms"])})


def is_active(name: Word) -> Condition:
    """The line `state.NAME is active`."""
    at = Where(name.at.file, name.at.line, name.at.column)
    return Comparison("is", Name(f"{STATE}{name.text}", at), Name("active", at), at)


def _days(state: StateWritten, vocabulary: Vocabulary) -> int:
    """The most days that a state's terms allow; what cannot be read is told elsewhere."""
    offer = state.offered["offer"]
    assert isinstance(offer, tuple)
    read = [vocabulary.read_terms(word.text) for word in offer]
    return max((terms.net_days for terms in read if terms is not None), default=0)
