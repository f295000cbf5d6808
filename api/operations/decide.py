"""Decide one order: load, decide, record. The limit, the verdict and the amount held belong to one instant.

Slow facts are loaded first, outside of any lock. Then one write transaction claims the idempotency key, locks the
account, evaluates on what it found there, and records the decision, its movement and its reservation. INVARIANT: no
fault of ours, and no doubt, ever leaves as an approval; a request that is not answered leaves nothing behind.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from api import idempotency
from api.auth import Caller
from api.challenging import Challenged
from api.errors import Refused
from api.idempotency import Answer, stored_answer
from api.memory import Remembered
from api.operations.amend_order import find_replaced, without
from api.operations.counter_offers import look_for_offers, may_have_offers, with_offers
from api.operations.customer_states import changed_states
from api.operations.evaluate import Asking, Slow, evaluate, load_slow, refuse_other_currency
from api.operations.guard import bounded, held_amount
from api.operations.order_currency import in_account_currency
from api.operations.standing_release import find_release, stage_of, still_released
from api.operations.use_policy import use_policy
from api.operations.wanted import Wanted, read_wanted, without_itself
from api.services import Services
from api.situation import Evaluated
from api.snapshot import outcome_record, plain_json
from credit.decision import APPROVE, APPROVE_WITH_CONDITIONS, Decision, ReservationReference, canonical_json
from credit.money import Money
from rules.counter_offers import Offer
from rules.memo import Memo
from storage.conversions import ForeignOrder
from storage.decisions import Claim, DecidedOrder, Hold, NewDecision
from storage.earlier_orders import EarlierOrder
from storage.exposure_ledger import AccountState, seen_after
from storage.failures import OverLimit
from storage.referrals import GivenRelease
from storage.reservations import Reservation
from storage.unit_of_work import Work

log = logging.getLogger("aval.decide")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a decision: whose it is, its key, its bytes and what they say.

    `released` is what a person released of the order before, where it comes back to be amended or shipped.
    """

    caller: Caller
    key: str
    body: bytes
    wish: Mapping[str, Any]
    wanted: Wanted
    released: GivenRelease | None = None

    @property
    def customer_id(self) -> str:
        """Whose order it is."""
        return str(self.wish["customer_id"])

    @property
    def hash(self) -> bytes:
        """What the key stands for."""
        return idempotency.body_hash("decide", self.body)

    def in_currency_of(self, held: Services, work: Work, account: AccountState, timezone: str) -> Asked:
        """The same with its order in the account's currency. Raises: Refused for an amount that cannot be one."""
        wanted = in_account_currency(work, self.wanted, account, timezone, held.settings.rate_days)
        return self if wanted is self.wanted else replace(self, wanted=wanted)


def decide(held: Services, caller: Caller, key: str, body: bytes, wish: Mapping[str, Any]) -> Answer:
    """The decision on an order: new and recorded, or the stored answer to the same key and body.

    Raises: Refused where the request cannot be decided; storage's failures, of which InDoubt asks for a retry.
    """
    asked = Asked(caller, key, body, wish, read_wanted(wish))
    with held.in_work.claim(caller.client, key):
        asked = replace(asked, released=find_release(held, wish, asked.wanted))
        known = _recalled(held, asked)
        offers: tuple[Offer, ...] = ()
        if known is None:
            slow = _load(held, asked)
            if isinstance(slow, Claim):
                return _answered(held, asked, slow)
            account = slow.account
            known = Remembered(account.currency, account.policy_digest, account.facts_version, slow.invoices)
            offers = _offers(held, asked, slow) if may_have_offers(caller) else ()
        try:
            return _decide_and_record(held, asked, known, offers)
        except OverLimit:
            log.error("alarm", extra={"alarm": "the ledger refused a hold that the guard let through"})
            raise Refused("engine-fault") from None


def _recalled(held: Services, asked: Asked) -> Remembered | None:
    """What this process knows of the customer from the last decision; None where it has to be looked at first."""
    known = None if may_have_offers(asked.caller) else held.memory.recall(asked.customer_id)
    if known is not None:
        refuse_other_currency(asked.customer_id, known.currency, asked.wanted)
    return known


