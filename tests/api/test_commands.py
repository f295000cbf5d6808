"""The command line as people and scripts use it: exit codes, what stands on stdout, complaints of one line."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.commands import COMMANDS, cli
from tests.cost import least

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "policy" / "library"
STANDARD = str(LIBRARY / "standard.yaml")
HEAVY = ("sqlalchemy", "alembic", "flask", "flask_smorest", "marshmallow", "lark", "durable_rules_engine", "gunicorn",
         "rich", "yaml", "policy", "rules", "storage")  # fmt: skip
HELP_SECONDS = 0.4  # of the processor
FACTS = """\
customer.score: 70
customer.months_trading: 30
customer.average_days_late: 3
customer.court_cases: 0
customer.insolvent: false
customer.annual_revenue: 100_000_000
limit.granted: 500_000
account.exposure: 400_000
order.amount: 120_000
invoices: []
earlier_orders: [{placed_on: 2026-11-22, unsecured_amount: 10_000}]
"""


def aval(*args: str) -> Result:
    """One call of the command line, inside this process."""
    return CliRunner().invoke(cli, args, prog_name="aval")


def real(*args: str) -> subprocess.CompletedProcess[str]:
    """One call of the command line in a process of its own."""
    code = "from api.commands import main; main()"
    return subprocess.run([sys.executable, "-c", code, *args], cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    path = tmp_path / "facts.yaml"
    path.write_text(FACTS, "utf-8")
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    text = Path(STANDARD).read_text("utf-8")
    text = text.replace("customer.score >= 80", "customer.scor >= 80").replace("net 60,", "net sixty,")
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = str(tmp_path / "aval.db")
    assert aval("db", "upgrade", "--database", path).exit_code == 0
    return path


# help


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    code = ("import sys\nfrom api.commands import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
            f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)\n")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert done.stderr == "[]\n"


def test_the_check_for_heavy_modules_can_fail() -> None:
    code = f"import sys\nimport api.commands.check\nprint(sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert {"policy", "rules", "yaml"} <= set(json.loads(done.stdout.replace("'", '"')))


@pytest.mark.parametrize("args", [("key", "list"), ("person", "list"), ("reservations", "expire")])
def test_what_asks_the_database_alone_loads_no_server_and_no_language(args: tuple[str, ...], database: str) -> None:
    code = ("import sys\nfrom api.commands import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
            f"print(sorted({set(HEAVY)!r} & set(sys.modules)), file=sys.stderr)\n")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code, *args, "--database", database], cwd=ROOT, capture_output=True,
                          text=True, timeout=60)  # fmt: skip
    assert set(json.loads(done.stderr.replace("'", '"'))) <= {"rich", "sqlalchemy", "storage"}, done.stderr


def test_help_comes_at_once() -> None:
    def of_children() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    assert least(lambda: real("--help").check_returncode(), HELP_SECONDS, of_children) < HELP_SECONDS


def test_each_command_has_its_help() -> None:
    for name in COMMANDS:
        found = aval(name, "--help")
        assert found.exit_code == 0, (name, found.output)
        assert found.stdout.startswith(f"Usage: aval {name}")


# wrong use


@pytest.mark.parametrize(("args", "complaint"), [
    (["chek"], "aval: no such command 'chek'; see 'aval --help'"),
    (["check"], "aval: missing argument 'FILE...'; see 'aval check --help'"),
    (["check", "nothing.yaml"],
     "aval: there is no file 'nothing.yaml'; give the path of a policy, or of a folder of policies"),
    (["check", "--format", "xml", STANDARD],
     "aval: invalid value for '--format': 'xml' is not one of 'text', 'json'; see 'aval check --help'"),
    (["test", "--engine", "rete", STANDARD],
     "aval: invalid value for '--engine': 'rete' is not one of 'reference', 'agreement'; see 'aval test --help'"),
    (["decide", "--policy", STANDARD], "aval: missing option '--facts'; see 'aval decide --help'"),
    (["decide", "--policy", STANDARD, "--facts", "no.yaml"],
     "aval: there is no file 'no.yaml'; give the path of a file"),
    (["serve", "--port", "0"],
     "aval: invalid value for '--port': 0 is not in the range 1<=x<=65535; see 'aval serve --help'"),
    (["key", "list", "--database", "mysql://me:secret@host/x"],
     "aval: database 'mysql' is not known here; give a path, 'sqlite:///PATH' or 'postgresql://USER@HOST/NAME'"),
    (["serve", "--database", "postgresql://host/x"],
     "aval: a database server keeps no pepper; name its file with --pepper"),
])
def test_wrong_use_is_told_in_one_line_and_ends_with_2(args: list[str], complaint: str) -> None:
    found = aval(*args)
    assert (found.exit_code, found.stdout, found.stderr) == (2, "", complaint + "\n")


def test_no_command_at_all_shows_the_help_as_a_complaint() -> None:
    found = aval()
    assert (found.exit_code, found.stdout) == (2, "")
    assert "Commands:" in found.stderr


def test_a_folder_without_a_policy_is_wrong_use(tmp_path: Path) -> None:
    found = aval("check", str(tmp_path))
    assert found.exit_code == 2
    assert "has no policy" in found.stderr


def test_a_real_process_tells_no_traceback(tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("aval: 1\n")
    secret.chmod(0)
    done = real("check", str(secret))
    if os.geteuid() != 0:  # root reads everything
        assert done.returncode == 2
        assert done.stderr.startswith("aval: cannot read")
    assert "Traceback" not in done.stderr
    assert real("check", "nothing").stderr.count("\n") == 1


# check


def test_the_shipped_policies_have_no_findings() -> None:
    found = aval("check", str(LIBRARY))
    assert (found.exit_code, found.stderr) == (0, "")
    assert found.stdout == f"{len(list(LIBRARY.glob('*.yaml')))} files: 0 errors, 0 warnings\n"


def test_findings_of_several_files_are_told_one_per_line_with_the_summary_last(broken: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("aval: 1\naval: 1\n", "utf-8")
    found = aval("check", str(broken), STANDARD, str(other))
    *lines, summary = found.stdout.splitlines()
    assert found.exit_code == 1
    assert any(line.startswith(f"{broken}:") and "did you mean 'customer.score'" in line for line in lines)
    assert any(line.startswith(f"{broken}:") and ": terms: " in line for line in lines)
    assert any(line.startswith(f"{other}:") and ": duplicate-key: " in line for line in lines)
    found_ones = [line for line in lines if ": not looked at until " not in line]
    assert summary == f"3 files: {len(found_ones)} errors, 0 warnings"


def test_findings_for_machines_are_one_document(broken: Path) -> None:
    found = aval("check", "--format", "json", str(broken))
    told = json.loads(found.stdout)
    assert (found.exit_code, told["files"], told["errors"], told["warnings"]) == (1, 1, len(told["problems"]), 0)
    assert {"code", "severity", "file", "line", "column", "message", "help", "message_zh", "help_zh",
            "example"} == set(told["problems"][0])


def test_a_warning_does_not_fail(tmp_path: Path) -> None:
    text = Path(STANDARD).read_text("utf-8")
    path = tmp_path / "warned.yaml"
    path.write_text(text.replace("\ntiers:", "  forgotten: order.amount + order.prepaid\n\ntiers:", 1), "utf-8")
    found = aval("check", str(path))
    assert (found.exit_code, found.stdout.splitlines()[-1]) == (0, "1 file: 0 errors, 1 warning")
    assert "unused-fact" in found.stdout


def test_an_unknown_currency_is_told_once_and_not_at_every_amount(tmp_path: Path) -> None:
    path = tmp_path / "currency.yaml"
    path.write_text(Path(STANDARD).read_text("utf-8").replace("currency: CNY", "currency: CNX"), "utf-8")
    found = aval("check", str(path))
    assert found.stdout == (f"{path}:7:11: currency: 'CNX' is not a currency; did you mean 'CNY'?\n"
                            f"{path}: not looked at until the errors are mended: tiers, limits, terms, security, "
                            "checks, authority, escalation, promises\n"
                            "1 file: 1 error, 0 warnings\n")  # fmt: skip


def test_a_file_is_told_once_however_often_it_is_named(broken: Path) -> None:
    once, twice = aval("check", str(broken)), aval("check", str(broken), str(broken.parent), str(broken))
    assert once.stdout == twice.stdout


# test


@pytest.mark.parametrize("engine", ["reference", "agreement"])
def test_the_shipped_policies_pass_with_full_coverage(engine: str) -> None:
    found = aval("test", str(LIBRARY), "--engine", engine, "--require-coverage")
    assert found.exit_code == 0, found.stdout
    assert found.stdout.count("rows 100 %") == found.stdout.count("thresholds 100 %") == 3
    assert "FAILED" not in found.stdout


def test_a_failing_test_and_what_it_no_longer_shows_are_told(tmp_path: Path) -> None:
    path = tmp_path / "failing.yaml"
    text = Path(STANDARD).read_text("utf-8")
    path.write_text(text.replace("customer.score: 79}", "customer.score: 82}"), "utf-8")
    found = aval("test", str(path))
    assert found.exit_code == 1
    assert "verdict: wanted approve_with_conditions, found approve" in found.stdout
    assert f"{path}: 62 tests passed, 1 failed" in found.stdout
    assert f"{path}:26: no test shows: customer.score just below 80 (79)" in found.stdout


def test_thin_coverage_fails_only_where_it_is_required(tmp_path: Path) -> None:
    path = tmp_path / "thin.yaml"
    text = Path(STANDARD).read_text("utf-8")
    path.write_text(text.replace("customer.score: 79}", "customer.score: 78}"), "utf-8")
    assert aval("test", str(path)).exit_code == 0
    assert aval("test", str(path), "--require-coverage").exit_code == 1
    assert "thresholds" not in aval("test", str(path), "--no-coverage").stdout


def test_tests_for_machines_are_one_document(tmp_path: Path) -> None:
    path = tmp_path / "failing.yaml"
    text = Path(STANDARD).read_text("utf-8")
    path.write_text(text.replace("terms: net 60, longest: net 90", "terms: net 45, longest: net 90"), "utf-8")
    found = aval("test", "--json", str(path))
    told = json.loads(found.stdout)
    (file,) = told["files"]
    (failed,) = [test for test in file["tests"] if not test["passed"]]
    assert (found.exit_code, told["passed"]) == (1, False)
    assert failed["differences"] == [{"part": "terms", "wanted": "net 45", "found": "net 60"}]
    assert file["coverage"]["rows"]["percent"] == 100
    assert file["coverage"]["uncovered"] == []


def test_engines_that_differ_fail_every_test_they_differ_in(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from rules.durable import Durable, Judged

    honest = Durable.judge

    def other(self: Durable, facts: dict[str, object]) -> Judged:
        found = honest(self, facts)
        return replace(found, outcome=replace(found.outcome, longest="net 7"))

    monkeypatch.setattr(Durable, "judge", other)
    found = aval("test", STANDARD, "--engine", "agreement", "--no-coverage")
    assert found.exit_code == 1
    assert "answer: wanted a decision, found none, because the engines differ in longest" in found.stdout


def test_a_policy_with_errors_is_not_run(broken: Path) -> None:
    found = aval("test", str(broken))
    assert found.exit_code == 1
    assert "not run" in found.stdout.splitlines()[-1]
    assert "did you mean 'customer.score'" in found.stdout


# decide


def test_a_decision_for_people_says_why_and_what_to_bring(facts: Path) -> None:
    found = aval("decide", "--policy", STANDARD, "--facts", str(facts), "--as-of", "2026-11-23")
    lines = [" ".join(line.split()) for line in found.stdout.splitlines()]
    assert found.exit_code == 0, found.output
    assert {"verdict refer", "released by credit_manager", "terms net 30 (due on 2026-12-23)", "engines agreed",
            "or bank_guarantee 100% (CNY 120,000.00)", "room left CNY -20,000.00"} <= set(lines)  # fmt: skip
    assert "CNY 520,000.00 would be owed, CNY 500,000.00 is the limit: CNY 20,000.00 too much" in found.stdout


def test_a_decision_for_people_comes_in_chinese(facts: Path) -> None:
    found = aval("decide", "--policy", STANDARD, "--facts", str(facts), "--lang", "zh")
    assert "转人工审批" in found.stdout
    assert "订单后欠款 CNY 520,000.00" in found.stdout


def test_a_decision_for_machines_is_a_preview_in_the_agreed_shape(facts: Path) -> None:
    told = json.loads(aval("decide", "--policy", STANDARD, "--facts", str(facts), "--json").stdout)
    assert told["receipt"] is None
    decision = told["decision"]
    assert (decision["preview"], decision["verdict"], decision["reservation"]) == (True, "refer", None)
    assert decision["exposure"]["after"] == "520000.00"
    assert decision["policy"]["digest"].startswith("sha256:")


def test_the_day_is_that_of_the_call_then_of_the_facts_then_today(facts: Path) -> None:
    def day(*args: str) -> str:
        call = aval("decide", "--policy", STANDARD, "--facts", str(facts), "--json", *args)
        return str(json.loads(call.stdout)["decision"]["as_of"])

    assert day() >= "2026-01-01"
    facts.write_text(FACTS + "as_of: 2025-02-03\n", "utf-8")
    assert day() == "2025-02-03"
    assert day("--as-of", "2024-02-29") == "2024-02-29"


def test_facts_may_come_as_json(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"order.amount": "1200.50", "customer.months_trading": 3, "account.exposure": 0,
                                "limit.granted": "none", "customer.insolvent": False, "invoices": [],
                                "earlier_orders": [], "order.requested_terms": "net 30"}), "utf-8")  # fmt: skip
    told = json.loads(aval("decide", "--policy", STANDARD, "--facts", str(path), "--json").stdout)["decision"]
    assert (told["verdict"], told["tier"], told["missing"]) == ("approve_with_conditions", "new", [])
    assert told["conditions"] == [
        {"alternative": 1, "security": "bank_guarantee", "share": "100%", "amount": "1200.50"}
    ]


@pytest.mark.parametrize(("line", "finding"), [
    ("customer.scor: 70", ":1:1: unknown-fact: "),
    ("order.amount: 5,000", ":1:15: number: "),
    ("as_of: 2026-13-01", ":1:8: date: "),
    ("customer.insolvent: maybe", ":1:21: test-value: "),
    ("invoices: 3", ": test-value: "),
    ("a: &x 1", ": anchor: "),
    ("[1, 2]", ": wrong-shape: "),
    ("", ": empty-file: "),
])
def test_a_slip_in_the_facts_is_told_with_its_place_and_decides_nothing(
    facts: Path, line: str, finding: str
) -> None:
    facts.write_text(line + "\n", "utf-8")
    found = aval("decide", "--policy", STANDARD, "--facts", str(facts), "--json")
    assert found.exit_code == 1
    assert finding in found.stdout
    assert "nothing is decided" in found.stderr


def test_a_policy_with_errors_decides_nothing(broken: Path, facts: Path) -> None:
    found = aval("decide", "--policy", str(broken), "--facts", str(facts))
    assert found.exit_code == 1
    assert "verdict" not in found.stdout
    assert "decides nothing" in found.stderr


@pytest.mark.parametrize(("prepaid", "code"), [("120_000", 0), ("120_000.01", 2)])
def test_an_order_is_prepaid_up_to_its_amount(facts: Path, prepaid: str, code: int) -> None:
    facts.write_text(FACTS + f"order.prepaid: {prepaid}\n", "utf-8")
    found = aval("decide", "--policy", STANDARD, "--facts", str(facts), "--json")
    assert found.exit_code == code
    assert ("order.prepaid is more than order.amount; give at most the order's amount" in found.stderr) is (code > 0)


def test_facts_that_lead_beyond_the_calendar_are_told_in_one_line(facts: Path) -> None:
    found = aval("decide", "--policy", STANDARD, "--facts", str(facts), "--as-of", "9999-12-31")
    assert (found.exit_code, found.stdout, found.stderr.count("\n")) == (2, "", 1)
    assert "these facts cannot be decided" in found.stderr


def test_a_terminal_without_chinese_still_shows_the_decision(facts: Path) -> None:
    code = "from api.commands import main; main()"
    args = ("decide", "--policy", STANDARD, "--facts", str(facts), "--lang", "zh")
    done = subprocess.run([sys.executable, "-c", code, *args], cwd=ROOT, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "PYTHONIOENCODING": "ascii"})  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\u7ed3\\u8bba" in done.stdout


# key and db


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(database: str) -> None:
    made = aval("key", "create", "--role", "order_system", "--client", "erp", "--database", database)
    text = made.stdout.strip()
    prefix, secret = text.split("_")[1], text.split("_", 2)[2]
    assert made.exit_code == 0
    assert (text.startswith("aval_"), secret in made.stderr) == (True, False)
    listed = aval("key", "list", "--database", database)
    assert prefix in listed.stdout
    assert secret not in listed.stdout
    assert aval("key", "revoke", prefix, "--database", database).exit_code == 0
    again = aval("key", "revoke", prefix, "--database", database)
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)


def test_a_made_key_opens_the_door(database: str) -> None:
    from api.auth import identify
    from api.peppers import read_pepper
    from storage.engine import open_database

    text = aval("key", "create", "--role", "order_system", "--client", "erp", "--database", database).stdout.strip()
    opened = open_database(database)
    try:
        with opened.read() as work:
            found = identify(f"Bearer {text}", read_pepper(Path(database).with_suffix(".pepper")), work.keys.find)
    finally:
        opened.dispose()
    assert (found.client, found.role) == ("erp", "order_system")


def test_a_client_without_a_proper_name_gets_no_key(database: str) -> None:
    found = aval("key", "create", "--role", "admin", "--client", "two words", "--database", database)
    assert (found.exit_code, found.stdout, found.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("args", [["key", "list"], ["key", "revoke", "x"], ["serve"]])
def test_a_database_without_tables_is_not_made_by_the_way(args: list[str], tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    found = aval(*args, "--database", str(path))
    assert found.exit_code == 2
    assert f"run: aval db upgrade --database {path}" in found.stderr
    assert not path.exists()


def test_a_database_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("this is no database, but long enough to be read as one\n" * 50)
    found = aval("db", "upgrade", "--database", str(path))
    assert (found.exit_code, found.stderr.count("\n")) == (2, 1)
    assert found.stderr.startswith("aval: ")


def test_the_tables_are_brought_up_to_date_once(database: str) -> None:
    found = aval("db", "upgrade", "--database", database)
    assert (found.exit_code, found.stdout) == (0, f"{database}: was up to date\n")
