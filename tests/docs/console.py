"""Runs what a document shows: files it asks the reader to save, commands, and a server, each compared with its output.

A block's first line says what it is. `console` holds `$ command` lines (`> ` goes on with one) and what they print;
`console server` starts one command and leaves it running; `console paste` runs the request that the server printed; a
second word with a point in it, as in `yaml order.yaml`, is a file to save. `...` in expected output stands for any text
of a line, alone on a line for any lines. `! 1` after a command is its exit code.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.warm import warm

SHOWN = "127.0.0.1:8080"
MARK = "--- the command is done ---"
SECONDS_TO_START = 20


@dataclass(frozen=True)
class Block:
    """One fenced block: the words behind the fence, its text and the line it begins on."""

    words: tuple[str, ...]
    text: str
    line: int


@dataclass(frozen=True)
class Step:
    """One command, what it should print and the code it should end with."""

    command: str
    wanted: str
    code: int


def blocks_of(text: str) -> Iterator[Block]:
    """Every fenced block of a document."""
    for found in re.finditer(r"^```(\w[^\n`]*)\n(.*?)^```$", text, re.S | re.M):
        yield Block(tuple(found[1].split()), found[2], text.count("\n", 0, found.start()) + 1)


def steps_of(text: str) -> list[Step]:
    """The commands of a console block with their output."""
    steps: list[tuple[list[str], list[str], list[int]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append(([line[2:]], [], []))
        elif line.startswith("> ") and not steps[-1][1]:
            steps[-1][0].append(line[2:])
        elif re.fullmatch(r"! \d+", line):
            steps[-1][2].append(int(line[2:]))
        else:
            steps[-1][1].append(line)
    return [Step("\n".join(told), "\n".join(wanted), (code or [0])[0]) for told, wanted, code in steps]


def agrees(wanted: str, found: str) -> bool:
    """Whether output is what a document shows, blanks at the ends of lines aside."""
    lines = [re.escape(line.rstrip()).replace(r"\.\.\.", ".*") for line in wanted.strip("\n").splitlines()]
    pattern = "".join("(?:[^\n]*\n)*" if line == ".*" else f"{line}\n" for line in lines)
    tidy = "".join(f"{line.rstrip()}\n" for line in found.strip("\n").splitlines()) if found.strip("\n") else ""
    return re.fullmatch(pattern, tidy) is not None


class Reader:
    """A person in a folder of their own, with `aval` on the path, who does what a document says."""

    def __init__(self, folder: Path) -> None:
        """Open a shell in `folder`."""
        self._folder = folder
        self._port = _free_port()
        self._installed = Path(sys.executable).parent
        self._environment = {
            "PATH": os.pathsep.join([str(warm().folder), str(self._installed), os.environ["PATH"]]),
            "HOME": str(folder), "LC_ALL": "C.UTF-8",
        }  # fmt: skip
        self._shell = subprocess.Popen(["bash", "--norc", "--noprofile"], **self._pipes(), stdin=subprocess.PIPE)
        self._server: subprocess.Popen[str] | None = None
        self.printed = ""

    def _pipes(self) -> dict[str, object]:
        return {"cwd": self._folder, "env": self._environment, "text": True, "stdout": subprocess.PIPE,
                "stderr": subprocess.STDOUT}  # fmt: skip

    def follow(self, text: str) -> int:
        """Do everything a document says, in its order; the first output that differs fails. How many commands it says.
        """
        commands = 0
        for block in blocks_of(text):
            if block.words[0] == "console":
                for step in steps_of(block.text):
                    self._take(step, block)
                    commands += 1
            elif len(block.words) > 1 and "." in block.words[1]:
                here, _ = self._run("pwd")
                _save(Path(here.strip()) / block.words[1], block)
        return commands

    def close(self) -> None:
        """Stop the server and the shell."""
        if self._server is not None:
            self._server.terminate()
            self._server.communicate(timeout=SECONDS_TO_START)
        self._shell.communicate("exit\n", timeout=SECONDS_TO_START)

    def _take(self, step: Step, block: Block) -> None:
        if "server" in block.words:
            found, code = self._start(step.command), 0
        elif "paste" in block.words:
            found, code = self._run(self._printed_request() + " | python3 -m json.tool")
        else:
            found, code = self._run(step.command.replace(SHOWN, f"127.0.0.1:{self._port}"))
        found = found.replace(f"127.0.0.1:{self._port}", SHOWN)
        assert agrees(step.wanted, found), f"line {block.line}: $ {step.command}\nprinted\n{found}"
        assert code == step.code, f"line {block.line}: $ {step.command}\nended with {code} and printed\n{found}"

    def _run(self, command: str) -> tuple[str, int]:
        assert self._shell.stdin is not None and self._shell.stdout is not None
        self._shell.stdin.write(f"{command}\nprintf '\\n%s %s\\n' '{MARK}' $?\n")
        self._shell.stdin.flush()
        lines: list[str] = []
        for line in self._shell.stdout:
            if line.startswith(MARK):
                return "".join(lines), int(line.removeprefix(MARK))
            lines.append(line)
        raise AssertionError(f"the shell ended in: {command}")

    def _start(self, command: str) -> str:
        """Start the server of `make run` as the Makefile does, on a free port; gives what it printed."""
        assert command == "make run"
        self._server = subprocess.Popen(
            [self._installed / "aval", "serve", "--demo", "--port", self._port], **self._pipes()
        )
        assert self._server.stdout is not None
        for line in self._server.stdout:
            self.printed += line
            if "listening on" in line:
                self._wait()
                return self.printed
        raise AssertionError(f"the server ended and said\n{self.printed}")

    def _wait(self) -> None:
        until = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                with socket.create_connection(("127.0.0.1", int(self._port)), 1):
                    return
            except OSError:
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.05)

    def _printed_request(self) -> str:
        found = re.search(r"^curl .*?(?=\n\n)", self.printed, re.S | re.M)
        assert found, self.printed
        return found[0]


def _save(path: Path, block: Block) -> None:
    if block.words[0] == "diff":
        lines = block.text.splitlines(keepends=True)
        old, new = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
        text = path.read_text("utf-8")
        assert text.count(old) == 1, f"line {block.line}: {path.name} does not have once\n{old}"
        path.write_text(text.replace(old, new), "utf-8")
    elif "more" in block.words:
        path.write_text(path.read_text("utf-8") + block.text, "utf-8")
    else:
        path.write_text(block.text, "utf-8")


def _free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])
