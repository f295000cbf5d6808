"""What officers read: findings in lower case without a full stop, no words of the machine, every code in use."""

from __future__ import annotations

import ast
import re

from policy.problems import CODES
from tests.house.sources import Source, python_under

MACHINE_WORDS = re.compile(
    r"\b(int|str|dict|tuple|bool|float|NoneType|None|True|False|Fraction|Decimal|frozenset|[A-Z][A-Za-z]*Error|Exception)\b"
)
CAPITAL = re.compile(r"[A-Z](?![A-Z0-9])")  # but "YAML tags" may open so
KEBAB = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
Text = ast.Constant | ast.JoinedStr


def is_text(node: ast.expr) -> bool:
    """Whether an argument is written as a text, with or without places to fill in."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def written(node: ast.expr) -> str:
    """A text as the reader sees it, `{}` where a value comes."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.JoinedStr)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)


def alternatives(node: ast.expr) -> list[ast.expr]:
    """The texts an argument may be: itself, or either side of a choice."""
    if isinstance(node, ast.IfExp):
        return alternatives(node.body) + alternatives(node.orelse)
    return [node] if is_text(node) else []


def findings(source: Source) -> list[tuple[int, str, list[str]]]:
    """Every call that makes a finding: its line, its code and its texts (message, then help)."""
    found = []
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        arguments = [*node.args, *(k.value for k in node.keywords if k.arg in ("code", "message", "help"))]
        at = [n for n, a in enumerate(arguments) if isinstance(a, ast.Constant) and a.value in CODES]
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if not at or not (called == "Problem" or len(arguments) > at[0] + 1):
            continue
        texts = [written(text) for argument in arguments[at[0] + 1 :] for text in alternatives(argument)]
        code = arguments[at[0]]
        assert isinstance(code, ast.Constant)
        found.append((node.lineno, str(code.value), [text for text in texts if " " in text]))
    return found


def faults(source: Source) -> list[str]:
    """What is wrong with the wording of one file's findings."""
    told = []
    for line, code, texts in findings(source):
        for text in texts:
            place = f"{source.path}:{line}: {code}: {text!r}"
            if CAPITAL.match(text):
                told.append(f"{place} opens with a capital")
            if text.rstrip().endswith(".") and not text.endswith("..."):
                told.append(f"{place} ends in a full stop")
            if MACHINE_WORDS.search(text):
                told.append(f"{place} uses a word of the machine")
    return told


def unused_codes(sources: list[Source]) -> list[str]:
    """Codes that no line of source can ever tell."""
    said = {
        node.value
        for source in sources
        if source.path != "policy/problems.py"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return sorted(set(CODES) - said)


def test_findings_are_worded_as_the_house_words_them() -> None:
    assert [line for source in python_under("policy", "rules", "api") for line in faults(source)] == []


def test_codes_are_kebab_case_and_explained() -> None:
    assert [code for code in CODES if not KEBAB.fullmatch(code)] == []
    assert [code for code, told in CODES.items() if not told or CAPITAL.match(told) or told.endswith(".")] == []


def test_every_code_is_told_somewhere() -> None:
    assert unused_codes(python_under("policy", "rules", "api")) == []


def test_the_reader_finds_bad_wording() -> None:
    bad = 'Problem("kind", at, "This is wrong", f"give {x} a str.")\nself.tell("unit", at, message="no unit given.")\n'
    told = faults(Source("policy/x.py", bad))
    assert [line.split(":")[1] for line in told] == ["1", "1", "1", "2"]
    assert [line.rsplit("' ", 1)[1] for line in told] == [
        "opens with a capital", "ends in a full stop", "uses a word of the machine", "ends in a full stop",
    ]  # fmt: skip


def test_the_reader_lets_good_wording_pass() -> None:
    good = "Problem('kind', at, f\"'{name}' is a date, not days\", 'write days_between(a, b)')\n"
    assert findings(Source("policy/x.py", good))
    assert faults(Source("policy/x.py", good)) == []


def test_a_code_that_nobody_tells_is_found() -> None:
    assert "kind" in unused_codes([Source("policy/x.py", "a = 1\n"), Source("policy/problems.py", "a = 'kind'\n")])
    assert "kind" not in unused_codes([Source("policy/x.py", "a = 'kind'\n")])
