"""Plan a day of escalation: what is due for some customers, all of them read at once, and nothing is written.

A run asks twice: before any lock, to find out who has something due, and again once their accounts are locked, as only
then nothing moves any more. Both times it is answered here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from api.build import load_version
from api.customer_situation import bare_situation, told_on
from api.escalating import Days, Plan, plan_for, reads_facts
from api.operations.customer_states import recorded_of
from api.operations.evaluate import master_facts
from api.situation import Situation
from policy.program import Program
from rules.facts import trade_vocabulary
from rules.ladders import acts_of, days_to_be_told
from rules.states import Recorded, remembers
from storage.engine import Database
from storage.escalation_pages import INVOICES_AT_ONCE, NOTHING, Concerned, Past
from storage.exposure_ledger import LOADED_DAYS, AccountState
from storage.failures import Busy, StorageFailure, Unavailable
from storage.policies import PolicyVersion
from storage.receivables import Invoice
from storage.unit_of_work import Work

CUSTOMERS_AT_ONCE = 50
EARLIER_ORDERS = "earlier_orders"
TRIES = 3  # of one transaction: a machine with other work may lose its session for standing still
FAULT = "it could not be handled; see the log"
log = logging.getLogger("aval.escalate")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did for one customer, or would do: steps, messages, holds; `told` says what is left out and why.

    `fault` says that nothing could be done for it, as something is wrong on our side.
    """

    plan: Plan
    placed: int = 0
    ended: int = 0
    told: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Under:
    """A version with ladders, what its file says, and the days on which its steps may be due."""

    version: PolicyVersion
    program: Program
    days: Days
    waits: frozenset[str]

    @property
    def is_sure(self) -> bool:
        """Whether a step is due as soon as its day has come."""
        return len(self.program.ladders) == 1 and not reads_facts(self.program)


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of some customers, or why there is nothing that can say; pasts by customer and invoice.

    `ending` are the holds whose invoice is open no longer, by customer: hold and invoice.
    """

    situations: Mapping[str, tuple[Under, Situation] | str]
    pasts: Mapping[tuple[str, str], Past]
    ending: Mapping[str, Sequence[tuple[str, str]]]

    def plan(self, customer_id: str) -> Done:
        """What is due for a customer, and why nothing is where a policy cannot say."""
        found = self.situations[customer_id]
        if isinstance(found, str):
            return Done(Plan(customer_id), told=found)
        under, situation = found
        mine = (self.pasts.get((one.customer_id, one.invoice_id), NOTHING) for one in situation.invoices
                if one.open_on(situation.as_of))  # fmt: skip
        return Done(plan_for(under.program, situation, self.pasts), told=told_of(under.waits, mine))


class Unread(Exception):
    """A policy came into effect that nobody has read yet; nothing of this transaction may stay."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


class Day:
    """One day of escalation on a database: the policies of its customers, each read once, and their plans."""

    def __init__(self, database: Database, as_of: date) -> None:
        """Plan for a day."""
        self._database = database
        self.as_of = as_of
        self._known: dict[str, Under | None] = {}

    def reading(self, look: Callable[[Work], Found]) -> Found:
        """What a look finds in a transaction that reads."""
        return self._within(self._database.read, look)

    def writing(self, act: Callable[[Work], Found]) -> Found:
        """What an act tells, committed; done again where a policy has to be read first, or nothing was written."""
        return self._within(self._database.write, act)

    def _within(self, opening: Callable[[], AbstractContextManager[Work]], act: Callable[[Work], Found]) -> Found:
        tries = TRIES
        while True:
            try:
                with opening() as work:
                    return act(work)
            except Unread as unread:
                self.learn(unread.digest)
            except Busy:
                raise
            except Unavailable:  # nothing was written
                tries -= 1
                if tries == 0:
                    raise

    def page(self, after: str, most: int) -> tuple[Concerned, ...]:
        """The next customers behind one, whose policies are read then; none behind the last one."""
        page = self.reading(lambda work: work.escalation.page(self.as_of, after, most)).customers()
        for digest in {one.policy_digest for one in page}:
            self.learn(digest)
        return page

    def learn(self, digest: str | None) -> None:
        """Read a policy that is not known yet. That takes a second, in which no account may be locked."""
        if digest is None or digest in self._known:
            return
        with self._database.read() as work:
            version = work.policies.get(digest)
        program = None if version is None else load_version(version).program
        if version is None or program is None:
            self._known[digest] = None
        else:
            self._known[digest] = Under(version, program, Days(program, self.as_of), waits_of(program))

    def under(self, digest: str | None, currency: str) -> Under | str:
        """What somebody is under; why there is nothing that can say, "" for no ladder.

        Raises: Unread where the policy was not learned before.
        """
        if digest is not None and digest not in self._known:
            raise Unread(digest)
        found = None if digest is None else self._known[digest]
        if found is None:
            return "no policy is in effect"
        if not found.program.ladders:
            return ""
        if found.program.currency != currency:
            return f"the policy decides in {found.program.currency}, not in {currency}"
        return found

    def known_of(self, work: Work, customer_ids: Sequence[str]) -> Known:
        """All that the plans of some customers are made of, their holds that are to be ended too."""
        return Known(self.situations(work, customer_ids), work.escalation.pasts_of(customer_ids),
                     paid_holds(work, customer_ids, self.as_of))  # fmt: skip

    def situations(self, work: Work, customer_ids: Sequence[str]) -> Mapping[str, tuple[Under, Situation] | str]:
        """What each customer is under with all that is known of it, or why there is nothing that can say."""
        invoices = work.invoices.of_customers(customer_ids, self.as_of)
        found: dict[str, tuple[Under, Situation] | str] = {}
        for account in work.accounts.look_at(customer_ids):
            customer_id = account.customer.customer_id
            under = self.under(account.policy_digest, account.currency)
            if not isinstance(under, str):
                found[customer_id] = under, self._situation(work, account, under, invoices.get(customer_id, ()))
            else:
                found[customer_id] = under
        return found

    def _situation(self, work: Work, account: AccountState, under: Under, invoices: tuple[Invoice, ...]) -> Situation:
        """All that a policy's ladders read of a customer on the day, without an order."""
        program = under.program
        account = told_on(work, with_orders(work, account, program), self.as_of)
        return replace(
            bare_situation(account, under.version, program, self.as_of), invoices=invoices,
            master=master_facts(trade_vocabulary(), program, account) if reads_facts(program) else {},
            recorded=self._recorded(work, account, program),
        )  # fmt: skip

    def _recorded(self, work: Work, account: AccountState, program: Program) -> Recorded:
        """The states and acts of a customer, where the policy reads any."""
        if not remembers(program) and not any(acts_of(one) for one in program.ladders):
            return Recorded()
        return recorded_of(work.states.history(account.account_id), program.timezone, self.as_of)


