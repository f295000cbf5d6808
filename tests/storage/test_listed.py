"""Names in one value mean the same as each by itself, whatever is written in them."""

from __future__ import annotations

import pytest

from storage.engine import Database
from storage.listed import is_one_of
from storage.tables import account
from tests.storage.records import a_customer

ODD = ("C-1", 'a "quoted" one', "back\\slash", "客户", "comma,[x]", "%s :name", "' OR 1=1")


MANY = tuple(f"N-{number}" for number in range(40_000))  # more than a statement may have values


@pytest.mark.parametrize("wanted", [(), ODD[:1], ODD[1:], (*ODD, "nobody"), ("nobody",), MANY])
def test_a_column_is_one_of_the_names(database: Database, wanted: tuple[str, ...]) -> None:
    with database.write() as work:
        for name in ODD:
            work.customers.put(a_customer(name))
    with database.looking() as connection:
        found = connection.execute(account.select().where(is_one_of(account.c.customer_id, wanted)))
        assert {row.customer_id for row in found} == set(ODD) & set(wanted)
