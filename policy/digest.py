"""The digest of a Program: what it means, without places, messages and labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from policy.program import Program

LANGUAGE = 1
AFTER = (  # where a policy has them
    "calendar", "ladders", "ladder_of", "letters", "charges", "fees", "release", "documents",
)  # fmt: skip
UNSAID = ("line", "scope", "text")  # where a thing stands, and how it was written


def program_digest(program: Program) -> str:
    """SHA-256 over canonical JSON of nodes, figures, what a missing fact means, and the language version."""
    body = {
        "language": LANGUAGE, "vocabulary": program.vocabulary, "currency": program.currency,
        "timezone": program.timezone, "nodes": [_plain(node) for node in program.nodes],
        "figures": [_plain(figure) for figure in program.figures],
        "facts": sorted((f.name, f.kind, f.missing, f.choices) for f in program.facts.values()),
        "roles": [program.roles_rising, program.roles_beside],
    }  # fmt: skip
    body |= {name: _plain(value) for name in AFTER if (value := getattr(program, name))}
    if program.subject != "order":
        body["subject"] = program.subject
    return _hashed(body)


def policy_digest(programs: Mapping[str, Program]) -> str:
    """The digest of a whole policy: that of its only Program, else one over those of all its subjects."""
    own = {subject: program.digest for subject, program in programs.items()}
    return own["order"] if len(own) == 1 else _hashed({"language": LANGUAGE, "subjects": own})


def _hashed(body: Mapping[str, object]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: Any) -> object:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        kept = [part for name, later in _said(type(value)) if (part := getattr(value, name)) or not later]  # type: ignore[arg-type]  # a class
        return [type(value).__name__, *map(_plain, kept)]
    return value


@cache
def _said(kind: type[Any]) -> tuple[tuple[str, bool], ...]:
    """The fields of a kind of record that mean something, and whether each counts only where it is not empty."""
    return tuple((one.name, "added_later" in one.metadata) for one in fields(kind) if one.name not in UNSAID)
