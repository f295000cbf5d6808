"""The nearest known word, for "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, None where nothing is near."""
    known = list(known)
    found = get_close_matches(word, known, n=1, cutoff=0.6)
    if not found and "." not in word:  # `score` for customer.score
        found = [one for one in known if one.rpartition(".")[2] == word]
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Help text naming the nearest known word, else what may stand here."""
    found = nearest(word, known)
    return f"did you mean '{found}'?" if found else otherwise


def listed(words: Iterable[str]) -> str:
    """Words for a sentence: `a, b, c`."""
    return ", ".join(words)
