"""Decide a referral: a person rejects the order, or approves it, and then the policy decides it anew under the lock.

An approval is a release, not a verdict: the order is evaluated on what holds now, with the limit raised by a grant for
this order alone, and the checks that had failed are lifted as far as the person may. INVARIANT: what denies stays a
denial, unless its check names a role for it; what the person did not see is not released; of two officers one decides;
the decision that referred the order never changes.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from api import idempotency
from api.auth import Caller
from api.errors import FieldError, Refused
from api.idempotency import Answer, stored_answer
from api.operations.amend_order import find_replaced, without
from api.operations.customer_states import changed_states
from api.operations.decide import Asked, record_decision
from api.operations.evaluate import Asking, Slow, evaluate, load_slow
from api.operations.guard import within_ceiling
from api.operations.referrals import Officer, life_of, officer_of, referral_dict, refuse_erased, visible
from api.operations.standing_release import with_release
from api.operations.use_policy import use_policy
from api.operations.wanted import read_wanted
from api.policies import LoadedPolicy
from api.replaying import RELEASED_KEY
from api.schemas.decisions import OrderToDecide
from api.services import Services
from api.situation import Evaluated
from api.strict_json import read_object
from credit.decision import APPROVE, APPROVE_WITH_CONDITIONS, canonical_json
from credit.exposure import Limit
from credit.money import Money
from credit.release import ReleaseTerms
from policy.kinds import NO_LIMIT, UNLIMITED
from policy.program import Program
from rules.facts import read_terms
from rules.release import Released, is_releasable, released, roles_unmet, seen_in
from storage.answers import NewAnswer
from storage.events import Event
from storage.exposure_ledger import AccountState, GroupState
from storage.grants import NewGrant
from storage.referrals import APPROVED, DECIDED_ANEW, EXPIRED, OPEN, REJECTED, DecidedReferral, Referral
from storage.reservations import Reservation
from storage.unit_of_work import Work

WITHOUT_TERMS = ReleaseTerms(days=3, months=0, up_to=Fraction(1))  # of a policy that says nothing about releases


@dataclass(frozen=True, slots=True)
class Deciding:
    """One request to decide a referral: whose it is, its key, its bytes, and what it says."""

    caller: Caller
    key: str
    body: bytes
    operation: str
    referral_id: str
    wish: Mapping[str, Any]

    @property
    def hash(self) -> bytes:
        """What the key stands for."""
        return idempotency.body_hash(f"{self.operation} {self.referral_id}", self.body)


class Stays(Exception):
    """The order is not approved by this release: what was granted for it is taken back with the transaction."""

    def __init__(self, against: Mapping[str, str]) -> None:
        super().__init__()
        self.against = against


@dataclass(frozen=True, slots=True)
class Case:
    """A referral on its way to a new decision: the order to decide, and who releases it, read under the lock."""

    asking: Deciding
    officer: Officer
    referral: Referral
    order: Asked
    slow: Slow

    @property
    def amount(self) -> Money:
        """What the order is worth."""
        assert self.order.wanted.order is not None
        return self.order.wanted.order.amount


def reject_referral(held: Services, asked: Deciding) -> Answer:
    """The referral after a person rejected it, or the stored answer to the same key and body.

    Raises: Refused for one that is not there or over, and for a person who may not; storage's failures.
    """
    with held.in_work.claim(asked.caller.client, asked.key), held.database.write() as work:
        claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
        if claim.state != "new":
            return stored_answer(claim)
        found = _taken(held, work, asked)
        with use_policy(held, found.decision.policy_digest) as loaded:
            officer = officer_of(work, asked.caller, loaded.program, _authority(found))
        _record(work, asked, _made(asked, officer, found, REJECTED))
        return _answered(held, work, asked, None)


def approve_referral(held: Services, asked: Deciding) -> Answer:
    """The referral and the new decision on its order, or the stored answer to the same key and body.

    Raises: Refused for one that is not there or over, a person who may not, and terms that the policy does not allow;
    storage's failures.
    """
    with held.in_work.claim(asked.caller.client, asked.key):
        with held.database.read() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
            if claim.state != "new":
                return stored_answer(claim)
            found = visible(work, asked.caller, asked.referral_id)
            refuse_erased(found)
            order = _order_of(found, asked.wish)
            slow = load_slow(work, found.decision.customer_id, order.wanted)
        case = Case(asked, Officer("", ""), found, order, slow)
        try:
            return _decide_anew(held, case, {})
        except Stays as stays:
            return _decide_anew(held, case, stays.against)


def _decide_anew(held: Services, case: Case, against: Mapping[str, str]) -> Answer:
    """Decide the order under its lock: with the release, or, where something stands against it, without."""
    asked, customer_id = case.asking, case.referral.decision.customer_id
    with ExitStack() as policies:
        loaded = policies.enter_context(use_policy(held, case.slow.account.policy_digest))
        with held.database.write() as work:
            claim = work.decisions.claim(asked.caller.client, asked.key, asked.hash)
            if claim.state != "new":
                return stored_answer(claim)
            _taken(held, work, asked)
            looked = work.accounts.look(customer_id)
            assert looked is not None, "customers are never removed"
            if looked.policy_digest != loaded.version.digest:
                loaded = policies.enter_context(use_policy(held, looked.policy_digest))
            case = replace(case, order=case.order.in_currency_of(held, work, looked, loaded.program.timezone))
            replaced = find_replaced(work, case.order.wish, looked.now, case.order.caller)
            _refuse_held(work, looked, case, replaced)
            officer = officer_of(work, asked.caller, loaded.program, _authority(case.referral))
            case, terms = replace(case, officer=officer), terms_of(loaded.program)
            work.accounts.lock_in_order([looked.account_id])  # the grant takes one account, the decision all of them
            grant = None if against else _grant(work, case, loaded.program, looked, terms)
            locked = work.accounts.lock(customer_id, order_id=case.order.wanted.order_id)
            assert locked is not None
            locked = locked.in_timezone(loaded.program.timezone)
            known = case.slow.refreshed(work, locked).remembering(work, loaded.program)
            known = replace(known, account=without(known.account, replaced))
            evaluated = _evaluated(held, loaded, case, known, terms, against)
            approved = evaluated.decision.verdict in (APPROVE, APPROVE_WITH_CONDITIONS)
            record_decision(held, case.order, locked, evaluated, work, replaced)
            work.states.change(locked, changed_states(loaded.program, evaluated))
            made = _made(asked, case.officer, case.referral, APPROVED if approved else DECIDED_ANEW)
            made = replace(made, decision_id=evaluated.decision.decision_id)
            if approved:
                day = evaluated.decision.as_of
                made = replace(made, grant_id=grant, released=terms.most(case.amount.minor),
                               until=end_of(loaded.program, terms.last_day(day)))  # fmt: skip
            _record(work, asked, made)
            answer = _answered(held, work, asked, evaluated.decision.decision_id)
    held.metrics.count_decision(evaluated)
    held.agreeing.note(evaluated.decision.engines)
    return answer


def _evaluated(held: Services, loaded: LoadedPolicy, case: Case, known: Slow, terms: ReleaseTerms,
               against: Mapping[str, str]) -> Evaluated:  # fmt: skip
    """The order as the policy answers it now, released as far as the person may. Raises: Refused, Stays."""
    program, wanted = loaded.program, case.order.wanted
    asking = Asking(str(uuid.uuid4()), wanted.order, case.order.wish["facts"])
    bare = evaluate(held, loaded, replace(known, account=without_grants(known.account)), asking)
    assert wanted.order is not None
    unsecured = wanted.order.unsecured_amount
    if against:
        told = within_ceiling(bare, program, known.account.balance, unsecured, known.account.groups)
        return _released(told, case, Released(told.outcome, (), against), None)
    if wanted.order.has_no_rate:
        raise Stays({"rate": "is missing or too old; add one"})
    unmet = roles_unmet(program, bare.outcome, case.officer.role)
    if unmet:
        raise Refused("authority-too-low", f"the role '{unmet[0]}', or one above it, has to decide this")
    found = evaluate(held, loaded, known, asking)
    if found.decision.engines != "agreed" and not held.settings.allow_single:
        raise Stays({"engines": "did not agree"})
    seen = seen_in(case.referral.decision.outcome["checks"])
    made = released(program, found.outcome, case.officer.role, seen, terms.up_to, wanted.order.requested_terms)
    if made.against:
        raise Stays(made.against)
    _refuse_other_terms(case, made)
    after = within_ceiling(_released(found, case, made, terms), program, known.account.balance, unsecured,
                           known.account.groups)  # fmt: skip
    if after.decision.verdict not in (APPROVE, APPROVE_WITH_CONDITIONS):
        raise Stays({"limit": "is exceeded by more than was released"})
    return after


def without_grants(account: AccountState) -> AccountState:
    """The account as if nothing had been granted for the order, to it or to any group above it."""
    return replace(account, granted=0, groups=tuple(replace(one, granted=0) for one in account.groups))


def _released(found: Evaluated, case: Case, made: Released, terms: ReleaseTerms | None) -> Evaluated:
    """The evaluated order as the release leaves it, and what the release was."""
    day = found.decision.as_of
    given = None if terms is None else terms.given(case.amount.minor, day)
    return with_release(found, made, {
        "referral": case.referral.decision.decision_id, "role": case.officer.role, "lifted": list(made.lifted),
        "against": [{"what": what, "why": why} for what, why in made.against.items()],
        "up_to": None if given is None else Money(given.most_minor, case.amount.currency).amount,
        "until": None if given is None else given.last_day.isoformat(),
        "released_on": None if given is None else given.first_day.isoformat(), "amount": case.amount.amount,
    })  # fmt: skip


def terms_of(program: Program) -> ReleaseTerms:
    """How long a release counts and up to how much: as the policy says, or three days and that amount."""
    said = program.release
    return WITHOUT_TERMS if said is None else ReleaseTerms(said.days, said.months, said.up_to)


def _grant(work: Work, case: Case, program: Program, looked: AccountState, terms: ReleaseTerms) -> str | None:
    """Raise the limits for this order by what it was beyond when it was referred; None where it was within all.

    Of several grants the customer's is told, or else that of the nearest group.
    """
    wanted = case.order.wanted
    assert wanted.order is not None
    unsecured = wanted.order.unsecured_amount
    amount = granted_amount(json.loads(case.referral.decision.response)["decision"]["exposure"],
                            terms.most(unsecured.minor), unsecured.currency)  # fmt: skip
    if unsecured.minor == 0:
        return None
    day = looked.in_timezone(program.timezone)
    amounts = {looked.account_id: amount} | granted_to_groups(
        case.referral.decision.facts, day.groups, terms.most(unsecured.minor))  # fmt: skip
    today = looked.now.astimezone(ZoneInfo(program.timezone)).date()
    given = [work.grants.add(NewGrant(
        grant_id=str(uuid.uuid4()), account_id=account_id, order_id=wanted.order.order_id, amount=amount,
        currency=looked.currency, until=end_of(program, terms.last_day(today)), by=case.officer.person,
        reason=case.asking.wish["reason"], client=case.asking.caller.client,
        decision_id=case.referral.decision.decision_id, referral_id=case.referral.decision.decision_id,
    )) for account_id, amount in amounts.items() if amount > 0]  # fmt: skip
    return given[0].grant_id if given else None


def granted_to_groups(facts: Mapping[str, Any], groups: Sequence[GroupState], most: int) -> dict[int, int]:
    """By how much each group would be beyond its limit, but not further than the tightest was when the order was
    referred: that is what the person saw. By account.
    """
    limit, before = facts.get("group.limit"), facts.get("group.exposure")
    if not isinstance(limit, int) or not isinstance(before, int) or limit in (NO_LIMIT, UNLIMITED):
        return {}
    seen = before + most - limit
    over = {one.account_id: one.balance + most - one.ceiling for one in groups if one.ceiling is not None}
    return {account_id: min(seen, amount) for account_id, amount in over.items()}


def granted_amount(exposure: Mapping[str, str | None], most: int, currency: str) -> int:
    """By how much an order of at most so much would have exceeded the limit that the person saw; 0 for none."""
    if exposure["limit"] is None or exposure["before"] is None:
        return 0
    limit = Limit.parse(exposure["limit"], currency)
    if limit.is_unlimited:
        return 0
    before = Money.parse(exposure["before"], currency, signed=True).minor
    return max(0, before + most - (limit.money.minor if limit.money is not None else 0))


def _order_of(found: Referral, wish: Mapping[str, Any]) -> Asked:
    """The order of a referral as the order system sent it, with the terms that the person named."""
    body = found.decision.request
    sent = read_object(body)
    if wish.get("requested_terms") is not None:
        sent = {**sent, "order": {**sent["order"], "requested_terms": wish["requested_terms"]}}
        body = canonical_json(sent)
    order = OrderToDecide().load(sent)
    sender = Caller(found.decision.client, "order_system", "")
    # the request's own key belongs to whoever decides
    return Asked(sender, f"{RELEASED_KEY}{found.decision.decision_id}", body, order, read_wanted(order))


def _taken(held: Services, work: Work, asked: Deciding) -> Referral:
    """The referral, which nobody else can decide until this transaction ends. Raises: Refused."""
    account_id = visible(work, asked.caller, asked.referral_id).decision.account_id
    now = work.referrals.hold(account_id)
    found = visible(work, asked.caller, asked.referral_id)
    refuse_erased(found)
    state = found.state(now, life_of(held))
    if state == EXPIRED:
        raise Refused("referral-expired", "it waited for too long; the order has to be decided again")
    if state != OPEN:
        raise Refused("referral-decided", f"it is {state.replace('_', ' ')} already")
    if found.decision.client == asked.caller.client:
        raise Refused("own-submission", "the same person submitted the order; another one has to decide")
    with use_policy(held, found.decision.policy_digest) as loaded:
        if not is_releasable(loaded.program, found.decision.outcome["checks"]):
            raise Refused("not-releasable", "the order is denied, and the policy names nobody who may release it")
    return found


def _refuse_held(work: Work, account: AccountState, case: Case, replaced: Reservation | None) -> None:
    """Refuse an order that holds something by now, but for what it amends. Raises: Refused."""
    held = work.reservations.held_for(account.account_id, case.order.wanted.order_id)
    if held > (0 if replaced is None else replaced.remaining):
        raise Refused("order-held", "the order was approved in the meantime, and holds exposure")


def _refuse_other_terms(case: Case, made: Released) -> None:
    """Refuse terms that a person named and the policy does not allow. Raises: Refused."""
    named, order = case.asking.wish.get("requested_terms"), case.order.wanted.order
    assert order is not None
    asked = read_terms(order.requested_terms or "")
    if named is not None and (asked is None or made.outcome.terms != asked.text):
        told = f"are not allowed by the policy, which offers '{made.outcome.terms}'"
        raise Refused("terms-not-allowed", f"the terms '{named}' {told}", [FieldError("requested_terms", told)])


def _authority(found: Referral) -> str | None:
    authority: str | None = json.loads(found.decision.response)["decision"]["authority"]
    return authority


def end_of(program: Program, day: date) -> datetime:
    """The instant at which a day of the policy's timezone is over."""
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(program.timezone))


