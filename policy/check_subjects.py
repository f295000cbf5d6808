"""Facts that a row's subject does not have: an order's amount in a row for limit requests, also behind a figure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policy.document import Alternative, CheckWritten, Policy, Scope, ValueTable
from policy.infer import Inference
from policy.meaning import names_in
from policy.messages import fields_of
from policy.subjects import CALLED, DELIVERED, for_subject, has_fact, subjects_of, subjects_used
from policy.syntax import Condition, Expr, Membership, Name

HELP = {
    "order": "use a fact of the order, or write 'for: limit_request'",
    "limit_request": "use limit_request.amount, or let the row be for orders alone: 'for: order'",
    "shipment": "use a fact of the order, or write 'for: limit_request'",
    "customer": "use what is known of the customer, or say what the row is for, such as 'for: order'",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """What one row reads, and the subjects that it is for."""

    subjects: tuple[str, ...]
    names: tuple[Name, ...]


def check_subjects(inference: Inference) -> None:
    """A finding for each name that a row cannot read for one of its subjects."""
    policy = inference.names.policy
    used = subjects_used(policy)
    with_limits = {subject for subject in used if "limits" in for_subject(policy, subject).rows}
    walk = _Walk(inference, with_limits if "limits" in policy.rows else set(used))
    for reader in _readers(policy):
        for name in reader.names:
            subject = next((one for one in reader.subjects if one in used and walk.lacks(name, one)), None)
            referent = inference.meanings.referents.get(name)
            if referent is not None and referent.scope in ("item", "token"):
                continue  # a word that happens to be spelled as a figure is
            if subject is not None and name.at.file == policy.file:
                _tell(inference, name, walk.lacks(name, subject), subject)


def _tell(inference: Inference, name: Name, fact: str, subject: str) -> None:
    what = CALLED[subject]
    if fact.startswith("limit."):
        message = f"'{name.text}' cannot be used for {what}, for no row of limits is for it"
        help = f"add '{subject}' to 'for' of the limits"
    else:
        through = "" if fact == name.text else f", for it reads '{fact}'"
        message, help = f"'{name.text}' cannot be used for {what}{through}", HELP[subject]
    inference.note("scope", name.at, message, help)


class _Walk:
    """From a name to the facts behind it, through figures and value tables."""

    def __init__(self, inference: Inference, with_limits: set[str]) -> None:
        self.inference, self.with_limits = inference, with_limits
        self._behind: dict[str, tuple[str, ...]] = {}
        policy = inference.names.policy
        self._tables = {table.name.text: table for table in policy.tables}
        self._of_delivery = {f"settings.{one.name.text}" for one in policy.settings if one.on_shipment}
        self._settings = {f"settings.{one.name.text}": [value.value for value in one.values] for one in policy.settings}

    def lacks(self, name: Name, subject: str) -> str:
        """The fact behind a name that a subject does not have, "" where it has them all."""
        for fact in self.behind(name.text):
            if fact.startswith("limit.") and fact != "limit.granted":
                if subject not in self.with_limits:
                    return fact
            elif not has_fact(subject, fact):
                return fact
        return ""

    def behind(self, name: str) -> tuple[str, ...]:
        """Every fact and limit that a name comes down to."""
        if name not in self._behind:
            self._behind[name] = ()  # a circle is told elsewhere
            parts = self._parts(name)
            found = [fact for inner in parts for fact in self.behind(inner.text)] if parts is not None else [name]
            found += [DELIVERED] if name in self._of_delivery else []
            self._behind[name] = tuple(dict.fromkeys(found))
        return self._behind[name]

    def _parts(self, name: str) -> list[Name] | None:
        """The names in a figure, table or setting; None for a fact, or the output of a section."""
        names = self.inference.names
        referents = self.inference.meanings.referents
        if name in names.lets:
            inner = names_in(names.lets[name].formula)
        elif name in self._tables:
            inner = [one for part in _of_table(self._tables[name]) for one in names_in(part)]
        elif name in self._settings:
            inner = [one for part in self._settings[name] for one in names_in(part)]
        else:
            known = names.known.get(name)
            return None if known is not None and known.scope in ("fact", "output", "effective") else []
        return [one for one in inner if one in referents and referents[one].scope not in ("item", "token")]


def _of_table(table: ValueTable) -> Iterator[Expr | Condition]:
    yield from (cell.test for cell in (*table.down_tests, *table.across_tests))
    yield from (value for line in table.values for value in line)


def _readers(policy: Policy) -> Iterator[Reader]:
    for section, rows in policy.rows.items():
        for row in rows:
            parts = [row.when, *_of_cells(row.cells.values()), *_of_scope(row.scope)]
            yield Reader(subjects_of(section, row.subjects), _names(parts))
    for check in policy.checks:
        yield Reader(subjects_of("checks", check.subjects), _of_check(check))
    for document in policy.documents:
        yield Reader(subjects_of("documents", document.subjects), _names([document.when, *_of_scope(document.scope)]))
    for one in policy.exceptions:
        lifted = {word.text for word in one.lifts}
        of_checks = [subjects_of("checks", check.subjects) for check in policy.checks if check.name.text in lifted]
        subjects = dict.fromkeys(s for found in of_checks for s in found if not one.subjects or s in one.subjects)
        yield Reader(tuple(subjects), _names([one.when, *_of_scope(one.scope)]))


def _of_check(check: CheckWritten) -> tuple[Name, ...]:
    allowed = check.allowed if isinstance(check.allowed, Expr | Membership) else None
    shown = [Name(name, at) for text in (check.say, check.say_customer) for word in text.values()
             for name, at in fields_of(word)]  # fmt: skip
    parts = [check.only_when, check.when, check.measure, allowed, *_of_scope(check.scope)]
    return (*_names(parts), *shown)


def _of_scope(scope: Scope | None) -> tuple[Condition, ...]:
    return () if scope is None else scope.where


def _of_cells(cells: Iterable[object]) -> Iterator[Expr]:
    for cell in cells:
        if isinstance(cell, Expr):
            yield cell
        for one in cell if isinstance(cell, tuple) else ():
            if isinstance(one, Alternative):
                yield from (*(share for _, share in one.shares), *(held.amount for held in one.of))


def _names(parts: Iterable[Expr | Condition | None]) -> tuple[Name, ...]:
    return tuple(name for part in parts if part is not None for name in names_in(part))
