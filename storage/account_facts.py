"""The count of an account's facts: whoever changes what the next decision reads takes the next one."""

from __future__ import annotations

from sqlalchemy import update

from storage.tables import account

FACTS_MOVED = update(account).values(facts_ver=account.c.facts_ver + 1)
