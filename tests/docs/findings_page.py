"""Writes docs/findings.md: each finding's meaning and weight, and an example from the broken policies.

Run by `make docs-findings`; a test holds the page to what would be written now. The words of an example are those that
the checker says, so the page cannot promise what an officer will not see.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from policy.chinese import in_chinese
from policy.load import load_policy
from policy.node_builder import NODES_MAX
from policy.parts import Part, Shelf
from policy.problems import CODES, Problem
from policy.source import BYTES_MAX
from rules.facts import trade_vocabulary
from rules.proving import all_findings

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "findings.md"
BROKEN = ROOT / "tests" / "conformance" / "broken"
FILE = "policy.yaml"
OPENING = (
    "What `aval check` may say about a policy, code by code. A finding is one line: `file:line:column: code: what is "
    "wrong; what to do`. An *error* stops a policy from being published. A *warning* does not. All findings of a file "
    "are told in one run. An example shows a line, and below it what is said about it, in English and with "
    "`--lang zh` in Chinese.",
    "This page is written by `make docs-findings` from the broken policies in `tests/conformance/broken`. Change "
    "those, or `tests/docs/findings_page.py`.",
)
GROUPS = {
    "broken-yaml": "The file as text", "number": "Values", "unknown-section": "The document",
    "unknown-fact": "Names and kinds", "test-shape": "Tests in the file", "gap": "Rows together",
    "promise": "Promises",
    "unused-fact": "Hints",
}  # fmt: skip
MADE: Mapping[str, tuple[bytes, str]] = {
    "not-utf8": ("aval: 1\npolicy: 标准\n".encode("gbk"), "a file saved as GBK"),
    "empty-file": (b"", "a file without a line, or with comments only"),
    "too-large": (b"a" * (BYTES_MAX + 1), "a file of one byte more than a policy may have"),
    "too-many-nodes": (b"- x\n" * NODES_MAX, "a list of very many values"),
}
NOTES: Mapping[str, str] = {
    "false-promise": "The example is an order; where the promise compares two, the message says in which fact the "
                     "other one differs. Both were decided by the reference engine.",
    "not-proven": "The prover has a fixed number of steps, so that a policy gets the same answer everywhere. It may "
                  "also be missing: it comes with `aval[analysis]`.",
    "anchor": "A value that is repeated by reference is changed in two places by one edit. A setting or a figure under "
              "`let` does the same in the open.",
    "tag": "A tag changes what a value is, and nobody who reads the line sees it.",
    "merge-key": "What a row says stands in the row.",
    "duplicate-key": "YAML readers keep one of the two and say nothing. Several tests on one fact are lines under "
                     "`when`.",
    "comma": "Inside `{ }` and `[ ]` a comma parts values, so `5,000` becomes two of them.",
    "number": "Thousands are parted by `_`, the decimal sign is a point, and there are no exponents.",
    "yaml-word": "Some YAML readers take `yes`, `no`, `on` and `off` for a truth value, and the country code `NO` "
                 "with them. Here only `true` and `false` are.",
    "percent": "0.3 may be 30% or 0.3%. The language never guesses.",
    "unit": "A number beside a fact takes the fact's unit; where there is none beside it, it says its own.",
    "chained-comparison": "`1 < x < 5` means different things in different languages. Two lines mean one thing.",
    "one-test-per-line": "The lines under `when` all have to hold. For *or*, write two rows, or a list with `in`.",
    "not-yet-supported": "The language has it, this version does not run it. It is an error, because a line that is "
                         "carried along and not run would promise what nobody does.",
    "no-otherwise": "A table without a last row for everything else leaves orders without an answer.",
    "kind": "Amounts, days, shares and counts do not mix. Dividing an amount by an amount gives a share.",
    "limit-state": "`none` is not 0 and not unlimited. `limit.effective` always is an amount or unlimited.",
    "section-order": "A section reads only what is known before it; see \"What may read what\" in "
                     "[policy-language.md](policy-language.md).",
    "cycle": "The finding names the whole circle. One of the figures has to stop reading the others.",
    "exception": "An exception lifts what it names and nothing else, and never a hard stop: a person does.",
    "one-scope": "The narrowest of several checks of one name is asked; of two equally narrow ones nobody could say "
                 "which.",
    "scope": "Settings are constants, and a figure over a list sees one item at a time.",
    "too-wide": "Engines calculate exactly, up to a bound. A formula that could pass it is refused beforehand.",
    "dates-gap": "On a day without a value the setting is missing, and a missing fact never approves.",
    "table-cell": "Exactly one cell has to fit every order. Where values are the matter, the finding names one.",
    "gap": "The finding names an order that would be left without an answer.",
    "dead-row": "It changes no decision, and so hides what somebody meant.",
    "redundant-row": "Without the row every order that fits it is decided alike, as long as its facts are known.",
    "unreachable-outcome": "The tiers and this section are looked at together.",
    "otherwise-slip": "Who fails a second line of a better row falls past the row below it, where that one has an "
                      "upper end. Which of two tiers is better is read off the limits and terms that they bring.",
    "off-by-one": "Hardly ever meant: a hold that starts on day 15 beside a check that fails from day 16.",
    "unused-fact": "What nothing reads is often a slip in the name somewhere else.",
    "no-bound": "`max` is the larger of its values. A limit that is the larger of a share and an "
                "amount grows with the share.",
    "short-longest": "`longest` is what a customer may ask for beyond the offers; below an offer it says nothing.",
    "prepaid-order": "A customer who owes too much should still be able to pay in advance: that order brings no new "
                     "risk. For example an order of 100, prepaid 100. It is told where the file asks another check of "
                     "new risk alone, with `only_when: order.unsecured_amount > 0` or of `order.credit_amount`; a file "
                     "that does so nowhere may mean every order.",
    "unread-limit": "A limit that no check reads holds nobody back.",
    "nobody": "A referral without a person ends nowhere.",
    "never-left": "A warning where there are lines to leave it that never hold together.",
    "share-sum": "Securities of one alternative go together, so they cannot be more than the order.",
    "unknown-word": "Only the words of the fact's own list can ever be true; any other makes a row that never fits.",
    "full-width-sign": "Some keyboards type digits, `，` and `：` in double width, which look right and are not.",
    "control-character": "Text copied from other programs brings signs that nobody sees.",
    "language-missing": "Each message comes in every language that the title has.",
}  # fmt: skip


SHELF = Shelf.of(Part(f"shared/{path.stem}", path.read_bytes()) for path in sorted(BROKEN.glob("shared/*.yaml")))


@dataclass(frozen=True)
class Example:
    """One finding, the broken policy it is from, and the line it stands on."""

    name: str
    problem: Problem
    shown: str

    def __str__(self) -> str:
        return f"{self.shown}\n{self.problem}\n{self.problem.told('zh')}"


def examples() -> dict[str, list[Example]]:
    """Every finding of the broken policies by code; first those that stand on a line of the policy itself."""
    found: dict[str, list[Example]] = {code: [] for code in CODES}
    policies = {name: made for name, (made, _) in MADE.items()}
    policies |= {path.stem: path.read_bytes() for path in sorted(BROKEN.glob("*.yaml"))}
    for name, data in sorted(policies.items()):
        for problem in all_findings(load_policy(data, FILE, trade_vocabulary(), SHELF)):
            found[problem.code].append(Example(name, problem, MADE[name][1] if name in MADE else _line(data, problem)))
    for code, several in found.items():
        several.sort(key=lambda one: (one.shown.startswith("# wanted"), one.name != code))
    return found


def _line(data: bytes, problem: Problem) -> str:
    """The line of a finding; signs that cannot be seen are written as escapes."""
    if problem.where.file != FILE:
        data = SHELF.read(problem.where.file.removesuffix(".yaml")) or b""
    line = data.decode("utf-8").splitlines()[problem.where.line - 1]
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)


def page() -> Iterator[str]:
    """The page, piece by piece."""
    found = examples()
    yield "# Findings\n"
    yield from map(fill, OPENING)
    yield "## What stops a policy\n"
    yield from map(fill, by_weight(found))
    for code, meaning in CODES.items():
        if code in GROUPS:
            yield f"## {GROUPS[code]}\n"
        yield f"### {code}\n"
        note = f" {NOTES[code]}" if code in NOTES else ""
        chinese, weight = f" {in_chinese(meaning)}。", " or ".join(weights(found[code])).capitalize()
        yield fill(f"{meaning[0].upper()}{meaning[1:]}. *{weight}.*{note}{chinese}")
        yield from (f"```text\n{example}\n```\n" for example in found[code][:1])


def weights(several: list[Example]) -> list[str]:
    """The severities that the findings of a code have."""
    return sorted({example.problem.severity for example in several}) or ["error"]


def by_weight(found: Mapping[str, list[Example]]) -> Iterator[str]:
    """Which codes are warnings, which are either, and that all others are errors."""
    warnings = [f"`{code}`" for code in CODES if weights(found[code]) == ["warning"]]
    either = [f"`{code}`" for code in CODES if len(weights(found[code])) == 2]
    yield (f"Warnings, whatever was found: {', '.join(warnings)}. An error or a warning, by what was found: "
           f"{', '.join(either)}. All others are errors: among them orders without "
           "an answer (`gap`, `no-otherwise`) and everything that gives two answers at once (`table-cell`, "
           "`dates-overlap`, `one-scope`, `duplicate-name`, `duplicate-key`).")  # fmt: skip


def fill(text: str) -> str:
    """One paragraph in lines that fit."""
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False) + "\n"


def text() -> str:
    """The whole page."""
    return "\n".join(page()).rstrip("\n") + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(text(), "utf-8")


if __name__ == "__main__":
    main()
