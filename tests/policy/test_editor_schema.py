"""The editor's schema: what loads fits it, common slips do not, and it knows the same keys as the readers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from policy import load_policy
from policy.document import HEADER, SECTIONS
from policy.editor_schema import editor_schema
from policy.editor_words import PLACED, WORDS
from policy.problems import errors
from rules.facts import trade_vocabulary

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path for folder in ("policy/library", "examples/policies") for path in (ROOT / folder).glob("*.yaml"))
PAGE = (ROOT / "docs" / "policy-language.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"```yaml (\w+)\n(.*?)```", PAGE, re.S))
SCHEMA = editor_schema(trade_vocabulary())
VALIDATOR = Draft202012Validator(SCHEMA)
STANDARD = (ROOT / "policy" / "library" / "standard.yaml").read_text("utf-8")


class _Loader(yaml.SafeLoader):
    """Reads as editors do, by YAML 1.2: dates and the key "on" stay texts."""


KEPT = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:null")
_Loader.yaml_implicit_resolvers = {
    sign: [(tag, found) for tag, found in resolvers if tag in KEPT]
    for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), ["t", "f"])


def wrong(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(yaml.load(text, _Loader))]


def test_the_schema_is_itself_sound() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator.check_schema(editor_schema(trade_vocabulary(), "zh"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_policy_fits(path: Path) -> None:
    assert wrong(path.read_text("utf-8")) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_of_the_language_fits(name: str) -> None:
    text = EXAMPLES["header"] + (EXAMPLES[name] if name != "header" else "")
    assert wrong(text) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tiers:", "teirs:"), ("    verdict: refer", "    verdict: maybe"), ("    verdict: refer\n", ""),
        ("at_most: 0", "atmost: 0"), ("at_most: 0", "at_most: 0\n    at_least: 0"), ("currency: CNY", "currency: RMB"),
        ("kind: count", "kind: number"), ("from: bureau", "from: somewhere"), ("otherwise: true", "otherwise: false"),
        ("    otherwise: true", "    when: a is b\n    otherwise: true"), ("longest: net 45", "longst: net 45"),
        ("require: none", "require: {pledge: 30%}"), ("require: none", "require: nothing"),
        ("expect: {verdict: approve, terms: net 60}", "expect: {verdict: approved}"),
        ("expect: {verdict: approve, terms: net 60}", "expect: {verdit: approve}"),
        ("checks.over_limit: pass", "checks.over_limit: ok"), ("step: reminder, at:", "step: reminder, on:"),
        ("policy: standard-trade-credit\n", ""), ("valid_for: 30 days", "valid: 30 days"),
        ("title: {en:", "title: {fr:"), ("missing: refer", "missing: ignore"), ("checks:  ", "checks: {}\nfees:  "),
    ],
)  # fmt: skip
def test_a_common_slip_does_not_fit(before: str, after: str) -> None:
    assert before in STANDARD
    assert wrong(STANDARD.replace(before, after, 1)) != []


HEAD = "aval: 1\npolicy: p\ntitle: {en: P}\ncurrency: CNY\n"
PLACES = [
    ("odd: 1", ("properties",)),
    ("roles: {odd: 1}", ("properties", "roles", "properties")),
    ("facts: {a.b: {kind: count, odd: 1}}",
     ("properties", "facts", "additionalProperties", "else", "properties")),
    ("facts: {a: {list: {x: money}, from: request, odd: 1}}",
     ("properties", "facts", "additionalProperties", "then", "properties")),
    *((f"{section}: [{{otherwise: true, odd: 1}}]", ("properties", section, "items", "properties"))
      for section in ("tiers", "limits", "terms", "security", "authority")),
    ("checks: [{check: a, odd: 1}]", ("properties", "checks", "items", "else", "properties")),
    ("exceptions: [{odd: 1}]", ("properties", "exceptions", "items", "properties")),
    ("tables: {a: {odd: 1}}", ("properties", "tables", "additionalProperties", "properties")),
    ("release: {odd: 1}", ("properties", "release", "properties")),
    ("escalation: {a: [{odd: 1}]}", ("properties", "escalation", "additionalProperties", "items", "properties")),
    ("letters: {odd: 1}", ("properties", "letters", "properties")),
    ("late_charge: {odd: 1}", ("properties", "late_charge", "anyOf", 0, "properties")),
    ("fees: [{odd: 1}]", ("properties", "fees", "items", "properties")),
    ("tests: [{odd: 1}]", ("properties", "tests", "items", "properties")),
]  # fmt: skip


@pytest.mark.parametrize(("body", "path"), PLACES)
def test_the_schema_knows_the_same_keys_as_the_reader(body: str, path: tuple[Any, ...]) -> None:
    """The reader answers an unknown key with every key that it knows there."""
    found: Any = SCHEMA
    for part in path:
        found = found[part]
    problems = load_policy(f"{HEAD}{body}\n".encode(), "f", trade_vocabulary()).problems
    told = next(one.help for one in errors(problems) if one.code in ("unknown-key", "unknown-section"))
    assert told.removeprefix("one of: ").split(", ") == list(found)


def test_every_section_has_words_in_both_languages() -> None:
    assert [name for name in (*HEADER, *SECTIONS) if name not in WORDS] == []
    every = [*WORDS.values(), *PLACED.values()]
    assert all(english and not chinese.isascii() for english, chinese, _ in every)
    tiers = "the first row that fits gives the tier", "取首个符合的行定等级"
    assert SCHEMA["properties"]["tiers"]["description"] == " / ".join(tiers)
    chinese = editor_schema(trade_vocabulary(), "zh")["properties"]["tiers"]["description"]
    assert chinese == " / ".join(reversed(tiers))


def undescribed(schema: Any, path: str = "") -> Iterator[str]:
    """The place of every key whose description is not there in both languages."""
    if isinstance(schema, list):
        for number, one in enumerate(schema):
            yield from undescribed(one, f"{path}/{number}")
    elif isinstance(schema, dict):
        for place in ("properties", "patternProperties"):
            for key, shape in schema.get(place, {}).items():
                english, _, chinese = shape.get("description", "").partition(" / ")
                if not english or chinese.isascii():
                    yield f"{path}/{key}"
        for key, value in schema.items():
            yield from undescribed(value, f"{path}/{key}")


def test_every_key_of_the_schema_is_described_in_both_languages() -> None:
    assert list(undescribed(SCHEMA)) == []


def test_a_key_without_description_is_found_wherever_it_stands() -> None:
    told = {"description": "one / 一"}
    inner = {"properties": {"b": {"description": "one"}, "c": told}, "patternProperties": {"^d": {}}}
    assert list(undescribed({"anyOf": [{"properties": {"a": {**told, "items": inner}}}]})) == [
        "/anyOf/0/properties/a/items/b", "/anyOf/0/properties/a/items/^d",
    ]  # fmt: skip


def test_facts_complete_themselves_in_tests() -> None:
    given = SCHEMA["properties"]["tests"]["items"]["properties"]["given"]["properties"]
    assert set(trade_vocabulary().facts) < set(given)
    assert given["customer.score"]["description"] == "credit score, higher is better / 信用评分 (count)"
