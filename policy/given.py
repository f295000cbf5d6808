"""A file of facts, written as `given` of a test is: read by the same strict loader and typed by the same policy.

So a fact that a test may give can be tried on the command line as it stands, and a slip in it is told with its place.
"""

from __future__ import annotations

from dataclasses import replace

from policy.check import check
from policy.document import Policy, TestWritten, Word
from policy.meaning import CheckedTest
from policy.problems import Problem, errors, in_order
from policy.source import Mapping, read_source
from policy.vocabulary import Vocabulary


def read_given(
    source: bytes, file: str, policy: Policy, vocabulary: Vocabulary
) -> tuple[CheckedTest | None, tuple[Problem, ...]]:
    """The facts and lists of a YAML or JSON file, None where it has errors; and every finding about it.

    `policy` is one that loaded without errors: it says which facts there are and of which kind.
    """
    node, problems = read_source(source, file)
    if node is None:
        return None, problems
    if not isinstance(node, Mapping):
        told = Problem("wrong-shape", node.at, "a file of facts is a block of names and values",
                       "write lines such as 'customer.score: 85'")  # fmt: skip
        return None, (*problems, told)
    name = Word(file, node.at)
    given = tuple((Word(key.text, key.at), value) for key, value in node.entries)
    checked, meanings = check(replace(policy, tests=(TestWritten(name, False, None, given, ()),)), vocabulary)
    found = tuple(in_order((*problems, *(one for one in meanings if one.where.file == file))))
    return (None if errors(found) else checked.tests[0]), found
