"""The same tables on other engines, each by the fastest correct use of it that we found.

zen-engine: `engine.evaluate` with a loader (a decision object made beforehand is three to six times slower), facts as
a dict and as JSON bytes. datalogic-py: rules compiled once, one session. durable_rules: as most people use it, one
ruleset a table, the message written by json.dumps. Each answers the tuple of `workload.answer`.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from tests.benchmarks.workload import CHECKS, SECURITY, TERMS, Answer, Facts, Line, derived, tiers, verdict

Decide = Callable[[Facts], Answer]
NAMES = [line.gives[0] for line in CHECKS]
SEVERITY = {line.gives[0]: line.gives[1] for line in CHECKS}
_serial = itertools.count()


def zen(rows: int, as_bytes: bool = False) -> Decide:
    """GoRules Zen: the whole policy as one graph inside the engine."""
    import zen as library

    engine = library.ZenEngine({"loader": {"type": "static", "content": {"policy": _graph(rows)}}})
    evaluate = engine.evaluate
    if as_bytes:
        import orjson

        dumps = orjson.dumps
        return lambda facts: _tuple(evaluate("policy", dumps(facts))["result"])
    return lambda facts: _tuple(evaluate("policy", facts)["result"])


def _tuple(found: dict[str, Any]) -> Answer:
    return (found["verdict"], found["tier"], found["net_days"], found["discount"], found["prepayment"], found["letter"],
            found["guarantee"], tuple(found["reasons"]))


def _graph(rows: int) -> dict[str, Any]:
    figures = [("headroom", "limit - exposure - amount"), ("cover", "insured_limit - amount"),
               ("over_90", "(exposure + amount) * 100 > limit * 90"), ("over_100", "exposure + amount > limit")]
    worst = "some(hits, #.severity == 'deny') ? 'deny' : some(hits, #.severity == 'refer') ? 'refer' : 'approve'"
    ending = [("verdict", worst), ("reasons", "map(hits, #.code)")]
    ending += [(name, name) for name in ("tier", "net_days", "discount", "prepayment", "letter", "guarantee")]
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "content": {}},
        _expressions("figures", figures, True),
        _table("tier", tiers(rows), ("tier",)),
        _table("terms", TERMS, ("net_days", "discount")),
        _table("security", SECURITY, ("prepayment", "letter", "guarantee")),
        {**(checks := _table("checks", CHECKS, ("code", "severity"))),
         "content": {**checks["content"], "hitPolicy": "collect", "outputPath": "hits"}},
        _expressions("ending", ending, False),
        {"id": "out", "name": "out", "type": "outputNode", "content": {}},
    ]
    names = [node["id"] for node in nodes]
    edges = [{"id": f"e{n}", "sourceId": a, "targetId": b, "type": "edge"}
             for n, (a, b) in enumerate(itertools.pairwise(names))]
    return {"nodes": nodes, "edges": edges}


def _expressions(name: str, pairs: list[tuple[str, str]], keep: bool) -> dict[str, Any]:
    lines = [{"id": f"{name}{n}", "key": key, "value": value} for n, (key, value) in enumerate(pairs)]
    content = {"expressions": lines, "passThrough": keep, "inputField": None, "outputPath": None,
               "executionMode": "single"}
    return {"id": name, "name": name, "type": "expressionNode", "content": content}


def _table(name: str, lines: list[Line], outputs: tuple[str, ...]) -> dict[str, Any]:
    facts = list(dict.fromkeys(test[0] for line in lines for test in line.tests))
    rules = []
    for number, line in enumerate(lines):
        cells = {f"i_{fact}": _cell([test for test in line.tests if test[0] == fact]) for fact in facts}
        gives = {f"o_{output}": json.dumps(value) for output, value in zip(outputs, line.gives, strict=True)}
        rules.append({"_id": f"{name}{number}", **cells, **gives})
    content = {
        "hitPolicy": "first", "rules": rules, "passThrough": True, "inputField": None, "outputPath": None,
        "executionMode": "single", "inputs": [{"id": f"i_{fact}", "name": fact, "field": fact} for fact in facts],
        "outputs": [{"id": f"o_{output}", "name": output, "field": output} for output in outputs],
    }
    return {"id": name, "name": name, "type": "decisionTableNode", "content": content}


def _cell(tests: list[Any]) -> str:
    if not tests:
        return ""
    if len(tests) == 2:
        ends = {op: value for _, op, value in tests}
        return f"[{ends['>=']}..{ends['<']})"
    _, op, value = tests[0]
    if op == "in":
        return ", ".join(json.dumps(one) for one in value)
    return json.dumps(value) if op == "==" else f"{op} {json.dumps(value)}"


def datalogic(rows: int) -> Decide:
    """datalogic-py: JSONLogic compiled once; row numbers come back and are looked up in Python."""
    import datalogic_py as library

    table = tiers(rows)
    engine = library.Engine(templating=True)
    used, limit = {"+": [{"var": "exposure"}, {"var": "amount"}]}, {"var": "limit"}
    figures = engine.compile({
        "headroom": {"-": [limit, used]}, "cover": {"-": [{"var": "insured_limit"}, {"var": "amount"}]},
        "over_90": {">": [{"*": [used, 100]}, {"*": [limit, 90]}]}, "over_100": {">": [used, limit]},
    })
    tier = engine.compile(_chain(table))
    hits = [{"if": [_all(line), number, -1]} for number, line in enumerate(CHECKS)]
    rest = engine.compile([_chain(TERMS), _chain(SECURITY), *hits])
    session = engine.session()

    def decide(facts: Facts) -> Answer:
        known = dict(facts)
        known.update(session.evaluate(figures, facts))
        known["tier"] = table[session.evaluate(tier, known)].gives[0]
        term, secured, *found = session.evaluate(rest, known)
        reasons = tuple(NAMES[number] for number in found if number >= 0)
        return (verdict([SEVERITY[name] for name in reasons]), known["tier"], *TERMS[term].gives,
                *SECURITY[secured].gives, reasons)

    return decide


def _all(line: Line) -> dict[str, Any]:
    tests = [{"in": [{"var": fact}, list(value)]} if op == "in" else {op: [{"var": fact}, value]}
             for fact, op, value in line.tests]
    return tests[0] if len(tests) == 1 else {"and": tests}


def _chain(lines: list[Line]) -> dict[str, Any]:
    parts: list[Any] = []
    for number, line in enumerate(lines):
        if not line.tests:
            return {"if": [*parts, number]}
        parts += [_all(line), number]
    return {"if": [*parts, -1]}


def durable_rules(rows: int) -> Decide:
    """durable_rules as most people use it: a ruleset a table, a fact asserted and retracted, json.dumps each time."""
    import durable_rules_engine as library

    table = tiers(rows)
    rulesets = [_ruleset(library, lines) for lines in (table, TERMS, SECURITY, CHECKS)]
    serial = itertools.count(1)

    def decide(given: Facts) -> Answer:
        facts = {**derived(given), "id": str(next(serial)), "sid": "1"}
        facts["tier"] = table[min(_fired(library, rulesets[0], json.dumps(facts)))].gives[0]
        message = json.dumps(facts)
        term, secured = (min(_fired(library, ruleset, message)) for ruleset in rulesets[1:3])
        reasons = tuple(NAMES[number] for number in sorted(_fired(library, rulesets[3], message)))
        return (verdict([SEVERITY[name] for name in reasons]), facts["tier"], *TERMS[term].gives,
                *SECURITY[secured].gives, reasons)

    return decide


def _ruleset(library: Any, lines: list[Line]) -> int:
    ops = {">=": "$gte", "<=": "$lte", ">": "$gt", "<": "$lt"}
    rules = {}
    for number, line in enumerate(lines):
        tests: list[dict[str, Any]] = [
            {"$or": [{fact: one} for one in value]} if op == "in"
            else {fact: value} if op == "==" else {ops[op]: {fact: value}}
            for fact, op, value in line.tests
        ] or [{"$ex": {"score": 1}}]
        rules[f"r{number}"] = {"all": [{"m": {"$and": tests} if len(tests) > 1 else tests[0]}], "pri": number}
    return int(library.create_ruleset(f"peer{next(_serial)}", json.dumps(rules)))


def _fired(library: Any, ruleset: int, message: str) -> list[int]:
    found = []
    code, state = library.assert_fact(ruleset, message)
    if not code:
        action = library.start_action_for_state(ruleset, state)
        while action:
            text = action[1] if isinstance(action, tuple) else action
            found.append(int(text[3 : text.index('"', 3)]))
            if isinstance(action, tuple):
                library.update_state(ruleset, action[0])
            action = library.complete_and_start_action(ruleset, state)
    library.retract_fact(ruleset, message)
    return found
