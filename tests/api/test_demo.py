"""The demo does what it tells: every trial gets the verdict it promises, the request works, a second run keeps all."""

from __future__ import annotations

import io
import json
import re
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from api.demo import keys_file, prepare
from api.demo_book import BOOK, TRIALS, Trial
from api.settings import Settings
from credit.decision import VERDICTS


@dataclass(frozen=True)
class Demo:
    """A prepared demo: its settings, what it told, and a client of its service."""

    settings: Settings
    told: str
    client: FlaskClient

    @property
    def keys(self) -> dict[str, str]:
        """The keys as they stand in the file."""
        found: dict[str, str] = json.loads(keys_file(self.settings).read_text("utf-8"))
        return found


def told_by(settings: Settings) -> str:
    """What the demo tells while it is prepared."""
    out = io.StringIO()
    prepare(settings, out, "http://127.0.0.1:9999")
    return out.getvalue()


def pasted(told: str) -> list[str]:
    """The words of the printed command, as a shell would see them."""
    command = told[told.index("curl "):].split("\n\n")[0]
    return shlex.split(command.replace("$(date +%s)", "1"))


def posted(demo: Demo, words: list[str], **fields: Any) -> dict[str, Any]:
    """The decision on what the printed command sends, its order's fields or its customer replaced."""
    headers = dict(word.split(": ", 1) for before, word in zip(words, words[1:], strict=False) if before == "-H")
    body = json.loads(words[words.index("-d") + 1])
    body["customer_id"] = fields.pop("customer_id", body["customer_id"])
    body["order"] |= fields
    headers["Idempotency-Key"] = f"{body['customer_id']}-{body['order']['amount']}"
    path = next(word for word in words if word.startswith("http")).removeprefix("http://127.0.0.1:9999")
    answer = demo.client.post(path, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.get_json()["decision"]
    return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A demo in a folder of its own."""
    settings = Settings(str(tmp_path_factory.mktemp("demo") / "demo.db"), b"p" * 32)
    return Demo(settings, told_by(settings), create_app(settings).test_client())


def test_the_printed_request_is_decided_by_both_engines_under_the_standard_policy(demo: Demo) -> None:
    decision = posted(demo, pasted(demo.told), amount="1000.00")
    assert decision["verdict"] == "approve"
    assert decision["engines"] == "agreed"
    assert decision["policy"]["name"] == "standard-trade-credit"


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.customer_id)
def test_every_trial_gets_the_verdict_that_it_promises(demo: Demo, trial: Trial) -> None:
    decision = posted(demo, pasted(demo.told), customer_id=trial.customer_id, amount=trial.amount)
    assert decision["verdict"] == trial.verdict


def test_the_trials_show_every_kind_of_verdict() -> None:
    assert {trial.verdict for trial in TRIALS} == set(VERDICTS)


def test_the_book_has_a_dozen_customers_each_with_its_own_name_and_number() -> None:
    assert len(BOOK) >= 12
    assert len({debtor.customer_id for debtor in BOOK}) == len({debtor.name for debtor in BOOK}) == len(BOOK)


def test_the_keys_are_for_their_owner_only(demo: Demo) -> None:
    assert stat.S_IMODE(keys_file(demo.settings).stat().st_mode) == 0o600


def test_the_page_of_the_documents_is_told(demo: Demo) -> None:
    assert "http://127.0.0.1:9999/docs" in demo.told


def test_both_shipped_policies_are_stored_and_told(demo: Demo) -> None:
    assert set(re.findall(r"policy (\S+) ", demo.told)) >= {"standard-trade-credit", "payment-record"}


def test_a_second_run_keeps_the_keys_and_changes_no_account(demo: Demo) -> None:
    keys = demo.keys
    services = demo.client.application.extensions["aval"]
    with services.database.read() as work:
        before = {debtor.customer_id: work.accounts.look(debtor.customer_id).version for debtor in BOOK}
    told_by(demo.settings)
    assert demo.keys == keys
    with services.database.read() as work:
        after = {debtor.customer_id: work.accounts.look(debtor.customer_id).version for debtor in BOOK}
        assert len(work.keys.list()) == len(keys)
    assert before == after


def test_a_key_that_is_no_longer_good_is_replaced_alone(tmp_path: Path) -> None:
    settings = Settings(str(tmp_path / "demo.db"), b"p" * 32)
    told_by(settings)
    file = keys_file(settings)
    old = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(old | {"order_system": "aval_0_broken"}), "utf-8")
    told_by(settings)
    new = json.loads(file.read_text("utf-8"))
    assert {role for role in old if old[role] != new[role]} == {"order_system"}


def test_the_database_is_for_its_owner_only(demo: Demo) -> None:
    assert stat.S_IMODE(Path(demo.settings.database).stat().st_mode) == 0o600
