"""Preview a decision: the same answer, on any day and under any stored policy, that holds and stores nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from api.auth import Caller
from api.customer_situation import facts_ever_told
from api.known import first_day, read_invoice
from api.operations.amend_order import find_replaced, without
from api.operations.counter_offers import look_for_offers, may_have_offers, with_offers
from api.operations.evaluate import Asking, Slow, evaluate, load_slow
from api.operations.guard import bounded
from api.operations.order_currency import in_account_currency
from api.operations.standing_release import find_release, stage_of, still_released
from api.operations.use_policy import use_policy
from api.operations.wanted import read_wanted, without_itself
from api.services import Services
from credit.decision import APPROVE, canonical_json
from rules.states import remembers
from storage.limits import TimedLimit
from storage.unit_of_work import Work


def preview_decision(held: Services, wish: Mapping[str, Any], caller: Caller) -> bytes:
    """The bytes of the answer, marked as a preview.

    Raises: Refused where the request cannot be decided.
    """
    wanted = read_wanted(wish)
    released = find_release(held, wish, wanted)
    with held.database.read() as work:
        slow = load_slow(work, str(wish["customer_id"]), wanted)
        if wish.get("as_of") is not None:
            slow = _as_of(work, slow, wish["as_of"])
        replaced = find_replaced(work, wish, work.now())
        slow = replace(slow, account=without(without_itself(work, slow.account, wanted), replaced))
    with use_policy(held, wish["policy_digest"] or slow.account.policy_digest) as loaded:
        program = (loaded.of(wanted.subject) or loaded).program
        with held.database.read() as work:
            wanted = in_account_currency(work, wanted, slow.account, program.timezone, held.settings.rate_days,
                                         wish.get("as_of"))  # fmt: skip
        asking = Asking(str(uuid.uuid4()), wanted.order, wish["facts"], wish.get("as_of"), preview=True,
                        subject=wanted.subject, limit_request=wanted.limit_request)  # fmt: skip
        if remembers(program):
            with held.database.read() as work:
                slow = slow.remembering(work, program, wish.get("as_of"))
        if wish.get("as_of") is None:
            slow = replace(slow, account=slow.account.in_timezone(program.timezone))
        found = evaluate(held, loaded, slow, asking)
        guard = bounded(loaded.program, slow.account, wanted.held)
        if released is None:
            found = guard(found)
        else:
            with held.database.read() as work:
                stage = stage_of(held, work, program, slow.account, wanted, replaced)
            found = still_released(found, guard, released, stage)
        if found.decision.verdict != APPROVE and may_have_offers(caller):
            offers = look_for_offers(held, loaded, slow, asking, caller)
            found = with_offers(held, loaded, slow, asking, found, offers)
        decision = found.decision
    return canonical_json({"decision": decision.as_dict(), "receipt": None})


def _as_of(work: Work, slow: Slow, day: date) -> Slow:
    """The account as it stood on a day: what was open then and ordered before, and what is reserved now."""
    account = slow.account
    earlier = work.accounts.earlier_orders(account.customer.customer_id, first_day(day))
    open_then = sum(read_invoice(one, account.currency).open_amount(day).minor for one in slow.invoices)
    groups = tuple(replace(one, limits=_limits(work, one.account_id)) for one in account.groups)
    then = replace(account, balance=account.reserved + open_then, open_receivables=open_then, earlier_orders=earlier,
                   limits=_limits(work, account.account_id), groups=groups,
                   told=facts_ever_told(work, account.account_id))  # fmt: skip
    return replace(slow, account=then.on_day(day))


def _limits(work: Work, account_id: int) -> tuple[TimedLimit, ...]:
    """Every limit of an account, as any day may be asked about."""
    return tuple(one.timed for one in work.limits.of_account(account_id))
