"""Lists that a file declares become part of its vocabulary: figures read them as they read the ledger's own lists."""

from __future__ import annotations

from dataclasses import replace

from policy.document import ListFactWritten, Policy
from policy.problems import Problem
from policy.vocabulary import FactDeclaration, ListDeclaration, Vocabulary


def with_lists(policy: Policy, vocabulary: Vocabulary, problems: list[Problem]) -> Vocabulary:
    """The vocabulary with the lists of the file, and findings for names that are taken."""
    taken = {**vocabulary.facts, **vocabulary.lists} | dict.fromkeys(fact.name.text for fact in policy.facts)
    taken |= dict.fromkeys(let.name.text for let in policy.lets)
    facts, lists = {**vocabulary.facts}, {**vocabulary.lists}
    for written in policy.fact_lists:
        name = written.name.text
        if name in taken:
            told = f"'{name}' is the name of something else already"
            problems.append(Problem("duplicate-name", written.name.at, told, "choose another name"))
            continue
        declared = _declared(written)
        lists[name] = declared
        facts[name] = FactDeclaration(name, "list", "request", written.meaning, written.missing.text, listing=declared)
    return replace(vocabulary, facts=facts, lists=lists)


def _declared(written: ListFactWritten) -> ListDeclaration:
    fields = {
        field.name.text: FactDeclaration(field.name.text, field.kind.text, "request",
                                         choices=tuple(word.text for word in field.choices))
        for field in written.fields
    }  # fmt: skip
    dated_by = "" if written.dated_by is None else written.dated_by.text
    return ListDeclaration(written.name.text, fields, written.meaning, dated_by=dated_by, at_most=written.at_most)
