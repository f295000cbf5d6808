"""An HTTP decision against a bare view: `make bench-http`; prints medians, never fails for being slow.

The bare view does what nobody can do without: the same gunicorn, workers, threads, key check, engine settings and write
lock, one Core INSERT and COMMIT of the very bytes that a decision stores, and the same bytes as its answer. It reads no
field and asks no policy. Both run at once and are asked in turns, over connections that stay open. On a machine with
other work, the processor's time per request is the sturdier figure.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

from storage.customers import Customer, GrantedLimit
from storage.receivables import Invoice
from tests import postgres
from tests.api.running import Running, serving
from tests.api.service import GOOD, Service, an_order, start_real_service
from tests.benchmarks.http_parts import profile_of, statements_of

BARE = "from tests.benchmarks.http_bare import main; main()"
CUSTOMERS = 1_000


@dataclass
class Measured:
    """What one side did in one round: requests answered, seconds of wall and of processor, and each one's time."""

    answered: int
    seconds: float
    processor: float
    times: list[float] = field(repr=False)

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.answered / self.seconds

    @property
    def each(self) -> float:
        """Microseconds of the server's processors for each request."""
        return self.processor / max(1, self.answered) * 1e6

    @property
    def slowest(self) -> float:
        """The 99th percentile, in milliseconds."""
        return sorted(self.times)[int(len(self.times) * 0.99)] * 1e3


def amount_of(number: int) -> str:
    """From 1.00 to 99.99, hardly ever the one before: what is remembered of figures must not flatter us."""
    units, hundredths = divmod(100 + number * 7_919 % 9_900, 100)
    return f"{units}.{hundredths:02}"


def requests_of(running: Running, customers: int, name: str) -> Iterator[bytes]:
    """Requests without end, each with a key and an order of its own."""
    number = 0
    while True:
        number += 1
        customer = f"B-{number % customers}"
        body = json.dumps(an_order(amount_of(number), customer, id=f"SO-{name}-{number}")).encode()
        bearer = running.service.keys["order_system"]
        head = (f"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {bearer}\r\n"
                f"Idempotency-Key: {name}-{number}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n")  # fmt: skip
        yield head.encode() + body


def ask_until(running: Running, asked: Iterator[bytes], ends: float, told: list[float]) -> None:
    """One client over one connection, until a time."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=30) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.perf_counter() < ends:
            begun = time.perf_counter()
            client.sendall(next(asked))
            answer = http.client.HTTPResponse(client)
            answer.begin()
            body = answer.read()
            if answer.status != 201:
                raise RuntimeError(f"{answer.status}: {body[:300]!r}")
            told.append(time.perf_counter() - begun)


def processor_seconds(running: Running, others: list[int]) -> float:
    """What a server's processes have used so far."""
    ticks = 0
    for one in (running.process.pid, *running.workers(), *others):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(running: Running, clients: int, seconds: float, customers: int, name: str) -> Measured:
    """Ask for some seconds with so many clients at once."""
    told: list[list[float]] = [[] for _ in range(clients)]
    before, begun = processor_seconds(running, []), time.perf_counter()
    threads = [
        threading.Thread(target=ask_until, args=(running, requests_of(running, customers, f"{name}-{one}"),
                                                 begun + seconds, told[one]))
        for one in range(clients)
    ]  # fmt: skip
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    took = time.perf_counter() - begun
    times = [each for one in told for each in one]
    return Measured(len(times), took, processor_seconds(running, []) - before, times)


def prepare(location: str) -> Service:
    """A service with the standard policy and so many good customers."""
    service = start_real_service(location)
    with service.held.database.write() as work:
        for number in range(CUSTOMERS):
            work.customers.put(Customer(f"B-{number}", name="Vale Trading", currency="CNY", country="CN", facts=GOOD,
                                        limit=GrantedLimit("amount", 10**11)))  # fmt: skip
        work.invoices.add_many([
            Invoice(f"B-{number}", f"I-{number}-{n}", 10**6, "CNY", date(2026, 1, n), date(2026, 2, n), paid)
            for number in range(CUSTOMERS) for n in range(1, 6) for paid in [date(2026, 2, n)]
        ], date(2026, 11, 1))  # fmt: skip
    return service


def closed(service: Service) -> Service:
    """The same, with nothing open."""
    service.held.policies.close()
    service.held.database.dispose()
    return service


