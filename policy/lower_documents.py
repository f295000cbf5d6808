"""Documents to checks: each is good where it satisfies every row that fits, else its check has no value to pass by.

While a document is not good its table has no row, so its value is missing and the check is *not evaluated*, which
refers. Where a row that fits says `if_absent: deny`, a missing value counts as false, and the check denies.
"""

from __future__ import annotations

from policy.asked_documents import DocumentAsked, DocumentPart, check_name, fact_name, table_name
from policy.check_documents import MEANINGS, quality_words
from policy.documents import DocumentRow, DocumentWanted, documents_named
from policy.lower import Lowering
from policy.lower_scopes import scope_tests, together
from policy.program import Calc, Check, Compare, Const, Fact, First, In, Logic, Row

VERDICTS = {False: "refer", True: "deny"}


def lower_documents(low: Lowering) -> tuple[tuple[Check, ...], tuple[DocumentAsked, ...]]:
    """The checks of all documents, and what the answer says about them."""
    asked, checks = [], []
    for name in documents_named(low.checked.policy):
        for attribute in MEANINGS:
            declared = low.checked.names.facts[fact_name(name, attribute)]
            low.facts[declared.name] = declared  # the answer shows them all
        parts = DocumentAsked(name, _parts(low, name, required=True), _parts(low, name, required=False))
        asked.append(parts)
        if parts.required:
            checks.extend(_checks(low, parts))
    return tuple(checks), tuple(asked)


def _parts(low: Lowering, name: str, required: bool) -> tuple[DocumentPart, ...]:
    rows = low.checked.policy.documents
    return tuple(
        _part(low, row, wanted) for row in rows for wanted in (row.required if required else row.may_require)
        if wanted.name.text == name
    )  # fmt: skip


def _part(low: Lowering, row: DocumentRow, wanted: DocumentWanted) -> DocumentPart:
    tests = scope_tests(low, row.scope) + ([] if row.when is None else [low.condition(row.when)])
    quality = None if wanted.quality is None else quality_words(low.checked.policy).index(wanted.quality.text) + 1
    return DocumentPart(
        together(low, tests) if tests else -1, wanted.not_older_than, wanted.age_unit, wanted.months, wanted.years,
        quality, row.if_absent == "deny", wanted.set_by.text if wanted.set_by else "", row.at.line,
    )  # fmt: skip


def _checks(low: Lowering, asked: DocumentAsked) -> list[Check]:
    """One check for rows that refer and one for rows that deny; where a denying row fits, the other is not asked."""
    name, line = asked.name, asked.required[0].line
    good = together(low, [_satisfied(low, asked.name, part) for part in asked.required])
    low.table(First(table_name(name), ("value",), (Row(good, (low.add(Const("flag", True)),), line),)))
    value = low.labelled(low.add(Fact("value", "flag", table_name(name))), name)
    sure = low.add(Calc("first_known", (value, low.add(Const("flag", False))), "flag"))
    denying = _some(low, [part for part in asked.required if part.deny])
    refers, found = [part for part in asked.required if not part.deny], []
    if refers and denying != ALWAYS:
        applies = _some(low, refers)
        if denying != NEVER:
            unless = low.add(Logic("not", (denying,)))
            applies = unless if applies == ALWAYS else together(low, [applies, unless])
        found.append(Check(check_name(name), low.add(In(value, (False,))), VERDICTS[False], applies, line=line))
    if denying != NEVER:
        fails = low.add(In(sure, (False,)))
        found.append(Check(check_name(name), fails, VERDICTS[True], denying, line=line))
    return found


ALWAYS, NEVER = -1, -2


def _some(low: Lowering, parts: list[DocumentPart]) -> int:
    """Whether any of these rows fits."""
    if not parts:
        return NEVER
    if any(part.applies == ALWAYS for part in parts):
        return ALWAYS
    tests = tuple(dict.fromkeys(part.applies for part in parts))
    return tests[0] if len(tests) == 1 else low.add(Logic("or", tests))


def _satisfied(low: Lowering, name: str, part: DocumentPart) -> int:
    """Whether the document on file is as a row wants it, or the row does not fit."""
    good = together(low, list(_good(low, name, part)))
    if part.applies == ALWAYS:
        return good
    return low.add(Logic("or", (low.add(Logic("not", (part.applies,))), good)))


def _good(low: Lowering, name: str, part: DocumentPart) -> list[int]:
    known, names = low.checked.names.known, [fact_name(name, attribute) for attribute in MEANINGS]
    dated_on, as_of = low.referent(known[names[0]]), low.referent(known["as_of"])
    tests = [low.add(Compare("<=", dated_on, as_of))]  # a later one is not on file yet
    if part.not_older_than is not None:
        kind = part.age_unit
        last = low.add(Calc(f"add_{kind}", (dated_on, low.add(Const(kind, part.not_older_than))), "date"))
        tests.append(low.add(Compare(">=", last, as_of)))
    for fact, kind, least in ((names[1], "months", part.months), (names[2], "count", part.years)):
        if least is not None:
            tests.append(low.add(Compare(">=", low.referent(known[fact]), low.add(Const(kind, least)))))
    if part.quality is not None:
        rank = low.add(Const("count", part.quality))
        tests.append(low.add(Compare("<=", low.referent(known[names[3]]), rank)))
    return tests
