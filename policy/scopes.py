"""Whom a check or an exception is for, and the section `exceptions`: from the file's nodes to the document.

A scope is `customer X`, `group Y`, `customers where ...` or `all`, from narrow to wide. The narrower check of one name
takes the place of the wider one; an exception lifts only checks that it names, no narrower than itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from policy.document import CheckWritten, ExceptionWritten, Scope, Word
from policy.expression import read_formula
from policy.problems import Problem, Where
from policy.shapes import NAME, Shapes
from policy.source import Node, Scalar
from policy.source import Sequence as Items
from policy.syntax import Comparison, Condition, FigureOf, Membership, Name, Text

SUBJECTS = ("order", "limit_request", "shipment", "invoice", "customer")
NOT_DECIDED = "invoice"  # ladders and late charges are for invoices by themselves
ALL, WHERE, GROUP, CUSTOMER = range(4)  # from wide to narrow
NAMED = {"customer": CUSTOMER, "group": GROUP}
FACTS = {CUSTOMER: "customer.id", GROUP: "customer.group"}
KEYS = ("exception", "for", "lifts", "when", "until")
WRITE = "write customer X, group Y, customers where ..., or all"


def read_exceptions(shapes: Shapes, node: Node | None) -> tuple[ExceptionWritten, ...]:
    """The section `exceptions`."""
    found = []
    for item in shapes.items(node, "exceptions"):
        values = shapes.block(item, "an exception", KEYS)
        one = None if values is None else _exception(shapes, values, item.at)
        if one is not None:
            found.append(one)
    return tuple(found)


def _exception(shapes: Shapes, values: Mapping[str, Node], at: Where) -> ExceptionWritten | None:
    name = shapes.word(shapes.need(values, "exception", at, "an exception"), "exception", NAME)
    label = f"exception '{name.text}'" if name else "an exception"
    scope = shapes.need(values, "for", at, label)
    subjects, whom = ((), None) if scope is None else read_for(shapes, scope)
    lifted = shapes.need(values, "lifts", at, label)
    lifts = () if lifted is None else shapes.words(lifted, "lifts")
    when = shapes.condition(values.get("when"), "when")
    until = shapes.day(values.get("until"), "until")
    if name is None or whom is None or not lifts or ("when" in values and when is None):
        return None
    return ExceptionWritten(name, whom, lifts, when, until, at, subjects)


def read_scope(shapes: Shapes, node: Node) -> Scope:
    """The scope under `for`, without a text where it cannot be read."""
    return read_for(shapes, node)[1]


def read_for(shapes: Shapes, node: Node) -> tuple[tuple[str, ...], Scope]:
    """The subjects under `for`, none where it says none, and the scope, `all` where it says none."""
    items = node.items if isinstance(node, Items) else (node,)
    subjects = [item for item in items if isinstance(item, Scalar) and _subject(item.text)]
    named = tuple(dict.fromkeys(_subject(item.text) for item in subjects))
    for item in subjects:
        if _subject(item.text) == NOT_DECIDED:
            shapes.note("not-yet-supported", item.at, f"'for: {item.text}' does not run here in this version: nothing "
                        "is decided on an invoice", "write order, limit_request, shipment or customer; what happens to "
                        "an invoice stands under 'escalation' and 'late_charge'")  # fmt: skip
    scopes = [item for item in items if item not in subjects]
    if len(scopes) > 1:
        shapes.note("wrong-shape", node.at, "'for' says one scope, here are more", WRITE)
        return named, Scope(ALL, "", node.at)
    if not scopes:
        return named, Scope(ALL, "all", node.at)
    word = shapes.word(scopes[0], "for")
    found = None if word is None else _scope(shapes, word)
    return named, found or Scope(ALL, "", node.at)


def _subject(text: str) -> str:
    """The subject that a text names, "" for none; a bare `customer` is one, `customer X` is a scope."""
    bare = text.removeprefix("every ")
    return bare if bare in SUBJECTS else ""


def _scope(shapes: Shapes, word: Word) -> Scope | None:
    kind, _, rest = word.text.partition(" ")
    if word.text == "all":
        return Scope(ALL, "all", word.at)
    if kind in NAMED and rest.strip():
        return Scope(NAMED[kind], f"{kind} {rest.strip()}", word.at, rest.strip())
    if kind == "customers" and rest.split(" ", 1)[0] == "where":
        return _customers_where(shapes, word)
    shapes.note("scope", word.at, f"'{word.text[:60]}' does not say whom this is for", WRITE)
    return None


def _customers_where(shapes: Shapes, word: Word) -> Scope | None:
    """Read as a figure over customers is, which has the same lines joined by `and`."""
    head = "count of "
    start = Where(word.at.file, word.at.line, word.at.column - len(head))
    found = read_formula(head + word.text, start)
    if isinstance(found, Problem) or not isinstance(found, FigureOf):
        shapes.kept(found)
        return None
    return Scope(WHERE, word.text, word.at, where=found.where)


def of_one_name(checks: Sequence[CheckWritten], name: str) -> tuple[CheckWritten, ...]:
    """The checks of one name, each with its own scope."""
    return tuple(check for check in checks if check.name.text == name)


def level_of(check: CheckWritten) -> int:
    """How narrow a check's scope is; without one it is for all."""
    return ALL if check.scope is None else check.scope.level


def reaches(exception: Scope, check: Scope | None) -> bool:
    """Whether an exception may lift a check of this scope: it is narrower, or both are for the same."""
    if check is None or check.level < exception.level:
        return True
    return check.level == exception.level and (check.level == WHERE or check.text == exception.text)


def apart(one: Scope, two: Scope) -> bool:
    """Whether no customer can be in both of two scopes that are equally narrow."""
    if one.level in (CUSTOMER, GROUP):
        return one.name != two.name
    left, right = dict(_words(one.where)), dict(_words(two.where))
    return any(not left[subject] & right[subject] for subject in left.keys() & right.keys())


def _words(lines: Sequence[Condition]) -> Iterator[tuple[str, frozenset[str]]]:
    """The words that a line leaves to a subject, of lines that say it outright."""
    for line in lines:
        if isinstance(line, Comparison) and line.op == "is" and isinstance(line.left, Name):
            words = [_word(line.right)]
        elif isinstance(line, Membership) and not line.negated and isinstance(line.left, Name):
            words = [_word(item) for item in line.items]
        else:
            continue
        assert isinstance(line.left, Name)
        known = frozenset(word for word in words if word is not None)
        if len(known) == len(words):
            yield line.left.text, known


def _word(item: object) -> str | None:
    """A word as written; a dotted name is none."""
    text = item.text if isinstance(item, Name | Text) else "."
    return None if "." in text else text
