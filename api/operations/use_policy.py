"""A policy to decide by, or a refusal: what cannot be built decides nothing, and whoever runs the service is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from api.errors import Refused
from api.logs import places
from api.policies import LoadedPolicy, UnknownPolicy
from api.services import Services

log = logging.getLogger("aval.evaluate")


@contextmanager
def use_policy(held: Services, digest: str | None) -> Iterator[LoadedPolicy]:
    """The policy with this digest, ready to run.

    Raises: Refused (no-policy) where none is in effect, (engine-fault) where it cannot be built.
    """
    if digest is None:
        raise Refused("no-policy")
    try:
        using = held.policies.use(digest)
        loaded = using.__enter__()
    except UnknownPolicy:
        raise Refused("unknown-policy", "no policy version with this digest is stored") from None
    except Exception as fault:
        raise engine_fault("a policy cannot be built", fault) from fault
    try:
        yield loaded
    finally:
        using.__exit__(None, None, None)


def engine_fault(what: str, fault: BaseException) -> Refused:
    """The refusal that follows from a fault of an engine, after the alarm was raised."""
    log.error("alarm", extra={"alarm": what, "difference": places(fault)})
    return Refused("engine-fault")
