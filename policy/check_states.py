"""States that stay: their names, facts and lists become known, and their lines may read what stands above them.

The stored state is a fact, and what comes of it is an output of a table of its own, which sections below read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policy.acts import LEAVE, is_asked
from policy.document import Policy
from policy.infer import Inference
from policy.meaning import ENTRIES, LEVELS, STATE, Names, Referent, Sort, names_in
from policy.problems import Problem
from policy.states import state_names
from policy.syntax import Condition, Expr, Name
from policy.vocabulary import FactDeclaration, ListDeclaration, Vocabulary

ACTIVE = "active"


def with_entries(policy: Policy, vocabulary: Vocabulary) -> Vocabulary:
    """The vocabulary with the list of entries of each state, for figures such as `count of entries of x ever`."""
    lists = [_entries(state.name.text) for state in policy.states]
    facts = {one.name: FactDeclaration(one.name, "list", "ledger", one.meaning, listing=one) for one in lists}
    return replace(
        vocabulary, facts={**vocabulary.facts, **facts}, lists={**vocabulary.lists, **{one.name: one for one in lists}}
    )


def _entries(state: str) -> ListDeclaration:
    fields = {
        "entered_on": FactDeclaration("entered_on", "date", "ledger", {"en": "the day it began", "zh": "进入日"}),
        "left_on": FactDeclaration("left_on", "date", "ledger", {"en": "the day it ended", "zh": "退出日"}),
    }
    meaning = {"en": f"each time that '{state}' was entered before this decision", "zh": f"此前每次进入“{state}”"}
    return ListDeclaration(f"{ENTRIES}{state}", fields, meaning, dated_by="entered_on")


def name_states(names: Names, problems: list[Problem]) -> None:
    """Fill in what lines may read of states, and find declared facts whose names states and acts have."""
    states = {state.name.text for state in names.policy.states}
    for written in names.policy.facts:
        name = written.name.text
        of_state = name.startswith(STATE) and name.removeprefix(STATE).split(".")[0] in states
        if of_state or is_asked(name):
            told = f"'{name}' is a name that states and acts have"
            problems.append(Problem("duplicate-name", written.name.at, told, "choose another name"))
    for state in names.policy.states:
        now, since, days = state_names(state.name.text)
        en, zh = f"'{state.name.text}' was active before this decision", f"此前处于“{state.name.text}”"
        names.facts[now] = FactDeclaration(now, "flag", "ledger", {"en": en, "zh": zh})
        names.facts[since] = FactDeclaration(since, "date", "ledger", {"en": "since when", "zh": "起始日"})
        level = LEVELS["states"]
        names.known[now] = Referent("output", "state", Sort("choice", (ACTIVE,)), level, now)
        names.known[since] = Referent("output", "since", Sort("date"), level, f"{now}.held")
        names.known[days] = Referent("output", "days", Sort("days"), level, f"{now}.held")


def check_states(inference: Inference) -> None:
    """The lines of every state, which may read facts and figures of facts, and what holds while it lasts."""
    policy = inference.names.policy
    inference.level = LEVELS["states"]
    for state in policy.states:
        for inference.reader, lines in (("'enter'", state.enter), (LEAVE, state.leave)):
            for line in lines:
                inference.condition(line.condition)
        inference.reader = ""
        if state.offered and "terms" not in policy.rows:
            told = f"'{state.name.text}' says which terms hold while it lasts, but the file has no section 'terms'"
            inference.note("missing-key", state.while_at, told, "add 'terms:', which says what holds else")


def reads_state(inference: Inference, node: Expr | Condition) -> Iterator[Name]:
    """The names under a formula or condition that lead to a state."""
    known: dict[str, bool] = {}
    for name in names_in(node):
        if _leads_to_state(inference, name.text, known):
            yield name


def _leads_to_state(inference: Inference, name: str, known: dict[str, bool]) -> bool:
    """Whether a name is a state, or a figure that reads one; each figure is looked at once, and circles end."""
    if name not in known:
        known[name] = name.startswith(STATE)
        let = inference.names.lets.get(name)
        if let is not None:
            known[name] = any(_leads_to_state(inference, one.text, known) for one in names_in(let.formula))
    return known[name]
