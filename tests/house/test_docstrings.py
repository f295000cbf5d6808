"""Every module says why it is here, and every public name says in a sentence what it does."""

from __future__ import annotations

import ast
import re

from tests.house.sources import PACKAGES, Source, python_under

# A capital, a digit, a quoted word or another script opens a sentence; a stop, a question or a colon closes it.
SENTENCE = re.compile(r"""^[^a-z\s][\s\S]*[.?!:)`"]$""")


def untold(source: Source) -> list[str]:
    """Modules, public classes and public functions of one file without a sentence."""
    tree = source.tree
    found = [] if is_sentence(ast.get_docstring(tree)) else [f"{source.path}: the module has no opening sentence"]
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not is_sentence(ast.get_docstring(node)):
            found.append(f"{source.path}:{node.lineno}: {node.name} has no opening sentence")
    return found


def is_sentence(docstring: str | None) -> bool:
    """Whether the first paragraph reads as a sentence: two words at least, with a beginning and an end."""
    paragraph = (docstring or "").split("\n\n")[0].strip()
    return bool(SENTENCE.match(paragraph)) and (len(paragraph.split()) >= 2 or not paragraph.isascii())


def test_every_module_and_every_public_name_opens_with_a_sentence() -> None:
    sources = python_under(*PACKAGES)
    assert len(sources) > 10
    assert [line for source in sources for line in untold(source)] == []


def test_every_test_module_says_what_it_holds() -> None:
    assert [s.path for s in python_under("tests") if not is_sentence(ast.get_docstring(s.tree))] == []


def test_the_reader_finds_what_is_not_told() -> None:
    bad = '"""lower case and no stop"""\ndef shown(): ...\nclass Kept:\n    """Todo."""\ndef _hidden(): ...\n'
    assert untold(Source("credit/x.py", bad)) == [
        "credit/x.py: the module has no opening sentence",
        "credit/x.py:2: shown has no opening sentence",
        "credit/x.py:3: Kept has no opening sentence",
    ]


def test_the_reader_lets_good_sentences_pass() -> None:
    good = '"""Why this is here.\n\nmore"""\ndef shown():\n    """The amount that is owed.\n\n    Units: days."""\n'
    assert untold(Source("credit/x.py", good)) == []
