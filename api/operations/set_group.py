"""Set a group with its shared limit and its place in the tree, and say which group a customer lies in.

Whoever is moved takes along what it owes, at once, so no decision ever counts it twice or misses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.errors import FieldError, Refused
from api.operations.set_customer import is_identifier, limit_told, read_granted
from api.requests import read_currency, refused_fields
from api.services import Services
from storage.customers import Told
from storage.failures import Refused as RefusedByStorage
from storage.groups import Group
from storage.limits import LimitRow
from storage.unit_of_work import Work


def set_group(held: Services, group_id: str, wish: Mapping[str, Any], by: str) -> tuple[Group, bool]:
    """Store the group in full, and say whether it is new.

    Raises: Refused where a field, the currency or the place in the tree cannot be used.
    """
    if not is_identifier(group_id):
        told = "is no identifier; use letters, digits, '.', '_' and '-', at most 64"
        raise refused_fields([FieldError("group_id", told)])
    read_currency(wish["currency"])
    limit = read_granted(wish, wish["currency"])
    wanted = Group(group_id, wish["name"], wish["currency"], limit, wish["parent"])
    with held.database.write() as work:
        kept = work.groups.get(group_id)
        if kept is not None and kept.currency != wanted.currency:
            raise Refused("currency-fixed", f"the account of '{group_id}' is kept in {kept.currency}")
        before = limits_of_group(work, group_id)
        try:
            new = work.groups.put(wanted, Told(by))
        except RefusedByStorage as refused:
            raise refused_fields([FieldError("parent", str(refused))]) from None
        stored = work.groups.get(group_id)
        for one in limits_of_group(work, group_id)[len(before):]:
            work.events.record(limit_told(f"group:{group_id}", one, wanted.currency))
    assert stored is not None
    return stored, new


def limits_of_group(work: Work, group_id: str) -> Sequence[LimitRow]:
    """Every limit that was told of a group; none of one that is not there."""
    account = work.groups.account_of(group_id)
    return () if account is None else work.limits.of_account(account.account_id)


def place_customer(held: Services, customer_id: str, group_id: str | None) -> None:
    """Put a customer into a group, or into none.

    Raises: Refused for an unknown customer or group, or a group in another currency.
    """
    known = is_identifier(customer_id)
    with held.database.write() as work:
        try:
            known = known and work.groups.settle_customer(customer_id, group_id)
        except RefusedByStorage as refused:
            raise refused_fields([FieldError("group", str(refused))]) from None
    if not known:
        raise Refused("not-found", "there is no customer with this id")
