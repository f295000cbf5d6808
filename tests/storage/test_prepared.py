"""Statements prepared once: the same answers as Core's own execution."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, insert, select

from storage.engine import Database
from storage.prepared import Prepared
from storage.tables import api_key, customer

BY_NAME = (
    select(customer.c.customer_id)
    .where(customer.c.name == bindparam("wanted"), customer.c.currency == "CNY")
    .order_by(customer.c.customer_id)
    .limit(2)
)


def test_a_prepared_statement_answers_as_core_does(database: Database) -> None:
    prepared = Prepared(BY_NAME)
    with database.looking() as connection:
        for name in ("Vale Trading", "nobody", "Vale Trading"):
            wanted = connection.execute(BY_NAME, {"wanted": name}).all()
            assert [tuple(row) for row in prepared.run(connection, {"wanted": name})] == [tuple(row) for row in wanted]
        assert prepared.run(connection, {"wanted": "Vale Trading"}).scalar() == "C-1"


def test_a_prepared_insert_fills_the_named_columns_whatever_their_order(database: Database) -> None:
    add = Prepared(insert(api_key).inline(), tuple(api_key.c.keys()))
    values = {"revoked_at": None, "client": "shop", "role": "admin", "digest": b"d", "key_id": "k", "created_at": "now"}
    with database.alone() as connection:
        add.run(connection, values)
        assert dict(connection.execute(select(api_key)).one()._mapping) == values


def test_a_forgotten_value_is_a_mistake_and_never_null(database: Database) -> None:
    with database.looking() as connection, pytest.raises(KeyError):
        Prepared(BY_NAME).run(connection, {})
