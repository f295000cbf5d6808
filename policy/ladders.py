"""Ladders and letters as written: each step with its date, what it does, and when it may.

Names, roles and channels are judged in `policy/check_ladders.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from policy.day_formula import DayWritten, read_day
from policy.document import Word
from policy.expression import read_condition
from policy.problems import Problem, Where
from policy.shapes import NAME, Shapes
from policy.source import Node, Scalar, Sequence
from policy.syntax import Block, Condition

STEP_KEYS = ("step", "at", "do", "when", "until", "for")
SCOPES = ("all", "invoice")
WHERE = "customers where "
ACTIONS = (
    "send LETTER by CHANNEL", "hold orders", "hold account", "release hold", "task NAME for ROLE",
    "propose ACT to ROLE",
)  # fmt: skip
CALLED = {"registeredletter": "registered_mail", "registeredmail": "registered_mail", "email": "email",
          "mail": "email", "post": "letter", "sms": "text_message", "text": "text_message"}  # fmt: skip
_ACTION = re.compile(
    r"(?:(send)\s+(\w+)\s+by\s+(\w+)|(hold)\s+(orders|account)|(release)\s+(hold)|(task)\s+(\w+)(?:\s+for\s+(\w+))?"
    r"|(propose)\s+(\w+)\s+to\s+(\w+))\Z",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ActionWritten:
    """One thing that a step does: its verb, what, and by which channel or for which role ("" for none)."""

    verb: str
    what: str
    who: str
    at: Where
    who_at: Where


@dataclass(frozen=True, slots=True)
class StepWritten:
    """One step of a ladder; `when` holds the lines under `when` and those of `for: customers where ...`."""

    name: Word
    day: DayWritten
    does: tuple[ActionWritten, ...]
    when: Condition | None
    until: DayWritten | None
    at: Where


@dataclass(frozen=True, slots=True)
class LadderWritten:
    """A named ladder; none has no steps. `whole` is false where a step could not be read."""

    name: Word
    steps: tuple[StepWritten, ...]
    unread: frozenset[str] = frozenset()
    whole: bool = True


def holds_orders(ladders: Iterable[LadderWritten]) -> bool:
    """Whether a step of any ladder stops new orders, by `hold orders` or `hold account`."""
    return any(action.verb == "hold" for ladder in ladders for step in ladder.steps for action in step.does)


def read_ladders(shapes: Shapes, node: Node | None) -> tuple[LadderWritten, ...]:
    """`escalation:` each ladder by its name, with its steps in a list."""
    found: list[LadderWritten] = []
    if isinstance(node, Sequence):
        shapes.note("wrong-shape", node.at, "'escalation' has its ladders by name, and these steps have none",
                    "write a name above them, such as 'standard:', and indent them")  # fmt: skip
        shapes.broken.add("escalation")
        return ()
    for name, value in shapes.entries(node, "escalation"):
        if not shapes.named(name):
            shapes.broken.add(f"escalation.{name.text}")
        elif isinstance(value, Sequence) and not value.items:
            found.append(LadderWritten(name, ()))
        else:
            found.append(_ladder(shapes, name, value))
            if name.text == "none":
                shapes.note("bad-name", name.at, "'none' is the ladder without steps", "give this ladder another name")
    return tuple(found)


def _ladder(shapes: Shapes, name: Word, node: Node) -> LadderWritten:
    items = shapes.items(node, name.text)
    read = [_step(shapes, item) for item in items]
    steps = tuple(step for step in read if step is not None)
    seen: dict[str, Word] = {}
    for step in steps:
        first = seen.setdefault(step.name.text, step.name)
        if first is not step.name:
            shapes.note("duplicate-name", step.name.at, f"the step '{first.text}' stands already in line "
                        f"{first.at.line}", "choose another name, or take one out")  # fmt: skip
    unread = frozenset(_name_of(item) for item, step in zip(items, read, strict=True) if step is None)
    if unread:
        shapes.broken.add(f"steps.{name.text}")  # such as one that holds orders, which gives the file a check
    return LadderWritten(name, steps, unread, bool(items) and not unread)


def _name_of(node: Node) -> str:
    found = node.get("step") if not isinstance(node, Scalar | Sequence) else None
    return found.text if isinstance(found, Scalar) else ""


def _step(shapes: Shapes, node: Node) -> StepWritten | None:
    values = shapes.block(node, "a step of a ladder", STEP_KEYS)
    if values is None:
        return None
    name = shapes.word(shapes.need(values, "step", node.at, "a step"), "step", NAME)
    label = f"step '{name.text}'" if name else "a step"
    day = read_day(shapes, shapes.need(values, "at", node.at, label), "at")
    until = read_day(shapes, values.get("until"), "until")
    does = _actions(shapes, shapes.need(values, "do", node.at, label))
    lines = [shapes.condition(values.get("when"), "when"), _scope(shapes, values.get("for"))]
    kept = tuple(line for line in lines if line is not None)
    unread = ("until" in values and until is None) or ("when" in values and lines[0] is None)
    if name is None or day is None or not does or unread:
        return None
    when = kept[0] if len(kept) == 1 else Block("all", kept, node.at) if kept else None
    return StepWritten(name, day, does, when, until, node.at)


def _scope(shapes: Shapes, node: Node | None) -> Condition | None:
    """`for: customers where ...` as one more line; `all` and `invoice` say what holds anyway."""
    word = shapes.word(node, "for")
    if word is None or word.text in SCOPES:
        return None
    if word.text.startswith(WHERE):
        at = Where(word.at.file, word.at.line, word.at.column + (len(WHERE) if word.counted else 0))
        found: Condition | None = shapes.kept(read_condition(word.text[len(WHERE) :], at))
        return found
    shapes.note("not-yet-supported", word.at, f"a step for '{word.text}' does not run in this version",
                "write for: customers where customer.type is school, or a line under when")  # fmt: skip
    return None


def _actions(shapes: Shapes, node: Node | None) -> tuple[ActionWritten, ...]:
    words = shapes.words(node, "do") if node is not None else ()
    found = [_action(word) for word in words]
    shapes.problems.extend(one for one in found if isinstance(one, Problem))
    kept = tuple(one for one in found if isinstance(one, ActionWritten))
    return kept if len(kept) == len(found) else ()


def _action(word: Word) -> ActionWritten | Problem:
    match = _ACTION.match(word.text)
    if match is None:
        return Problem("action", word.at, f"'{word.text[:80]}' is nothing that a step does", _meant(word.text))
    groups = [(number, text) for number, text in enumerate(match.groups(), 1) if text is not None]
    verb, what = groups[0][1], groups[1][1]
    number, who = groups[2] if len(groups) > 2 else (0, "")
    column = word.at.column + (match.start(number) if number and word.counted else 0)
    return ActionWritten(verb, what, who, word.at, Where(word.at.file, word.at.line, column))



def _meant(text: str) -> str:
    channel = re.fullmatch(r"(send [a-z_]+ by )(.+)", text.strip())
    if channel is not None:
        word = re.sub(r"[^a-z]", "", channel[2].lower())
        return f"write {channel[1]}{CALLED.get(word) or re.sub(r'[^a-z]+', '_', channel[2].lower().strip())}"
    same = [action for action in ACTIONS if action.split()[0] == text.split()[0]]
    return f"write {' or '.join(same)}" if same else f"one of: {', '.join(ACTIONS)}"


@dataclass(frozen=True, slots=True)
class LettersWritten:
    """`letters:` how the letters of one run are put together."""

    per: Word
    at: Where


def read_letters(shapes: Shapes, node: Node | None) -> LettersWritten | None:
    """`{per: customer, lines: every due item, level: highest of the lines}`, or `{per: invoice}`."""
    if node is None:
        return None
    values = shapes.block(node, "letters", ("per", "lines", "level"))
    if values is None:
        return None
    word = shapes.word(shapes.need(values, "per", node.at, "letters"), "per")
    per = shapes.choice(word, "way to put letters together", ("customer", "invoice"))
    shapes.choice(shapes.word(values.get("lines"), "lines"), "way to choose lines", ("every due item",))
    shapes.choice(shapes.word(values.get("level"), "level"), "way to choose a level", ("highest of the lines",))
    return None if per is None else LettersWritten(per, node.at)
