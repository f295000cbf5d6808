"""Where a customer stands by a policy: tier, what it is offered, its ratings; and whether another standing is lower.

The names of tiers say nothing of their order, so a tier is lower where what it is offered is: shorter terms, a lower
limit, a smaller largest order. What cannot be told any more is lower than what could.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer's standing on a day; None is what the policy does not say, or cannot.

    `offer` are the terms offered, the default first, `longest` what may be asked for; `days` are those of the longest
    of them all. `limit` and `largest_order` are minor units, a limit without bound the largest of all; `review_every`
    counts months. `ratings` maps a fact to its rank, 1 the best, and `words` to how it is written.
    """

    tier: str | None
    offer: tuple[str, ...] = ()
    longest: str | None = None
    days: int | None = None
    limit: int | None = None
    largest_order: int | None = None
    review_every: int | None = None
    ratings: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


TIER = "tier"
MEASURES = ("days", "limit", "largest_order")


def fallen(before: Standing, after: Standing) -> tuple[str, ...]:
    """What fell between two standings: "tier", and each rating by the name of its fact."""
    found = [TIER] if tier_fell(before, after) else []
    for fact, rank in before.ratings.items():
        now = after.ratings.get(fact)
        if now is None or now > rank:
            found.append(fact)
    return tuple(found)


def tier_fell(before: Standing, after: Standing) -> bool:
    """Whether the tier is another one that is offered less, or nobody can tell the tier any more.

    Tiers between which a policy makes no difference that can be measured are alike; a difference is enough that is in
    the customer's disfavour, whatever else is better.
    """
    if before.tier is None or before.tier == after.tier:
        return False
    if after.tier is None:
        return True
    pairs = [(getattr(before, name), getattr(after, name)) for name in MEASURES]
    return any(was is not None and (now is None or now < was) for was, now in pairs)
