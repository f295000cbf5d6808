"""Referrals on PostgreSQL: the grant, the race of two officers, and the end by the clock of the server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.operations import test_decide_referral as on_a_file
from tests.api.service import Service, start_real_service
from tests.postgres import Server

pytestmark = pytest.mark.postgres


@pytest.fixture
def real(server: Server) -> Iterator[Service]:
    """The standard policy on a new database of the server."""
    location = server.migrated()
    found = start_real_service(location)
    yield found
    found.held.database.dispose()
    server.drop(location)


def test_an_approval_goes_above_the_limit_by_a_grant(real: Service) -> None:
    on_a_file.test_an_approval_decides_the_order_anew_above_the_limit_by_a_grant(real)


def test_without_a_grant_nothing_is_held(real: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_file.test_an_override_without_a_grant_cannot_hold_above_the_limit(real, monkeypatch)


def test_of_two_officers_at_once_one_decides(real: Service) -> None:
    on_a_file.test_of_two_officers_at_once_one_decides(real)


def test_without_its_lock_two_officers_would_both_decide(real: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    on_a_file.test_without_its_lock_two_officers_would_both_decide(real, monkeypatch)


def test_nobody_decides_what_they_submitted(real: Service) -> None:
    on_a_file.test_nobody_decides_what_they_submitted_and_another_person_does(real, "approve")


def test_what_a_person_decides_is_an_event(real: Service) -> None:
    on_a_file.test_what_a_person_decides_is_an_event_once(real, "approve", "referral_approved")


def test_a_role_that_is_taken_counts_at_once(real: Service) -> None:
    on_a_file.test_a_role_that_is_taken_from_a_person_counts_at_once(real)


def test_a_referral_ends_by_the_clock_of_the_server(real: Service) -> None:
    on_a_file.test_a_referral_ends_by_the_clock_of_the_database(real)


def test_a_changed_order_is_swapped_by_the_release(real: Service) -> None:
    on_a_file.test_a_changed_order_is_swapped_by_the_release(real)
