"""From the document to a checked one: every name resolved, every kind proved, every finding told.

Nothing here runs a policy. What leaves as `Checked` without errors can be compiled without another question.
"""

from __future__ import annotations

import re
from dataclasses import replace

from policy.check_charges import check_charges
from policy.check_documents import check_documents, declare_documents
from policy.check_ladders import check_ladders
from policy.check_lists import with_lists
from policy.check_roles import check_role
from policy.check_scopes import check_scopes
from policy.check_security import check_alternative, check_set, name_set
from policy.check_states import check_states, name_states, with_entries
from policy.check_subjects import check_subjects
from policy.check_tests import check_tests
from policy.check_values import check_setting, check_table
from policy.discretion import with_discretion
from policy.document import CheckWritten, FactWritten, Policy, RowWritten, Word
from policy.effects import check_effect
from policy.hints import add_hints
from policy.infer import Inference
from policy.kinds import NO_LIMIT
from policy.meaning import (
    LEVELS,
    OUTPUT_NAMES,
    SAID_WITH_TERMS,
    Checked,
    Names,
    Referent,
    Sort,
    fact_referent,
    figure_of,
)
from policy.messages import FIELD, fields_of, inside
from policy.problems import Problem, Where, in_order
from policy.promises import check_promises
from policy.ratings import with_ranks
from policy.resolve import ANY_SECTION, shown
from policy.states import with_while_rows
from policy.streaks import with_list_names
from policy.suggest import did_you_mean, listed
from policy.syntax import Comparison, Expr, Membership, Name, Negate, Number
from policy.vocabulary import FactDeclaration, Vocabulary

LIMIT_COLUMNS = {
    "limit": Sort("limit", maybe_none=True),
    "largest_order": Sort("money"),
    "review_every": Sort("months"),
}
CALLED = {"RMB": "CNY", "YUAN": "CNY", "EURO": "EUR", "YEN": "JPY", "DOLLAR": "USD"}  # names that are no ISO codes
OF_MEASURED = ("measured", "allowed", "excess")
COMPARE_AS = {"at_most": "<=", "at_least": ">=", "below": "<", "above": ">", "is": "is"}
MOST_DIGITS = 4  # of any currency after the point


def check(policy: Policy, vocabulary: Vocabulary) -> tuple[Checked, tuple[Problem, ...]]:
    """The document with its meanings, and every finding in the order of the file."""
    problems: list[Problem] = []
    _header(policy, vocabulary, problems)
    vocabulary = with_entries(policy, with_lists(policy, _with_currency(policy, vocabulary), problems))
    policy = with_discretion(with_while_rows(with_list_names(policy, vocabulary), vocabulary))
    facts = {**vocabulary.facts}
    for written in policy.facts:
        _declare(written, facts, problems)
    with_ranks(policy, facts, problems)
    declare_documents(policy, facts, problems)
    names = Names(policy, vocabulary, facts, {let.name.text: let for let in policy.lets})
    inference = Inference(names, problems=problems)
    _name_all(names, problems)
    for setting in policy.settings:
        check_setting(inference, setting)
    for table in policy.tables:
        check_table(inference, table)
    check_states(inference)
    inference.level = ANY_SECTION
    for let in policy.lets:
        inference.known(let.name.text, let.name.at)
    _rows_and_checks(inference)
    check_set(inference)
    check_ladders(inference)
    check_charges(inference)
    tests = check_tests(inference)
    promises = check_promises(inference)
    add_hints(inference)
    return Checked(policy, vocabulary, inference.meanings, names, tests, promises), tuple(in_order(problems))


def _rows_and_checks(inference: Inference) -> None:
    policy = inference.names.policy
    for section, rows in policy.rows.items():
        inference.level = LEVELS[section]
        for row in rows:
            _row(inference, section, row)
        _same_columns(inference, section, rows)
    inference.level = LEVELS["checks"]
    for one in policy.checks:
        _check(inference, one)
    check_scopes(inference)
    check_documents(inference)
    check_subjects(inference)
    inference.level = ANY_SECTION


def _declare(written: FactWritten, facts: dict[str, FactDeclaration], problems: list[Problem]) -> None:
    name, known = written.name.text, facts.get(written.name.text)
    if name == "tier":
        problems.append(Problem("duplicate-name", written.name.at, "'tier' is what the section 'tiers' gives, no fact",
                                "choose another name"))  # fmt: skip
        return
    declared = FactDeclaration(name, written.kind.text, written.source.text, written.meaning, written.missing.text,
                               tuple(word.text for word in written.choices), _better(written, known),
                               least=known.least if known else None)  # fmt: skip
    if known is not None and (known.kind, known.source) != (declared.kind, declared.source):
        kind = shown(fact_referent(known).sort)
        problems.append(Problem("duplicate-name", written.name.at, f"'{name}' is built in: {kind} from {known.source}",
                                "keep its kind and source, or choose another name"))  # fmt: skip
        return
    facts[name] = replace(declared, choices=declared.choices or (known.choices if known else ()))


