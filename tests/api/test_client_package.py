"""The package that order systems install: made from the document, right in its types, and exact when answers get lost.

It asks a server of its own through a proxy that closes the connection after the decision was stored and before its
answer arrived. The control is the same client with a new key for each try: it holds the amount twice.
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from api.client_package import make_client
from tests.api.losing_proxy import LosingProxy
from tests.api.running import ROOT, Running, serving
from tests.api.service import start_real_service

pytestmark = pytest.mark.slow
PAGE = (ROOT / "docs" / "python-client.md").read_text("utf-8")


@dataclass
class Installed:
    """The package in a folder, and a server with a proxy before it."""

    folder: Path
    running: Running
    proxy: LosingProxy

    def part(self, name: str) -> ModuleType:
        """One module of the package."""
        return importlib.import_module(f"aval_client{name}")

    def service(self, tries: int = 4) -> Any:
        """The client of the order system, on the way that loses answers."""
        client = self.part("")
        return client.Service(self.proxy.address, self.running.service.keys["order_system"],
                              client.Patience(tries=tries, first_wait=0.01, answer=60.0))  # fmt: skip

    def an_order(self, order_id: str) -> Any:
        """A request for a decision on an order of 1,200.00."""
        models = self.part(".models")
        order = models.OrderSent(id=order_id, amount=Decimal("1200.00"), currency="CNY")
        return models.OrderToDecide(customer_id="C-1", order=order)

    def held(self, order_id: str) -> int:
        """How many decisions on an order hold its amount."""
        asked = "SELECT order_id FROM reservation JOIN decision USING (decision_id)"
        with self.running.service.held.database.looking() as connection:
            found = connection.exec_driver_sql(asked).scalars().all()
        return found.count(order_id)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The package, importable, and one server for all tests."""
    folder = tmp_path_factory.mktemp("client")
    make_client(folder)
    sys.path.insert(0, str(folder))
    with serving(start_real_service(tmp_path_factory.mktemp("server")), tmp_path_factory.mktemp("run")) as running:
        proxy = LosingProxy(running.port)
        yield Installed(folder, running, proxy)
        proxy.close()
    sys.path.remove(str(folder))


def test_amounts_are_decimals_in_both_directions(installed: Installed) -> None:
    decided = installed.part(".api.decisions").decide(
        installed.service(), body=installed.an_order("SO-money"), idempotency_key="money").decision  # fmt: skip
    assert decided.verdict in ("approve", "approve_with_conditions"), decided
    assert type(decided.reservation.amount) is Decimal and decided.reservation.amount == Decimal("1200.00")
    assert decided.exposure.after - decided.exposure.before == Decimal("1200.00")
    kept = installed.part(".api.reservations").show_reservation(installed.service(), decided.reservation.id)
    assert kept.reservation.remaining == Decimal("1200.00")


def test_a_float_does_not_leave_the_client(installed: Installed) -> None:
    order = installed.an_order("SO-float")
    order.order.amount = 1200.0
    with pytest.raises(TypeError, match="Decimal"):
        installed.part(".api.decisions").decide(installed.service(), body=order, idempotency_key="float")
    assert installed.held("SO-float") == 0


def test_a_lost_answer_is_found_again_and_holds_once(installed: Installed) -> None:
    lost, asked = len(installed.proxy.lost), installed.an_order("SO-lost")
    installed.proxy.lose = 2
    with installed.service() as service:
        first = sent(service, asked, "lost")
        again = sent(service, asked, "lost")
    assert [b"201" in piece.splitlines()[0] for piece in installed.proxy.lost[lost:]] == [True, False]
    assert (first.status_code, first.headers["Idempotency-Replayed"]) == (200, "true")
    assert first.content == again.content
    assert installed.held("SO-lost") == 1


def test_a_client_with_a_new_key_for_each_try_holds_twice(installed: Installed) -> None:
    installed.proxy.lose = 1
    with installed.service(tries=1) as service:
        with pytest.raises(installed.part("").NotAnswered) as told:
            sent(service, installed.an_order("SO-twice"), "twice-1")
        assert told.value.key == "twice-1"
        assert sent(service, installed.an_order("SO-twice"), "twice-2").status_code == 201
    assert installed.held("SO-twice") == 2


def sent(service: Any, order: Any, key: str) -> httpx.Response:
    """The answer to an order as it came."""
    answer: httpx.Response = service.send(method="POST", url="/v1/decisions", json=order.to_dict(),
                                          headers={"Idempotency-Key": key})  # fmt: skip
    return answer


def test_refusals_are_exceptions_that_say_what_is_wrong(installed: Installed) -> None:
    client, decisions = installed.part(""), installed.part(".api.decisions")
    order = installed.an_order("SO-slip")
    order.order.currency = "XXQ"
    with pytest.raises(client.Unusable, match="unknown-currency"):
        decisions.decide(installed.service(), body=order, idempotency_key="slip")
    with pytest.raises(client.NotFound):
        decisions.show_decision(installed.service(), "00000000-0000-0000-0000-000000000000")
    with pytest.raises(client.NotKnown):
        decisions.list_decisions(client.Service(installed.proxy.address, "aval_wrong"))
    with pytest.raises(client.NotAllowed):
        installed.part(".api.events").list_events(installed.service())


def test_there_is_a_call_for_every_operation_and_pages_are_read(installed: Installed) -> None:
    document = httpx.get(f"http://127.0.0.1:{installed.running.port}/openapi.json").json()
    wanted = {(operation["tags"][0], operation["operationId"]) for path in document["paths"].values()
              for method, operation in path.items() if method in ("get", "put", "post", "delete")}  # fmt: skip
    assert len(wanted) > 30
    for tag, name in wanted:
        assert callable(getattr(installed.part(f".api.{tag.lower()}"), name)), name
    page = installed.part(".api.decisions").list_decisions(installed.service(), limit=1)
    assert len(page.items) == 1 and page.items[0].customer_id == "C-1"


def test_the_page_runs_and_its_types_are_right(installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall("```python\n(.*?)```", PAGE, re.DOTALL)
    (installed.folder / "example.py").write_text(example, "utf-8")
    monkeypatch.setenv("AVAL_ADDRESS", installed.proxy.address)
    monkeypatch.setenv("AVAL_KEY", installed.running.service.keys["order_system"])
    command = [sys.executable, "example.py"]
    run = subprocess.run(command, cwd=installed.folder, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    shown = re.findall("```text\n(.*?)```", PAGE, re.DOTALL)
    assert [run.stdout] == shown
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(installed.folder / "cache"), "example.py"]
    typed = subprocess.run(command, cwd=installed.folder, capture_output=True, text=True, check=False)
    assert typed.returncode == 0, typed.stdout


def test_nothing_of_ours_is_needed_to_import_it(installed: Installed) -> None:
    code = ("import sys; import aval_client.api.decisions as one; "
            "print(sorted({'policy', 'credit', 'rules', 'storage', 'api', 'flask'} & set(sys.modules)))")  # fmt: skip
    run = subprocess.run([sys.executable, "-c", code], cwd=installed.folder, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
