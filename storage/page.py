"""One page of a long list, and the mark from which the next one goes on: no list is ever handed out whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")
LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items in order; `next_cursor` goes on behind the last of them, None where there is no more."""

    items: tuple[Item, ...]
    next_cursor: str | None


def page_of(found: Sequence[Found], size: int, mark: Callable[[Found], object],
            read: Callable[[Found], Item]) -> Page[Item]:  # fmt: skip
    """The first `size` of what was found, read; where one more was found, the mark of the last says so."""
    following = str(mark(found[size - 1])) if len(found) > size else None
    return Page(tuple(read(one) for one in found[:size]), following)


def read_cursor(cursor: str) -> int:
    """The place in a list by running number that a cursor marks.

    Raises: ValueError for text that no page gave.
    """
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise ValueError(f"'{cursor[:32]}' is no cursor of this list; use the one of the page before")
    return int(cursor)
