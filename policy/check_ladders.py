"""Checking ladders: every step can happen, in the order in which it stands, and nobody is asked who does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from policy.check_roles import check_role
from policy.check_states import reads_state
from policy.day_formula import DayWritten, Mention
from policy.document import Word
from policy.infer import Inference
from policy.ladders import ActionWritten, LadderWritten, StepWritten
from policy.meaning import LEVELS, fact_referent, names_in
from policy.problems import Where
from policy.receivables import DateRule
from policy.resolve import ANY_SECTION
from policy.step_days import order_findings
from policy.subjects import DELIVERED
from policy.suggest import did_you_mean, listed
from policy.syntax import Condition, Expr, Name

NO_LADDER = "none"
MOST_SETTING = {"days": 3_650, "months": 120}


def check_ladders(inference: Inference) -> None:
    """Every ladder of the file, and which tier has which."""
    policy = inference.names.policy
    for ladder in policy.ladders:
        _ladder(inference, ladder)
    _ladders_of_tiers(inference)
    if policy.letters is not None and not policy.ladders:
        inference.note("missing-key", policy.letters.at, "'letters' puts the letters of ladders together, and the file "
                       "has no ladder", "add 'escalation', or take it out")  # fmt: skip


def _ladder(inference: Inference, ladder: LadderWritten) -> None:
    circle = _circle(ladder)
    if circle:
        at = next(step.day.at for step in ladder.steps if step.name.text == circle[0])
        inference.note("cycle", at, f"steps wait for each other: {' -> '.join(circle)}",
                       "one of them must count from something else")  # fmt: skip
    for number, step in enumerate(ladder.steps):
        for day in (step.day, step.until):
            if day is not None:
                check_business_days(inference, day)
                _mentions(inference, ladder, number, day, bool(circle))
        for action in step.does:
            _action(inference, action)
        if step.when is not None:
            check_item_condition(inference, step.when)
    if not circle and ladder.whole:
        inference.problems.extend(order_findings(ladder, lambda setting: days_of_setting(inference, setting)))


def check_business_days(inference: Inference, day: DayWritten) -> None:
    """Business days need a calendar to be those of a country."""
    if inference.names.policy.calendar is None and _counts_business_days(day.rule):
        inference.note("date-formula", day.at, "business days without a 'calendar' are Monday to Friday, holidays too",
                       "add calendar: CN, or the code of your country", "warning")  # fmt: skip


def _counts_business_days(rule: DateRule) -> bool:
    return rule.op == "add_business_days" or any(_counts_business_days(part) for part in rule.parts)


def _waits_for(step: StepWritten) -> list[str]:
    return [one.name for one in step.day.mentions if one.op in ("sent", "failed")]


def _circle(ladder: LadderWritten) -> list[str]:
    """The steps of a circle, the first again at the end; nothing where there is none. Every step is left once."""
    waits = {step.name.text: _waits_for(step) for step in ladder.steps}
    left: set[str] = set()
    for start in waits:
        path, ahead = ([start], [iter(waits[start])]) if start not in left else ([], [])
        while path:
            following = next((name for name in ahead[-1] if name in waits and name not in left), None)
            if following is None:
                left.add(path.pop())
                ahead.pop()
            elif following in path:
                return [*path[path.index(following) :], following]
            else:
                path.append(following)
                ahead.append(iter(waits[following]))
    return []


def _mentions(inference: Inference, ladder: LadderWritten, number: int, day: DayWritten, circle: bool) -> None:
    steps = {step.name.text: place for place, step in enumerate(ladder.steps)}
    for one in day.mentions:
        if one.op == "setting":
            days_of_setting(inference, one)
        elif one.op == "act":
            role = one.name.rsplit(" ", 1)[1]
            column = one.at.column + len(one.name) - len(role)
            check_role(inference, Word(role, Where(one.at.file, one.at.line, column)))
        elif one.op in ("sent", "failed") and one.name not in ladder.unread:
            _step_named(inference, ladder, number, one, steps, circle)


def _step_named(
    inference: Inference, ladder: LadderWritten, number: int, one: Mention, steps: dict[str, int], circle: bool
) -> None:
    if one.name not in steps:
        above = [step.name.text for step in ladder.steps[:number]]
        inference.note("unknown-step", one.at, f"the ladder '{ladder.name.text}' has no step '{one.name}'",
                       did_you_mean(one.name, above, f"one of: {listed(above)}" if above else "no step stands above"))
    elif steps[one.name] >= number and not circle:
        inference.note("step-order", one.at, f"'{one.name} {one.op}' comes later: the step stands below this one",
                       "a step counts from steps above it")  # fmt: skip
    elif not any(action.verb == "send" for action in ladder.steps[steps[one.name]].does):
        inference.note("step-never", one.at, f"the step '{one.name}' sends nothing, so '{one.name} {one.op}' never "
                       "happens", f"give '{one.name}' a letter, or count from something else")  # fmt: skip


def _action(inference: Inference, action: ActionWritten) -> None:
    vocabulary = inference.names.vocabulary
    if action.verb == "send" and action.who not in vocabulary.channels:
        inference.note("unknown-channel", action.who_at, f"'{action.who}' is not a way to send a letter",
                       did_you_mean(action.who, vocabulary.channels, f"one of: {listed(vocabulary.channels)}"))
    elif action.verb in ("task", "propose") and action.who:
        check_role(inference, Word(action.who, action.who_at))


def check_item_condition(inference: Inference, condition: Condition) -> None:
    """A condition on one invoice: it may read the invoice's fields, the account, the customer, tier and settings."""
    vocabulary = inference.names.vocabulary
    for subject, listing in vocabulary.items.items():
        fields = vocabulary.lists[listing].fields
        inference.item |= {f"{subject}.{name}": fact_referent(fact, "item") for name, fact in fields.items()}
    inference.level, inference.reader = LEVELS["limits"], "'escalation'"
    inference.condition(condition)
    inference.level, inference.reader, inference.item = ANY_SECTION, "", {}
    for name in reads_state(inference, condition):
        inference.note("not-yet-supported", name.at, f"a ladder cannot read '{name.text}' in this version",
                       "take the line out until it can")  # fmt: skip
    told: set[str] = set()
    for name, path in order_facts(inference, condition):
        if path not in told:
            told.add(path)
            inference.note("scope", name.at, f"{path} of an order, and a ladder runs long after it",
                           "use facts of the invoice, the account or the customer")  # fmt: skip


