"""The benchmark of large policies still finds every phase that it times."""

from __future__ import annotations

from tests.benchmarks.large import PHASES, checked
from tests.generated.large_policies import large_policy


def test_every_phase_is_met() -> None:
    whole, phases = checked(large_policy(3).encode())
    assert set(phases) == set(PHASES)
    assert 0 < sum(phases.values()) <= whole
    assert all(seconds > 0 for seconds in phases.values())
