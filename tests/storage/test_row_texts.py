"""Rows in one text come back as they were, whatever stands in them, and in the order that they say."""

from __future__ import annotations

import json

from storage.row_texts import read_rows


def test_rows_come_back_in_their_own_order() -> None:
    rows = [[2, "b", None], [1, "a;|,[\"", "值"]]
    assert read_rows(json.dumps(rows)) == [rows[1], rows[0]]


def test_no_row_is_none() -> None:
    assert read_rows(None) == read_rows("[]") == []
