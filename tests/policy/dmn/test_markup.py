"""XML from strangers: every hostile file ends in a finding with its place, and soon."""

from __future__ import annotations

import pytest

from policy.dmn.findings import Refused
from policy.dmn.markup import BYTES_MAX, read_markup
from tests.cost import processor_seconds

LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><definitions>&b;</definitions>'


def refused(source: bytes) -> str:
    """The finding that a file ends in."""
    with pytest.raises(Refused) as caught:
        read_markup(source, "x.dmn")
    return str(caught.value.finding)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (LAUGHS, "dmn-entity"),
        (b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><definitions>&e;</definitions>', "dmn-entity"),
        (b'<!DOCTYPE definitions SYSTEM "http://example.org/a.dtd"><definitions/>', "dmn-entity"),
        (b"<definitions>" + b"<a>" * 50_000, "dmn-too-deep"),
        (b"<definitions>" + b"<a/>" * 100_001 + b"</definitions>", "dmn-too-large"),
        (b"<definitions>" + b" " * 10_000_000 + b"</definitions>", "dmn-too-large"),
        (b"", "dmn-xml"),
        (b"<definitions>", "dmn-xml"),
        (b"\x00\x01\x02", "dmn-xml"),
        (b'<?xml version="1.0" encoding="no-such"?><definitions/>', "dmn-xml"),
        (b"<definitions>&unknown;</definitions>", "dmn-xml"),
    ],
    ids=["laughs", "external", "doctype", "deep", "many", "large", "empty", "cut", "binary", "encoding", "reference"],
)
def test_a_hostile_file_ends_in_a_finding(source: bytes, code: str) -> None:
    assert processor_seconds(lambda: refused(source), 3) < 3
    assert f": {code}: " in refused(source)


def test_a_file_of_the_largest_size_is_read() -> None:
    source = b"<definitions>" + b" " * (BYTES_MAX - 27) + b"</definitions>"
    assert len(source) == BYTES_MAX
    assert read_markup(source, "x.dmn").name == "definitions"
    assert "dmn-too-large" in refused(source + b" ")


def test_elements_go_by_local_names_and_know_their_places() -> None:
    source = b'<d:definitions xmlns:d="urn:x">\n  <d:text a:kind="b">  hi </d:text>\n</d:definitions>'
    root = read_markup(source, "x.dmn")
    (text,) = root.children
    assert (root.name, text.name, text.get("kind"), text.text.strip()) == ("definitions", "text", "b", "hi")
    assert str(text.where) == "x.dmn:2:3"
    assert str(text.text_where) == "x.dmn:2:24"


def test_drawings_and_notes_of_other_tools_are_left_out() -> None:
    inside = b"<DMNDI><decision/></DMNDI><extensionElements><a/></extensionElements>"
    root = read_markup(b"<definitions>" + inside + b"</definitions>", "x.dmn")
    assert [one.name for one in root.walk()] == ["definitions"]
