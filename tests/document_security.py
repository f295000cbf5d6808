"""What is still to bring, in the second meaning of a policy: what `tests/document_evaluator.py` says of securities."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

Shares = tuple[tuple[str, Fraction, int | None], ...]


def to_bring(evaluator: Any, terms: str | None, alternatives: Any) -> tuple[Shares, ...]:
    """What is left of each alternative, with what is of other amounts; nothing where one is met by what is prepaid."""
    if terms == "prepaid":
        return tuple(rest for rest in [_rest(evaluator, [("prepayment", Fraction(1))], _prepaid(evaluator))] if rest)
    found = []
    for one in alternatives:
        prepaid, more = _prepaid(evaluator), []
        for name, share, amount in of_others(evaluator, [one]):
            if not isinstance(amount, int):
                more += [(name, share, None)] if len(alternatives) > 1 else []
                continue
            met = min(max(prepaid, 0), max(amount, 0)) if name == "prepayment" else 0
            prepaid -= met
            more += [(name, share, amount - met)] if amount - met > 0 else []
        shares = [(word.text, evaluator.value(share)) for word, share in one.shares]
        found.append((*_rest(evaluator, shares, prepaid), *more))
    return tuple(found) if all(found) else ()


def _prepaid(evaluator: Any) -> int:
    return evaluator.facts.get("order.prepaid") or 0


def of_others(evaluator: Any, alternatives: Any) -> list[tuple[str, Any, Any]]:
    """Each security of another amount than the order's: its share, and what that comes to; either may be unknown."""
    found = []
    for one in (one for alternative in alternatives for one in alternative.of):
        share, amount = evaluator.value(one.share), evaluator.value(one.amount)
        found.append((one.instrument.text, share, round(amount) if isinstance(amount, Fraction) else amount))
    return found


def unclear(evaluator: Any, alternatives: Any) -> list[Any]:
    """What of it may be unknown."""
    return [value for _, *pair in of_others(evaluator, alternatives) for value in pair]


def _rest(evaluator: Any, shares: Sequence[tuple[str, Fraction]], prepaid: int) -> Shares:
    amount = evaluator.facts.get("order.amount")
    if amount is None:
        return tuple((name, share, None) for name, share in shares)
    whole = [int(share * amount // 1) for _, share in shares]
    lost = sorted(range(len(shares)), key=lambda n: (whole[n] - shares[n][1] * amount, n))
    for place in lost[: round(sum(share * amount for _, share in shares)) - sum(whole)]:
        whole[place] += 1
    first = [n for n, (name, _) in enumerate(shares) if name == "prepayment"]
    for place in [*first, *(n for n in range(len(shares)) if n not in first)]:
        paid = min(whole[place], prepaid)
        whole[place], prepaid = whole[place] - paid, prepaid - paid
    return tuple((name, share, left) for (name, share), left in zip(shares, whole, strict=True) if left > 0)
