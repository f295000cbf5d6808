"""The tests of a file with typed values: what is given fits its fact, what is expected can be answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from policy.asked_documents import check_name
from policy.check_roles import check_role
from policy.document import TestWritten, Word
from policy.documents import STATUSES as DOCUMENT_STATUSES
from policy.documents import documents_named
from policy.expression import read_date, read_number
from policy.infer import Inference
from policy.kinds import Value
from policy.meaning import SAID_WITH_TERMS, CheckedTest, Referent, Sort
from policy.problems import Problem
from policy.resolve import FLAGS, LIMIT_WORDS, NEEDS, YAML_WORDS, shown
from policy.security import ATTRIBUTES
from policy.source import Mapping as Block
from policy.source import Node, Scalar, Sequence
from policy.state_tests import IS, active_or_not, given_names, has_broken_state, is_state, stored
from policy.subjects import CALLED, ORDER, subjects_used
from policy.suggest import did_you_mean, listed
from policy.vocabulary import ListDeclaration

VERDICTS = ("approve", "approve_with_conditions", "refer", "deny")
STATUSES = ("hard_stop", "deny", "refer", "warn", "pass", "does_not_apply", "not_evaluated", "lifted")
RATES = "rates."
BY_NAME = "state.NAME, checks.NAME, documents.NAME"
ON_HOLD = "checks.on_hold"  # of every policy whose ladders hold orders
EXPECTED = ("verdict", "hard_stop", "tier", "terms", "longest", *SAID_WITH_TERMS, "security", "authority", "missing",
            "limit.policy", "limit.effective", "limit.largest_order", "limit.review_every")  # fmt: skip
Found = TypeVar("Found")
Given = tuple[dict[str, Value | None], dict[str, tuple[Mapping[str, Value], ...]]]


def check_tests(inference: Inference) -> tuple[CheckedTest, ...]:
    """Every test with its base filled in and its values typed; findings for what does not fit."""
    written = inference.names.policy.tests
    bases = {test.name.text: test for test in written if test.is_base}
    _circles(inference, bases)
    checked = []
    for test in written:
        given = _given(inference, test, bases, ())
        if not test.is_base and given is not None:
            expect = {key.text: value for key, node in test.expect
                      if (value := _expected(inference, key, node)) is not None}  # fmt: skip
            subject = _subject(inference, test)
            checked.append(CheckedTest(test.name.text, test.name.at.line, given[0], given[1], expect, subject))
    return tuple(checked)


def _subject(inference: Inference, test: TestWritten) -> str:
    """What a test is about: an order where it does not say."""
    if test.subject is None:
        return ORDER
    used = subjects_used(inference.names.policy)
    if test.subject.text not in used:
        inference.note("test-value", test.subject.at, f"the file says nothing for {CALLED[test.subject.text]}",
                       f"it decides on: {listed(used)}")  # fmt: skip
    return test.subject.text


def _circles(inference: Inference, bases: Mapping[str, TestWritten]) -> None:
    """Bases that build on each other have no facts to begin with."""
    told: set[str] = set()
    for base in bases.values():
        path, following = [base], base
        while following.like is not None and (found := bases.get(following.like.text)) is not None:
            if found in path:
                names = [one.name.text for one in (*path[path.index(found) :], found)]
                if found.like is not None and not told.intersection(names):
                    inference.note("test-shape", found.like.at, f"'{names[0]}' builds on itself: {' -> '.join(names)}",
                                   "let one of them be without 'like'")  # fmt: skip
                told.update(names)
                break
            path, following = [*path, found], found


def _given(
    inference: Inference, test: TestWritten, bases: Mapping[str, TestWritten], path: tuple[str, ...]
) -> Given | None:
    facts: dict[str, Value | None] = {}
    lists: dict[str, tuple[Mapping[str, Value], ...]] = {}
    if test.like is not None:
        base = bases.get(test.like.text)
        if base is not None and (base.name.text in path or base is test):
            return None  # told once for all bases of the circle
        if base is None:
            inference.note("test-shape", test.like.at, f"there is no base '{test.like.text}' to build on",
                           did_you_mean(test.like.text, bases, f"add one: - base: {test.like.text}"))  # fmt: skip
            return None
        below = (
            _given(inference, base, bases, (*path, test.name.text)) if path else _quiet(inference, base, bases, test)
        )
        if below is None:
            return None
        facts, lists = dict(below[0]), dict(below[1])
    for key, node in test.given:
        for name in given_names(inference, key):
            _one_given(inference, name, node, (facts, lists))
    return facts, lists


def _quiet(
    inference: Inference, base: TestWritten, bases: Mapping[str, TestWritten], test: TestWritten
) -> Given | None:
    """A base's values without telling its findings a second time."""
    told = list(inference.problems)
    found = _given(inference, base, bases, (test.name.text,))
    inference.problems[:] = told
    return found


