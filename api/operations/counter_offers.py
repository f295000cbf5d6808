"""Counter-offers: what the policy itself would approve of an order that it does not, for clients that may know.

They reveal limits, so they are for clients with the permission, and only so many a minute. The search goes on before
the account is locked, on the account as it looked; what it found is decided once more on the facts that the decision
itself was made on, and only what is approved there is offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from api.auth import Caller
from api.errors import Refused
from api.operations.evaluate import Asking, Slow, evaluate, situation_of
from api.operations.guard import within_ceiling
from api.operations.orders import Order
from api.policies import LoadedPolicy
from api.services import Services
from api.situation import Evaluated
from credit.decision import APPROVE, REFER, VERDICTS, CheckEntry, CounterOffer, Decision
from credit.money import Money
from policy.kinds import NO_LIMIT, UNLIMITED
from policy.subjects import ORDER
from rules.counter_offers import APPROVED, Offer, Proposal, Search
from rules.outcome import Outcome
from storage.exposure_ledger import AccountState

PERMISSION = "counter_offers"
CHANGED: Mapping[str, tuple[str, ...]] = {
    "amount": ("amount",), "prepaid": ("prepaid",), "terms": ("requested_terms",),
    "in_advance": ("requested_terms", "prepaid"), "security": ("secured",),
}  # fmt: skip


def may_have_offers(caller: Caller) -> bool:
    """Whether this client may be told what would be approved."""
    return PERMISSION in caller.permissions


def look_for_offers(held: Services, loaded: LoadedPolicy, slow: Slow, asking: Asking,
                    caller: Caller) -> tuple[Offer, ...]:  # fmt: skip
    """What would be approved in place of an order, on an account that may still change; nothing for what is approved.

    Nothing either for an order in another currency, and where the client was given as many as it may have in a minute.
    Raises: Refused where the order itself cannot be decided.
    """
    if asking.order is None or asking.subject != ORDER or asking.order.sent is not None:
        return ()
    loaded, situation = situation_of(held, loaded, slow, asking)
    trial = loaded.evaluator.trial(situation)
    order, account = asking.order, slow.account

    def ask(proposal: Proposal) -> str:
        changed = proposed(order, proposal)
        outcome = trial(changed)
        return REFER if outcome is None else guarded(outcome, account, changed)

    first = trial(order)
    if first is None or (verdict := guarded(first, account, order)) == APPROVE or not held.offers.take(caller.client):
        return ()
    return Search(ask, proposal_of(order), verdict).offers(loaded.program, first)


def with_offers(held: Services, loaded: LoadedPolicy, known: Slow, asking: Asking, base: Evaluated,
                found: tuple[Offer, ...]) -> Evaluated:  # fmt: skip
    """The same answer with what is approved on its own facts, each decided anew; what no longer is, is left out."""
    offers = (_decided_anew(held, loaded, known, asking, base.decision, one) for one in found)
    return replace(base, decision=replace(base.decision, counter_offers=tuple(one for one in offers if one)))


def guarded(outcome: Outcome, account: AccountState, order: Order) -> str:
    """The verdict, or a referral where the ledger would not hold the order."""
    limit = outcome.limits.get("effective")
    ceiling = limit if isinstance(limit, int) and limit != NO_LIMIT else 0
    unsecured = order.unsecured_amount.minor
    bounds = [(account.balance, ceiling), *((one.balance, one.ceiling) for one in account.groups)]
    fits = unsecured == 0 or all(most in (None, UNLIMITED) or before + unsecured <= most for before, most in bounds)
    return outcome.verdict if fits or outcome.verdict not in APPROVED else REFER


def proposal_of(order: Order) -> Proposal:
    """An order as the search varies it."""
    return Proposal(order.amount.minor, order.prepaid.minor, order.requested_terms)


def proposed(order: Order, proposal: Proposal) -> Order:
    """The order as a proposal changes it."""
    currency = order.amount.currency
    secured = Money(proposal.secured, currency) if proposal.secured else None
    return replace(order, amount=Money(proposal.amount, currency), prepaid=Money(proposal.prepaid, currency),
                   requested_terms=proposal.terms, secured=secured)  # fmt: skip


def _decided_anew(held: Services, loaded: LoadedPolicy, known: Slow, asking: Asking, base: Decision,
                  one: Offer) -> CounterOffer | None:  # fmt: skip
    assert asking.order is not None
    decision = _decided(held, loaded, known, asking, one.proposal)
    if decision is None or decision.verdict not in APPROVED or _rank(decision) >= _rank(base):
        return None
    beyond = None if one.beyond is None else _decided(held, loaded, known, asking, one.beyond)
    currency = asking.order.amount.currency
    return CounterOffer(
        change=_change(one, one.proposal, currency), verdict=decision.verdict,
        terms=decision.terms.offer if decision.terms else None, conditions=decision.conditions,
        evidence=becomes(base.checks, decision.checks), exposure=decision.exposure,
        beyond=None if one.beyond is None or beyond is None or _rank(beyond) < _rank(base)
        else (_change(one, one.beyond, currency), beyond.verdict),
    )  # fmt: skip


def _decided(held: Services, loaded: LoadedPolicy, known: Slow, asking: Asking, proposal: Proposal) -> Decision | None:
    """The whole decision on a proposal; None where none is made."""
    assert asking.order is not None
    order = proposed(asking.order, proposal)
    try:
        found = evaluate(held, loaded, known, replace(asking, order=order))
    except Refused:
        return None
    account = known.account
    return within_ceiling(found, loaded.program, account.balance, order.unsecured_amount, account.groups).decision


def _rank(decision: Decision) -> int:
    return VERDICTS.index(decision.verdict)


def _change(one: Offer, proposal: Proposal, currency: str) -> dict[str, str]:
    """What an order system would send in place of what it sent."""
    values = {"amount": Money(proposal.amount, currency).amount, "prepaid": Money(proposal.prepaid, currency).amount,
              "requested_terms": proposal.terms or "", "secured": Money(proposal.secured, currency).amount}  # fmt: skip
    named = {"security": one.instrument} if one.instrument else {}
    return named | {name: values[name] for name in CHANGED[one.what]}


def becomes(before: tuple[CheckEntry, ...], after: tuple[CheckEntry, ...]) -> tuple[Mapping[str, str | None], ...]:
    """Each check whose status the change moves, with the figure that it looked at before and after."""
    now = {one.check: one for one in after}
    found: list[Mapping[str, str | None]] = []
    for was in before:
        check = now.get(was.check)
        if check is None or check.status == was.status:
            continue
        old = was.evidence[0] if was.evidence else None
        new = next((one for one in check.evidence if old is None or one.fact == old.fact), None)
        shown = new or old
        found.append({
            "check": was.check, "was": was.status, "status": check.status, "fact": shown.fact if shown else None,
            "before": old.value if old else None, "value": new.value if new else None,
            "wanted": shown.wanted if shown else None, "unit": shown.unit if shown else None,
        })  # fmt: skip
    return tuple(found)
