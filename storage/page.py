"""One page of a long list, and the mark from which the next one goes on: no list is ever handed out whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items in order; `next_cursor` goes on behind the last of them, None where there is no more."""

    items: tuple[Item, ...]
    next_cursor: str | None


LARGEST_PAGE = 500
