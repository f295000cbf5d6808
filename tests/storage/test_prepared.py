"""Statements prepared once: the same answers as Core's own execution."""

from __future__ import annotations

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

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
    known = {"client": "shop", "role": "admin", "digest": b"d", "key_id": "k", "created_at": "now", "permissions": "[]"}
    values = known | {column.name: None for column in reversed(api_key.c) if column.name not in known}
    with database.alone() as connection:
        add.run(connection, values)
        assert dict(connection.execute(select(api_key)).one()._mapping) == values


def test_a_forgotten_value_is_a_mistake_and_never_null(database: Database) -> None:
    add = Prepared(insert(api_key).inline(), tuple(api_key.c.keys()))
    with database.looking() as connection:
        with pytest.raises(KeyError):
            Prepared(BY_NAME).run(connection, {})
        with pytest.raises(KeyError):
            add.run(connection, {"key_id": "k"})


def test_a_failure_is_told_as_core_tells_it_and_keeps_no_values(database: Database) -> None:
    add = Prepared(insert(customer).inline(), ("customer_id", "name"))
    with pytest.raises(IntegrityError) as told, database.alone() as connection:
        add.run(connection, {"customer_id": "C-9", "name": "geheim"})
    assert told.value.params is None
