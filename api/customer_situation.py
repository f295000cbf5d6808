"""All that is known of a customer on a day, without an order: for ladders, and for the customer file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from api.operations.customer_states import recorded_of
from api.operations.evaluate import master_facts
from api.situation import Situation
from credit.decision import PolicyReference
from policy.program import Program
from rules.facts import trade_vocabulary
from storage.exposure_ledger import AccountState
from storage.policies import PolicyVersion
from storage.told_facts import TimedFact
from storage.unit_of_work import Work


def situation_on(
    work: Work, account: AccountState, version: PolicyVersion, program: Program, as_of: date
) -> Situation:
    """All that is known of a customer on a day, without an order."""
    account = told_on(work, account, as_of)
    return replace(
        bare_situation(account, version, program, as_of),
        invoices=work.invoices.for_customer(account.customer.customer_id, as_of),
        master=master_facts(trade_vocabulary(), program, account),
        recorded=recorded_of(work.states.history(account.account_id), program.timezone, as_of),
    )


def bare_situation(account: AccountState, version: PolicyVersion, program: Program, as_of: date) -> Situation:
    """What stands on the account alone."""
    return Situation(
        decision_id="", order=None, account=account, invoices=(), stated={}, master={},
        policy=PolicyReference(version.name, version.version, version.digest, program.digest),
        decided_at=account.now, as_of=as_of,
    )  # fmt: skip


def told_on(work: Work, account: AccountState, as_of: date) -> AccountState:
    """The account with the limits and facts that count on a day; a look brings those that may count about now."""
    if account.told and as_of < account.now.date():
        account = replace(account, told=facts_ever_told(work, account.account_id))
    return account.on_day(as_of)


def facts_ever_told(work: Work, account_id: int) -> tuple[TimedFact, ...]:
    """Every fact that was told from a day on, as any day may be asked about."""
    return tuple(one.timed for one in work.told_facts.of_account(account_id))
