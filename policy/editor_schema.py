"""The JSON Schema of policy files, for editors: keys complete themselves, slips are underlined while one types.

It is made from the words that the readers of the language themselves use. It knows the shape of a file and not what
formulas mean: `aval check` stays the judge, and whatever loads without findings also fits the schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from policy.charges import AMOUNT_KEYS, COUNT_DAYS, RATE_KEYS
from policy.check_tests import EXPECTED, STATUSES
from policy.check_tests import VERDICTS as ANSWERS
from policy.discretion import SHARE_KEYS
from policy.document import HEADER, ROW_SECTIONS, SECTIONS
from policy.documents import ATTRIBUTES, IF_ABSENT, SET_BY
from policy.documents import ROW_KEYS as DOCUMENT_KEYS
from policy.documents import STATUSES as DOCUMENT_STATUSES
from policy.editor_words import both, described
from policy.effects import EFFECTS
from policy.fact_declarations import FACT_KEYS, LIST_KEYS, OWN_KINDS
from policy.ladders import STEP_KEYS
from policy.promises import ASPECTS
from policy.scopes import KEYS as EXCEPTION_KEYS
from policy.sections import CHECK_KEYS, COLUMNS, MEASURES, OWNERS, VERDICTS
from policy.state_tests import IS
from policy.states import STATE_KEYS, WHILE_KEYS
from policy.subjects import SUBJECTS
from policy.uses import MOST
from policy.vocabulary import DIRECTIONS, SOURCES, Vocabulary

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
NAME = "^[a-z][a-z0-9_]*$"
DOTTED = r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$"
VALUE: Schema = {"$ref": "#/$defs/value"}
TEXTS: Schema = {"$ref": "#/$defs/texts"}
CONDITION: Schema = {"$ref": "#/$defs/condition"}
WORDS: Schema = {"$ref": "#/$defs/words"}
IN_SHARE = "security."
DAY: Schema = {"$ref": "#/$defs/day"}
HELD: Schema = {"$ref": "#/$defs/share"}  # of the order, or of another amount


def _words(known: Iterable[str]) -> Schema:
    """One of these words, or a list of them."""
    one = {"enum": list(known)}
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


SHAPES: Mapping[str, Schema] = {
    "when": CONDITION, "only_when": CONDITION, "otherwise": {"const": True}, "say": TEXTS, "say_customer": TEXTS,
    "meaning": TEXTS, "title": TEXTS, "at": DAY, "until": DAY, "do": WORDS, "lifts": WORDS, "of": WORDS, "for": WORDS,
    "offer": WORDS, "in": WORDS, "rising": WORDS, "also": WORDS, "verdict": {"enum": list(VERDICTS)},
    "missing": {"enum": ["refer", "deny"]}, "better": {"enum": list(DIRECTIONS)}, "aval": {"enum": [1, "1"]},
    "count_days": {"enum": list(COUNT_DAYS)}, "compound": {"const": "monthly"}, "on": {"const": "open principal"},
    "list": {"type": "object"}, "effect": _words(EFFECTS), "effective": {"enum": list(OWNERS)},
}  # fmt: skip


def editor_schema(vocabulary: Vocabulary, language: str = "en") -> Schema:
    """The schema of a policy file of one trade, its descriptions in both languages, the chosen one first."""
    sections = _sections(vocabulary, language)
    words = {name: _described(name, sections.get(name, {}), language) for name in (*HEADER, *SECTIONS)}
    return {
        "$schema": DIALECT,
        "title": "Aval policy",
        "type": "object",
        "properties": words,
        "required": ["aval", "policy", "title", "currency"],
        "additionalProperties": False,
        "$defs": _shared(language),
    }


def _shared(language: str) -> Schema:
    value = {"type": ["string", "number", "boolean"]}
    lines: Schema = {"type": "array", "items": CONDITION, "minItems": 1}
    return {
        "value": value,
        "texts": {"anyOf": [value, {"type": "object", "properties": _keys({"en": value, "zh": value}, language),
                                    "additionalProperties": False}]},
        "share": {"anyOf": [value, {
            "type": "object", "required": ["of"], "additionalProperties": False,
            "properties": _keys(dict.fromkeys(SHARE_KEYS, value), language, IN_SHARE),
            "oneOf": [{"required": ["share"]}, {"required": ["from", "to", "set_by"]}]}]},
        "words": {"anyOf": [value, {"type": "array", "items": VALUE, "minItems": 1}]},
        "condition": {"anyOf": [value, lines, {
            "type": "object", "minProperties": 1,
            "properties": _keys({"any": lines, "all": lines, "not": VALUE}, language),
            "patternProperties": {DOTTED: _described("condition.fact", {"anyOf": [value, lines]}, language)},
            "additionalProperties": False}]},
        "day": {"anyOf": [value, {
            "type": "object", "minProperties": 1, "maxProperties": 1,
            "properties": _keys(dict.fromkeys(("earliest", "latest"), _array(DAY)), language),
            "additionalProperties": False}]},
    }  # fmt: skip


def _sections(vocabulary: Vocabulary, language: str) -> dict[str, Schema]:
    rows = {section: _array(_row(section, vocabulary, language)) for section in ROW_SECTIONS}
    name, anything = {"type": "string", "pattern": NAME}, {"type": ["object", "array", "string", "number", "boolean"]}
    by_name = {"type": "object", "propertyNames": name, "additionalProperties": anything}
    return {
        **{word: {"type": "object"} for word in SECTIONS},
        **dict.fromkeys(HEADER, VALUE),
        "aval": SHAPES["aval"], "title": TEXTS, "currency": {"type": "string", "enum": sorted(vocabulary.currencies)},
        "use": {"type": "array", "items": {"type": "string"}, "maxItems": MOST},
        "roles": _block(("rising", "also"), language),
        "facts": {"type": "object", "propertyNames": {"type": "string", "pattern": DOTTED},
                  "additionalProperties": _fact(language)},
        "settings": by_name, "lists": by_name, "let": by_name, "scales": by_name,
        "tables": {"type": "object", "propertyNames": name, "additionalProperties": _table(language)},
        "states": {"type": "object", "propertyNames": name, "additionalProperties": _state(language)},
        **rows,
        "documents": _array(_documents(language)),
        "checks": _array(_check(language)),
        "exceptions": _array(_block(EXCEPTION_KEYS, language, ("exception", "for", "lifts"))),
        "release": _block(("valid_for", "up_to"), language, ("valid_for", "up_to")),
        "escalation": {"type": "object", "propertyNames": name, "additionalProperties": {
            "type": "array", "items": _block(STEP_KEYS, language, ("step", "at", "do"))}},
        "letters": _block(("per", "lines", "level"), language, ("per",)),
        "late_charge": _one_or_many(_block((*RATE_KEYS, *AMOUNT_KEYS), language)),
        "fees": _array(_block(("fee", "when", "amount"), language, ("fee", "when", "amount"), {"when": VALUE})),
        "promises": _array({"anyOf": [{"type": "string"}, _promise(language)]}),
        "tests": _array(_test(vocabulary, language)),
    }  # fmt: skip


def _block(keys: Iterable[str], language: str, required: Iterable[str] = (), own: Mapping[str, Schema] | None = None
           ) -> Schema:  # fmt: skip
    """A block with these keys and no others."""
    properties = _keys({key: (own or {}).get(key, SHAPES.get(key, VALUE)) for key in keys}, language)
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _keys(shapes: Mapping[str, Schema], language: str, place: str = "") -> dict[str, Schema]:
    """The keys of a block with their descriptions; `place` where they mean something of their own."""
    return {key: _described(place + key, shape, language) for key, shape in shapes.items()}


def _described(name: str, shape: Schema, language: str) -> Schema:
    return {**described(name, language), **shape}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def _one_or_many(one: Schema) -> Schema:
    return {"anyOf": [one, _array(one)]}


def _instruments(vocabulary: Vocabulary, language: str, share: Schema) -> Schema:
    """Instruments that go together, and how those that somebody issues must be."""
    wanted: dict[str, Schema] = {
        "issuer_rating": {"type": "string", "pattern": " or better$"}, "confirmed": {"const": True},
        "expires_after": {"type": "string", "pattern": "^last due date"},
    }  # fmt: skip
    shares = dict.fromkeys(vocabulary.instruments, share)
    return {"type": "object", "minProperties": 1, "additionalProperties": False,
            "properties": _keys(shares | wanted, language)}  # fmt: skip


def _row(section: str, vocabulary: Vocabulary, language: str) -> Schema:
    one = _instruments(vocabulary, language, HELD)
    own = {"require": {"anyOf": [{"const": "none"}, one]}, "require_one_of": _array(one), "may_require": one,
           "may_require_one_of": _array({"enum": [*vocabulary.instruments, "none"]})}  # fmt: skip
    keys = ("when", "otherwise", *(() if section == "tiers" else ("for",)), *COLUMNS[section])
    needed = {"tiers": ("tier",), "limits": ("limit",), "terms": ("offer",), "authority": ("release",)}
    row = _block(keys, language, needed.get(section, ()), own)
    either = [{"required": ["when"]}, {"required": ["otherwise"]}]
    security = [{"required": ["require"]}, {"required": ["require_one_of"]},
                {"required": ["may_require", "set_by"]}, {"required": ["may_require_one_of", "set_by"]}]  # fmt: skip
    return {**row, "oneOf": either} if section != "security" else {**row, "allOf": [{"oneOf": either},
                                                                                  {"oneOf": security}]}  # fmt: skip


def _documents(language: str) -> Schema:
    name = {"type": "string", "pattern": NAME}
    names = {"anyOf": [name, {"type": "array", "items": name, "minItems": 1}]}
    asked = {key: {"anyOf": [names, {"type": "object", "propertyNames": name, "additionalProperties": _block(
        (*ATTRIBUTES, *more), language)}]} for key, more in (("require", ()), ("may_require", (SET_BY,)))}  # fmt: skip
    row = _block(DOCUMENT_KEYS, language, (), {**asked, "if_absent": {"enum": list(IF_ABSENT)}})
    return {**row, "anyOf": [{"required": ["require"]}, {"required": ["may_require"]}]}


def _check(language: str) -> Schema:
    one = _block(CHECK_KEYS, language, ("check", "verdict"))
    bounds = [{"required": ["measure", op]} for op in MEASURES]
    one |= {"oneOf": [{"required": ["when"], "not": {"required": ["measure"]}}, *bounds]}
    keys = _keys({"only_when": CONDITION, "checks": {"$ref": "#/properties/checks"}}, language, "group.")
    inner = {"type": "object", "required": list(keys), "additionalProperties": False, "properties": keys}
    group = _block(("group",), language, ("group",), {"group": inner})
    return {"if": {"required": ["group"]}, "then": group, "else": one}


def _fact(language: str) -> Schema:
    kinds: dict[str, Schema] = {"kind": {"enum": list(OWN_KINDS)}, "from": {"enum": list(SOURCES)}}
    one = _block(FACT_KEYS, language, ("kind",), kinds)
    listed = _block(LIST_KEYS, language, ("list", "from"), {"from": {"const": "request"}})
    return {"if": {"required": ["list"]}, "then": listed, "else": one}


def _table(language: str) -> Schema:
    row = _block(("when", "otherwise", "value"), language, ("value",))
    own: dict[str, Schema] = {
        "rows": {"anyOf": [{"type": "object", "additionalProperties": VALUE}, _array(row)]},
        "grid": _array(_array(VALUE)), "missing": {"const": "refer"},
    }  # fmt: skip
    return _block(("by", "rows", "down", "across", "grid", "missing"), language, (), own)


def _state(language: str) -> Schema:
    lasting = _block(WHILE_KEYS, language, ("terms",), {"terms": WORDS})
    own = {"of": {"const": "customer"}, "enter": CONDITION, "leave": CONDITION, "while": lasting}
    return _block(STATE_KEYS, language, ("enter", "leave"), own)


def _promise(language: str) -> Schema:
    parts = {"enum": list(ASPECTS)}
    own: dict[str, Schema] = {"on": {"anyOf": [parts, _array(parts)]}, "then": {"type": ["object", "array", "string"]}}
    forms = {"monotone": _block(("fact", "better", "on"), language, ("fact",), own),
             "always": _block(("when", "then"), language, ("when", "then"), own)}  # fmt: skip
    return {"type": "object", "minProperties": 1, "maxProperties": 1, "properties": _keys(forms, language),
            "additionalProperties": False}  # fmt: skip


def _meaning(meaning: Mapping[str, str], language: str) -> str:
    return both(meaning["en"], meaning["zh"], language)


def _test(vocabulary: Vocabulary, language: str) -> Schema:
    facts: dict[str, Schema] = {}
    for name, fact in vocabulary.facts.items():
        facts[name] = {"description": f"{_meaning(fact.meaning, language)} ({fact.kind})", **VALUE}
    items: Schema = {"anyOf": [{"type": "array", "items": {"type": "object"}}, VALUE]}
    lists = {name: {"description": _meaning(one.meaning, language), **items} for name, one in vocabulary.lists.items()}
    given = {"type": "object", "properties": {**_keys({"like": VALUE}, language), **facts, **lists}}
    answers: dict[str, Schema] = {"verdict": {"enum": list(ANSWERS)}, "missing": {"type": ["array", "string"]},
                                  "security": {"type": ["object", "array", "string"]}}  # fmt: skip
    named = {"checks.": {"enum": list(STATUSES)}, "state.": {"enum": list(IS)},
             "documents.": {"enum": list(DOCUMENT_STATUSES)}}  # fmt: skip
    named = _keys(named, language, "expect.")
    expect = {"type": "object", "additionalProperties": False,
              "properties": _keys({key: answers.get(key, VALUE) for key in EXPECTED}, language, "expect."),
              "patternProperties": {f"^{re.escape(start)}": shape for start, shape in named.items()}}  # fmt: skip
    own: dict[str, Schema] = {"given": given, "expect": expect, "subject": {"enum": list(SUBJECTS)}}
    one = _block(("base", "name", "subject", "given", "expect"), language, (), own)
    return {**one, "oneOf": [{"required": ["base"], "not": {"required": ["expect"]}}, {"required": ["name", "expect"]}]}

