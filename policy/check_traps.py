"""Traps that load and check cleanly, and mean something else than their author: each a hint with what was meant.

`max` where the smaller was meant, a longest term below what is offered, a check of what is owed that also holds up an
order paid in full. Source: the policy language, traps 8, 9 and 27.
"""

from __future__ import annotations

from collections.abc import Iterator

from policy.document import CheckWritten, RowWritten, Word
from policy.infer import Inference
from policy.meaning import names_in
from policy.subjects import ORDER, subjects_of
from policy.syntax import Call, Expr, Name, Number

UNSECURED = ("order.unsecured_amount", "order.credit_amount")
EXPOSURE = "account.exposure"
CEILING = ("at_most", "below")


def add_traps(inference: Inference) -> None:
    """Add the hints about rows and checks that say something else than was probably meant."""
    rows = inference.names.policy.rows
    for row in rows.get("limits", ()):
        for column in ("limit", "largest_order"):
            _never_less(inference, column, row.cells.get(column))
    for row in rows.get("terms", ()):
        _short(inference, row)
    _prepaid(inference)


def _never_less(inference: Inference, column: str, cell: object) -> None:
    """`max(share, 50_000)` has no upper bound; the suffix `, at least` says the same on purpose."""
    if not isinstance(cell, Call) or cell.function != "max" or not _is_before(cell, cell.args[0]):
        return
    bound = next((arg for arg in cell.args if isinstance(arg, Number)), None)
    if bound is not None and len(cell.args) > 1 and not all(isinstance(arg, Number) for arg in cell.args):
        whole = bound.value.denominator == 1 and bound.unit != "%"
        least = " ".join([f"{int(bound.value):_}", *bound.unit.split()]) if whole else inference.label(bound).strip("'")
        inference.note("no-bound", cell.at, f"max( ) makes '{column}' {least} or more, and nothing bounds it above",
                       f"for at most {least} write min( ); where it is meant so, end with: , at least {least}",
                       "warning")  # fmt: skip


def _is_before(call: Call, arg: Expr) -> bool:
    """Whether a function is written before its values, as max(a, b) is and `a, at least b` is not."""
    first = min((name.at for name in names_in(arg)), default=arg.at)
    return (call.at.line, call.at.column) < (first.line, first.column)


def _short(inference: Inference, row: RowWritten) -> None:
    """A customer may ask for net days up to `longest`, so it lies nowhere below what is offered anyway."""
    longest, offers = row.cells.get("longest"), row.cells.get("offer")
    read = inference.names.vocabulary.read_terms
    most = read(longest.text) if isinstance(longest, Word) else None
    if most is None or not isinstance(longest, Word) or not isinstance(offers, tuple):
        return
    for word in offers:
        terms = read(word.text)
        if terms is not None and terms.net_days > most.net_days:
            inference.note("short-longest", longest.at, f"'{longest.text}' is the longest that a customer may ask for, "
                           f"and '{word.text}' is offered", f"write longest: net {terms.net_days} or more, or take the "
                           "offer out", "warning")  # fmt: skip
            return


def _prepaid(inference: Inference) -> None:
    """Checks of what is owed that are asked of every order, where others are asked of new risk only."""
    checks = [one for one in inference.names.policy.checks if one.at.file == inference.names.policy.file]
    careful = any(_asks_for_risk(inference, one) for one in checks)
    for check in checks:
        owed = check.measure is not None and EXPOSURE in _reads(inference, check.measure)
        asked = _concerns_orders(check) and check.verdict.text != "warn" and not _asks_for_risk(inference, check)
        if asked and check.op in CEILING and owed and careful:
            name = check.name.text
            inference.note("prepaid-order", check.name.at, f"the check '{name}' is asked of every order: one that is "
                           "prepaid in full, of a customer who owes too much already, fails it too",
                           "add only_when: order.unsecured_amount > 0", "warning")  # fmt: skip


def _concerns_orders(check: CheckWritten) -> bool:
    return ORDER in subjects_of("checks", check.subjects)


def _asks_for_risk(inference: Inference, check: CheckWritten) -> bool:
    """Whether a check is asked only where something of the order is neither prepaid nor secured."""
    return check.only_when is not None and any(
        name in UNSECURED for one in names_in(check.only_when) for name in _names(inference, one)
    )


def _reads(inference: Inference, expr: Expr) -> set[str]:
    return {name for one in names_in(expr) for name in _names(inference, one)}


def _names(inference: Inference, name: Name, depth: int = 0) -> Iterator[str]:
    """A name, and all that it stands for under `let`; a circle is told elsewhere."""
    yield name.text
    let = inference.names.lets.get(name.text)
    if let is not None and depth < len(inference.names.lets):
        for inner in names_in(let.formula):
            yield from _names(inference, inner, depth + 1)
