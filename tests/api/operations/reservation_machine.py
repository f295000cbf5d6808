"""Reservations as a state machine: orders, parts, voids, expiry, cut limits, retries, a clock that steps; and a model.

The ledger and the model of a few lines must agree after every step. The clock is the database's own, set by the
machine and days away from that of the service; the steps go the way of the service, below HTTP.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import event

from api.app import create_app
from api.auth import Caller
from api.errors import Refused
from api.idempotency import Answer
from api.operations.change_reservation import Changing
from api.operations.convert_reservation import convert_reservation
from api.operations.decide import decide
from api.operations.expire_reservations import expire_reservations
from api.operations.void_reservation import void_reservation
from api.settings import Settings
from storage.clock import write_instant
from storage.customers import Customer, GrantedLimit
from tests.api.service import DIGEST, PEPPER, Service, an_order, start_service
from tests.fakes import fake_build
from tests.storage.records import let_decide

SHOP = Caller("shop", "order_system", "0" * 16)
BEGIN = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
AMOUNTS = st.integers(1, 600)
WHOLE_LIFE, LITTLE = timedelta(hours=72), timedelta(milliseconds=1)
STEPS = (timedelta(hours=-1), LITTLE, timedelta(hours=24), WHOLE_LIFE - LITTLE, WHOLE_LIFE)


@dataclass
class Held:
    """What the model knows of a reservation."""

    left: int
    ends: datetime
    state: str = "held"


class Clock:
    """The clock of a database, which its connections ask instead of the machine's."""

    def __init__(self) -> None:
        self.now = BEGIN - timedelta(days=30)

    def put_into(self, service: Service) -> None:
        """Let every connection of the service ask this clock."""
        database = service.held.database
        for engine in (database._writer, database._reader):
            event.listen(engine, "connect", lambda raw, record: raw.create_function("strftime", 2, self.tell))
        database.dispose()

    def tell(self, form: str, when: str) -> str:
        """The text that the database keeps."""
        assert (form, when) == ("%Y-%m-%dT%H:%M:%fZ", "now")
        return write_instant(self.now)


@cache
def prepared() -> Path:
    """The folder of a database with its tables and a policy, made once, for each run to copy."""
    folder = Path(tempfile.mkdtemp())
    made = start_service(folder).held.database
    made.checkpoint()
    made.dispose()
    return folder


