"""The letters of a policy: which its ladders send, and whether each is there in every language that is wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from credit.letter import LANGUAGES
from policy.problems import Where
from policy.program import Program
from policy.receivables import Step
from rules.letter_findings import Finding
from rules.letter_template import Template


@dataclass(frozen=True, slots=True)
class Letters:
    """Templates by letter and language, with everything that is wrong with the files that were read."""

    templates: Mapping[tuple[str, str], Template]
    findings: tuple[Finding, ...] = ()
    broken: frozenset[tuple[str, str]] = frozenset()

    def named(self, letter: str, language: str) -> Template | None:
        """A letter in a language; None where there is none that can be sent."""
        return self.templates.get((letter, language))


def letters_sent(program: Program) -> Iterator[tuple[str, Step]]:
    """Each letter that a policy sends, with the step that sends it, in the order of the file."""
    for ladder in program.ladders:
        for step in ladder.steps:
            for action in step.does:
                if action.verb == "send":
                    yield action.what, step


def languages_of(program: Program) -> tuple[str, ...]:
    """The languages in which a policy speaks, of those that letters are written in."""
    return tuple(language for language in LANGUAGES if language in program.wording.title) or LANGUAGES[:1]


def missing_letters(program: Program, file: str, letters: Letters, languages: Iterable[str]) -> Iterator[Finding]:
    """A finding for each step whose letter is not there in a language; one that is there and broken has its own."""
    for language in languages:
        for letter, step in letters_sent(program):
            key = (letter, language)
            if key not in letters.templates and key not in letters.broken:
                yield Finding("letter-missing", Where(file, step.line, 1),
                              f"the step '{step.name}' sends '{letter}', which is not there in '{language}'",
                              f"write '{letter}.{language}.txt' into the folder of letters")  # fmt: skip


def unfilled_letters(program: Program, file: str, letters: Letters, languages: Iterable[str]) -> Iterator[Finding]:
    """A finding for each last step of a ladder whose letter names the day of the next step: it could never be sent."""
    for language in languages:
        for ladder in program.ladders:
            for step in ladder.steps[-1:]:
                for action in step.does:
                    template = letters.named(action.what, language) if action.verb == "send" else None
                    if template is not None and "pay_by" in template.fields:
                        yield Finding("letter-value", Where(file, step.line, 1),
                                      f"the step '{step.name}' sends '{action.what}', which names 'pay_by', "
                                      "and no step follows it",
                                      "take the field out of the letter, or add a step")  # fmt: skip


def letter_findings(program: Program, file: str, letters: Letters) -> tuple[Finding, ...]:
    """Everything that keeps a letter of a policy from being sent: not there, broken, or with a field never known."""
    languages = languages_of(program)
    sent = {letter for letter, _ in letters_sent(program)}
    broken = (one for one in letters.findings if PurePath(one.where.file).name.partition(".")[0] in sent)
    return (*broken, *missing_letters(program, file, letters, languages),
            *unfilled_letters(program, file, letters, languages))  # fmt: skip
