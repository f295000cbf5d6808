"""`make demo-evidence`: a policy by two people, a decision, its receipt and replay, an erasure; then a forgery.

Everything happens in a folder of its own, with the commands that an operator and an auditor type. The last step is what
a log alone cannot show, and what a checkpoint that somebody kept can.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from api.app import create_app
from api.commands import cli
from api.demo import prepare
from api.settings import Settings

Say = Callable[[str], None]
DATABASE = "demo.db"
PUBLISHED = "log run --once --checkpoints-to file:auditor/checkpoints.txt"
SETTINGS = Settings(database=DATABASE, pepper=b"p" * 32)
ORDER = {"id": "SO-1", "amount": "60000.00", "currency": "CNY", "requested_terms": "net 30", "prepaid": "0.00"}
FORGED = """
UPDATE decision SET verdict = 'deny',
  response = CAST(replace(CAST(response AS TEXT), '"verdict":"approve"', '"verdict":"deny"') AS BLOB)
WHERE verdict = 'approve' AND length(response) > 0
"""


def demonstrate(folder: Path, say: Say) -> bool:
    """Go through all steps in this folder; false where one of them did not come out as it must."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        steps = (publish, decide, receive, verify_good, erase, forge, verify_forged, cover_up)
        return all(step(say) for step in steps)
    finally:
        os.chdir(before)


def publish(say: Say) -> bool:
    """One person alone publishes nothing, by whatever name; two do."""
    prepare(SETTINGS, StringIO())
    passwords = json.loads(Path("demo/people.json").read_text("utf-8"))
    Path("policy.yaml").write_bytes(files("policy").joinpath("library/standard.yaml").read_bytes() + b"# ours\n")
    officer, approver = (passwords[f"demo-{who}"] for who in ("officer", "approver"))
    alone = aval(say, "policy publish policy.yaml --by demo-officer --approved-by demo-officer", officer, officer)[0]
    both = aval(say, "policy publish policy.yaml --by demo-officer --approved-by demo-approver", officer, approver)[0]
    return (alone, both) == (2, 0)


def decide(say: Say) -> bool:
    """The policy that was written by one person and approved by another decides an order."""
    app = create_app(SETTINGS)
    keys = json.loads(Path("demo/keys.json").read_text("utf-8"))
    client = app.test_client()

    def post(path: str, key: str, body: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {keys['order_system']}", "Idempotency-Key": key}
        return client.post(path, headers=headers, json=body).json

    other = post("/v1/decisions", "given-up", {"order": ORDER | {"id": "SO-0"}, "customer_id": "C-1001"})["decision"]
    post(f"/v1/reservations/{other['reservation']['id']}/void", "void", {})
    Path("voided").write_text(other["decision_id"])
    decision = post("/v1/decisions", "demo", {"order": ORDER, "customer_id": "C-1001", "facts": {}})["decision"]
    Path("decision").write_text(decision["decision_id"])
    say(f"# an order of CNY 60,000.00 is decided: {decision['verdict']}; another one was given up")
    app.extensions["aval"].policies.close()
    app.extensions["aval"].database.dispose()
    return bool(decision["verdict"] == "approve")


def receive(say: Say) -> bool:
    """The log is signed, a checkpoint goes to somebody else, the decision is replayed, its evidence collected."""
    one = Path("decision").read_text()
    Path("public.key").write_text(aval(say, "log create-key --name demo.example/credit")[1])
    commands = (PUBLISHED, f"replay {one}", f"evidence {one} --out pack.zip")
    return all(aval(say, command)[0] == 0 for command in commands)


def verify_good(say: Say) -> bool:
    """The auditor checks an export with the public key and the checkpoint that was kept."""
    return exported_and_verified(say, "--older auditor/checkpoints.txt") == 0


def erase(say: Say) -> bool:
    """An order that was given up is forgotten on request, one that is held is kept; all verifies as before."""
    auditor = json.loads(Path("demo/people.json").read_text("utf-8"))["demo-auditor"]
    held = Path("decision").read_text()
    say("# somebody asks to be forgotten: what is held is kept, what was given up is erased, every proof stays good")
    command = "erase decision {} --by demo-auditor --reason asked"
    kept = aval(say, command.format(held), auditor)[0]
    gone = aval(say, command.format(Path("voided").read_text()), auditor)[0]
    aval(say, PUBLISHED)
    return (kept, gone) == (2, 0) and exported_and_verified(say, "--older auditor/checkpoints.txt") == 0


def forge(say: Say) -> bool:
    """Somebody who owns the database takes its guards away and turns the approval into a denial."""
    say("# somebody drops the database's triggers and turns the approval into a denial")
    with sqlite3.connect(DATABASE) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        changed = raw.execute(FORGED).rowcount
    raw.close()
    return changed == 1


def verify_forged(say: Say) -> bool:
    """The check names the decision and the parts of it that are not as they were logged."""
    return exported_and_verified(say, "") == 1


def cover_up(say: Say) -> bool:
    """The forger also makes the log anew and holds the key: the log alone is good again, the kept checkpoint is not."""
    say("# the forger writes the whole log anew, and even holds the key that signs it")
    with sqlite3.connect(DATABASE) as raw:
        raw.execute("DELETE FROM log_queue")
        raw.execute("INSERT INTO log_queue SELECT place, at FROM log_entry WHERE entry_id <> (SELECT decision_id FROM "
                    "decision WHERE verdict = 'deny')")  # fmt: skip
        for table in ("log_leaf", "log_tile", "log_head", "log_checkpoint"):
            raw.execute(f"DELETE FROM {table}")
    raw.close()
    Path("demo.log-key.last").unlink()
    aval(say, "log run --once")
    alone = exported_and_verified(say, "")
    return alone == 0 and exported_and_verified(say, "--older auditor/checkpoints.txt") == 1


def exported_and_verified(say: Say, more: str) -> int:
    """The exit code of an auditor's check of a fresh export."""
    aval(say, "log export log.jsonl")
    return aval(say, f"log verify log.jsonl --key public.key {more}".strip())[0]


def aval(say: Say, command: str, *typed: str) -> tuple[int, str]:
    """Run a command with what is typed, and say what it printed; its exit code and its standard output."""
    say(f"$ aval {command}")
    lines = "".join(f"{line}\n" for line in typed)
    done = CliRunner(env={"AVAL_DATABASE": DATABASE}).invoke(cli, command.split(), input=lines)
    for line in done.output.splitlines():
        say(line)
    return done.exit_code, done.stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        sys.exit(0 if demonstrate(Path(made), print) else 1)
