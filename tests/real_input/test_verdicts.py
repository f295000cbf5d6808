"""The real ledger, in process: imported in full, and decided with every kind of verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from api.app import create_app
from api.importing import importing
from credit.decision import VERDICTS
from credit.receivables import Invoice, ageing
from tests.real_input.verdicts import (
    AS_OF,
    CURRENCY,
    Decided,
    Prepared,
    days_late_reproduced,
    decide_all,
    import_arguments,
    ledger,
    prepare,
    settings,
    table,
    verdicts,
)  # fmt: skip

Ledger = Mapping[str, Sequence[Invoice]]


@pytest.fixture(scope="module")
def prepared(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """A database with the imported ledger."""
    found = prepare(tmp_path_factory.mktemp("real"))
    result = CliRunner().invoke(importing, import_arguments(found))
    assert result.exit_code == 0, result.output
    yield found
    found.database.dispose()


@pytest.fixture(scope="module")
def invoices(prepared: Prepared) -> Ledger:
    """What was imported, read back."""
    return ledger(prepared.database)


@pytest.fixture(scope="module")
def decided(prepared: Prepared, invoices: Ledger) -> list[Decided]:
    """The decisions on all customers, by the app itself."""
    client = create_app(settings(prepared.folder)).test_client()
    headers = {"Authorization": f"Bearer {prepared.key}"}

    def send(body: Mapping[str, Any]) -> Mapping[str, Any]:
        answer = client.post("/v1/decisions:preview", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        found: Mapping[str, Any] = answer.get_json()
        return found

    return decide_all(invoices, prepared.digest, send)


def test_days_late_are_reproduced_on_every_row(invoices: Ledger) -> None:
    assert days_late_reproduced(invoices) == (2466, 2466)


def test_the_open_amount_is_the_known_one_and_ties_with_the_accounts(prepared: Prepared, invoices: Ledger) -> None:
    aged = ageing((one for several in invoices.values() for one in several), AS_OF, CURRENCY)
    assert (aged.open_invoices, aged.total.amount, aged.days_1_30.amount) == (84, "5119.85", "835.56")
    with prepared.database.read() as work:
        states = [work.accounts.look(name) for name in invoices]
    assert sum(state.balance for state in states if state) == aged.total.minor


def test_every_kind_of_verdict_occurs_and_both_engines_agreed_on_each(decided: list[Decided]) -> None:
    counts = verdicts(decided)
    assert counts.total() == 100
    assert set(counts) == set(VERDICTS)
    assert {one.decision["engines"] for one in decided} == {"agreed"}


def test_who_never_pays_late_and_owes_nothing_is_approved(decided: list[Decided]) -> None:
    spotless = [one for one in decided if one.figures.late_invoices == 0 and one.figures.open_amount.minor == 0]
    assert len(spotless) == 15
    assert {one.decision["verdict"] for one in spotless} == {"approve"}


def test_more_than_one_average_invoice_overdue_is_denied_and_nothing_else_is(decided: list[Decided]) -> None:
    for one in decided:
        assert one.figures.average_invoice_amount is not None
        tolerated = max(one.figures.average_invoice_amount.minor, 50_00)
        assert (one.decision["verdict"] == "deny") == (one.figures.overdue_amount.minor > tolerated), one.customer_id


def test_the_table_has_a_line_for_every_customer(decided: list[Decided]) -> None:
    assert len(list(table(decided))) == 101
