"""What was computed before from the same values, so that it need not be computed again; never another answer.

A customer's invoices are the same from one order to the next, and of a thousand earlier orders one is new. A memo keeps
the last answer beside the values that it was made of and gives it again for equal ones alone. It holds nothing that
could not be thrown away at any moment, and whoever has none computes everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Found = TypeVar("Found")
Made = TypeVar("Made")


class Memo:
    """The last answers about one customer, each by the name of its question."""

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._kept: dict[str, tuple[Any, Any]] = {}

    def of(self, name: str, values: tuple[Any, ...], answer: Callable[[], Found]) -> Found:
        """The answer to a question that depends on these values alone."""
        kept = self._kept.get(name)
        if kept is not None and kept[0] == values:
            known: Found = kept[1]
            return known
        found = answer()
        self._kept[name] = (values, found)
        return found

    def of_each(self, name: str, values: tuple[Any, ...], items: tuple[Any, ...],
                answer: Callable[[Any], Made]) -> tuple[Made, ...]:  # fmt: skip
        """The answer for each item, in their order; those that stood behind the new ones before are known already."""
        kept = self._kept.get(name)
        older: tuple[Made, ...] = ()
        if kept is not None and kept[0][0] == values:
            before: tuple[Any, ...] = kept[0][1]
            if before is items:
                known: tuple[Made, ...] = kept[1]
                return known
            older = kept[1] if before and items[max(0, len(items) - len(before)) :] == before else ()
        found = (*map(answer, items[: len(items) - len(older)]), *older)
        self._kept[name] = ((values, items), found)
        return found


def of_each(memo: Memo | None, name: str, values: tuple[Any, ...], items: Sequence[Any],
            answer: Callable[[Any], Made]) -> tuple[Made, ...]:  # fmt: skip
    """The answer for each item, by the memo where there is one."""
    return tuple(map(answer, items)) if memo is None else memo.of_each(name, values, tuple(items), answer)
