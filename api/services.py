"""What one running service holds, wired once in `create_app` and reached by the operations through `services()`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flask import current_app

from api.agreeing import Agreeing
from api.allowance import Allowance
from api.idempotency import InWork
from api.known_keys import KnownKeys
from api.limits import Limits
from api.memory import Memory
from api.policies import PolicyCache
from api.refusals import Refusals
from api.settings import Settings
from policy.vocabulary import Vocabulary
from storage.engine import Database

if TYPE_CHECKING:
    from api.challenging import Challenger
    from api.identity_provider import IdentityProvider
    from api.metrics import Metrics  # its route asks for the services


@dataclass(frozen=True, slots=True)
class Services:
    """The settings, the database, the words of the trade, the policies ready to run, the keys in work, who may
    still ask for counter-offers, how often anybody may ask at all, which API keys are known, and what
    is remembered of customers, by which provider people sign on, and which refusals are told.
    """

    settings: Settings
    database: Database
    vocabulary: Vocabulary
    policies: PolicyCache
    in_work: InWork
    metrics: Metrics
    agreeing: Agreeing
    offers: Allowance
    limits: Limits
    keys: KnownKeys
    memory: Memory
    challenger: Challenger
    provider: IdentityProvider | None = None
    refusals: Refusals = field(default_factory=Refusals)


def services() -> Services:
    """Those of the app that serves the present request."""
    found: Services = current_app.extensions["aval"]
    return found
