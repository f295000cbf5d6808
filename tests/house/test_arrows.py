"""The arrows between the folders hold, and the check that says so can fail.

The arrows themselves are contracts in setup.cfg; here they are run on the project, and on a copy that breaks each one.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import PACKAGES, ROOT, Source, python_under

PURE = ("policy", "credit", "rules")
UNCERTAIN = {"random", "secrets", "uuid", "logging", "socket", "urllib", "http"}
ASKED = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("os", "environ"),
         ("os", "getenv"), ("time", "time"), ("time", "time_ns"), ("time", "monotonic")}  # fmt: skip

BAD_LINES = {
    "policy/bad_upward.py": "import rules.outcome\n",
    "policy/bad_sideways.py": "import credit\n",
    "storage/bad_neighbour.py": "import rules.outcome\n",
    "api/bad_sql.py": "import sqlalchemy\n",
    "rules/bad_rete.py": "import durable_rules_engine\n",
    "rules/bad_web.py": "import flask\n",
    "policy/bad_grammar.py": "import lark\n",
    "api/bad_markup.py": "import defusedxml\n",
    "api/bad_sign_on.py": "import authlib\n",
    "api/bad_prover.py": "import z3\n",
    "api/client/bad_neighbour.py": "import api.errors\n",
    "api/bad_client.py": "import api.client.service\n",
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """The import contract, run in a folder."""
    code = "import sys; from importlinter.cli import lint_imports_command as main; main()"
    command = [sys.executable, "-c", code, "--config", "setup.cfg", "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def impurities(source: Source) -> list[str]:
    """Where a file asks the world for what it should be handed: clock, chance, environment, log."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [(node.module or "").split(".")[0]]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if (owner, node.attr) in ASKED:
                found.append(f"{source.path}:{node.lineno}: {owner}.{node.attr}")
            continue
        else:
            continue
        found += [f"{source.path}:{node.lineno}: import {name}" for name in names if name in UNCERTAIN]
    return found


def test_the_import_contract_holds() -> None:
    run = lint_imports(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.slow
def test_the_import_contract_finds_every_kind_of_wrong_arrow(tmp_path: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    for name, line in BAD_LINES.items():
        (tmp_path / name).write_text(line, "utf-8")
    run = lint_imports(tmp_path)
    assert run.returncode == 1, run.stdout + run.stderr
    for name in BAD_LINES:
        assert name.removesuffix(".py").replace("/", ".") in run.stdout, run.stdout
    contracts = re.findall(r"^name = (.+)$", (ROOT / "setup.cfg").read_text("utf-8"), re.MULTILINE)[1:]
    assert len(contracts) == 11
    assert [name for name in contracts if f"{name} BROKEN" not in run.stdout] == []


def test_language_business_and_engines_ask_nothing_of_the_world() -> None:
    assert [line for source in python_under(*PURE) for line in impurities(source)] == []


def test_the_reader_finds_a_clock_and_a_dice() -> None:
    bad = "import random\nimport datetime, os\ndatetime.now()\ndatetime.datetime.now()\nos.environ\n"
    assert sorted(impurities(Source("credit/x.py", bad))) == [
        "credit/x.py:1: import random", "credit/x.py:3: datetime.now", "credit/x.py:4: datetime.now",
        "credit/x.py:5: os.environ",
    ]  # fmt: skip
    assert impurities(Source("credit/x.py", "import datetime\nday = datetime.date(2026, 1, 1)\n")) == []