def _made(asked: Deciding, officer: Officer, found: Referral, outcome: str) -> DecidedReferral:
    return DecidedReferral(found.decision.decision_id, outcome, officer.person, officer.role, asked.caller.client,
                           asked.wish["reason"])  # fmt: skip


def _record(work: Work, asked: Deciding, made: DecidedReferral) -> None:
    """Keep what the person made of the referral, with its event, in the transaction that made it."""
    work.referrals.decide(made)
    told = {"role": made.role, "decision": made.decision_id, "grant": made.grant_id}
    details = {name: one for name, one in told.items() if one is not None}
    work.events.record(Event(f"referral_{made.outcome}", f"referral:{made.referral_id}", asked.caller.by, details))


def _answered(held: Services, work: Work, asked: Deciding, decision_id: str | None) -> Answer:
    """The answer, kept for the same key."""
    found = visible(work, asked.caller, asked.referral_id)
    stored = None if decision_id is None else work.decisions.get(decision_id)
    response = canonical_json({
        "referral": referral_dict(found, work.now(), life_of(held)),
        "decision": None if stored is None else json.loads(stored.response)["decision"],
    })  # fmt: skip
    work.answers.record(NewAnswer(asked.caller.client, asked.key, asked.hash, asked.operation, asked.referral_id, 200,
                                  response))  # fmt: skip
    return Answer(200, response, replayed=False)