def _one_given(inference: Inference, key: Word, node: Node, given: Given) -> None:
    listing = inference.names.vocabulary.lists.get(key.text)
    if listing is not None:
        given[1][key.text] = tuple(item for item in _items(inference, listing, node))
        return
    if is_state(inference, key.text):
        if (word := active_or_not(inference, node)) is not None:
            given[0][key.text] = IS[word]
        return
    referent = stored(inference, key) or inference.names.known.get(key.text) or _rate(inference, key.text)
    if referent is not None and referent.scope == "broken":
        return
    if referent is None or referent.scope not in ("fact", "figure"):
        names = [name for name, one in inference.names.known.items() if one.scope in ("fact", "figure")]
        inference.note("unknown-fact", key.at, f"'{key.text}' is not a fact that a test can give",
                       did_you_mean(key.text, [*names, *inference.names.vocabulary.lists]))  # fmt: skip
        return
    if not isinstance(node, Scalar):
        inference.note("test-value", node.at, f"'{key.text}' is given one value, here are several")
    elif not node.text:
        inference.note("test-value", node.at, f"'{key.text}' is given nothing", "write a value, or 'missing'")
    elif node.text == "missing":
        given[0][key.text] = None
    else:
        value = _value(inference, Word(node.text, node.at), referent.sort)
        if value is not None and _below_zero(inference, key.text, node.text):
            inference.note("range", node.at, f"'{key.text}' is never below zero", "write 0, or what it is")
            return
        if value is not None:
            given[0][key.text] = value


def _rate(inference: Inference, name: str) -> Referent | None:
    """The rate of a currency: what one unit of it is worth in the policy's own."""
    currency = name.removeprefix(RATES)
    own = inference.names.policy.currency.text
    known = currency != name and currency != own and currency in inference.names.vocabulary.currencies
    return Referent("fact", name, Sort("ratio")) if known else None


def _items(inference: Inference, listing: ListDeclaration, node: Node) -> list[Mapping[str, Value]]:
    if not isinstance(node, Sequence):
        inference.note("test-value", node.at, f"'{listing.name}' is a list", "write [] for an empty one")
        return []
    if listing.at_most and len(node.items) > listing.at_most:
        inference.note("range", node.at, f"'{listing.name}' holds at most {listing.at_most} items, here are "
                       f"{len(node.items)}", "give fewer, or raise at_most")  # fmt: skip
    items: list[Mapping[str, Value]] = []
    for item in node.items:
        if not isinstance(item, Block):
            inference.note("test-value", item.at, f"an item of '{listing.name}' is a block of fields",
                           f"its fields are {listed(listing.fields)}")  # fmt: skip
            continue
        fields: dict[str, Value] = {}
        for key, value in item.entries:
            if key.text not in listing.fields:
                inference.note("unknown-field", key.at, f"'{key.text}' is not a field of {listing.name}",
                               did_you_mean(key.text, listing.fields, f"one of: {listed(listing.fields)}"))  # fmt: skip
            elif isinstance(value, Scalar) and value.text != "missing":
                field = listing.fields[key.text]
                typed = _value(inference, Word(value.text, value.at), Sort(field.kind, field.choices))
                if typed is not None:
                    fields[key.text] = typed
        items.append(fields)
    return items


def _below_zero(inference: Inference, name: str, text: str) -> bool:
    """A negative number for what is sent with an order, or counted, or a limit."""
    fact = inference.names.facts.get(name)
    whole = fact is not None and fact.kind in ("count", "days", "months", "hours", "limit")
    return text.startswith("-") and fact is not None and (whole or (fact.source == "request" and fact.kind == "money"))


