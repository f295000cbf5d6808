"""Letters as files: those that come with Aval, and an operator's own folder, whose files stand in their place."""

from __future__ import annotations

import re
from pathlib import Path

import policy
from credit.letter import LANGUAGES
from policy.problems import Where
from rules.letter_findings import Finding
from rules.letter_template import LARGEST, Template, read_template
from rules.letters import Letters

SHIPPED = Path(policy.__file__).with_name("library") / "letters"
NAME = re.compile(r"([a-z][a-z0-9_]*)\.([a-z]{2})\.txt")


def read_letters(own: Path | None = None) -> Letters:
    """Every letter that there is: the shipped ones, and over them those of an own folder, with all findings."""
    templates: dict[tuple[str, str], Template] = {}
    findings: list[Finding] = []
    broken: set[tuple[str, str]] = set()
    for folder in (SHIPPED, own) if own is not None else (SHIPPED,):
        for path in sorted(folder.glob("*.txt")):
            found = NAME.fullmatch(path.name)
            if found is None or found[2] not in LANGUAGES:
                findings.append(Finding("letter-file", Where(str(path), 1, 1), "the name of the file is no letter's",
                                        f"name it as in formal_demand.en.txt; languages are {', '.join(LANGUAGES)}"))
                continue  # fmt: skip
            key = (found[1], found[2])
            template, faults = read_template(_bytes(path), *key, str(path))
            findings += faults
            templates.pop(key, None)
            if template is None:
                broken.add(key)
            else:
                templates[key] = template
    return Letters(templates, tuple(findings), frozenset(broken))


def _bytes(path: Path) -> bytes:
    """At most one byte more than a letter may have, so that a mistaken folder costs no memory."""
    with path.open("rb") as stream:
        return stream.read(LARGEST + 1)
