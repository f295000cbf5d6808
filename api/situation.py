"""What is known when an order is decided, and what came out: the two records between the doors and the engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from api.operations.orders import Order
from api.operations.wanted import LimitRequest
from credit.decision import Decision, PolicyReference
from policy.kinds import Value
from rules.memo import Memo
from rules.outcome import Outcome
from rules.states import Recorded
from storage.exposure_ledger import AccountState
from storage.receivables import Invoice


@dataclass(frozen=True, slots=True)
class Situation:
    """One order, or the limit asked for, and all that is known of its customer on the day `as_of`.

    `account` is locked, or only looked at for a preview; `stated` are the request's facts as exact values;
    `master` those that people keep about the customer; `recorded` the states and acts, where the policy reads any;
    `memo` has what was computed of the customer before.
    """

    decision_id: str
    order: Order | None
    account: AccountState
    invoices: tuple[Invoice, ...]
    stated: Mapping[str, Value]
    master: Mapping[str, Value]
    policy: PolicyReference
    decided_at: datetime
    as_of: date
    preview: bool = False
    recorded: Recorded = Recorded()
    limit_request: LimitRequest | None = None
    memo: Memo = field(default_factory=Memo, compare=False)


@dataclass(frozen=True, slots=True)
class Disagreed:
    """Both engines' answers, each an outcome, the text of its fault, or None where there was none.

    `difference` names the parts of the answer on which they differ.
    """

    first: Outcome | str
    second: Outcome | str | None
    difference: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The decision before anything is held for it, and what it was made of.

    `facts` are all values that the engines were given; `ceiling` is the effective limit in minor units, None for
    unlimited; `disagreed` holds what each engine said, None where they agreed. `granted` is the part of the ceiling
    that grants for this order add.
    """

    decision: Decision
    outcome: Outcome
    facts: Mapping[str, object]
    ceiling: int | None
    disagreed: Disagreed | None = None
    granted: int = 0