def with_orders(work: Work, account: AccountState, program: Program) -> AccountState:
    """The account with its earlier orders, where a policy counts them."""
    if not any(figure.list_name == EARLIER_ORDERS for figure in program.figures):
        return account
    since = date.fromordinal(account.now.date().toordinal() - LOADED_DAYS)
    return replace(account, earlier_orders=work.accounts.earlier_orders(account.customer.customer_id, since))


def waits_of(program: Program) -> frozenset[str]:
    """The days that steps of a policy count from and that somebody has to tell."""
    return frozenset().union(*(days_to_be_told(ladder) for ladder in program.ladders))


def told_of(waits: frozenset[str], pasts: Iterable[Past]) -> str:
    """The days that nobody told of an invoice, for which its steps wait; empty where there are none."""
    found = [one.dates for one in pasts] if waits else []
    missing = sorted(name for name in waits if any(name not in dates for dates in found))
    return f"steps that count from {' or '.join(missing)} wait: no such day was told of an invoice" if missing else ""


@dataclass(frozen=True, slots=True)
class Looked:
    """A customer that was looked at without a lock: `acts` where a step is due or a hold to be ended.

    `done` is what would be done for it; None where only the lock will tell.
    """

    customer_id: str
    acts: bool
    invoices: int
    done: Done | None = None


def look_over(day: Day, after: str, sure: bool, most: int = INVOICES_AT_ONCE) -> list[Looked]:
    """The next customers of a day behind one, each with whether there is anything to do; none behind the last one.

    Where a step's day alone decides and `sure` is asked for, nobody is planned for twice.
    """
    page = day.page(after, most)
    found = {one.customer_id: looked for one in page if (looked := _by_days(day, one, sure)) is not None}
    rest = [one for one in page if one.customer_id not in found]
    for start in range(0, len(rest), CUSTOMERS_AT_ONCE):
        found |= {one.customer_id: one for one in _planned(day, rest[start : start + CUSTOMERS_AT_ONCE])}
    return [found[one.customer_id] for one in page]


def _by_days(day: Day, one: Concerned, sure: bool) -> Looked | None:
    """What the days of a customer's invoices alone tell; None where they do not tell enough."""
    if one.held or one.cut:
        return None
    under = day.under(one.policy_digest, one.currency)
    if isinstance(under, str):
        return Looked(one.customer_id, False, len(one.invoices), Done(Plan(one.customer_id), told=under))
    if not any(map(under.days.may_come, one.invoices)):
        idle = Plan(one.customer_id, under.version.digest)
        told = told_of(under.waits, (each.past for each in one.invoices))
        return Looked(one.customer_id, False, len(one.invoices), Done(idle, told=told))
    return Looked(one.customer_id, True, len(one.invoices)) if sure and under.is_sure else None


def _planned(day: Day, several: Sequence[Concerned]) -> Iterator[Looked]:
    """What the whole of what is known tells of some customers; where that fails, of each by itself."""
    names = [one.customer_id for one in several]
    try:
        known = day.reading(lambda work: day.known_of(work, names))
        plans = [known.plan(name) for name in names]
    except StorageFailure:
        raise
    except Exception:
        if len(several) > 1:
            for one in several:
                yield from _planned(day, [one])
        else:
            log.exception("escalate", extra={"customer_id": names[0]})
            yield Looked(names[0], True, len(several[0].invoices), Done(Plan(names[0]), fault=FAULT))
        return
    for one, done in zip(several, plans, strict=True):
        acts = bool(done.plan.steps) or one.customer_id in known.ending
        yield Looked(one.customer_id, acts, len(one.invoices), done)


def paid_holds(work: Work, customer_ids: Sequence[str], as_of: date) -> Mapping[str, list[tuple[str, str]]]:
    """The holds of ladders whose invoice is open no longer, by customer: hold and invoice."""
    found: dict[str, list[tuple[str, str]]] = {}
    open_now: dict[str, set[str]] = {}
    for hold in work.holds.of_ladders(customer_ids):
        if hold.customer_id not in open_now:
            still_open = work.escalation.open_invoices(hold.customer_id, as_of)
            open_now[hold.customer_id] = {one.invoice_id for one in still_open}
        assert hold.invoice_id is not None, "a hold of a ladder names its invoice"
        if hold.invoice_id not in open_now[hold.customer_id] and hold.hold.placed_on <= as_of:
            found.setdefault(hold.customer_id, []).append((hold.hold_id, hold.invoice_id))
    return found
