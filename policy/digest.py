"""The digest of a Program: what it means, without places, messages and labels."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from fractions import Fraction
from typing import TYPE_CHECKING

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


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        parts = [(one, getattr(value, one.name)) for one in fields(value) if one.name not in UNSAID]  # type: ignore[arg-type]
        kept = [part for one, part in parts if part or not one.metadata.get("added_later")]
        return [type(value).__name__, *map(_plain, kept)]
    return value
