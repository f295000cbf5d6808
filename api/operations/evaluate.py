"""From what is stored and what was sent to an evaluated order, by one policy, on one day; shared by decide and preview.

INVARIANT: whatever goes wrong in here, and whatever the engines do not agree on, no approval comes out of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from api.errors import FieldError, Refused
from api.fact_values import read_fact
from api.operations.customer_states import recorded_of
from api.operations.known_facts import read_facts
from api.operations.order_currency import with_conversion
from api.operations.orders import Order, refuse_late_delivery
from api.operations.use_policy import engine_fault
from api.operations.wanted import LimitRequest, Wanted
from api.policies import LoadedPolicy
from api.requests import refused_fields
from api.services import Services
from api.situation import Evaluated, Situation
from credit.decision import APPROVE, APPROVE_WITH_CONDITIONS, PolicyReference
from credit.dossier import on_file
from credit.money import LARGEST_AMOUNT
from policy.asked_documents import fact_name
from policy.check_documents import MEANINGS
from policy.kinds import Value
from policy.program import Program
from policy.subjects import CALLED, ORDER
from policy.vocabulary import Vocabulary
from rules.memo import Memo
from rules.states import Recorded, remembers
from storage.exposure_ledger import LOADED_DAYS, AccountState
from storage.receivables import Invoice
from storage.unit_of_work import Work

log = logging.getLogger("aval.evaluate")


@dataclass(frozen=True, slots=True)
class Slow:
    """What changes seldom and is read before the lock: the account as it looked, and the customer's invoices.

    `memo` has what was computed of it before.
    """

    account: AccountState
    invoices: tuple[Invoice, ...]
    recorded: Recorded = Recorded()
    memo: Memo = field(default_factory=Memo, compare=False)

    def remembering(self, work: Work, program: Program, until: date | None = None) -> Slow:
        """The same with the states and acts of the customer, up to a day; only for a policy that reads any.

        Exact where the account is locked.
        """
        if not remembers(program):
            return self
        history = work.states.history(self.account.account_id)
        return replace(self, recorded=recorded_of(history, program.timezone, until))

    def refreshed(self, work: Work, locked: AccountState) -> Slow:
        """The same, read again where invoices changed between the look and the lock."""
        if locked.facts_version == self.account.facts_version:
            return replace(self, account=locked)
        return self.read_anew(work, locked)

    def read_anew(self, work: Work, locked: AccountState) -> Slow:
        """The same with the invoices as they are now."""
        return replace(self, account=locked, invoices=work.invoices.for_customer(locked.customer.customer_id))


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of a policy: an order or a limit, the facts stated with it, and, for a preview, the day."""

    decision_id: str
    order: Order | None
    facts: Mapping[str, Any]
    as_of: date | None = None
    preview: bool = False
    subject: str = ORDER
    limit_request: LimitRequest | None = None


def load_slow(work: Work, customer_id: str, wanted: Wanted, decides: bool = True) -> Slow:
    """The account and invoices of a customer; without the earlier orders, unless something is decided on this look.

    Raises: Refused for an unknown customer, or a limit asked for in another currency than its account.
    """
    days = LOADED_DAYS if decides else None
    account = work.accounts.look(customer_id, days, order_id=wanted.order_id)
    if account is None:
        raise Refused("unknown-customer", f"there is no customer '{customer_id}'; set it first",
                      [FieldError("customer_id", "is not known")])  # fmt: skip
    refuse_other_currency(customer_id, account.currency, wanted)
    return Slow(account, work.invoices.for_customer(customer_id))


def refuse_other_currency(customer_id: str, currency: str, wanted: Wanted) -> None:
    """Refuse a limit that is asked for in another currency than the account's. Raises: Refused."""
    if wanted.limit_request is not None and wanted.limit_request.amount.currency != currency:
        raise Refused("currency-mismatch", f"the account of '{customer_id}' is kept in {currency}",
                      [FieldError("limit_request.currency", f"is not {currency}")])  # fmt: skip


def evaluate(held: Services, loaded: LoadedPolicy, slow: Slow, asking: Asking) -> Evaluated:
    """What the policy answers on this account now.

    Raises: Refused for facts that cannot be used, for another currency than the policy's, and where the engines fail.
    """
    loaded, situation = situation_of(held, loaded, slow, asking)
    try:
        found = loaded.evaluator.evaluate(situation)
    except Exception as fault:
        raise engine_fault("the engines gave no answer", fault) from fault
    if asking.order is not None:
        found = with_conversion(found, loaded.program, asking.order)
    _refuse_doubtful_approval(found, held.settings.allow_single)
    return found


