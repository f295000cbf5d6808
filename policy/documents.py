"""The section `documents`: which papers a customer must bring, from the file's nodes to the document.

Every row that fits adds its documents. A document that two rows ask for must satisfy both, so the stricter of each
attribute counts. Names of documents are declared by use.
"""

from __future__ import annotations

from dataclasses import dataclass

from policy.document import Policy, Scope, Word
from policy.problems import Where
from policy.scopes import read_for
from policy.shapes import NAME, Keys, Shapes
from policy.source import Mapping as Block
from policy.source import Node, Scalar
from policy.syntax import Condition

ATTRIBUTES = ("not_older_than", "months", "years", "quality")
ROW_KEYS = ("for", "when", "require", "may_require", "if_absent")
SET_BY, IF_ABSENT, UNITS = "set_by", ("refer", "deny"), ("days", "months", "years")
STATUSES = ("good", "missing", "too_old", "not_enough")
MOST = 1_200  # months, years or days that anybody asks for
SCALE, BUILT_IN_SCALE = "quality", ("audited", "reviewed", "compiled", "management")


@dataclass(frozen=True, slots=True)
class DocumentWanted:
    """One document of a row and what it must be like.

    `not_older_than` counts in `age_unit`, days or months; `quality` is the least rating that is enough, and `or_better`
    whether the row says so; `set_by` is the role that may ask for a document which the row only may require.
    """

    name: Word
    not_older_than: int | None = None
    age_unit: str = ""
    months: int | None = None
    years: int | None = None
    quality: Word | None = None
    set_by: Word | None = None
    or_better: bool = True


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A row of documents: for whom, when (None: always), what it requires and may require, what its absence means."""

    when: Condition | None
    required: tuple[DocumentWanted, ...]
    may_require: tuple[DocumentWanted, ...]
    if_absent: str
    at: Where
    subjects: tuple[str, ...] = ()
    scope: Scope | None = None


def documents_named(policy: Policy) -> tuple[str, ...]:
    """Every document that a policy names, in the order of first use."""
    rows = policy.documents
    return tuple(dict.fromkeys(one.name.text for row in rows for one in (*row.required, *row.may_require)))


def read_documents(shapes: Shapes, node: Node | None) -> tuple[DocumentRow, ...]:
    """The section `documents`."""
    rows = []
    for item in shapes.items(node, "documents"):
        values = shapes.block(item, "a row of documents", ROW_KEYS)
        if values is not None:
            rows.append(_row(shapes, values, item.at))
    _warn_of_slips(shapes, [one.name for row in rows for one in (*row.required, *row.may_require)])
    return tuple(rows)


def _row(shapes: Shapes, values: Keys, at: Where) -> DocumentRow:
    subjects, scope = read_for(shapes, values["for"]) if "for" in values else ((), None)
    if values.whole and "require" not in values and "may_require" not in values:
        shapes.note("missing-key", at, "a row of documents has neither 'require' nor 'may_require'",
                    "add 'require: [registration]'")  # fmt: skip
    absent = shapes.choice(shapes.word(values.get("if_absent"), "if_absent"), "word for what is absent", IF_ABSENT)
    required, may = (_wanted(shapes, values.get(key), key) for key in ("require", "may_require"))
    when = shapes.condition(values.get("when"), "when")
    return DocumentRow(when, required, may, absent.text if absent else "refer", at, subjects, scope)


def _wanted(shapes: Shapes, node: Node | None, place: str) -> tuple[DocumentWanted, ...]:
    if node is None:
        return ()
    if not isinstance(node, Block):
        words = [shapes.word(Scalar(w.text, False, w.at, False), place, NAME) for w in shapes.words(node, place)]
        shapes.once([word for word in words if word], "document")
        return tuple(DocumentWanted(word) for word in words if word)
    known = ATTRIBUTES if place == "require" else (*ATTRIBUTES, SET_BY)
    found = []
    for name, value in shapes.entries(node, place):
        values = None if not shapes.named(name) else _attributes(shapes, value, name, known)
        if values is not None:
            found.append(_one(shapes, name, values))
    return tuple(found)


def _attributes(shapes: Shapes, node: Node, name: Word, known: tuple[str, ...]) -> Keys | None:
    return shapes.block(node, f"document '{name.text}'", known)


def _one(shapes: Shapes, name: Word, values: Keys) -> DocumentWanted:
    age, unit = _age(shapes, values.get("not_older_than"))
    months, years = (_number(shapes, values.get(key), key) for key in ("months", "years"))
    set_by = shapes.word(values.get(SET_BY), SET_BY, NAME)
    quality, or_better = _quality(shapes, values.get("quality"))
    return DocumentWanted(name, age, unit, months, years, quality, set_by, or_better)


def _age(shapes: Shapes, node: Node | None) -> tuple[int | None, str]:
    """Calendar months or days; years are twelve months each."""
    word = shapes.word(node, "not_older_than")
    if word is None:
        return None, ""
    number, _, unit = word.text.partition(" ")
    unit = unit if unit.endswith("s") else unit + "s"
    if _is_whole(number) and unit in UNITS:
        size = int(number.replace("_", ""))
        return (size * 12, "months") if unit == "years" else (size, unit)
    shapes.note("unit", word.at, f"'{word.text}' is no age of a document", "write it as in 12 months, or 90 days")
    return None, ""


def _number(shapes: Shapes, node: Node | None, place: str) -> int | None:
    """How many months or years it covers; the unit may stand behind the number."""
    word = shapes.word(node, place)
    if word is None:
        return None
    number, _, unit = word.text.partition(" ")
    if _is_whole(number) and unit in ("", place, place.removesuffix("s")):
        return int(number.replace("_", ""))
    shapes.note("unit", word.at, f"'{word.text}' is no number of {place}", "write a whole number, such as 6")
    return None


def _is_whole(text: str) -> bool:
    digits = text.replace("_", "")
    return digits.isascii() and digits.isdigit() and 0 < int(digits[:9]) <= MOST and len(digits) < 9


def _quality(shapes: Shapes, node: Node | None) -> tuple[Word | None, bool]:
    """The least quality: `audited or better`; the best word of all may stand alone, which the check knows."""
    word = shapes.word(node, "quality")
    if word is None:
        return None, True
    text, _, rest = word.text.partition(" ")
    if rest in ("", "or better"):
        return Word(text, word.at), bool(rest)
    shapes.note("rating", word.at, f"'{word.text}' does not say whether a better quality is enough too",
                f"write '{text} or better'")  # fmt: skip
    return None, True


def _warn_of_slips(shapes: Shapes, names: list[Word]) -> None:
    """A name that is used once and differs from another by a letter was hardly meant; of two such, the second."""
    written = [word.text for word in names]
    for place, word in enumerate(names):
        near = [other for other in written if _one_slip(word.text, other)]
        if written.count(word.text) == 1 and near and (written.count(near[0]) > 1 or near[0] in written[:place]):
            shapes.note("unknown-word", word.at, f"the document '{word.text}' is asked for here alone",
                        f"did you mean '{near[0]}'?", "warning")  # fmt: skip


def _one_slip(one: str, other: str) -> bool:
    """Whether two names differ by one letter more, less or other, or by two neighbours in turn."""
    if one == other or abs(len(one) - len(other)) > 1 or min(len(one), len(other)) < 4:
        return False
    if one.rstrip("0123456789") == other.rstrip("0123456789"):  # the second of a kind, numbered on purpose
        return False
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
