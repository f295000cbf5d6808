"""A decision for people in a terminal: the verdict first, then why, on which terms, and what is still to bring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.table import Table

from api.commands.terminal import terminal
from credit.decision import Condition, Decision, StateEntry, TermsOffered
from credit.exposure import Limit
from credit.money import Money
from credit.percent import percent_text
from policy.program import Program

VERDICTS = {
    "approve": "批准", "approve_with_conditions": "有条件批准", "refer": "转人工审批", "deny": "拒绝",
}  # fmt: skip
WORDS = {
    "verdict": "结论", "hard stop": "硬性拒绝", "tier": "客户等级", "terms": "付款条件", "due on": "到期日",
    "to bring": "需提供", "or": "或", "limit": "信用额度", "owed before": "订单前敞口", "owed after": "订单后敞口",
    "room left": "剩余额度", "released by": "审批权限", "missing": "缺失信息", "policy": "政策", "as of": "决策日",
    "engines": "引擎", "check": "检查", "status": "结果", "reason": "原因", "in advance": "预付",
    "state": "状态", "since": "起始日", "to leave": "离开尚需", "pay by": "付款方式", "ship when": "发货条件",
}  # fmt: skip
STATUSES = {
    "hard_stop": "硬性拒绝", "deny": "拒绝", "refer": "转审批", "not_evaluated": "未评估", "warn": "提醒",
    "pass": "通过", "does_not_apply": "不适用", "lifted": "已豁免",
}  # fmt: skip


def show(decision: Decision, program: Program, language: str) -> None:
    """Print a decision in a language; messages that the policy has not in it come in its first one."""
    out = terminal()
    head = Table(box=None, show_header=False)
    for name, value in _lines(decision, language):
        head.add_row(_word(name, language), value)
    out.print(head)
    checks = Table(*(_word(name, language) for name in ("check", "status", "reason")), box=None, pad_edge=True)
    for check in decision.checks:
        status = STATUSES[check.status] if language == "zh" else check.status.replace("_", " ")
        checks.add_row(check.check, status, _message(check.message, language))
    out.print()
    out.print(checks)


def _lines(decision: Decision, language: str) -> Iterator[tuple[str, str]]:
    verdict = decision.verdict
    yield "verdict", VERDICTS[verdict] if language == "zh" else verdict.replace("_", " ")
    if decision.hard_stop:
        yield "hard stop", "是" if language == "zh" else "yes"
    if decision.authority:
        yield "released by", decision.authority
    if decision.missing:
        yield "missing", ", ".join(decision.missing)
    yield "tier", decision.tier or "-"
    yield "terms", _terms(decision.terms, language)
    for number, told in enumerate(_alternatives(decision.conditions)):
        yield ("or" if number else "to bring"), told
    for state in decision.states or ():
        yield "state", _state(state, language)
    exposure = decision.exposure
    yield "limit", _amount(exposure.limit)
    yield "owed before", _amount(exposure.before)
    yield "owed after", _amount(exposure.after)
    yield "room left", _amount(exposure.headroom)
    yield "as of", decision.as_of.isoformat()
    yield "policy", f"{decision.policy.name} {decision.policy.digest[:19]}"
    yield "engines", decision.engines


def _terms(terms: TermsOffered | None, language: str) -> str:
    if terms is None:
        return "-"
    told = [] if terms.due_on is None else [f"{_word('due on', language)} {terms.due_on.isoformat()}"]
    told += [f"{_word(name, language)} {word}" for name, word in
             (("pay by", terms.pay_by), ("ship when", terms.ship_when)) if word]  # fmt: skip
    return f"{terms.offer} ({', '.join(told)})" if told else terms.offer


def _state(state: StateEntry, language: str) -> str:
    told = [] if state.since is None else [f"{_word('since', language)} {state.since.isoformat()}"]
    told += [f"{_word('to leave', language)} {'; '.join(state.to_leave)}"] if state.to_leave else []
    return f"{state.state} ({', '.join(told)})" if told else state.state


def _alternatives(conditions: tuple[Condition, ...]) -> Iterator[str]:
    for number in dict.fromkeys(one.alternative for one in conditions):
        yield ", ".join(_condition(one) for one in conditions if one.alternative == number)


def _condition(one: Condition) -> str:
    share = f"{one.security} {percent_text(one.share)}"
    return share if one.amount is None else f"{share} ({one.amount.display()})"


def _amount(value: Money | Limit | None) -> str:
    if isinstance(value, Limit):
        return str(value) if value.money is None else value.money.display()
    return "-" if value is None else value.display()


def _message(message: Mapping[str, str], language: str) -> str:
    return message.get(language) or next(iter(message.values()), "")


def _word(name: str, language: str) -> str:
    return WORDS[name] if language == "zh" else name
