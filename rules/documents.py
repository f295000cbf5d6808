"""Which documents are on file, too old or not enough, and what is still to bring: told, not decided.

The engines decide by the checks of documents; this reads the same conditions and facts again to say why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from credit.decision import CheckEntry, DocumentEntry, DocumentMayBe
from policy.asked_documents import DocumentPart, check_name, fact_name, table_name
from policy.documents import SCALE
from policy.program import Program
from rules.arithmetic import add_months
from rules.reference import Evaluation

TOLD = {
    "good": ("'{name}' is on file", "文件“{name}”已备"),
    "missing": ("'{name}' is not on file; wanted: {wanted}", "缺少文件“{name}”；要求：{wanted}"),
    "too_old": ("'{name}' of {dated_on} is too old; wanted: {wanted}",
                "文件“{name}”（{dated_on}）已过期；要求：{wanted}"),
    "not_enough": ("'{name}' on file is not enough; wanted: {wanted}", "文件“{name}”不符合要求：{wanted}"),
}  # fmt: skip
WANTED = {
    "not_older_than": ("not older than {}", "{}以内"), "months": ("{} months covered", "覆盖 {} 个月"),
    "years": ("{} years covered", "覆盖 {} 年"), "quality": ("{}", "质量 {}"),
}  # fmt: skip
ANY = ("any", "任意")


def documents_of(program: Program, facts: Mapping[str, Any]) -> tuple[DocumentEntry, ...]:
    """Every document that a fitting row requires, or a row of which it is not known whether it fits."""
    found, evaluation = [], Evaluation(program.nodes, program.tables, facts)
    for asked in program.documents:
        parts = _fitting(evaluation, asked.required)
        if parts:
            on_file = _on_file(program, asked.name, facts)
            status = _status(asked.name, parts, facts)
            found.append(DocumentEntry(asked.name, status, _wanted(program, parts, facts), on_file))
    return tuple(found)


def may_be_required(program: Program, facts: Mapping[str, Any]) -> tuple[DocumentMayBe, ...]:
    """The documents that a fitting row leaves to a person, each with the role that may ask for it."""
    found, evaluation = [], Evaluation(program.nodes, program.tables, facts)
    for asked in program.documents:
        parts = _fitting(evaluation, asked.may)
        if parts:
            role = next((part.set_by for part in parts if part.set_by), None)
            found.append(DocumentMayBe(asked.name, role, _wanted(program, parts, facts)))
    return tuple(found)


def of_document(program: Program, documents: tuple[DocumentEntry, ...], check: CheckEntry) -> CheckEntry:
    """The check of a document with its own message and its row among the documents; every other check as it is."""
    named = {check_name(asked.name): asked for asked in program.documents}
    if check.check not in named or check.rule is None:
        return check
    rule = {"row": rows_of(program).index(check.rule["line"]) + 1, "line": check.rule["line"]}
    entry = next((one for one in documents if check_name(one.document) == check.check), None)
    if entry is None:
        return replace(check, rule=rule)
    languages = program.wording.title or ("en",)
    return replace(check, rule=rule, message={language: said(entry, language == "zh") for language in languages})


def rows_of(program: Program) -> list[int]:
    """The lines of the rows of documents, in the order of the file."""
    return sorted({part.line for asked in program.documents for part in (*asked.required, *asked.may)})


def wanted_words(program: Program, parts: list[DocumentPart], chinese: bool) -> str:
    """What rows want of a document, in words; "" where any will do."""
    return _words(_wanted(program, parts, {}), chinese)


def without_documents(
    entries: Sequence[DocumentEntry], missing: Sequence[str], chinese: bool
) -> tuple[str, ...]:
    """What is missing, where a document that is not good stands with what is wanted of it, in place of its facts."""
    lacking = [entry for entry in entries if entry.status != "good"]
    facts = tuple(fact_name(entry.document, "") for entry in lacking)
    rows = {f"no_row:{table_name(entry.document)}" for entry in lacking}
    others = [name for name in missing if name not in rows and not name.startswith(facts)]
    named = {like(entry.document, _words(entry.wanted, chinese), chinese) for entry in lacking}
    return tuple(sorted({*named, *others}))


def like(name: str, wanted: str, chinese: bool) -> str:
    """A document with what it must be like."""
    return f"{name}（{wanted}）" if wanted and chinese else f"{name} ({wanted})" if wanted else name


def _words(wanted: Mapping[str, object], chinese: bool) -> str:
    parts = [WANTED[key][chinese].format(_in_words(value, chinese)) for key, value in wanted.items()]
    return ("，" if chinese else ", ").join(parts)


def said(entry: DocumentEntry, chinese: bool) -> str:
    """Where a document stands, in a sentence."""
    wanted = _words(entry.wanted, chinese) or ANY[chinese]
    dated_on = (entry.on_file or {}).get("dated_on", "")
    return TOLD[entry.status][chinese].format(name=entry.document, wanted=wanted, dated_on=dated_on)


def _in_words(value: object, chinese: bool) -> str:
    """A number with its unit, or a quality, as people say it."""
    text = str(value)
    if not chinese:
        return text
    return text.replace(" months", " 个月").replace(" days", " 天").replace(" or better", " 或更好")


def _fitting(evaluation: Evaluation, parts: tuple[DocumentPart, ...]) -> list[DocumentPart]:
    return [part for part in parts if part.applies < 0 or evaluation.value(part.applies) is not False]


def _status(name: str, parts: list[DocumentPart], facts: Mapping[str, Any]) -> str:
    dated_on, as_of = facts.get(fact_name(name, "dated_on")), facts.get("as_of")
    if dated_on is None or (as_of is not None and dated_on > as_of):
        return "missing"
    if any(as_of is None or _last_day(dated_on, part) < as_of for part in parts if part.not_older_than is not None):
        return "too_old"
    return "good" if all(_enough(name, part, facts) for part in parts) else "not_enough"


def _enough(name: str, part: DocumentPart, facts: Mapping[str, Any]) -> bool:
    """Whether a document covers what a row wants, and is good enough; a missing value never is."""
    for attribute, least in (("months", part.months), ("years", part.years)):
        found = facts.get(fact_name(name, attribute))
        if least is not None and (found is None or found < least):
            return False
    rank = facts.get(fact_name(name, "quality"))
    return part.quality is None or (rank is not None and rank <= part.quality)


def _last_day(dated_on: int, part: DocumentPart) -> int:
    """The last day on which a document is still good."""
    assert part.not_older_than is not None
    if part.age_unit == "days":
        return dated_on + part.not_older_than
    return add_months(dated_on, part.not_older_than)


def _wanted(program: Program, parts: list[DocumentPart], facts: Mapping[str, Any]) -> dict[str, object]:
    """The stricter of each attribute."""
    wanted: dict[str, object] = {}
    aged = [part for part in parts if part.not_older_than is not None]
    if aged:
        today = facts.get("as_of")
        youngest = min(aged, key=lambda part: _last_day(today if isinstance(today, int) else 730_000, part))
        unit = youngest.age_unit if youngest.not_older_than != 1 else youngest.age_unit.removesuffix("s")
        wanted["not_older_than"] = f"{youngest.not_older_than} {unit}"
    for key in ("months", "years"):
        most = max((found for part in parts if (found := getattr(part, key)) is not None), default=None)
        wanted |= {} if most is None else {key: most}
    ranks = [part.quality for part in parts if part.quality is not None]
    return wanted | ({"quality": f"{_scale(program)[min(ranks) - 1]} or better"} if ranks else {})


def _on_file(program: Program, name: str, facts: Mapping[str, Any]) -> dict[str, object] | None:
    """What is known of the document; None where there is none."""
    dated_on = facts.get(fact_name(name, "dated_on"))
    if dated_on is None:
        return None
    found: dict[str, object] = {"dated_on": date.fromordinal(dated_on).isoformat()}
    for key in ("months", "years"):
        value = facts.get(fact_name(name, key))
        found |= {} if value is None else {key: value}
    rank = facts.get(fact_name(name, "quality"))
    return found | ({} if rank is None else {"quality": _scale(program)[rank - 1]})


def _scale(program: Program) -> tuple[str, ...]:
    return program.wording.scales[SCALE]