def situation_of(held: Services, loaded: LoadedPolicy, slow: Slow, asking: Asking) -> tuple[LoadedPolicy, Situation]:
    """What decides on the subject that is asked for, and all that it needs to know.

    Raises: Refused for facts that cannot be used, and for another currency than the policy's.
    """
    of_subject = loaded.of(asking.subject)
    if of_subject is None:
        told = f"the policy '{loaded.program.name}' has no rows for {CALLED[asking.subject]}"
        raise Refused("subject-not-decided", told, [FieldError("subject", "is not decided by this policy")])
    loaded = of_subject
    account, program = slow.account, loaded.program
    if program.currency != account.currency:
        raise Refused("currency-mismatch", f"the policy '{program.name}' decides in {program.currency}")
    balances = (account.balance, *(one.balance for one in account.groups))
    if asking.order is not None and max(balances) + asking.order.unsecured_amount.minor > LARGEST_AMOUNT:
        raise refused_fields([FieldError("order.amount", "is more than an account can hold with what is owed already")])
    version = loaded.version
    as_of = asking.as_of or account.now.astimezone(ZoneInfo(program.timezone)).date()
    account = account.on_day(as_of)
    if asking.order is not None:
        refuse_late_delivery(asking.order, as_of)
    return loaded, Situation(
        decision_id=asking.decision_id, order=asking.order, account=account, invoices=slow.invoices,
        stated=_stated(held, loaded, asking.facts), master=master_facts(held.vocabulary, program, account),
        policy=PolicyReference(version.name, version.version, version.digest, program.digest),
        decided_at=account.now, as_of=as_of,
        preview=asking.preview, recorded=slow.recorded, limit_request=asking.limit_request,
        memo=slow.memo,
    )  # fmt: skip


def _stated(held: Services, loaded: LoadedPolicy, facts: Mapping[str, Any]) -> dict[str, Value]:
    for owner, what in (("order", "order"), ("limit_request", "limit request")):
        inside = [FieldError(f"facts.{name}", f"belongs into '{owner}'; leave it out") for name in facts
                  if name.startswith(f"{owner}.")]  # fmt: skip
        if inside:
            raise Refused("fact-not-yours", f"figures of the {what} are read from '{owner}' alone", inside)
    known = {**held.vocabulary.facts, **loaded.program.facts}
    return read_facts(facts, known, ("request",), loaded.program.currency, held.vocabulary)


def master_facts(vocabulary: Vocabulary, program: Program, account: AccountState) -> dict[str, Value]:
    """What people keep about the customer on the account's day; a value that no longer fits its kind is missing."""
    known = {**vocabulary.facts, **program.facts}
    values: dict[str, Value] = {}
    for name, given in with_documents(account).items():
        declared = known.get(name)
        if declared is None or given is None or declared.source not in ("master", "bureau"):
            continue
        try:
            values[name] = read_fact(declared, given, account.currency, vocabulary)
        except ValueError:
            log.warning("a stored fact does not fit its kind any more and counts as missing", extra={"detail": name})
    return values


def with_documents(account: AccountState) -> dict[str, Any]:
    """The master data with the documents on file: of a kind that the file has, it alone says what there is."""
    facts = dict(account.customer.facts)
    for kind, one in on_file(account.documents, account.day or account.now.date()).items():
        said = {} if one is None else {"dated_on": one.issued_on.isoformat(), "months": one.months,
                                       "years": one.years, "quality": one.quality}  # fmt: skip
        facts |= {fact_name(kind, name): said.get(name) for name in MEANINGS}
    return facts


def _refuse_doubtful_approval(found: Evaluated, allow_single: bool) -> None:
    decision = found.decision
    trusted = decision.engines == "agreed" or (decision.engines == "single" and allow_single)
    if decision.verdict in (APPROVE, APPROVE_WITH_CONDITIONS) and not trusted:
        log.error("alarm", extra={"alarm": "an approval without agreement was stopped", "engines": decision.engines})
        raise Refused("engine-fault")
