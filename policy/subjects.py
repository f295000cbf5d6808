"""What a policy decides on: an order, a request for a limit, a shipment, or a customer at the periodic review.

The subject is chosen when a policy is compiled: for each subject that a file uses, its rows, checks and documents are
kept, and one Program is made of them. Engines know no subjects.
Source: docs/decisions/0006-a-subject-is-chosen-when-a-policy-is-compiled.md
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from policy.document import CheckWritten, ExceptionWritten, Policy, RowWritten

ORDER, LIMIT_REQUEST, SHIPMENT, CUSTOMER = SUBJECTS = ("order", "limit_request", "shipment", "customer")
DEFAULTS: Mapping[str, tuple[str, ...]] = {  # the subjects of a row that does not say `for`; all others: orders
    "tiers": SUBJECTS, "limits": SUBJECTS, "documents": (LIMIT_REQUEST, CUSTOMER),
}  # fmt: skip
CALLED = {"order": "an order", "limit_request": "a limit request", "shipment": "a shipment", "customer": "a review"}
ONLY_OF = {"order": (ORDER, SHIPMENT), "limit_request": (LIMIT_REQUEST,)}  # facts by the first part of their name
DELIVERED = "order.deliver_by"  # the day on which a setting is read that says so
OUTPUTS = ("limit.policy", "limit.largest_order", "limit.review_every")


def subjects_of(section: str, written: tuple[str, ...]) -> tuple[str, ...]:
    """The subjects of a row: those it says, else those of its section."""
    return written or DEFAULTS.get(section, (ORDER,))


def subjects_used(policy: Policy) -> tuple[str, ...]:
    """The subjects that a policy decides on: orders, those that a row names, and those that must bring documents."""
    named = {subject for _, part in _parts(policy) for subject in part.subjects}
    asked = {subject for row in policy.documents for subject in subjects_of("documents", row.subjects)}
    return tuple(subject for subject in SUBJECTS if subject == ORDER or subject in named | asked)


def for_subject(policy: Policy, subject: str) -> Policy:
    """The policy as it is for one subject: only its rows, checks, exceptions and documents."""
    rows = {section: kept for section, written in policy.rows.items() if (kept := _kept(section, written, subject))}
    mine = replace(
        policy, rows=rows,
        checks=tuple(one for one in policy.checks if subject in subjects_of("checks", one.subjects)),
        exceptions=tuple(one for one in policy.exceptions if not one.subjects or subject in one.subjects),
        documents=tuple(one for one in policy.documents if subject in subjects_of("documents", one.subjects)),
        settings=tuple(replace(one, on_shipment=None) if subject == SHIPMENT else one for one in policy.settings),
    )  # fmt: skip
    return mine if subject == ORDER else replace(mine, ladders=(), letters=None, charges=(), fees=(), release=None)


def has_fact(subject: str, fact: str) -> bool:
    """Whether a fact can be read for a subject: an order's for orders and shipments, a request's for requests."""
    return subject in ONLY_OF.get(fact.partition(".")[0], SUBJECTS) or "." not in fact


def same_subject(one: CheckWritten, other: CheckWritten) -> bool:
    """Whether two checks are asked of the same subject."""
    return bool({*subjects_of("checks", one.subjects)} & {*subjects_of("checks", other.subjects)})


def _kept(section: str, rows: Iterable[RowWritten], subject: str) -> tuple[RowWritten, ...]:
    return tuple(row for row in rows if subject in subjects_of(section, row.subjects))


def _parts(policy: Policy) -> Iterator[tuple[str, RowWritten | CheckWritten | ExceptionWritten]]:
    yield from ((section, row) for section, rows in policy.rows.items() for row in rows)
    yield from (("checks", check) for check in policy.checks)
