"""A customer fell where its tier is offered less, or a rating is worse; what is only another name is no fall."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from credit.standing import Standing, fallen

PRIME = Standing("prime", ("net 60",), "net 90", 90, 5_000, 2_000, 12, {"customer.sp": 3}, {"customer.sp": "A"})


@pytest.mark.parametrize(("changes", "fell"), [
    ({}, ()),
    ({"tier": "gold"}, ()),  # another name for the same
    ({"tier": "gold", "days": 91, "limit": 5_001, "largest_order": 2_001}, ()),
    ({"tier": "gold", "days": 90}, ()), ({"tier": "gold", "days": 89}, ("tier",)),
    ({"tier": "gold", "limit": 4_999}, ("tier",)), ({"tier": "gold", "largest_order": 1_999}, ("tier",)),
    ({"tier": "gold", "days": 120, "limit": 4_999}, ("tier",)),  # better in one, worse in another
    ({"tier": "gold", "limit": None}, ("tier",)), ({"tier": None}, ("tier",)),
    ({"limit": 1}, ()),  # the same tier: less revenue is no fall
    ({"ratings": {"customer.sp": 3}}, ()), ({"ratings": {"customer.sp": 2}}, ()),
    ({"ratings": {"customer.sp": 4}}, ("customer.sp",)), ({"ratings": {}}, ("customer.sp",)),
    ({"tier": "gold", "days": 30, "ratings": {"customer.sp": 9}}, ("tier", "customer.sp")),
])  # fmt: skip
def test_what_fell_is_named(changes: dict[str, Any], fell: tuple[str, ...]) -> None:
    assert fallen(PRIME, replace(PRIME, **changes)) == fell


def test_who_had_no_tier_cannot_lose_it() -> None:
    assert fallen(replace(PRIME, tier=None, ratings={}), replace(PRIME, tier="low", days=0)) == ()
