"""Late charges, fees and releases as written: never one line of free text, each part under its own key.

Rates, units and what counts from what are judged in `policy/check_charges.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from policy.day_formula import DayWritten, read_day
from policy.document import Word
from policy.expression import read_formula
from policy.problems import Where
from policy.shapes import NAME, Keys, Shapes
from policy.source import Mapping, Node, Sequence
from policy.syntax import Expr

RATE_KEYS = ("rate", "on", "from", "grace", "cap", "count_days", "compound")
CHOSEN = ("for", "when")  # what rows elsewhere say
AMOUNT_KEYS = ("amount", "at", "then_every", "grace")
COUNT_DAYS = ("actual/365", "30/360")
OF_PRINCIPAL = " of open principal"


@dataclass(frozen=True, slots=True)
class ChargeWritten:
    """One row of late charges: interest by `rate`, or `amount` (`of_principal`: a share of what is open)."""

    start: DayWritten
    rate: Expr | None
    amount: Expr | None
    of_principal: bool
    then_every: Expr | None
    grace: Expr | None
    cap: Expr | None
    count_days: Word | None
    compound: Word | None
    at: Where


@dataclass(frozen=True, slots=True)
class FeeWritten:
    """An amount for something that happens."""

    name: Word
    event: Word
    amount: Expr


@dataclass(frozen=True, slots=True)
class ReleaseWritten:
    """How long a release counts, and up to what share of its amount."""

    valid_for: Expr
    up_to: Expr
    at: Where


def read_charges(shapes: Shapes, node: Node | None) -> tuple[ChargeWritten, ...]:
    """`late_charge:` one row, or a list of rows that add up."""
    items = () if node is None else shapes.items(node, "late_charge") if isinstance(node, Sequence) else (node,)
    found = [_charge(shapes, item) for item in items]
    return tuple(one for one in found if one is not None)


def _charge(shapes: Shapes, node: Node) -> ChargeWritten | None:
    values = shapes.block(node, "a late charge", dict.fromkeys((*RATE_KEYS, *AMOUNT_KEYS)), judged=CHOSEN)
    for one, _ in node.entries if isinstance(node, Mapping) else ():
        if one.text in CHOSEN:
            shapes.note("unknown-key", one.at, f"'{one.text}' does not belong to a late charge, which is the same for "
                        "every invoice", "take it out; a rate that changes with time is a setting")  # fmt: skip
    if values is None:
        return None
    if ("rate" in values) == ("amount" in values):
        if values.whole or "rate" in values:
            shapes.note("missing-key", node.at, "a late charge needs either 'rate' or 'amount'",
                        "write rate: 0.05% per day, or amount: 25")  # fmt: skip
        return None
    by_rate = "rate" in values
    belongs = RATE_KEYS if by_rate else AMOUNT_KEYS
    for key in [key for key in values if key not in (*belongs, *CHOSEN)]:
        shapes.note("unknown-key", values[key].at, f"'{key}' does not belong to a late charge by "
                    f"{'rate' if by_rate else 'amount'}", "take it out, or make two charges of it")  # fmt: skip
    return _parts(shapes, values, node.at, by_rate)


def _parts(shapes: Shapes, values: Keys, at: Where, by_rate: bool) -> ChargeWritten | None:
    start_key = "from" if by_rate else "at"
    start = read_day(shapes, shapes.need(values, start_key, at, "a late charge"), start_key)
    if by_rate:
        shapes.choice(shapes.word(shapes.need(values, "on", at, "a late charge"), "on"), "base of a rate",
                      ("open principal",))  # fmt: skip
    count_days = shapes.choice(shapes.word(values.get("count_days"), "count_days"), "way to count days", COUNT_DAYS)
    compound = shapes.choice(shapes.word(values.get("compound"), "compound"), "way to compound", ("monthly",))
    amount, share = _amount(shapes, values.get("amount"))
    read = {key: shapes.formula(values.get(key), key) for key in ("rate", "then_every", "grace", "cap")}
    unread = any(key in values and one is None for key, one in read.items()) or ("amount" in values and amount is None)
    if start is None or unread or ("count_days" in values and count_days is None):
        return None
    return ChargeWritten(start, read["rate"], amount, share, read["then_every"], read["grace"], read["cap"], count_days,
                         compound, at)  # fmt: skip


def _amount(shapes: Shapes, node: Node | None) -> tuple[Expr | None, bool]:
    """An amount, or `1.5% of open principal`."""
    word = shapes.word(node, "amount")
    if word is None:
        return None, False
    share = word.text.endswith(OF_PRINCIPAL)
    text = word.text.removesuffix(OF_PRINCIPAL)
    return shapes.kept(read_formula(text, word.at)), share


def read_fees(shapes: Shapes, node: Node | None) -> tuple[FeeWritten, ...]:
    """`fees:` a list of `{fee: NAME, when: payment returned, amount: 25}`."""
    found = []
    for item in shapes.items(node, "fees"):
        values = shapes.block(item, "a fee", ("fee", "when", "amount"))
        if values is None:
            continue
        name = shapes.word(shapes.need(values, "fee", item.at, "a fee"), "fee", NAME)
        event = shapes.word(shapes.need(values, "when", item.at, "a fee"), "when")
        amount = shapes.formula(shapes.need(values, "amount", item.at, "a fee"), "amount")
        if name is not None and event is not None and amount is not None:
            found.append(FeeWritten(name, event, amount))
    return tuple(found)


def read_release(shapes: Shapes, node: Node | None) -> ReleaseWritten | None:
    """`release: {valid_for: 30 days, up_to: 110%}`: both, so that a release neither lasts nor grows for ever."""
    if node is None:
        return None
    values = shapes.block(node, "release", ("valid_for", "up_to"))
    if values is None:
        return None
    valid_for = shapes.formula(shapes.need(values, "valid_for", node.at, "release"), "valid_for")
    up_to = shapes.formula(shapes.need(values, "up_to", node.at, "release"), "up_to")
    return None if valid_for is None or up_to is None else ReleaseWritten(valid_for, up_to, node.at)
