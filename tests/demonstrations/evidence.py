"""`make demo-evidence`: a policy by two people, a decision, its receipt and replay; then somebody changes the database.

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
from io import StringIO
from pathlib import Path

from click.testing import CliRunner

from api.app import create_app
from api.commands import cli
from api.demo import prepare
from api.settings import Settings

Say = Callable[[str], None]
DATABASE = "demo.db"
ORDER = {"id": "SO-1", "amount": "60000.00", "currency": "CNY", "requested_terms": "net 30", "prepaid": "0.00"}
FORGED = """
UPDATE decision SET verdict = 'deny',
  response = CAST(replace(CAST(response AS TEXT), '"verdict":"approve"', '"verdict":"deny"') AS BLOB)
WHERE verdict = 'approve'
"""


def demonstrate(folder: Path, say: Say) -> bool:
    """Go through all steps in this folder; false where one of them did not come out as it must."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        return all(step(say) for step in (decide, receive, verify_good, forge, verify_forged, cover_up))
    finally:
        os.chdir(before)


def decide(say: Say) -> bool:
    """The shipped policy, written by one person and approved by another, decides an order."""
    settings = Settings(database=DATABASE, pepper=b"p" * 32)
    prepare(settings, StringIO())
    app = create_app(settings)
    keys = json.loads(Path("demo/keys.json").read_text("utf-8"))
    headers = {"Authorization": f"Bearer {keys['order_system']}", "Idempotency-Key": "demo"}
    answer = app.test_client().post("/v1/decisions", headers=headers,
                                    json={"order": ORDER, "customer_id": "C-1001", "facts": {}})  # fmt: skip
    decision = answer.json["decision"]  # type: ignore[index]
    Path("decision").write_text(decision["decision_id"])
    say(f"# an order of CNY 60,000.00 is decided: {decision['verdict']}")
    app.extensions["aval"].policies.close()
    app.extensions["aval"].database.dispose()
    return bool(decision["verdict"] == "approve")


def receive(say: Say) -> bool:
    """The log is signed, a checkpoint goes to somebody else, the decision is replayed, its evidence collected."""
    one = Path("decision").read_text()
    Path("public.key").write_text(aval(say, "log create-key --name demo.example/credit")[1])
    kept = "log run --once --checkpoints-to file:auditor/checkpoints.txt"
    commands = (kept, f"replay {one}", f"evidence {one} --out pack.zip")
    return all(aval(say, command)[0] == 0 for command in commands)


def verify_good(say: Say) -> bool:
    """The auditor checks an export with the public key and the checkpoint that was kept."""
    return exported_and_verified(say, "--older auditor/checkpoints.txt") == 0


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


def aval(say: Say, command: str) -> tuple[int, str]:
    """Run a command and say what it printed; its exit code and its standard output."""
    say(f"$ aval {command}")
    done = CliRunner(env={"AVAL_DATABASE": DATABASE}).invoke(cli, command.split())
    for line in done.output.splitlines():
        say(line)
    return done.exit_code, done.stdout


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        sys.exit(0 if demonstrate(Path(made), print) else 1)
