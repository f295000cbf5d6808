"""What a policy file is made of before anything has a meaning: texts, lists and blocks, each with its place.

No value is typed here, because only the place where it stands says whether `5_000` is money, a count or a name.
"""

from __future__ import annotations

from dataclasses import dataclass

from policy.problems import Where


@dataclass(frozen=True, eq=False, slots=True)
class Scalar:
    """One written value, as text; an empty value is "".

    `at` is the first character of the text (behind the quote of a one-line quoted text). `block` is true where columns
    inside the text cannot be counted from `at`: texts over several lines and quoted texts with escapes.
    """

    text: str
    quoted: bool
    at: Where
    block: bool


@dataclass(frozen=True, eq=False, slots=True)
class Sequence:
    """A list; `flow` is true where it is written in [ ]."""

    items: tuple[Node, ...]
    at: Where
    flow: bool


@dataclass(frozen=True, eq=False, slots=True)
class Mapping:
    """A block of keys and values in the order of the file; `flow` is true where it is written in { }.

    `damaged` is true where a key of it could not be read, so that nothing is missed here that may have stood there.
    """

    entries: tuple[tuple[Scalar, Node], ...]
    at: Where
    flow: bool
    damaged: bool = False

    def get(self, name: str) -> Node | None:
        """The value of a key, None where the block does not have it."""
        return next((value for key, value in self.entries if key.text == name), None)


Node = Scalar | Sequence | Mapping
