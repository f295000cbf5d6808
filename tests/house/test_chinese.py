"""Every finding can be read in Chinese: each text that makes one is in the catalogue, or this says what to add."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from policy.chinese import ARROW, FOLDER, PLACE, entries, in_chinese
from policy.dmn.findings import CODES as DMN_CODES
from policy.load import load_policy
from policy.problems import CODES, Problem
from rules.facts import trade_vocabulary
from rules.letter_findings import CODES as LETTER_CODES
from rules.proving import all_findings
from tests.house.sources import ROOT, Function, Source, functions, python_under

ALL_CODES = CODES | DMN_CODES | LETTER_CODES
BROKEN = sorted((ROOT / "tests" / "conformance" / "broken").glob("*.yaml"))
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
# Words that no line of a policy has outside quotes, so that a text with one of them is a sentence left in English.
ENGLISH = re.compile(
    r"(?<![A-Za-z_.])(?:the|(?<!in )an? [a-z]{2,}|this|that|which|it|its|no|has|have|needs|must|cannot|and|but|here"
    r"|write|add|take|give|only|one of|both|each|other|stands|found|wanted|did you)(?![A-Za-z_.:])"
)
WORDS = re.compile("[a-z]{2}.* | .*[a-z]{2}")  # a single word is mostly one of the language's own
WHERE = {"policy/dmn": "dmn", "policy/analysis": "analysis", "rules/letter": "letters", "api/letter": "letters",
         "rules": "analysis", "policy/expression": "lines", "policy/line_slips": "lines", "policy/diff": "reports",
         "api/commands": "reports"}  # fmt: skip


def text_of(node: ast.expr) -> str | None:
    """A written text with its places numbered, None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    places = iter(range(10))
    parts = (str(part.value) if isinstance(part, ast.Constant) else f"{{{next(places)}}}" for part in node.values)
    return "".join(parts)