def _value(inference: Inference, word: Word, sort: Sort) -> Value | None:
    """A written value in the kind of its fact."""
    if sort.kind == "flag" or (sort.kind == "limit" and word.text in LIMIT_WORDS):
        found = (FLAGS if sort.kind == "flag" else LIMIT_WORDS).get(word.text)
        if found is None:
            told = "yaml-word" if word.text.lower() in YAML_WORDS else "test-value"
            inference.note(told, word.at, f"'{word.text}' is not true or false", "write true or false")
        return found
    if sort.kind == "rating":
        return _rank(inference, word, sort)
    if sort.kind in ("choice", "text", "terms"):
        return _word(inference, word, sort)
    if sort.kind == "date":
        return _kept(inference, read_date(word.text, word.at))
    number = _kept(inference, read_number(word.text, word.at))
    if number is None:
        return None
    found_sort = inference.formula(number, sort)
    own = inference.names.policy.currency.text
    if number in inference.meanings.foreign:
        help = f"given amounts are in {own}: convert it; for the rows give the rate, as in rates.{number.unit}: 0.05"
        inference.note("currency", word.at, f"'{word.text}' is not in {own}", help)
        return None
    if found_sort is not None and found_sort.kind != sort.kind and {found_sort.kind, sort.kind} not in (
        {"money", "limit"}, {"percent", "ratio"}, {"number", "ratio"}):  # fmt: skip
        inference.note("test-value", word.at, f"'{word.text}' is {shown(found_sort)}, wanted is {shown(sort)}")
        return None
    return inference.meanings.numbers.get(number)


def _rank(inference: Inference, word: Word, sort: Sort) -> Value | None:
    """The rank of a written rating."""
    ranks = dict(sort.ranks)
    if word.text not in ranks:
        inference.note("unknown-word", word.at, f"'{word.text}' is not a rating of this fact",
                       did_you_mean(word.text, ranks, f"one of: {listed(ranks)}"))  # fmt: skip
    return ranks.get(word.text)


def _word(inference: Inference, word: Word, sort: Sort) -> Value | None:
    if sort.kind == "terms":
        terms = inference.names.vocabulary.read_terms(word.text)
        if terms is None:
            inference.note("terms", word.at, f"'{word.text}' is not a payment term", "write net 30 or prepaid")
        return terms.text if terms else None
    if sort.kind == "choice" and word.text not in sort.choices:
        what = "a tier of this file" if sort.of_tier else "one of the words that may stand here"
        if not (sort.of_tier and "tier" in inference.names.policy.broken):
            inference.note("unknown-tier" if sort.of_tier else "unknown-word", word.at, f"'{word.text}' is not {what}",
                           did_you_mean(word.text, sort.choices, f"one of: {listed(sort.choices)}"))  # fmt: skip
        return None
    return word.text


def _kept(inference: Inference, found: Found | Problem) -> Found | None:
    if isinstance(found, Problem):
        inference.problems.append(found)
        return None
    return found


def _expected(inference: Inference, key: Word, node: Node) -> object:
    if key.text.startswith("checks."):
        policy = inference.names.policy
        names = [*(check.name.text for check in policy.checks), *map(check_name, documents_named(policy))]
        names = [name for name in dict.fromkeys(names) if name]
        if key.text in policy.broken or (key.text == ON_HOLD and any(map(_is_of_ladders, policy.broken))):
            return None
        if key.text[7:] not in names and not _built_in(inference, key.text[7:]):
            inference.note("unknown-check", key.at, f"the file has no check '{key.text[7:]}'",
                           did_you_mean(key.text[7:], names, f"one of: {listed(names)}"))  # fmt: skip
            return None
        return _one_of(inference, node, STATUSES, "status")
    if is_state(inference, key.text):
        return active_or_not(inference, node)
    if key.text.startswith("documents."):
        return _document(inference, key, node)
    if key.text in inference.names.policy.broken:
        return None
    if key.text not in EXPECTED:
        inference.note("unknown-key", key.at, f"a test cannot expect '{key.text}'",
                       did_you_mean(key.text, EXPECTED, f"one of: {listed(EXPECTED)}, {BY_NAME}"))  # fmt: skip
        return None
    if key.text == "missing":
        items = node.items if isinstance(node, Sequence) else (node,)
        return tuple(sorted(item.text for item in items if isinstance(item, Scalar)))
    if key.text == "security":
        return _security(inference, node)
    if not isinstance(node, Scalar):
        inference.note("test-value", node.at, f"'{key.text}' is one value, here are several")
        return None
    if not _has(inference, key):
        return None
    return _single(inference, key.text, Word(node.text, node.at), node)