def _load(held: Services, asked: Asked) -> Slow | Claim:
    """What can be read before the lock, or the answer that is already there."""
    with held.database.read() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash, asked.caller.key_id)
        if claim.state != "new":
            return claim
        return load_slow(work, asked.customer_id, asked.wanted, decides=may_have_offers(asked.caller))


def _answered(held: Services, asked: Asked, claim: Claim) -> Answer:
    """The stored answer, or the refusal that the claim is; a key that has ended is not remembered any longer."""
    if claim.state == "ended":
        held.keys.forget(asked.caller.key_id)
    return stored_answer(claim)


def _offers(held: Services, asked: Asked, slow: Slow) -> tuple[Offer, ...]:
    """What would be approved, as the account looks before it is locked."""
    if asked.wanted.order is not None and asked.wanted.order.amount.currency != slow.account.currency:
        return ()  # what would be offered is an amount of the account's currency, which nobody asked for
    asking = Asking("", asked.wanted.order, asked.wish["facts"], subject=asked.wanted.subject)
    with use_policy(held, slow.account.policy_digest) as loaded:
        with held.database.read() as work:
            replaced = find_replaced(work, asked.wish, slow.account.now, asked.caller)
            known = slow.remembering(work, loaded.program)
        return look_for_offers(held, loaded, replace(known, account=without(slow.account, replaced)), asking,
                               asked.caller)  # fmt: skip


class _PolicyMoved(Exception):
    """Another policy became effective before the lock; it is built outside, and the transaction begun anew."""


def _decide_and_record(held: Services, asked: Asked, known: Remembered, offers: tuple[Offer, ...]) -> Answer:
    """Decide by the policy that is effective at the lock; building it keeps nobody waiting, but for the last try.

    INVARIANT: the policy of a decision is the one that is effective at its `decided_at`.
    """
    for patient in (True, True, False):
        try:
            return _decide_once(held, asked, known, offers, patient)
        except _PolicyMoved as moved:
            known = replace(known, policy_digest=moved.args[0])
    raise AssertionError("the last try builds where it stands")


def _decide_once(held: Services, asked: Asked, known: Remembered, offers: tuple[Offer, ...], patient: bool) -> Answer:
    """One transaction, which gives up for a policy that has to be built first, where it is `patient`."""
    with ExitStack() as policies:
        loaded = policies.enter_context(use_policy(held, known.policy_digest))
        with held.database.write() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash, asked.caller.key_id)
            if claim.state != "new":
                return _answered(held, asked, claim)
            locked = work.accounts.lock(asked.customer_id, order_id=asked.wanted.order_id, seen=known.seen)
            assert locked is not None, "customers are never removed"
            if locked.policy_digest != loaded.version.digest:
                if patient and locked.policy_digest not in held.policies.loaded():
                    raise _PolicyMoved(locked.policy_digest)
                loaded = policies.enter_context(use_policy(held, locked.policy_digest))
            locked = locked.in_timezone(loaded.program.timezone)
            asked = asked.in_currency_of(held, work, locked, loaded.program.timezone)
            wanted = asked.wanted
            asking = Asking(str(uuid.uuid4()), wanted.order, asked.wish["facts"], subject=wanted.subject,
                            limit_request=wanted.limit_request)  # fmt: skip
            program = (loaded.of(wanted.subject) or loaded).program
            replaced = find_replaced(work, asked.wish, locked.now, asked.caller)
            invoices = known.invoices if known.still_holds(locked) else work.invoices.for_customer(asked.customer_id)
            slow = Slow(locked, invoices, memo=known.memo).remembering(work, program)
            counted = without(without_itself(work, locked, wanted), replaced)
            evaluated = evaluate(held, loaded, replace(slow, account=counted), asking)
            guard = bounded(loaded.program, counted, wanted.held)
            released = None
            if asked.released is None:
                evaluated = guard(evaluated)
            else:
                released = asked.released, stage_of(held, work, program, counted, wanted, replaced)
                evaluated = still_released(evaluated, guard, *released)
            if offers:
                evaluated = with_offers(held, loaded, replace(slow, account=counted), asking, evaluated, offers)
            answer = record_decision(held, asked, locked, evaluated, work, replaced)
            changes = changed_states(program, evaluated)
            work.states.change(locked, changes)
    left = _left(asked, slow, evaluated.decision)
    if changes or replaced is not None or left.seen is None:
        held.memory.forget(asked.customer_id)  # more moved than this one version
    else:
        held.memory.keep(asked.customer_id, left)
    if locked.challenger_digest not in (None, locked.policy_digest):
        shadow = replace(slow, account=counted, memo=Memo())
        held.challenger.offer(held, Challenged(str(locked.challenger_digest), shadow, asking, evaluated.decision,
                                               wanted.held, released))  # fmt: skip
    held.metrics.count_decision(evaluated)
    held.agreeing.note(evaluated.decision.engines)
    _tell(evaluated)
    return answer