@contextmanager
def both(kind: str, folder: Path, server: postgres.Server | None) -> Iterator[tuple[Running, Running]]:
    """The service and the bare view, each on a database of its own and ready."""
    with ExitStack() as running:
        found = []
        for name, program in (("ours", ""), ("bare", BARE)):
            place = folder / f"{kind}-{name}"
            place.mkdir()
            service = prepare(server.fresh() if server else str(place / "aval.db"))
            if program:
                recorded = record_once(service)
                (place / "bytes.json").write_bytes(recorded)
            closed(service)
            environment = {"AVAL_BENCH_BYTES": str(place / "bytes.json")} if program else {}
            found.append(running.enter_context(serving(service, place, program=program, **environment)))
        yield found[0], found[1]


def record_once(service: Service) -> bytes:
    """The bytes that one decision stores, as JSON."""
    answer = service.decide(an_order("1.00", "B-1"), "once")
    assert answer.status_code == 201, answer.data
    with service.held.database.read() as work:
        stored = work.decisions.find("order_system-1", "once")
    assert stored is not None
    return json.dumps({"response": stored.response.decode(), "facts": json.dumps(stored.facts),
                       "outcome": json.dumps(stored.outcome)}).encode()  # fmt: skip


def compare(kind: str, asked: argparse.Namespace, folder: Path, server: postgres.Server | None) -> None:
    """Both sides in turns, on one hot customer and on many."""
    with both(kind, folder, server) as sides:
        for customers in (CUSTOMERS, 1):
            found: dict[str, list[Measured]] = {"ours": [], "bare": []}
            for turn in range(asked.rounds + 1):
                for name, running in zip(found, sides, strict=True):
                    seconds = asked.seconds if turn else 1.0
                    one = measure(running, asked.clients, seconds, customers, f"{customers}-{turn}")
                    if turn:  # the first round warms up
                        found[name].append(one)
            tell(kind, customers, found)


def tell(kind: str, customers: int, found: dict[str, list[Measured]]) -> None:
    """The medians of both sides and how they stand to each other."""
    whom = "one hot customer" if customers == 1 else f"{customers:,} customers"
    for name, rounds in found.items():
        print(f"{kind:10} {whom:17} {name}: {median(one.rate for one in rounds):7.0f}/s"
              f"  p50 {median(median(one.times) for one in rounds) * 1e3:6.1f} ms"
              f"  p99 {median(one.slowest for one in rounds):6.1f} ms"
              f"  processor {median(one.each for one in rounds):6.0f} us"
              f"  ({sum(one.answered for one in rounds)})")  # fmt: skip
    ours, bare = found["ours"], found["bare"]
    pairs = list(zip(ours, bare, strict=True))
    print(f"{kind:10} {whom:17} ours of bare: {median(a.rate / b.rate for a, b in pairs):.0%} of the rate, "
          f"{median(b.each / a.each for a, b in pairs):.0%} by processor time")  # fmt: skip


def main() -> None:
    """Compare on the kinds that were asked for, then say where the time goes."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--seconds", type=float, default=4.0)
    words.add_argument("--clients", type=int, default=8)
    words.add_argument("--only", choices=["sqlite", "postgresql"])
    words.add_argument("--parts", action="store_true", help="only count statements and say where the time goes")
    asked = words.parse_args()
    libraries = ", ".join(f"{one} {version(one)}" for one in ("flask", "gunicorn", "sqlalchemy", "psycopg"))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
          f"Python {platform.python_version()}, {libraries}")  # fmt: skip
    why = postgres.missing()
    server = None if why or asked.only == "sqlite" else postgres.Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for kind in [asked.only] if asked.only else ["sqlite", "postgresql"]:
                if kind == "postgresql" and server is None:
                    print(f"postgresql skipped: {why}")
                    continue
                of_kind = server if kind == "postgresql" else None
                for line in parts(kind, Path(folder), of_kind):
                    print(line)
                if not asked.parts:
                    compare(kind, asked, Path(folder), of_kind)
    finally:
        if server is not None:
            server.stop()


def parts(kind: str, folder: Path, server: postgres.Server | None) -> list[str]:
    """The statements of one decision, and where the time of many goes."""
    service = prepare(server.fresh() if server else str(folder / "parts.db"))
    try:
        return [f"{kind}: {line}" for line in (*statements_of(service), *profile_of(service))]
    finally:
        closed(service)


if __name__ == "__main__":
    main()