def texts(node: ast.expr, named: dict[str, list[ast.expr]], depth: int = 0) -> Iterator[tuple[int, str]]:
    """The texts that an argument may be, with those put into them: either side of a choice, and what a name holds."""
    if isinstance(node, ast.IfExp):
        yield from texts(node.body, named, depth)
        yield from texts(node.orelse, named, depth)
    elif isinstance(node, ast.Name) and depth < 4:
        for value in named.get(node.id, []):
            yield from texts(value, named, depth + 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "did_you_mean":
        for value in node.args[2:]:
            yield from texts(value, named, depth)
    elif (text := text_of(node)) is not None:
        yield node.lineno, text.strip()
        for part in node.values if isinstance(node, ast.JoinedStr) else ():
            if isinstance(part, ast.FormattedValue):
                yield from texts(part.value, named, depth)


def named_in(function: Function) -> dict[str, list[ast.expr]]:
    """What each name of a function is set to."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=True))
                for name, value in pairs:
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, []).append(value)
    return found


def told(source: Source) -> list[tuple[int, str]]:
    """Every text of a file's findings, message and help, with its line; single words are left to the catalogue."""
    scopes = [(function, named_in(function)) for function in functions(source.tree)]
    found = []
    for function, named in scopes:
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                found += [text for argument in arguments(node) for text in texts(argument, named)]
    return sorted({(line, text) for line, text in found if WORDS.search(PLACE.sub("", text))})


def arguments(call: ast.Call) -> list[ast.expr]:
    """What a call that makes a finding says: everything behind its code; what `said` and `change` tell: the first."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if called in ("said", "change", "FeelError", "Inexact") and call.args:
        return call.args[:1]
    if called == "refuse" and isinstance(call.func, ast.Attribute):  # of a translation, which knows code and place
        return call.args
    given = [*call.args, *(word.value for word in call.keywords if word.arg in ("code", "message", "help"))]
    at = [number for number, one in enumerate(given) if any(code in ALL_CODES for code in codes(one))]
    return given[at[0] + 1 :] if at and len(given) > at[0] + 1 else []


def codes(node: ast.expr) -> list[str]:
    """The codes that an argument may be."""
    if isinstance(node, ast.IfExp):
        return codes(node.body) + codes(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def lacking(source: Source, known: dict[str, str]) -> list[str]:
    """For each text without Chinese: where it stands, and the line to add."""
    area = next((file for path, file in WHERE.items() if source.path.startswith(path)), "document")
    return [
        f"{source.path}:{line}: add to policy/wording_zh/{area}.txt the line\n{text}{ARROW}中文"
        for line, text in told(source)
        if text not in known
    ]


def english_left(problem: Problem) -> list[str]:
    """Words of a sentence that the Chinese of a finding still has outside quotes."""
    chinese = f"{in_chinese(problem.message)} {in_chinese(problem.help)}"
    return ENGLISH.findall(QUOTED.sub("", chinese))


def test_every_text_of_a_finding_has_its_chinese() -> None:
    known = entries()
    sources = [one for one in python_under("policy", "rules", "api") if "policy" in one.text]
    faults = [fault for source in sources for fault in lacking(source, known)]
    assert not faults, "texts without Chinese; {0} is the first value:\n" + "\n".join(faults)


def test_every_code_has_its_chinese() -> None:
    known = entries()
    faults = [f"{meaning}{ARROW}中文" for meaning in ALL_CODES.values() if meaning not in known]
    assert not faults, "add to policy/wording_zh/codes.txt:\n" + "\n".join(faults)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_the_findings_of_a_broken_policy_are_chinese(path: object) -> None:
    data = (ROOT / "tests" / "conformance" / "broken" / getattr(path, "name", "")).read_bytes()
    found = all_findings(load_policy(data, "policy.yaml", trade_vocabulary()))
    left = [f"{one.message}; {one.help}\n  is shown as {in_chinese(one.message)}；{in_chinese(one.help)}"
            for one in found if english_left(one)]  # fmt: skip
    assert not left, "add what is still English to policy/wording_zh/*.txt:\n" + "\n".join(left)


def test_the_catalogue_is_whole() -> None:
    lines = [line for path in sorted(FOLDER.glob("*.txt")) for line in path.read_text("utf-8").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in lines if line.count(ARROW) != 1 or not line.partition(ARROW)[2]] == []
    english = [line.partition(ARROW)[0] for line in lines]
    assert sorted({one for one in english if english.count(one) > 1}) == []


def test_the_chinese_shows_every_value_that_the_english_shows() -> None:
    shown = {text: [{number for _, number in PLACE.findall(one)} for one in (text, chinese)]
             for text, chinese in entries().items()}  # fmt: skip
    assert [text for text, (english, chinese) in shown.items() if english != chinese] == []


def test_the_reader_finds_a_text_without_chinese() -> None:
    source = Source("policy/x.py", 'def f(a, at):\n    told = "new here" if a else "known"\n'
                    '    note("kind", at, f"\'{a}\' is {told} now", "say so")\n')  # fmt: skip
    assert [fault.splitlines()[1] for fault in lacking(source, {"say so": "请说明"})] == [
        f"new here{ARROW}中文", f"'{{0}}' is {{1}} now{ARROW}中文",
    ]  # fmt: skip


def test_a_sentence_left_in_english_is_found() -> None:
    assert english_left(Problem("kind", None, "the cat has no 'hat'"))  # type: ignore[arg-type]


def test_the_reader_finds_the_texts_of_a_dmn_import() -> None:
    source = Source("policy/dmn/x.py", 'def f(here, a, at):\n    raise refuse("dmn-xml", at, "bad file", "mend it")\n'
                    'def g(here, a):\n    raise FeelError(f"\'{a}\' is bad", 0)\n'
                    'def h(here):\n    raise here.refuse("a bad column", "leave it")\n')  # fmt: skip
    assert [fault.splitlines()[1].removesuffix(f"{ARROW}中文") for fault in lacking(source, {})] == [
        "bad file", "mend it", "'{0}' is bad", "a bad column", "leave it",
    ]  # fmt: skip
