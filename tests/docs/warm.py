"""A process that has imported every command once and forks for each call, so that a page's commands start at once.

A call still runs in a process of its own, with its own folder, environment, streams, arguments and exit code; only the
imports are done before. `test_warm.py` holds that it prints and ends as a call from cold does. The caller's own streams
go over the socket to the child. The process ends when its standard input does, so it never outlives the tests.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

LATER = ("api.app", "api.serve", "rules.prove", "rich.table", "holidays.registry", "lark", "alembic.command")
# As an interpreter opens them in the readers' locale, where they lead to no terminal.
STREAMS: list[dict[str, Any]] = [
    {"mode": "r", "errors": "surrogateescape", "encoding": "utf-8"},
    {"mode": "w", "errors": "surrogateescape", "encoding": "utf-8"},
    {"mode": "w", "errors": "backslashreplace", "encoding": "utf-8", "buffering": 1},
]
ENOUGH = 1 << 16
# What stands on the reader's path as `aval`: an interpreter without its library's site, which starts at once.
CALLER = """#!{python} -IS
import json, os, socket, sys
call = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
with socket.socket(socket.AF_UNIX) as door:
    door.connect({door!r})
    socket.send_fds(door, [len(call).to_bytes(4, "big")], [0, 1, 2])
    door.sendall(call)
    code = door.recv(1)
sys.exit(code[0] if code else "aval: the process that runs the commands is gone")
"""


class Warm:
    """The process, and the folder with the `aval` that calls it."""

    def __init__(self) -> None:
        """Start it and wait until it listens."""
        self._folder = tempfile.TemporaryDirectory(prefix="aval-")
        self.folder = Path(self._folder.name)
        caller = self.folder / "aval"
        caller.write_text(CALLER.format(python=sys.executable, door=str(self.folder / "door")), "utf-8")
        caller.chmod(0o755)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.docs.warm", str(self.folder / "door")], cwd=Path(__file__).parents[2],
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

        atexit.register(self.close)

    def close(self) -> None:
        """End the process and take the folder away."""
        self._process.communicate()
        self._folder.cleanup()

    @property
    def pid(self) -> int:
        """The number of the process that forks."""
        return self._process.pid


@cache
def warm() -> Warm:
    """The one process of these tests, started when a page is first read."""
    return Warm()


def import_all() -> None:
    """Load every command, what commands load while they run, and the grammar of lines, which takes as long."""
    from api.commands import COMMANDS

    for module in [place.partition(":")[0] for place, _ in COMMANDS.values()] + list(LATER):
        import_module(module)
    vocabulary = import_module("rules.facts").trade_vocabulary()
    import_module("policy").load_policy(b"aval: 1\nlet:\n  x: 1 + 1\n", "x.yaml", vocabulary)


def serve(path: str) -> None:
    """Fork for each call, until standard input ends; comes back only in the process of a call, ready to run it."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(8)
        os.write(1, b"ready\n")
        while True:
            ready, _, _ = select.select([listening.fileno(), 0], [], [])
            if 0 in ready:
                os._exit(0)
            calling, _ = listening.accept()
            waiting = os.fork()
            if waiting == 0 and _become(calling):
                return
            calling.close()
            _reap()


def _become(calling: socket.socket) -> bool:
    """In the child: fork once more; that one is the command, and this one tells the caller how it ended."""
    command = os.fork()
    if command:
        _, status = os.waitpid(command, 0)
        code = os.waitstatus_to_exitcode(status)
        calling.sendall(bytes([code if code >= 0 else 128 - code]))
        os._exit(0)
    head, streams, _, _ = socket.recv_fds(calling, 4, 3)
    size, text = int.from_bytes(head, "big"), b""
    while len(text) < size:
        text += calling.recv(ENOUGH)
    arguments, folder, environment = json.loads(text)
    calling.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = (open(number, **STREAMS[number]) for number in range(3))  # noqa: SIM115
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["aval", *arguments]
    return True


def _reap() -> None:
    """Let the children that are done go."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def run() -> None:
    """The command itself; its process goes as soon as its exit handlers are done, not taking apart what it shares."""
    from api.commands import main

    try:
        main()
    except SystemExit as ended:
        if not isinstance(ended.code, int):
            raise
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended.code)


if __name__ == "__main__":
    import_all()
    gc.freeze()  # what is loaded stays as it is, so that a child need not copy it
    serve(sys.argv[1])
    run()
