"""Engines that were built once in each process: every service of a test has its own evaluator on them."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

from api.build import PolicyEvaluator, build_policy
from api.policies import LoadedPolicy
from storage.policies import PolicyPart, PolicyVersion

MOST = 32
_KEPT: dict[tuple[str, int, tuple[PolicyPart, ...]], LoadedPolicy] = {}


class KeptEvaluator(PolicyEvaluator):
    """An evaluator on engines that others use, too."""

    def close(self) -> None:
        """Nothing: the engines stay for the next service."""


def build_kept(version: PolicyVersion) -> LoadedPolicy:
    """A stored version as `build_policy` makes it, on engines that were built before where the bytes are the same."""
    key = (version.digest, version.version, version.parts)
    if key not in _KEPT and len(_KEPT) == MOST:
        return build_policy(version, allow_single=False)
    if key not in _KEPT:
        _KEPT[key] = build_policy(version, allow_single=False)
    return _for(version, _KEPT[key])


def _for(version: PolicyVersion, kept: LoadedPolicy) -> LoadedPolicy:
    own = copy(kept.evaluator)
    own.__class__ = KeptEvaluator
    others = {subject: _for(version, other) for subject, other in kept.others.items()}
    return replace(kept, version=version, evaluator=own, others=others)