def _better(written: FactWritten, known: FactDeclaration | None) -> str:
    """Which values are better for the customer: as written, else as the vocabulary says."""
    return written.better.text if written.better else known.better if known else ""


def _name_all(names: Names, problems: list[Problem]) -> None:
    """Fill in every name that is known before any formula is read."""
    policy, known = names.policy, names.known
    known.update((name, Referent("broken", name, Sort("number"))) for name in policy.broken)
    for fact in names.facts.values():
        if fact.listing is None:  # a list is read by figures alone
            known[fact.name] = fact_referent(fact)
    name_states(names, problems)
    name_set(names, problems)
    rows = policy.rows
    if "tiers" in rows:
        tiers = tuple(dict.fromkeys(w.text for row in rows["tiers"] if isinstance(w := row.cells.get("tier"), Word)))
        known["tier"] = Referent("output", "tier", Sort("choice", tiers, of_tier=True), LEVELS["tiers"], "tiers")
    columns = {column for row in rows.get("limits", ()) for column in row.cells if column in OUTPUT_NAMES}
    for column in columns:
        known[OUTPUT_NAMES[column]] = Referent("output", column, LIMIT_COLUMNS[column], LEVELS["limits"], "limits")
    if "limit.granted" in names.facts and not columns:
        known["limit.policy"] = Referent(
            "token", "none", Sort("limit", maybe_none=True), LEVELS["limits"], value=NO_LIMIT
        )
    if columns or "limit.granted" in names.facts:
        known["limit.effective"] = Referent("effective", "limit.effective", Sort("limit"), LEVELS["limits"])
    taken = {**dict.fromkeys(known)}
    named = [*(let.name for let in policy.lets), *(table.name for table in policy.tables)]
    for word in named:
        if word.text in taken:
            problems.append(Problem("duplicate-name", word.at, f"'{word.text}' is the name of something else already",
                                    "choose another name"))  # fmt: skip
            names.lets = {name: let for name, let in names.lets.items() if let.name is not word}
        taken[word.text] = None


def _row(inference: Inference, section: str, row: RowWritten) -> None:
    if row.when is not None:
        inference.condition(row.when)
    for column, cell in row.cells.items():
        if section == "limits" and column != "effective":
            _limit_cell(inference, column, cell)
        elif section == "terms" and column not in SAID_WITH_TERMS:
            _terms_cell(inference, column, cell if isinstance(cell, tuple) else (cell,))
        elif section == "security" and isinstance(cell, tuple):
            for alternative in cell:
                check_alternative(inference, alternative)
        elif section == "authority" and isinstance(cell, Word):
            check_role(inference, cell)


def _same_columns(inference: Inference, section: str, rows: tuple[RowWritten, ...]) -> None:
    """Every row of limits says all that any row says, so that no column is sometimes without a value."""
    columns = {column for row in rows for column in row.cells} if section == "limits" else set()
    told = inference.names.policy.broken
    columns = {column for column in columns & OUTPUT_NAMES.keys() if OUTPUT_NAMES[column] not in told}
    for row in rows:
        for column in sorted(columns - set(row.cells)):
            inference.note("missing-key", row.at, f"this row of {section} has no '{column}', which other rows give",
                           f"add '{column}: ...'")  # fmt: skip


def _limit_cell(inference: Inference, column: str, cell: object) -> None:
    wanted = LIMIT_COLUMNS[column]
    assert isinstance(cell, Expr)
    sort = inference.formula(cell, wanted)
    kinds = ("money", "limit") if column == "limit" else (wanted.kind,)
    if isinstance(cell, Negate) and isinstance(cell.value, Number):
        message = f"'{column}' is below zero, which counts as 0"
        inference.problems.append(Problem("range", cell.at, message, "write 0 where nothing is allowed", "warning"))
    elif sort is not None and sort.kind not in kinds:
        own = inference.names.policy.currency.text
        money = kinds[0] == "money" and sort.kind in ("number", "ratio", "percent", "count")
        inference.note("kind", cell.at, f"'{column}' is {shown(sort)} here, wanted is {shown(wanted)}",
                       f"write its amounts with their currency, such as 2_000_000 {own}" if money else "")  # fmt: skip


def _terms_cell(inference: Inference, column: str, words: tuple[object, ...]) -> None:
    seen: set[str] = set()
    for word in words:
        assert isinstance(word, Word)
        terms = inference.names.vocabulary.read_terms(word.text)
        if terms is not None and column == "longest" and not terms.plain:
            inference.note("terms", word.at, f"'{word.text}' is not a number of days that others can be compared with",
                           f"write net {terms.net_days}")  # fmt: skip
        elif terms is not None and terms.text in seen:
            inference.note("duplicate-name", word.at, f"'{word.text}' is offered twice", "take one out")
        elif terms is not None:
            seen.add(terms.text)
        elif word.text in inference.names.known or word.text in inference.names.lets:
            told = f"'{column}' that is worked out, as by '{word.text}', is not run by this version"
            inference.note("not-yet-supported", word.at, told, "write a row of terms for each value, or a check: "
                           f"measure: order.requested_days, at_most: {word.text}")  # fmt: skip
        else:
            inference.note("terms", word.at, f"'{word.text}' is not a payment term",
                           "write net 30, 2/10 net 30, net 30 end of month or prepaid")  # fmt: skip


