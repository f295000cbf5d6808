"""The section `facts`: what a policy reads beside the trade's own facts, single values and lists of the request.

A list has a name, the kinds of its fields, and a bound; only figures under `let` may read it.
"""

from __future__ import annotations

from policy.document import FactWritten, FieldWritten, ListFactWritten, Word
from policy.kinds import KINDS
from policy.shapes import DOTTED, NAME, Shapes
from policy.source import Mapping as Block
from policy.source import Node
from policy.vocabulary import DIRECTIONS, SOURCES

OWN_KINDS = (*(kind for kind in KINDS if kind not in ("rate", "number")), "rating")
FIELD_KINDS = tuple(kind for kind in OWN_KINDS if kind not in ("limit", "terms", "rating"))
FACT_KEYS = ("kind", "from", "missing", "of", "meaning", "better")
LIST_KEYS = ("list", "from", "missing", "at_most", "dated_by", "meaning")
AT_MOST, MOST_ITEMS = 200, 1_000  # items where nothing is said, and the most that may be said


def read_facts(shapes: Shapes, node: Node | None) -> tuple[FactWritten, ...]:
    """The single facts that the file declares."""
    facts = []
    for name, value in shapes.entries(node, "facts"):
        if _is_list(value):
            continue
        values = shapes.block(value, f"fact '{name.text}'", FACT_KEYS, ("alias", "at_most", "unit"))
        shapes.broken.add(name.text)
        if values is None or not shapes.named(name, DOTTED):
            continue
        kind = shapes.choice(shapes.word(shapes.need(values, "kind", name.at, f"fact '{name.text}'"), "kind"),
                             "kind of fact", OWN_KINDS)  # fmt: skip
        source = shapes.choice(shapes.word(values.get("from"), "from"), "source of facts", SOURCES)
        missing = _missing(shapes, values.get("missing"), name)
        choices = _choices(shapes, values.get("of"), kind, name)
        meaning = {language: word.text for language, word in shapes.texts(values.get("meaning"), "meaning").items()}
        better = shapes.choice(shapes.word(values.get("better"), "better"), "direction", DIRECTIONS)
        if kind is not None:
            word = source or Word("master", name.at)
            facts.append(FactWritten(name, kind, word, missing, choices, meaning, better))
            shapes.broken.discard(name.text)
    shapes.once([fact.name for fact in facts], "fact")
    return tuple(facts)


def read_fact_lists(shapes: Shapes, node: Node | None) -> tuple[ListFactWritten, ...]:
    """The lists that the file declares: the request brings them."""
    if not isinstance(node, Block):
        return ()
    lists = []
    for key, value in node.entries:
        name = Word(key.text, key.at)
        if not _is_list(value):
            continue
        values = shapes.block(value, f"fact '{name.text}'", LIST_KEYS, ("alias",))
        shapes.broken.add(name.text)
        if values is None or not shapes.named(name, NAME):
            continue
        fields = _fields(shapes, values["list"], name)
        source = shapes.word(shapes.need(values, "from", name.at, f"fact '{name.text}'"), "from")
        if source is not None and source.text != "request":
            shapes.note("not-yet-supported", source.at, f"a list from '{source.text}' does not run in this version",
                        "write from: request")  # fmt: skip
        meaning = {language: word.text for language, word in shapes.texts(values.get("meaning"), "meaning").items()}
        dated_by = _dated_by(shapes, fields, values.get("dated_by"))
        if fields:
            lists.append(ListFactWritten(name, fields, _missing(shapes, values.get("missing"), name),
                                         _at_most(shapes, values.get("at_most")), dated_by, meaning))  # fmt: skip
            shapes.broken.discard(name.text)
    return tuple(lists)


def _is_list(value: Node) -> bool:
    return isinstance(value, Block) and value.get("list") is not None


def _missing(shapes: Shapes, node: Node | None, name: Word) -> Word:
    missing = shapes.word(node, "missing") or Word("refer", name.at)
    if missing.text in ("refer", "deny"):
        return missing
    shapes.note("not-yet-supported", missing.at, f"a default of '{missing.text}' for a missing fact does not "
                "run in this version", "write missing: refer, or missing: deny")  # fmt: skip
    return Word("refer", name.at)


def _choices(shapes: Shapes, node: Node | None, kind: Word | None, name: Word) -> tuple[Word, ...]:
    choices = shapes.words(node, "of") if node is not None else ()
    if kind is not None and kind.text == "rating" and len(choices) != 1:
        shapes.note("missing-key", name.at, f"the rating '{name.text}' does not say its scale", "add 'of: SCALE'")
    if kind is not None and kind.text == "choice" and not choices:
        shapes.note("missing-key", name.at, f"the choice '{name.text}' does not say its words", "add 'of: [one, two]'")
    return choices


def _fields(shapes: Shapes, node: Node, name: Word) -> tuple[FieldWritten, ...]:
    """The fields of a list: `amount: money`, or `{kind: choice, of: [...]}` where words must be said."""
    fields = []
    for key, value in shapes.entries(node, "list"):
        values = shapes.block(value, f"field '{key.text}'", ("kind", "of")) if isinstance(value, Block) else None
        kind_node = value if values is None else shapes.need(values, "kind", key.at, f"field '{key.text}'")
        kind = shapes.choice(shapes.word(kind_node, key.text), "kind of field", FIELD_KINDS)
        if shapes.named(key) and kind is not None:
            choices = _choices(shapes, None if values is None else values.get("of"), kind, key)
            fields.append(FieldWritten(key, kind, choices))
    if isinstance(node, Block) and not node.entries:
        shapes.note("wrong-shape", node.at, f"the list '{name.text}' has no fields", "write them as {amount: money}")
    return tuple(fields)


def _at_most(shapes: Shapes, node: Node | None) -> int:
    word = shapes.word(node, "at_most")
    if word is None:
        return AT_MOST
    digits = word.text.replace("_", "")
    if digits.isascii() and digits.isdigit() and len(digits) < 10 and 0 < int(digits) <= MOST_ITEMS:
        return int(digits)
    shapes.note("range", word.at, f"'{word.text}' is no number of items", f"write 1 to {MOST_ITEMS:_}")
    return AT_MOST


def _dated_by(shapes: Shapes, fields: tuple[FieldWritten, ...], node: Node | None) -> Word | None:
    """The date field that windows look at: the one that is named, else the only one there is."""
    dates = [field.name for field in fields if field.kind.text == "date"]
    word = shapes.word(node, "dated_by")
    if word is None:
        return dates[0] if len(dates) == 1 else None
    return shapes.choice(word, "date field of this list", [date.text for date in dates])
