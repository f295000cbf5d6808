"""For whom a policy is to decide, as people write it: `default`, `customer:C-1`, `group:G-1`, `country:CN`, or
`challenger` for what decides in the shadow and never answers.
"""

from __future__ import annotations

import re

from api.errors import FieldError, Refused
from policy.countries import NAMES
from storage.policy_timeline import CHALLENGER, DEFAULT, LEVELS
from storage.unit_of_work import Work

HELP = "write default, customer:ID, group:ID, country:CN or challenger"


def read_assignment(work: Work, written: str | None) -> str:
    """The assignment that was written, None for the default.

    Raises: Refused (unknown-assignment) for another form, or for a customer, group or country that is not known.
    """
    if written in (None, DEFAULT, CHALLENGER):
        return written or DEFAULT
    assert written is not None
    level, _, name = written.partition(":")
    known = level in LEVELS and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name) is not None
    if level == "customer":
        known = known and work.customers.get(name) is not None
    elif level == "group":
        known = known and work.groups.get(name) is not None
    elif level == "country":
        known = known and name in NAMES
    if not known:
        told = f"'{written[:80]}' is nobody's; {HELP}"
        raise Refused("unknown-assignment", told, [FieldError("assignment", f"is nobody's; {HELP}")])
    return written
