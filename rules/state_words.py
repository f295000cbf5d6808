"""States that stay in sentences: what enters and leaves one, and what a decision made of it."""

from __future__ import annotations

from collections.abc import Iterator

from policy.program import First, Program
from policy.state_rules import StateRule
from rules.edge_words import EdgeWords
from rules.states import StateNow

TEXTS = {
    "en": {"enter": "state {name} (line {line}): entered where {condition}",
           "leave": "state {name} (line {line}): left only where {condition}",
           "active": "state {name}: active since {since}",
           "entered": "state {name}: entered now, for {why}", "left": "state {name}: left now, for {why}",
           "needed": "still needed to leave: {lines}", "unknown": "an unknown day", "between": "; "},
    "zh": {"enter": "状态 {name}（文件第 {line} 行）：当 {condition} 时进入",
           "leave": "状态 {name}（文件第 {line} 行）：仅当 {condition} 时离开",
           "active": "状态 {name}：自 {since} 起有效",
           "entered": "状态 {name}：现在进入，因为 {why}", "left": "状态 {name}：现在离开，因为 {why}",
           "needed": "离开尚需：{lines}", "unknown": "未知日期", "between": "；"},
}  # fmt: skip
WAYS = ("enter", "leave")


def ways_of(program: Program, state: StateRule) -> Iterator[tuple[str, int, int]]:
    """How a state is entered and left: the word, the node of the condition, and the line in the file."""
    for way in WAYS:
        table = program.nodes[program.tables[f"{state.table}.{way}"]]
        assert isinstance(table, First)
        yield way, table.rows[0].condition, table.rows[0].line


def way_sentence(program: Program, name: str, way: str, condition: int, line: int, language: str) -> str:
    """What enters a state, or ends it, in one sentence."""
    words = EdgeWords(program, language).condition(condition)
    return TEXTS[language][way].format(name=name, line=line, condition=words)


def now_sentences(now: StateNow, language: str) -> Iterator[str]:
    """What a decision made of a state; nothing of one that has nothing to do with it."""
    texts = TEXTS[language]
    if not (now.active or now.was_active):
        return
    way = "entered" if now.entered else "left" if now.left else "active"
    since = texts["unknown"] if now.since is None else now.since.isoformat()
    yield texts[way].format(name=now.name, why=texts["between"].join(now.why), since=since)
    if now.to_leave:
        yield texts["needed"].format(lines=texts["between"].join(now.to_leave))