def _is_of_ladders(name: str) -> bool:
    return name.partition(".")[0] in ("escalation", "steps")


def _document(inference: Inference, key: Word, node: Node) -> str | None:
    """The expected status of a document that the file names."""
    named = documents_named(inference.names.policy)
    if key.text[10:] not in named:
        inference.note("unknown-key", key.at, f"the file names no document '{key.text[10:]}'",
                       did_you_mean(key.text[10:], named, f"one of: {listed(named)}" if named else ""))  # fmt: skip
        return None
    return _one_of(inference, node, DOCUMENT_STATUSES, "status of a document")


def _has(inference: Inference, key: Word) -> bool:
    """Whether the file says anything of what a test expects: its tiers and the columns of its limits and terms."""
    known = inference.names.known.get(key.text)
    if key.text in SAID_WITH_TERMS and has_broken_state(inference):
        return False
    if key.text in SAID_WITH_TERMS and not _says(inference, key.text):
        inference.note("unknown-key", key.at, f"a test cannot expect '{key.text}', which the file does not give",
                       f"add '{key.text}: ...' to a row of its section 'terms'")  # fmt: skip
        return False
    if key.text.startswith(("tier", "limit.")) and (known is None or known.scope == "broken"):
        if known is None:
            section, column = NEEDS.get(key.text, ("limits", "limit"))
            inference.note("unknown-key", key.at, f"a test cannot expect '{key.text}', which the file does not give",
                           f"add '{column}: ...' to its section '{section}'")  # fmt: skip
        return False
    return True


def _says(inference: Inference, column: str) -> bool:
    return any(column in row.cells for row in inference.names.policy.rows.get("terms", ()))


def _built_in(inference: Inference, name: str) -> bool:
    return f"check: {name}\n" in inference.names.vocabulary.built_in


def _single(inference: Inference, key: str, word: Word, node: Node) -> object:
    if key == "verdict":
        return _one_of(inference, node, VERDICTS, "verdict")
    if key in ("tier", "authority") and word.text == "none":
        return "none"
    if key == "tier":
        return _value(inference, word, inference.names.known["tier"].sort)
    if key == "authority":
        check_role(inference, word)
        return word.text
    if key in ("terms", "longest"):
        return "none" if word.text == "none" else _value(inference, word, Sort("terms"))
    if key in SAID_WITH_TERMS:
        return word.text
    if key == "hard_stop":
        return _value(inference, word, Sort("flag"))
    if word.text == "missing":
        return "missing"
    return _value(
        inference, word, Sort({"limit.largest_order": "money", "limit.review_every": "months"}.get(key, "limit"))
    )


def _one_of(inference: Inference, node: Node, known: tuple[str, ...], what: str) -> str | None:
    text = node.text if isinstance(node, Scalar) else ""
    if text in known:
        return text
    inference.note(
        "test-value", node.at, f"'{text}' is not a {what}", did_you_mean(text, known, f"one of: {listed(known)}")
    )
    return None


def _said_of_security(inference: Inference, key: str, word: Word) -> Value | None:
    """A share of an instrument, or how it must be, which is compared as text."""
    if key not in ATTRIBUTES:
        return _value(inference, word, Sort("percent"))
    if key == "expires_after" and word.text != "none":
        _kept(inference, read_date(word.text, word.at))
    return word.text


def _security(inference: Inference, node: Node) -> object:
    """Expected securities: none, one block, or a list of blocks of which one is enough."""
    if isinstance(node, Scalar) and node.text == "none":
        return ()
    blocks = node.items if isinstance(node, Sequence) else (node,)
    alternatives = []
    for block in blocks:
        if not isinstance(block, Block):
            inference.note("test-value", node.at, "'security' is none, or blocks such as {bank_guarantee: 100%}")
            return None
        pairs = [(key.text, _said_of_security(inference, key.text, Word(value.text, value.at)))
                 for key, value in block.entries if isinstance(value, Scalar)]  # fmt: skip
        alternatives.append(tuple(pairs))
    return tuple(alternatives)