def _check(inference: Inference, check: CheckWritten) -> None:
    if check.only_when is not None:
        inference.condition(check.only_when)
    if check.when is not None:
        inference.condition(check.when)
    if check.measure is not None:
        _measured(inference, check, check.measure)
    check_effect(inference, check)
    if check.release_by is not None:
        check_role(inference, check.release_by)
    for texts in (check.say, check.say_customer):
        _messages(inference, check, texts)


def _measured(inference: Inference, check: CheckWritten, measure: Expr) -> None:
    if check.op == "in" or check.allowed is None:
        sort = inference.formula(measure)
        if sort is not None:
            _measured_in(inference, measure, sort, check.allowed)
        return
    assert isinstance(check.allowed, Expr)
    test = Comparison(COMPARE_AS[check.op], measure, check.allowed, check.allowed.at)
    inference.condition(test)


def _measured_in(inference: Inference, measure: Expr, sort: Sort, allowed: object) -> None:
    if isinstance(allowed, Membership):
        inference.meanings.referents[allowed.left] = Referent("let", "measured", sort)
        inference.item = {"measured": Referent("item", "measured", sort)}
        inference.condition(allowed)
        inference.item = {}


def _messages(inference: Inference, check: CheckWritten, texts: object) -> None:
    assert isinstance(texts, dict)
    languages = inference.names.policy.title
    for language in languages:
        if texts and language not in texts:
            inference.note("language-missing", next(iter(texts.values())).at,
                           f"the message of '{check.name.text}' has no text in '{language}'", f"add '{language}: ...'")
    for word in texts.values():
        for name, at in fields_of(word):
            _field(inference, check, at, name)
        _braces(inference, word)


def _braces(inference: Inference, word: Word) -> None:
    """A brace without its other half would be shown as it stands."""
    rest = FIELD.sub(lambda found: " " * len(found.group()), word.text)
    alone = re.search(r"[{}]", rest)
    if alone is not None:
        told = "is never closed" if alone.group() == "{" else "closes nothing"
        inference.note("message", inside(word, alone.start()), f"'{alone.group()}' {told} in this message",
                       "write a field as '{measured}'")  # fmt: skip


def _field(inference: Inference, check: CheckWritten, at: Where, found: str) -> None:
    own = OF_MEASURED if check.op else ()
    if found in own:
        return
    if found in OF_MEASURED:
        inference.note("unknown-field", at, f"'{{{found}}}' is known only of a check that measures",
                       "write 'measure: ...' and a bound such as 'at_most: ...' in place of 'when'")  # fmt: skip
        return
    if found == "items":
        measured = inference.names.lets.get(check.measure.text) if isinstance(check.measure, Name) else None
        if measured is None or figure_of(measured) is None:
            inference.note("message", at, "'{items}' has nothing to show, for the check measures no figure over a list",
                           "leave it out, or measure a figure")  # fmt: skip
        return
    if not found.strip():
        inference.note("message", at, "the braces hold nothing", "write a field as '{measured}', or leave them out")
        return
    inference.names.read([Name(found, at)])
    referent = inference.known(found, at)
    if referent is None or referent.level >= LEVELS["authority"]:
        known = [*own, *inference.names.all_names()]
        help = did_you_mean(found, known, f"one of: {listed((*own, 'any fact, figure or setting'))}")
        inference.note("unknown-field", at, f"'{{{found}}}' is nothing that this message can show",
                       "did you mean 'limit.effective'?" if found == "limit" else help)  # fmt: skip


def _with_currency(policy: Policy, vocabulary: Vocabulary) -> Vocabulary:
    """The vocabulary, with the file's currency even where it is none: that is told once, not again at each amount."""
    return replace(vocabulary, currencies={policy.currency.text: MOST_DIGITS, **vocabulary.currencies})


def _header(policy: Policy, vocabulary: Vocabulary, problems: list[Problem]) -> None:
    if policy.currency.text and policy.currency.text not in vocabulary.currencies:
        meant = CALLED.get(policy.currency.text.upper())
        help = f"did you mean '{meant}'?" if meant else did_you_mean(
            policy.currency.text, vocabulary.currencies, "write its ISO 4217 code, such as CNY")  # fmt: skip
        problems.append(Problem("currency", policy.currency.at, f"'{policy.currency.text}' is not a currency", help))
    if policy.calendar is not None and not vocabulary.is_calendar(policy.calendar.text):
        problems.append(Problem("unknown-word", policy.calendar.at, f"there is no calendar '{policy.calendar.text}'",
                                "write a country code, such as CN"))  # fmt: skip