def _left(asked: Asked, slow: Slow, decision: Decision) -> Remembered:
    """The customer as this decision left it: its version, and the order itself among the earlier ones."""
    locked, order = slow.account, _decided(asked.wanted, decision.as_of)
    own = EarlierOrder(decision.decision_id, order.order_id, decision.verdict, order.amount, order.unsecured_amount,
                       order.placed_on, decision.as_of)  # fmt: skip
    return Remembered(locked.currency, locked.policy_digest, locked.facts_version, slow.invoices,
                      seen_after(locked, own), slow.memo)  # fmt: skip


def record_decision(held: Services, asked: Asked, locked: AccountState, evaluated: Evaluated, work: Work,
                    replaced: Reservation | None) -> Answer:  # fmt: skip
    """Write the decision down; what it replaces is only let go by an approval."""
    unsecured = asked.wanted.held
    hold = None if unsecured is None else _hold(held, evaluated, locked, unsecured)
    decision = evaluated.decision if hold is None else _with_reservation(evaluated.decision, hold, locked.currency)
    response = canonical_json({"decision": decision.as_dict(), "receipt": None})
    work.decisions.record(locked, NewDecision(
        decision_id=decision.decision_id, client=asked.caller.client, idempotency_key=asked.key, body_hash=asked.hash,
        status=201, response=response, verdict=decision.verdict, policy_digest=decision.policy.digest,
        program_digest=decision.policy.program_digest, as_of=decision.as_of,
        order=_decided(asked.wanted, decision.as_of),
        request=asked.body, facts=plain_json(evaluated.facts), outcome=outcome_record(evaluated), hold=hold,
        foreign=_as_sent(asked.wanted),
    ), replaced if decision.verdict in (APPROVE, APPROVE_WITH_CONDITIONS) else None)  # fmt: skip
    return Answer(201, response, replayed=False)


def _as_sent(wanted: Wanted) -> ForeignOrder | None:
    """The order in its own currency, where that is not the account's."""
    sent = None if wanted.order is None or wanted.held is None else wanted.order.sent
    return None if sent is None else sent.stored


def _decided(wanted: Wanted, as_of: date) -> DecidedOrder:
    """The order for the record; what is no order has no amounts, so that it is never counted as an earlier order."""
    order = wanted.order
    if order is None or wanted.held is None:
        return DecidedOrder("" if order is None else order.order_id, 0, 0, as_of)
    return DecidedOrder(order.order_id, order.amount.minor, order.unsecured_amount.minor, order.placed_on or as_of)


def _hold(held: Services, evaluated: Evaluated, locked: AccountState, unsecured: Money) -> Hold | None:
    """What an approval reserves: what the order adds to the risk, until the reservation expires."""
    amount = held_amount(evaluated.decision, unsecured)
    if amount == 0:
        return None
    expires_at = locked.now + timedelta(hours=held.settings.reservation_hours)
    return Hold(str(uuid.uuid4()), amount, evaluated.ceiling, expires_at, evaluated.granted)


def _with_reservation(decision: Decision, hold: Hold, currency: str) -> Decision:
    reference = ReservationReference(hold.reservation_id, Money(hold.amount, currency), hold.expires_at)
    return replace(decision, reservation=reference)


def _tell(evaluated: Evaluated) -> None:
    decision = evaluated.decision
    told = {"decision_id": decision.decision_id, "verdict": decision.verdict, "engines": decision.engines,
            "policy": decision.policy.digest}  # fmt: skip
    log.info("decided", extra=told)
    if decision.engines in ("disagreed", "second_faulted"):
        where = evaluated.disagreed.difference if evaluated.disagreed else ()  # the values stay out of the log
        log.error("alarm", extra=told | {"alarm": "the engines did not agree", "difference": ", ".join(where)})
