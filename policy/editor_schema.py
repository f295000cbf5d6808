"""The JSON Schema of policy files, for editors: keys complete themselves, slips are underlined while one types.

It is made from the words that the readers of the language themselves use. It knows the shape of a file and not what
formulas mean: `aval check` stays the judge, and whatever loads without findings also fits the schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from policy.charges import AMOUNT_KEYS, COUNT_DAYS, RATE_KEYS
from policy.check_tests import EXPECTED, STATUSES
from policy.check_tests import VERDICTS as ANSWERS
from policy.document import HEADER, ROW_SECTIONS, SECTIONS
from policy.editor_words import described
from policy.effects import EFFECTS
from policy.fact_declarations import FACT_KEYS, LIST_KEYS, OWN_KINDS
from policy.ladders import STEP_KEYS
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
DAY: Schema = {"$ref": "#/$defs/day"}


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
        "$defs": _shared(),
    }


def _shared() -> Schema:
    value = {"type": ["string", "number", "boolean"]}
    lines = {"type": "array", "items": CONDITION, "minItems": 1}
    return {
        "value": value,
        "texts": {"anyOf": [value, {"type": "object", "properties": {"en": value, "zh": value},
                                    "additionalProperties": False}]},
        "words": {"anyOf": [value, {"type": "array", "items": VALUE, "minItems": 1}]},
        "condition": {"anyOf": [value, lines, {
            "type": "object", "minProperties": 1, "properties": {"any": lines, "all": lines, "not": VALUE},
            "patternProperties": {DOTTED: {"anyOf": [value, lines]}}, "additionalProperties": False}]},
        "day": {"anyOf": [value, {"type": "object", "minProperties": 1, "maxProperties": 1, "properties": {
            word: {"type": "array", "items": DAY, "minItems": 1} for word in ("earliest", "latest")},
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
        "checks": _array(_check(language)),
        "exceptions": _array(_block(EXCEPTION_KEYS, language, ("exception", "for", "lifts"))),
        "release": _block(("valid_for", "up_to"), language, ("valid_for", "up_to")),
        "escalation": {"type": "object", "propertyNames": name, "additionalProperties": {
            "type": "array", "items": _block(STEP_KEYS, language, ("step", "at", "do"))}},
        "letters": _block(("per", "lines", "level"), language, ("per",)),
        "late_charge": _one_or_many(_block((*RATE_KEYS, *AMOUNT_KEYS), language)),
        "fees": _array(_block(("fee", "when", "amount"), language, ("fee", "when", "amount"), {"when": VALUE})),
        "promises": _array({"anyOf": [{"type": "string"}, _promise()]}),
        "tests": _array(_test(vocabulary, language)),
    }  # fmt: skip


def _block(keys: Iterable[str], language: str, required: Iterable[str] = (), own: Mapping[str, Schema] | None = None
           ) -> Schema:  # fmt: skip
    """A block with these keys and no others."""
    properties = {key: _described(key, (own or {}).get(key, SHAPES.get(key, VALUE)), language) for key in keys}
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _described(name: str, shape: Schema, language: str) -> Schema:
    return {**described(name, language), **shape}


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def _one_or_many(one: Schema) -> Schema:
    return {"anyOf": [one, _array(one)]}


def _row(section: str, vocabulary: Vocabulary, language: str) -> Schema:
    instruments: Schema = {"type": "object", "minProperties": 1, "additionalProperties": False,
                   "properties": dict.fromkeys(vocabulary.instruments, VALUE)}  # fmt: skip
    instruments["properties"] |= {
        "issuer_rating": described("issuer_rating", language) | {"type": "string", "pattern": " or better$"},
        "expires_after": described("expires_after", language) | {"type": "string", "pattern": "^last due date"},
        "confirmed": described("confirmed", language) | {"const": True},
    }
    own = {"require": {"anyOf": [{"const": "none"}, instruments]}, "require_one_of": _array(instruments)}
    keys = ("when", "otherwise", *(() if section == "tiers" else ("for",)), *COLUMNS[section])
    needed = {"tiers": ("tier",), "limits": ("limit",), "terms": ("offer",), "authority": ("release",)}
    row = _block(keys, language, needed.get(section, ()), own)
    either = [{"required": ["when"]}, {"required": ["otherwise"]}]
    security = [{"required": ["require"]}, {"required": ["require_one_of"]}]
    return {**row, "oneOf": either} if section != "security" else {**row, "allOf": [{"oneOf": either},
                                                                                  {"oneOf": security}]}  # fmt: skip


def _check(language: str) -> Schema:
    one = _block(CHECK_KEYS, language, ("check", "verdict"))
    bounds = [{"required": ["measure", op]} for op in MEASURES]
    one |= {"oneOf": [{"required": ["when"], "not": {"required": ["measure"]}}, *bounds]}
    inner = {"type": "object", "required": ["only_when", "checks"], "additionalProperties": False,
             "properties": {"only_when": CONDITION, "checks": {"$ref": "#/properties/checks"}}}  # fmt: skip
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


def _promise() -> Schema:
    words = {"monotone": {"type": "object"}, "always": {"type": "object"}}
    return {"type": "object", "minProperties": 1, "maxProperties": 1, "properties": words,
            "additionalProperties": False}  # fmt: skip


def _test(vocabulary: Vocabulary, language: str) -> Schema:
    facts: dict[str, Schema] = {}
    for name, fact in vocabulary.facts.items():
        told = " / ".join(fact.meaning[word] for word in sorted(fact.meaning, key=lambda one: one != language))
        facts[name] = {"description": f"{told} ({fact.kind})", **VALUE}
    lists = {name: {"anyOf": [{"type": "array", "items": {"type": "object"}}, VALUE]} for name in vocabulary.lists}
    given = {"type": "object", "properties": {"like": VALUE, **facts, **lists}}
    answers: dict[str, Schema] = {"verdict": {"enum": list(ANSWERS)}, "missing": {"type": ["array", "string"]},
                                  "security": {"type": ["object", "array", "string"]}}  # fmt: skip
    expect = {"type": "object", "properties": {key: answers.get(key, VALUE) for key in EXPECTED},
              "patternProperties": {r"^checks\.": {"enum": list(STATUSES)}, r"^state\.": {"enum": list(IS)}},
              "additionalProperties": False}  # fmt: skip
    own: dict[str, Schema] = {"given": given, "expect": expect, "subject": {"enum": list(SUBJECTS)}}
    one = _block(("base", "name", "subject", "given", "expect"), language, (), own)
    return {**one, "oneOf": [{"required": ["base"], "not": {"required": ["expect"]}}, {"required": ["name", "expect"]}]}

