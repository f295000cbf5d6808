"""Rows of `security` from the file's nodes to the document: instruments with their shares, and what is wanted of them.

What is wanted of an instrument (its issuer's rating, how long it holds, a confirmation) goes to the answer, for whoever
brings it and whoever confirms it; no verdict depends on it.
"""

from __future__ import annotations

import re

from policy.discretion import chosen, may_require, share_of
from policy.document import Alternative, Expiry, ShareOf, Wanted, Word
from policy.problems import Where
from policy.shapes import Keys, Shapes
from policy.source import Mapping as Block
from policy.source import Node, Scalar
from policy.syntax import Expr

INSIDE = "write it inside the instrument: {deposit: {of: customer.annual_revenue, share: 5%}}"
WAYS = ("require", "require_one_of", "may_require", "may_require_one_of")
ATTRIBUTES = ("issuer_rating", "expires_after", "confirmed")
EXPIRY = re.compile(r"last due date(?: ?\+ ?(?P<size>\d{1,5}) (?P<unit>days?|months?))?")
RATING = re.compile(r"(?P<word>\S+) or better")
MOST = {"day": 3650, "month": 120}


def security_cells(shapes: Shapes, values: Keys, at: Where) -> dict[str, object] | None:
    """What a row of security asks for: a tuple of alternatives under "security", empty for nothing."""
    given = [key for key in WAYS if key in values]
    if len(given) != 1:
        if values.whole or given:
            shapes.note("missing-key", at, "a row of security needs one of 'require', 'require_one_of', 'may_require' "
                        "and 'may_require_one_of'", "write 'require: none' where nothing is required")  # fmt: skip
        return None
    if given[0] == "may_require_one_of":
        return chosen(shapes, values, at)
    if given[0] == "may_require":
        return may_require(shapes, values, _alternative(shapes, values["may_require"], "may_require"), at)
    if "set_by" in values:
        shapes.note("unknown-key", values["set_by"].at, "'set_by' belongs to what a person decides",
                    "write it beside may_require, or beside from and to of an instrument")  # fmt: skip
    if "require_one_of" in values:
        items = shapes.items(values["require_one_of"], "require_one_of")
        found = [_alternative(shapes, item, "require_one_of") for item in items]
        for held in (held for one in found if one and len(found) > 1 for held in one.of if held.set_by is not None):
            shapes.note("not-yet-supported", held.instrument.at, f"a person decides on '{held.instrument.text}', which "
                        "does not run beside other ways in this version",
                        "write a share there, or a row of its own with require")  # fmt: skip
        return {"security": tuple(one for one in found if one)} if all(found) and found else None
    node = values["require"]
    if isinstance(node, Scalar) and node.text == "none":
        return {"security": ()}
    one = _alternative(shapes, node, "require")
    return None if one is None else {"security": (one,)}


def _alternative(shapes: Shapes, node: Node, place: str) -> Alternative | None:
    if not isinstance(node, Block):
        shapes.wrong(node, "a block such as {bank_guarantee: 100%}", place)
        return None
    shares: list[tuple[Word, Expr]] = []
    held: list[ShareOf] = []
    said: dict[str, Node] = {}
    for key, value in node.entries:
        if key.text == "of":
            shapes.note("wrong-shape", key.at, "'of' says of which amount one instrument is a share", INSIDE)
        elif isinstance(value, Block):
            found = share_of(shapes, Word(key.text, key.at), value)
            held += [] if found is None else [found]
        elif key.text in ATTRIBUTES:
            said[key.text] = value
        elif (share := shapes.formula(value, key.text)) is not None:
            shares.append((Word(key.text, key.at), share))
    wanted = Wanted(_rating(shapes, said), _expiry(shapes, said), _confirmed(shapes, said)) if said else None
    if said and len(said) == len(node.entries):
        shapes.note("missing-key", node.at, "this says how an instrument must be, and names none",
                    "add the instrument, as in {letter_of_credit: 100%, confirmed: true}")  # fmt: skip
    whole = len(shares) + len(held) + len(said) == len(node.entries)
    return Alternative(tuple(shares), node.at, wanted, tuple(held)) if (shares or held) and whole else None


def _rating(shapes: Shapes, said: dict[str, Node]) -> Word | None:
    word = shapes.word(said.get("issuer_rating"), "issuer_rating")
    if word is not None and not RATING.fullmatch(word.text):
        shapes.note("rating", word.at, f"'{word.text}' does not say which ratings are good enough",
                    "write it like A or better")  # fmt: skip
        return None
    return word


def _expiry(shapes: Shapes, said: dict[str, Node]) -> Expiry | None:
    word = shapes.word(said.get("expires_after"), "expires_after")
    if word is None:
        return None
    found = EXPIRY.fullmatch(word.text)
    if found is None:
        shapes.note("date-formula", word.at, f"'{word.text}' is not a day that an instrument can be held to",
                    "write it like last due date + 21 days")  # fmt: skip
        return None
    size, unit = int((found["size"] or "0")[:9]), (found["unit"] or "day").removesuffix("s")
    if size > MOST[unit]:
        shapes.note("range", word.at, f"'{word.text}' lies more than ten years after the last due date",
                    "write fewer days or months")  # fmt: skip
        return None
    return Expiry(*((size, 0) if unit == "day" else (0, size)), word)


def _confirmed(shapes: Shapes, said: dict[str, Node]) -> bool:
    word = shapes.word(said.get("confirmed"), "confirmed")
    if word is not None and word.text != "true":
        shapes.note("wrong-shape", word.at, f"'{word.text}' cannot stand after 'confirmed'",
                    "write confirmed: true, or take it out where a confirmation is not wanted")  # fmt: skip
    return word is not None
