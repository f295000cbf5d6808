"""Files and functions stay small enough to be read in one go; there is no list of exceptions."""

from __future__ import annotations

from tests.house.sources import PACKAGES, ROOT, Source, functions, python_under

FILE_LINES = 400
TEST_FILE_LINES = 600
FUNCTION_LINES = 60
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc", "tools"}


def too_long(source: Source) -> list[str]:
    """What in one file is over its limit, in words."""
    allowed = TEST_FILE_LINES if source.is_test else FILE_LINES
    lines = source.text.count("\n")
    found = [f"{source.path}: {lines} lines, {allowed} allowed"] if lines > allowed else []
    for function in functions(source.tree):
        assert function.end_lineno is not None
        length = function.end_lineno - function.lineno + 1
        if length > FUNCTION_LINES:
            place = f"{source.path}:{function.lineno}: {function.name}"
            found.append(f"{place} has {length} lines, {FUNCTION_LINES} allowed")
    return found


def test_no_file_and_no_function_is_too_long() -> None:
    sources = python_under(*PACKAGES, "tests")
    assert len(sources) > 10
    assert [line for source in sources for line in too_long(source)] == []


def test_no_grammar_is_too_long() -> None:
    long = [path.name for path in (ROOT / "policy").glob("*.lark") if path.read_text("utf-8").count("\n") > FILE_LINES]
    assert long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = [source.path for source in python_under(*PACKAGES, "tests")]
    assert [name for name in names if set(name.removesuffix(".py").split("/")) & EMPTY_NAMES] == []


def test_the_counter_finds_a_long_file_and_lets_the_limit_pass() -> None:
    assert too_long(Source("policy/x.py", "a = 1\n" * FILE_LINES)) == []
    assert too_long(Source("policy/x.py", "a = 1\n" * (FILE_LINES + 1))) == ["policy/x.py: 401 lines, 400 allowed"]
    assert too_long(Source("tests/x.py", "a = 1\n" * (FILE_LINES + 1))) == []


def test_the_counter_finds_a_long_function_inside_a_class() -> None:
    at_limit = "class A:\n    def f(self):\n" + "        a = 1\n" * (FUNCTION_LINES - 1)
    assert too_long(Source("rules/x.py", at_limit)) == []
    assert too_long(Source("rules/x.py", at_limit + "        a = 1\n")) == ["rules/x.py:2: f has 61 lines, 60 allowed"]
