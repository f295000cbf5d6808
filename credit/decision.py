"""The decision as people and order systems read it, and as it is stored: verdict, reasons, terms, security, figures.

It holds no engine's types, so that the log of decisions outlives every engine. Money and shares leave as text, keys in
one fixed order, so the same decision always has the same bytes. Source: the HTTP contract, `POST /v1/decisions`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction

from credit.exposure import Limit
from credit.money import Money
from credit.percent import percent_text
from credit.terms import Discount

APPROVE = "approve"
APPROVE_WITH_CONDITIONS = "approve_with_conditions"
REFER = "refer"
DENY = "deny"
VERDICTS = (APPROVE, APPROVE_WITH_CONDITIONS, REFER, DENY)  # from the mildest to the most severe
STATUSES = ("hard_stop", "deny", "refer", "not_evaluated", "warn", "pass", "does_not_apply", "lifted")
ENGINES = ("agreed", "disagreed", "second_faulted", "single")


@dataclass(frozen=True, slots=True)
class EvidenceEntry:
    """One figure a check looked at: what it was, what was wanted and how far apart, all as plain text.

    `value`, `wanted` and `distance` are None where a fact is missing or a distance has no meaning; `unit` is a currency
    code or a word such as "days", None for figures without one.
    """

    fact: str
    value: str | None
    wanted: str | None = None
    unit: str | None = None
    distance: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The entry in the agreed order of keys."""
        return {"fact": self.fact, "value": self.value, "wanted": self.wanted, "unit": self.unit,
                "distance": self.distance}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CheckEntry:
    """One check, passed or not, with its evidence and a message per language.

    `rule` says where it stands in the policy: `row` within its section from 1, `line` in the file. `lifted_by` names
    the exception that lifted it, `effect` is what others are to stop, and `items` are up to five invoices, payments or
    the like that made it fail, or the months of a streak, all as plain text; each is shown only where there is one.
    """

    check: str
    status: str
    evidence: tuple[EvidenceEntry, ...]
    message: Mapping[str, str]
    rule: Mapping[str, int] | None
    lifted_by: str | None = None
    effect: tuple[str, ...] = ()
    items: tuple[Mapping[str, str], ...] = ()

    def __post_init__(self) -> None:
        assert self.status in STATUSES, self.status

    def as_dict(self) -> dict[str, object]:
        """The check in the agreed order of keys."""
        rule = None if self.rule is None else {"row": self.rule["row"], "line": self.rule["line"]}
        document: dict[str, object] = {
            "check": self.check, "status": self.status, "evidence": [one.as_dict() for one in self.evidence],
            "message": dict(self.message), "rule": rule,
        }  # fmt: skip
        lifted = {} if self.lifted_by is None else {"lifted_by": self.lifted_by}
        items = {"items": [dict(one) for one in self.items]} if self.items else {}
        return document | lifted | ({"effect": list(self.effect)} if self.effect else {}) | items


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """One document that is wanted: whether it is good, missing, too old or not enough, what is wanted, what is on file.

    `on_file` is None where there is none.
    """

    document: str
    status: str
    wanted: Mapping[str, object]
    on_file: Mapping[str, object] | None

    def as_dict(self) -> dict[str, object]:
        """The document in the agreed order of keys."""
        return {"document": self.document, "status": self.status, "wanted": dict(self.wanted),
                "on_file": None if self.on_file is None else dict(self.on_file)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DocumentMayBe:
    """One document that a person may ask for, of the role `set_by` where the policy names one."""

    document: str
    set_by: str | None
    wanted: Mapping[str, object]

    def as_dict(self) -> dict[str, object]:
        """The document in the agreed order of keys."""
        return {"document": self.document, "set_by": self.set_by, "wanted": dict(self.wanted)}


@dataclass(frozen=True, slots=True)
class TermsOffered:
    """The payment terms of the order as written, the days until the last payment, and its expected date.

    `pay_by` and `ship_when` are words of the policy, shown only where it says them.
    """

    offer: str
    net_days: int
    discount: Discount | None
    due_on: date | None
    pay_by: str | None = None
    ship_when: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The terms in the agreed order of keys; a discount is {"share": "2%", "days": 10}."""
        found = self.discount
        discount = None if found is None else {"share": percent_text(found.share), "days": found.days}
        said = {"pay_by": self.pay_by, "ship_when": self.ship_when}
        return {"offer": self.offer, "net_days": self.net_days, "discount": discount,
                "due_on": None if self.due_on is None else self.due_on.isoformat(),
                **{name: word for name, word in said.items() if word}}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """One security still to bring; those of one `alternative` go together, any one alternative is enough.

    `wanted` says how the instrument must be: whose rating, held until after which day, and confirmed; shown if said.
    """

    alternative: int
    security: str
    share: Fraction
    amount: Money | None
    wanted: Mapping[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """The condition in the agreed order of keys."""
        document: dict[str, object] = {
            "alternative": self.alternative, "security": self.security, "share": percent_text(self.share),
            "amount": _text(self.amount),
        }  # fmt: skip
        said = {name: value.isoformat() if isinstance(value, date) else value for name, value in self.wanted.items()}
        return document | {"wanted": said} if said else document


@dataclass(frozen=True, slots=True)
class ExposureView:
    """The customer's limit and what is owed before and after this order; None where it is not known.

    `headroom` is a limit only where it is unlimited.
    """

    limit: Limit | None
    before: Money | None
    after: Money | None
    headroom: Money | Limit | None

    def as_dict(self) -> dict[str, object]:
        """The figures in the agreed order of keys."""
        return {"limit": _text(self.limit), "before": _text(self.before), "after": _text(self.after),
                "headroom": _text(self.headroom)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StateEntry:
    """A state that the customer is in: since when, whether this order entered it and why, and what would end it."""

    state: str
    since: date | None
    entered: bool
    why: tuple[str, ...]
    to_leave: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The state in the agreed order of keys; lines as the policy writes them."""
        return {"state": self.state, "since": None if self.since is None else self.since.isoformat(),
                "entered": self.entered, "why": list(self.why), "to_leave": list(self.to_leave)}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReservationReference:
    """The exposure that this decision holds, and until when."""

    id: str
    amount: Money
    expires_at: datetime

    def as_dict(self) -> dict[str, object]:
        """The reservation in the agreed order of keys."""
        return {"id": self.id, "amount": self.amount.amount, "expires_at": instant_text(self.expires_at)}


@dataclass(frozen=True, slots=True)
class PolicyReference:
    """Exactly which policy decided: its name, version, the digest of its bytes and of its meaning."""

    name: str
    version: int | None
    digest: str
    program_digest: str

    def as_dict(self) -> dict[str, object]:
        """The reference in the agreed order of keys."""
        return {"name": self.name, "version": self.version, "digest": self.digest,
                "program_digest": self.program_digest}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CounterOffer:
    """A change of the order under which the policy itself answered with this verdict.

    `evidence` shows what each check that failed becomes, `exposure` what would be owed; `beyond` is the next step
    back towards what was asked, and its verdict, where it was decided too.
    """

    change: Mapping[str, str]
    verdict: str
    terms: str | None = None
    conditions: tuple[Condition, ...] = ()
    evidence: tuple[Mapping[str, str | None], ...] = ()
    exposure: ExposureView | None = None
    beyond: tuple[Mapping[str, str], str] | None = None

    def as_dict(self) -> dict[str, object]:
        """The counter-offer in the agreed order of keys."""
        document: dict[str, object] = {
            "change": dict(self.change), "verdict": self.verdict, "terms": self.terms,
            "conditions": [one.as_dict() for one in self.conditions],
            "evidence": [dict(one) for one in self.evidence],
        }  # fmt: skip
        if self.exposure is not None:
            document["exposure"] = self.exposure.as_dict()
        if self.beyond is not None:
            document["beyond"] = {"change": dict(self.beyond[0]), "verdict": self.beyond[1]}
        return document


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one order, complete: what was decided, why, on which figures and under which policy.

    `authority` is the role that may release a referral; `missing` the facts that were missing and decided;
    `decided_at` an instant with its zone, `as_of` the day the rules counted from; a preview reserves nothing.
    `states` are those that are active now, None where the policy has none.
    `documents` is None where the policy asks for none of this `subject`. `release` says how a person released it,
    `conversion` by which rate an order in another currency was converted.
    """

    decision_id: str
    verdict: str
    hard_stop: bool
    checks: tuple[CheckEntry, ...]
    tier: str | None
    terms: TermsOffered | None
    conditions: tuple[Condition, ...]
    exposure: ExposureView
    policy: PolicyReference
    decided_at: datetime
    as_of: date
    engines: str
    counter_offers: tuple[CounterOffer, ...] = ()
    reservation: ReservationReference | None = None
    authority: str | None = None
    missing: tuple[str, ...] = ()
    preview: bool = False
    states: tuple[StateEntry, ...] | None = None
    subject: str = "order"
    documents: tuple[DocumentEntry, ...] | None = None
    may_be_required: tuple[DocumentMayBe, ...] = ()
    release: Mapping[str, object] | None = None
    conversion: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        assert self.verdict in VERDICTS, self.verdict
        assert self.engines in ENGINES, self.engines
        assert not self.hard_stop or self.verdict == DENY, "a hard stop denies"
        assert not (self.preview and self.reservation), "a preview reserves nothing"

    def as_dict(self) -> dict[str, object]:
        """The decision in the shape and the order of keys of the HTTP contract; the last keys only where they hold."""
        document: dict[str, object] = {
            "decision_id": self.decision_id,
            "verdict": self.verdict,
            "hard_stop": self.hard_stop,
            "checks": [check.as_dict() for check in self.checks],
            "tier": self.tier,
            "terms": None if self.terms is None else self.terms.as_dict(),
            "conditions": [condition.as_dict() for condition in self.conditions],
            "exposure": self.exposure.as_dict(),
            "counter_offers": [offer.as_dict() for offer in self.counter_offers],
            "reservation": None if self.reservation is None else self.reservation.as_dict(),
            "policy": self.policy.as_dict(),
            "authority": self.authority,
            "missing": list(self.missing),
            "decided_at": instant_text(self.decided_at),
            "as_of": self.as_of.isoformat(),
            "engines": self.engines,
        }
        if self.states is not None:
            document["states"] = [state.as_dict() for state in self.states]
        document |= {} if self.subject == "order" else {"subject": self.subject}
        if self.documents is not None:
            document["documents"] = [one.as_dict() for one in self.documents]
        if self.may_be_required:
            document["may_be_required"] = [one.as_dict() for one in self.may_be_required]
        if self.release is not None:
            document["release"] = dict(self.release)
        if self.conversion is not None:
            document["conversion"] = dict(self.conversion)
        return document | {"preview": True} if self.preview else document


def canonical_json(document: Mapping[str, object]) -> bytes:
    """The one spelling of a document as JSON: UTF-8, no spaces, keys in the order given.

    Raises: ValueError for NaN, infinity and text that is no Unicode; TypeError for what JSON cannot hold.
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")


def instant_text(instant: datetime) -> str:
    """An instant in UTC with six digits of a second: "2026-11-23T09:30:00.000000Z"."""
    assert instant.tzinfo is not None, "an instant has a time zone"
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _text(value: Money | Limit | None) -> str | None:
    return None if value is None else str(value)
