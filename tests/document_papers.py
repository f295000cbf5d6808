"""Documents of the second evaluator: for each, whether it is there for every row that asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from policy.documents import DocumentRow, DocumentWanted
from tests.document_days import months_later

GRADES = ("audited", "reviewed", "compiled", "management")


def document_checks(papers: Any, rows: Sequence[DocumentRow]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Name, status and missing facts of each document's checks: first for the rows that refer, then that deny."""
    names = dict.fromkeys(one.name.text for row in rows for one in (*row.required, *row.may_require))
    found = []
    for name in names:
        asking = [(row, one) for row in rows for one in row.required if one.name.text == name]
        found += [(f"document_{name}", *told) for told in _of_one(papers, name, asking)]
    return found


def _of_one(papers: Any, name: str, asking: Sequence[tuple[DocumentRow, DocumentWanted]]) -> list[Any]:
    from tests.document_evaluator import Unknown, every, opposite, some

    lines = [True if row.when is None else papers.truth(row.when) for row, _ in asking]
    fits = [every([papers.within(row.scope), line]) for (row, _), line in zip(asking, lines, strict=True)]
    always = [row.when is None and (row.scope is None or row.scope.text == "all") for row, _ in asking]
    good = every([some([opposite(fit), _good(papers, name, one)]) for fit, (_, one) in zip(fits, asking, strict=True)])
    deny = [number for number, (row, _) in enumerate(asking) if row.if_absent == "deny"]
    refer = [number for number in range(len(asking)) if number not in deny]
    strict = some([fits[number] for number in deny])
    found = []
    if refer and not any(always[number] for number in deny):
        asked = every([some([fits[number] for number in refer]), opposite(strict)])
        found.append(_status(asked, good, "refer", name))
    if deny:
        found.append(_status(strict, good is True, "deny", name))
    return [told for told in found if not isinstance(told, Unknown)]


def _status(asked: Any, good: Any, verdict: str, name: str) -> tuple[str, tuple[str, ...]]:
    from tests.document_evaluator import Unknown

    if isinstance(asked, Unknown):
        return "not_evaluated", tuple(sorted(asked.why))
    if not asked:
        return "does_not_apply", ()
    if isinstance(good, Unknown):
        return "not_evaluated", tuple(sorted(good.why))
    if good:
        return "pass", ()
    return (verdict, ()) if verdict == "deny" else ("not_evaluated", (f"no_row:documents.{name}",))


def _good(papers: Any, name: str, wanted: DocumentWanted) -> Any:
    """Whether the paper on file is as one row wants it; unknown by the facts that are missing."""
    from tests.document_evaluator import Unknown, every

    def read(attribute: str) -> Any:
        return papers.fact(f"document.{name}.{attribute}", "count")

    def holds(values: Sequence[Any], test: Any) -> Any:
        reasons = [value.why for value in values if isinstance(value, Unknown)]
        return Unknown(frozenset().union(*reasons)) if reasons else test(*values)

    dated, today = read("dated_on"), papers.fact("as_of", "date")
    tests = [holds([dated, today], lambda day, now: day <= now)]
    if wanted.not_older_than is not None:
        age = Fraction(wanted.not_older_than)
        last = (lambda day: day + age) if wanted.age_unit == "days" else (lambda day: months_later(day, age))
        tests.append(holds([dated, today], lambda day, now: last(day) >= now))
    for attribute in ("months", "years"):
        least = getattr(wanted, attribute)
        if least is not None:
            tests.append(holds([read(attribute)], lambda covered, least=least: covered >= least))
    if wanted.quality is not None:
        least_rank = GRADES.index(wanted.quality.text) + 1
        tests.append(holds([read("quality")], lambda rank: rank <= least_rank))
    return every(tests)
