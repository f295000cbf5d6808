"""Every hostile body has its own problem, costs little, and what is allowed is read exactly."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import Refused
from api.strict_json import DEEPEST, quoted, read_object
from tests.cost import processor_seconds

REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "malformed-json"),
    "half an object": (b'{"a": 1', "malformed-json"),
    "two objects": (b"{} {}", "malformed-json"),
    "single quotes": (b"{'a': 1}", "malformed-json"),
    "a comment": (b'{"a": 1} // x', "malformed-json"),
    "a leading zero": (b'{"a": 01}', "malformed-json"),
    "an unclosed string of escapes": (b'"' + b'\\"' * 100_000, "malformed-json"),
    "a raw newline in a text": (b'{"a": "x\ny"}', "malformed-json"),
    "a list": (b"[1]", "not-an-object"),
    "a number": (b"1", "not-an-object"),
    "NaN": (b'{"a": NaN}', "not-a-number"),
    "infinity": (b'{"a": Infinity}', "not-a-number"),
    "minus infinity": (b'{"a": -Infinity}', "not-a-number"),
    "a fraction": (b'{"a": 1.5}', "inexact-number"),
    "an exponent": (b'{"a": 1e3}', "inexact-number"),
    "a huge exponent": (b'{"a": 1e999999999}', "inexact-number"),
    "sixteen digits": (b'{"a": 1000000000000000}', "number-too-long"),
    "200,000 digits": (b'{"a": ' + b"9" * 200_000 + b"}", "number-too-long"),
    "a key twice": (b'{"a": 1, "a": 1}', "duplicate-key"),
    "a key twice, deep inside": (b'{"a": [{"b": {"c": 1, "c": 2}}]}', "duplicate-key"),
    "a key twice, spelled in two ways": (b'{"a": 1, "\\u0061": 2}', "duplicate-key"),
    "100,000 brackets": (b"[" * 100_000, "too-deep"),
    "33 objects": (b'{"a":' * 33 + b"1" + b"}" * 33, "too-deep"),
    "a lone surrogate": (b'{"a": "\\ud800"}', "unprintable-text"),
    "a lone surrogate as a key": (b'{"\\udfff": 1}', "unprintable-text"),
    "surrogates in the wrong order": (b'{"a": ["\\ude00\\ud83d"]}', "unprintable-text"),
    "NUL": (b'{"a": {"b": ["\\u0000"]}}', "unprintable-text"),
    "a raw NUL": (b'{"a": "\x00"}', "not-utf8"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "not-utf8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "not-utf8"),
    "UTF-16 without a mark": ('{"a": 1}'.encode("utf-16-le"), "not-utf8"),
    "latin-1": ('{"a": "é"}'.encode("latin-1"), "not-utf8"),
    "a surrogate in UTF-8": (b'{"a": "\xed\xa0\x80"}', "not-utf8"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_each_hostile_body_has_its_own_problem(what: str) -> None:
    body, problem = REFUSED[what]
    with pytest.raises(Refused) as refused:
        read_object(body)
    assert refused.value.type.name == problem


@pytest.mark.parametrize("body", [
    b"[" * 250_000, b'"' * 250_000, b'"' + b'\\"' * 120_000, b'{"a":"' + b"\\" * 250_000,
    b"{" + b",".join(b'"k%d":1' % i for i in range(20_000)) + b',"k19999":2}', b'{"a":' + b"9" * 250_000 + b"}",
])  # fmt: skip
def test_no_body_of_the_largest_size_costs_a_second(body: bytes) -> None:
    def read() -> None:
        with pytest.raises(Refused):
            read_object(body)

    assert processor_seconds(read, 1) < 1


def test_the_deepest_allowed_body_is_read() -> None:
    body = b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST
    assert json.loads(body) == read_object(body)


def test_brackets_inside_a_text_are_no_depth() -> None:
    assert read_object(b'{"a": "' + b"[{" * 100 + b'\\"[["}') == {"a": "[{" * 100 + '"[['}


def test_whole_numbers_stay_whole_up_to_fifteen_digits() -> None:
    assert read_object(b'{"a": 999999999999999, "b": -999999999999999, "c": -0}') == {
        "a": 999_999_999_999_999, "b": -999_999_999_999_999, "c": 0,
    }  # fmt: skip


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read_object(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_the_word_in_a_message_is_short_and_printable() -> None:
    assert quoted("x" * 100) == "x" * 37 + "..."
    assert quoted("\ud800\x00") == "\\ud800\\x00"


ASCII = st.characters(codec="ascii")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-10**14, 10**14) | st.text(st.characters(exclude_categories=("Cs", "Cc"))),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(ASCII), inside, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(codec="ascii", exclude_categories=("Cc",))), JSON_VALUES, max_size=5),
       st.booleans())  # fmt: skip
def test_what_is_allowed_is_read_as_it_was_written(value: dict[str, Any], ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    if "\\u0000" in text:
        return
    assert read_object(text.encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    found: object = None
    with suppress(Refused):
        found = read_object(body)
    assert found is None or isinstance(found, dict)
