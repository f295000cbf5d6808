"""Connections cut at COMMIT, before or after the server heard it: unknown to the client, and settled by the same key.

A proxy between storage and the server watches for the COMMIT of a decision and cuts there. The control sends each order
that was in doubt again under a new key, and holds too much.
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import threading

import pytest

from storage.engine import open_database
from storage.failures import InDoubt
from storage.postgres import PostgresDatabase
from tests.storage.records import approve

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
AMOUNT = 1
CUT = b"COMMIT"


class Proxy:
    """A way to the server that is cut at a COMMIT when it is told to: "before" it is forwarded, or "after"."""

    def __init__(self, port: int) -> None:
        self._server, self.cut = port, ""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server))
            cut = threading.Event()
            threading.Thread(target=self._up, args=(client, server, cut), daemon=True).start()
            threading.Thread(target=self._down, args=(client, server, cut), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        while data := received(client):
            if CUT in data and self.cut:
                if self.cut == "after":
                    cut.set()  # nothing that the server says from here on is heard
                    server.sendall(data)
                    received(server)
                end(client)
                end(server)
                return
            server.sendall(data)
        end(server)

    @staticmethod
    def _down(client: socket.socket, server: socket.socket, cut: threading.Event) -> None:
        while data := received(server):
            if cut.is_set():
                end(client)
                return
            try:
                client.sendall(data)
            except OSError:
                return
        end(client)


def received(side: socket.socket) -> bytes:
    """What a side sends next, nothing where it is gone."""
    try:
        return side.recv(65_536)
    except OSError:
        return b""


def end(side: socket.socket) -> None:
    """Close a connection in both directions."""
    with contextlib.suppress(OSError):
        side.shutdown(socket.SHUT_RDWR)
    side.close()


def cut_many(database: PostgresDatabase, cuts: int, again: str) -> tuple[int, int]:
    """Decide so many orders, each cut at its COMMIT, and send each again; how many were in doubt, and had committed."""
    seed = int(os.environ.get("AVAL_TEST_SEED", "7"))
    chance, doubts, committed = random.Random(seed), 0, 0
    port = database._engine.url.port
    assert port is not None
    proxy = Proxy(port)
    through = open_database(database.name.replace(f":{port}/", f":{proxy.port}/"))
    for number in range(cuts):
        proxy.cut = chance.choice(("before", "after"))
        key = f"k-{number}"
        try:
            with through.write() as work:
                approve(work, key, AMOUNT)
        except InDoubt:
            doubts += 1
        proxy.cut = ""
        key += again
        with through.write() as work:
            if work.decisions.claim("shop", key, b"body").state == "new":
                approve(work, key, AMOUNT)
            else:
                committed += 1
    through.dispose()
    proxy.close()
    print(f"\n{cuts} cuts at COMMIT, seed {seed}: in doubt {doubts}, of which had committed {committed}")
    return doubts, committed


def held(database: PostgresDatabase) -> int:
    """What the customer's account stands at."""
    with database.read() as work:
        account = work.accounts.look("C-1")
    assert account is not None
    return account.balance


def test_a_cut_at_commit_is_in_doubt_and_the_same_key_settles_it(server_database: PostgresDatabase, soak: bool) -> None:
    cuts = 200 if soak else 20
    doubts, committed = cut_many(server_database, cuts, again="")
    assert doubts == cuts and 0 < committed < cuts
    assert held(server_database) == cuts * AMOUNT


def test_control_a_new_key_for_what_is_in_doubt_holds_too_much(server_database: PostgresDatabase) -> None:
    cut_many(server_database, 20, again="-new")
    assert held(server_database) > 20 * AMOUNT