class ReservationMachine(RuleBasedStateMachine):
    """The ledger and the model, step by step; amounts are minor units."""

    held: Bundle[str] = Bundle("held")

    @initialize()
    def open(self) -> None:
        """A customer with a limit of 10.00 on a database with a clock of its own."""
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(prepared() / "aval.db", self.folder)
        settings = Settings(database=str(self.folder / "aval.db"), pepper=PEPPER)
        self.service = Service(create_app(settings, build=fake_build()))
        self.clock = Clock()
        self.clock.put_into(self.service)
        with self.service.held.database.write() as work:
            let_decide(work, DIGEST)  # by this clock, long before the first order
        self.clock.now = BEGIN
        self._grant(1_000)
        self.limit, self.invoiced, self.keys = 1_000, 0, 0
        self.model: dict[str, Held] = {}
        self.answered: list[tuple[Any, Answer]] = []

    def teardown(self) -> None:
        """Remove the database."""
        if hasattr(self, "service"):
            self.service.held.database.dispose()
            shutil.rmtree(self.folder, ignore_errors=True)

    @rule(target=held, amount=AMOUNTS)
    def reserve(self, amount: int) -> str:
        """An order is approved exactly where it fits beside all that counts."""
        body = an_order(text(amount), id=f"SO-{self.keys}")
        wish = body | {"subject": "order", "amends": None}
        found = self._ask(lambda key: decide(self.service.held, SHOP, key, json.dumps(body).encode(), read(wish)))
        decision = json.loads(found.body)["decision"]
        fits = self.exposure() + amount <= self.limit
        assert decision["verdict"] == ("approve" if fits else "refer")
        assert decision["exposure"]["before"] == text(self.exposure())
        if not fits:
            return ""
        self.model[decision["reservation"]["id"]] = Held(amount, self.clock.now + timedelta(hours=72))
        return str(decision["reservation"]["id"])

    @rule(reservation=held, part=st.one_of(st.none(), AMOUNTS), invoiced=st.booleans())
    def convert(self, reservation: str, part: int | None, invoiced: bool) -> None:
        """A part, or all, leaves the hold, if it is held; its invoice is owed at once."""
        if reservation == "":
            return
        known = self.model[reservation]
        amount = known.left or 1 if part is None else part
        day = self.clock.now.date()
        invoice = {"id": f"I-{self.keys}", "amount": None, "invoiced_on": day, "due_on": day, "terms": None,
                   "delivered_on": None, "form": None}  # fmt: skip
        wish = {"amount": text(amount), "invoice": invoice if invoiced else None}
        allowed = self.is_open(known) and amount <= known.left
        if self._change("convert", reservation, wish, allowed):
            known.left -= amount
            self.invoiced += amount if invoiced else 0
            known.state = "held" if known.left else "converted"

    @rule(reservation=held)
    def void(self, reservation: str) -> None:
        """The rest of the hold is let go, if anything is held."""
        if reservation and self._change("void", reservation, {}, self.is_open(self.model[reservation])):
            self.model[reservation].left, self.model[reservation].state = 0, "voided"

    @rule()
    def sweep(self) -> None:
        """Exactly what is past its expiry ends."""
        due = {name for name, one in self.model.items() if one.left and one.ends <= self.clock.now}
        assert {one.reservation_id for one in expire_reservations(self.service.held.database)} == due
        for name in due:
            self.model[name].left, self.model[name].state = 0, "expired"

    @rule(limit=st.integers(0, 1_500))
    def set_limit(self, limit: int) -> None:
        """A limit, also one below what is held: it lets go of nothing."""
        self._grant(limit)
        self.limit = limit

    @rule(forward=st.sampled_from(STEPS))
    def step_clock(self, forward: timedelta) -> None:
        """The database's clock goes on, or back a little."""
        self.clock.now += forward

    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        """The same key and body have the same bytes, whatever happened since."""
        if self.answered:
            ask, first = data.draw(st.sampled_from(self.answered))
            again = ask()
            assert (again.replayed, again.body) == (True, first.body)

    @invariant()
    def ledger_and_model_agree(self) -> None:
        """Every reservation, the balance, its parts and its versions are those of the model."""
        if not hasattr(self, "service"):
            return
        with self.service.held.database.read() as work:
            account = work.accounts.look("C-1")
            assert account is not None
            parts = work.reservations.balance_parts(account.account_id)
            stored = {one.reservation_id: one for one in work.reservations.of_account(account.account_id)}
            moved = work.accounts.movements(account.account_id)
        assert account.balance == self.exposure() == sum(one.amount for one in moved)
        assert (parts.reserved, parts.open_receivables) == (account.reserved, account.open_receivables)
        assert [one.version for one in moved] == list(range(1, account.version + 1))
        told = {name: (one.remaining, one.state) for name, one in stored.items()}
        assert told == {name: (one.left, one.state) for name, one in self.model.items()}

    def exposure(self) -> int:
        """All that counts: what is held, also past its expiry until it is swept, and what was invoiced."""
        return self.invoiced + sum(one.left for one in self.model.values())

    def is_open(self, known: Held) -> bool:
        """Whether anything is held, and still may be."""
        return known.left > 0 and self.clock.now < known.ends

    def _grant(self, limit: int) -> None:
        granted = GrantedLimit("amount", limit) if limit else GrantedLimit("zero")
        with self.service.held.database.write() as work:
            work.customers.put(Customer("C-1", "Example Ltd", "CNY", limit=granted))

    def _change(self, what: str, reservation: str, wish: dict[str, Any], allowed: bool) -> bool:
        held, body = self.service.held, json.dumps(wish, default=str).encode()

        def ask(key: str) -> Answer:
            asked = Changing(SHOP, key, body, what, reservation)
            return void_reservation(held, asked) if what == "void" else convert_reservation(held, asked, wish)

        try:
            self._ask(ask)
        except Refused as refused:
            told = refused.type.name
        else:
            told = ""
        over = "invalid-field" if self.is_open(self.model[reservation]) else "reservation-over"
        assert told == ("" if allowed else over), "nothing follows an end, and no more leaves than is held"
        return allowed

    def _ask(self, ask: Any) -> Answer:
        self.keys += 1
        key = f"k-{self.keys}"
        found: Answer = ask(key)
        self.answered.append((lambda: ask(key), found))
        return found


def text(minor: int) -> str:
    """Minor units as an amount."""
    return f"{minor // 100}.{minor % 100:02}"


def read(wish: dict[str, Any]) -> dict[str, Any]:
    """A body as the schema reads it: days are days."""
    order = dict(wish["order"])
    for name in ("placed_on", "deliver_by"):
        order[name] = datetime.fromisoformat(order[name]).date()
    return wish | {"order": order, "limit_request": None}