def order_facts(inference: Inference, node: Expr | Condition) -> Iterator[tuple[Name, str]]:
    """Each name under a condition that leads to a fact of an order, with the way it takes in words."""
    for name in names_in(node):
        way = _way_to_order(inference, name.text, [], set())
        if way:
            read = " reads ".join(f"'{step}'" for step in way)
            yield name, f"{read} is a fact" if len(way) == 1 else f"{read}, a fact"


def _way_to_order(inference: Inference, name: str, path: list[str], seen: set[str]) -> list[str]:
    if name.startswith("order."):
        return [*path, name]
    if any(f"settings.{one.name.text}" == name and one.on_shipment for one in inference.names.policy.settings):
        return [*path, name, DELIVERED]
    if name in seen:
        return []
    seen.add(name)
    inner: list[Expr | Condition] = []
    if (let := inference.names.lets.get(name)) is not None:
        inner.append(let.formula)
    elif name == "tier":
        inner += [row.when for row in inference.names.policy.rows.get("tiers", ()) if row.when is not None]
    for node in inner:
        for one in names_in(node):
            way = _way_to_order(inference, one.text, [*path, name], seen)
            if way:
                return way
    return []


def days_of_setting(inference: Inference, one: Mention) -> tuple[str, int] | None:
    """The days or months that a setting adds to a date, as (add_days | add_months, number)."""
    from policy.check_values import constant

    name = Name(one.name, one.at)
    sort = inference.formula(name)
    if sort is None:
        return None
    value = constant(inference, name)
    if sort.kind in ("days", "months") and value is not None and not 0 <= value <= MOST_SETTING[sort.kind]:
        inference.note("range", one.at, f"'{one.name}' is further away than any ladder or charge goes",
                       f"at most {MOST_SETTING[sort.kind]:_} {sort.kind}")  # fmt: skip
        return None
    if sort.kind not in ("days", "months") or value is None:
        wanted = "does not hold one number for all days" if sort.kind in ("days", "months") else "is not days or months"
        inference.note("unit", one.at, f"'{one.name}' {wanted}, so no date can count it",
                       "write the setting like 15 days, without dates")  # fmt: skip
        return None
    return f"add_{sort.kind}", int(value)


def _ladders_of_tiers(inference: Inference) -> None:
    """Which tier has which ladder; where there are several, every tier says it."""
    policy = inference.names.policy
    names = [*(ladder.name.text for ladder in policy.ladders), NO_LADDER]
    chosen: dict[str, Word] = {}
    rows = policy.rows.get("tiers", ())
    for row in rows:
        tier, ladder = row.cells.get("tier"), row.cells.get("ladder")
        if not isinstance(tier, Word):
            continue
        if not isinstance(ladder, Word):
            if len(policy.ladders) > 1:
                inference.note("missing-key", row.at, f"the tier '{tier.text}' does not say which ladder it has",
                               f"add 'ladder: ...', one of: {listed(names)}")  # fmt: skip
            continue
        told = {"escalation", f"escalation.{ladder.text}"} & policy.broken
        if ladder.text not in names and not told:
            inference.note("unknown-ladder", ladder.at, f"the file has no ladder '{ladder.text}'",
                           did_you_mean(ladder.text, names, f"one of: {listed(names)}"))  # fmt: skip
        first = chosen.setdefault(tier.text, ladder)
        if first.text != ladder.text:
            inference.note("duplicate-name", ladder.at, f"the tier '{tier.text}' has the ladder '{first.text}' "
                           f"already, in line {first.at.line}", "one tier has one ladder")  # fmt: skip
    if len(policy.ladders) > 1 and not rows:
        inference.note("missing-key", policy.ladders[1].name.at, "the file has several ladders, and nothing says which "
                       "customer has which", "add 'tiers' with a column 'ladder'")  # fmt: skip
