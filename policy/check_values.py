"""Checking settings and value tables: one kind for all values of one name, and exactly one cell for every subject."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from policy.cells import misfits
from policy.document import Cell, Setting, ValueTable
from policy.infer import Inference
from policy.kinds import Value
from policy.meaning import LEVELS, Referent, Sort, names_in
from policy.numbers import WHOLE, float_free
from policy.resolve import ANY_SECTION, FLAGS, shown
from policy.subjects import DELIVERED
from policy.suggest import listed
from policy.syntax import Block, Comparison, DateLiteral, Expr, Interval, Membership, Name, Number, Text, Words


def check_setting(inference: Inference, setting: Setting) -> None:
    """A setting is a constant of one kind on all its days."""
    sorts = [None if _is_text(inference, setting, dated.value) else inference.formula(dated.value)
             for dated in setting.values]  # fmt: skip
    found = [sort for sort in sorts if sort is not None]
    for dated, sort in zip(setting.values, sorts, strict=True):
        if sort is not None and sort.kind != found[0].kind:
            inference.note("kind", dated.at, f"'{setting.name.text}' is {shown(found[0])} on some days and "
                           f"{shown(sort)} on others")  # fmt: skip
        if sort is not None and inference.level_of(dated.value) + len(_facts_read(inference, dated.value)) > 0:
            inference.note("scope", dated.at, f"the setting '{setting.name.text}' reads facts, but is a constant",
                           "give the formula a name under 'let'")  # fmt: skip
    if setting.on_shipment is not None and DELIVERED not in inference.names.facts:
        inference.note("unknown-fact", setting.on_shipment, f"the day of the shipment needs the fact '{DELIVERED}'",
                       "name it under 'facts'")  # fmt: skip
    name = f"settings.{setting.name.text}"
    inference.names.known[name] = Referent("setting" if found else "broken", setting.name.text,
                                           found[0] if found else Sort("number"))  # fmt: skip


def _is_text(inference: Inference, setting: Setting, value: Expr) -> bool:
    """Whether a setting is a text, which only a list holds; then that is told."""
    names, name = inference.names, setting.name.text
    plain = isinstance(value, Name) and "." not in value.text and value.text not in (*names.known, *names.lets, *FLAGS)
    if not plain and not isinstance(value, (Text, Words)):
        return False
    assert isinstance(value, (Name, Text, Words))
    inference.note("kind", value.at, f"'{value.text}' is a text, and a setting is a number, an amount, a share, a time "
                   "or a date", f"write a list: lists: {{{name}: [\"{value.text}\"]}}, and test with: in lists.{name}")
    names.used.add(f"settings.{name}")
    return True


def _facts_read(inference: Inference, expr: Expr) -> list[Name]:
    found = [(name, inference.meanings.referents.get(name)) for name in names_in(expr)]
    return [name for name, referent in found if referent is not None and referent.scope != "token"]


def check_table(inference: Inference, table: ValueTable) -> None:
    """A value table gives values of one kind, and one for each value of its subject."""
    inference.level, inference.reader = LEVELS["states"], f"the table '{table.name.text}'"
    inference.names.known[table.name.text] = Referent("broken", table.name.text, Sort("number"))
    tests = [inference.condition(cell.test) for cell in (*table.down_tests, *table.across_tests)]
    subjects = [inference.formula(subject) for subject in (table.down, table.across) if subject is not None]
    sound = all(tests) and None not in subjects  # a cell "-" does not read its subject
    cells = [cell for line in table.values for cell in line]
    words = tuple(dict.fromkeys(word for cell in cells if (word := _word(inference, cell)) is not None))
    numeric = [cell for cell in cells if _word(inference, cell) is None]
    if words and numeric:
        inference.note("kind", table.name.at, f"the table '{table.name.text}' gives words and numbers")
        return
    found = _cell_sorts(inference, cells, words)
    kinds = listed(sorted({shown(sort) for sort in found}))
    if len({sort.kind for sort in found}) > 1:
        inference.note("kind", table.name.at, f"the table '{table.name.text}' gives values of different kinds: {kinds}")
    if sound and table.down is not None:
        _cells_fit(inference, table.down, table.down_tests)
        if table.across is not None:
            _cells_fit(inference, table.across, table.across_tests)
    if found and sound:
        inference.names.known[table.name.text] = Referent("table", table.name.text, found[0])
    inference.level, inference.reader = ANY_SECTION, ""


def _word(inference: Inference, cell: Expr) -> str | None:
    """A cell that stands for itself, None where it is a number or the name of something."""
    names = inference.names
    if isinstance(cell, Text) or (isinstance(cell, Name) and cell.text not in (*names.known, *names.lets)):
        return cell.text
    return None


def _cell_sorts(inference: Inference, cells: list[Expr], words: tuple[str, ...]) -> list[Sort]:
    """The kinds of the values; beside ratios a bare number is one, and true and false alone are flags."""
    hint = Sort("flag") if words and set(words) <= set(FLAGS) else Sort("choice", words) if words else None
    sorts = [inference.formula(cell, hint) for cell in cells]
    if {sort.kind for sort in sorts if sort is not None} == {"number", "ratio"}:
        sorts = [inference.formula(cell, Sort("ratio")) if sort == Sort("number") else sort
                 for cell, sort in zip(cells, sorts, strict=True)]  # fmt: skip
        sorts = [Sort("ratio") if sort == Sort("number") else sort for sort in sorts]
    return [sort for sort in sorts if sort is not None]


def _cells_fit(inference: Inference, subject: Expr, cells: tuple[Cell, ...]) -> None:
    """Exactly one cell of a value table fits each value, else a finding with a value that shows it."""
    if _foreign(inference, cells):
        return
    sort = inference.meanings.sorts.get(subject)
    values: tuple[Value, ...] = (True, False) if sort and sort.kind == "flag" else sort.choices if sort else ()
    if sort is not None and sort.kind == "rating":
        values = tuple(range(1, len(sort.choices) + 1))
    found = misfits(cells, lambda expr: _plain_value(inference, expr), values, _is_whole(inference, subject))
    for value, fitting in found[:1]:
        name = inference.label(subject)
        if not fitting:
            inference.note("table-cell", cells[0].at, f"no cell fits when {name} is {_example(value, sort, inference)}",
                           "add a cell for it")  # fmt: skip
        else:
            both = " and ".join(f"'{cell.text}'" for cell in fitting[:2])
            inference.note("table-cell", fitting[1].at, f"{both} both fit when {name} is "
                           f"{_example(value, sort, inference)}", "let one of them end before the other")  # fmt: skip


def _foreign(inference: Inference, cells: tuple[Cell, ...]) -> bool:
    """Whether a test of a cell asks for an amount in another currency: the rate would move its edge from day to day."""
    own, found = inference.names.policy.currency.text, False
    for cell in cells:
        number = next((one for one in _numbers(cell.test) if one in inference.meanings.foreign), None)
        if number is not None:
            inference.note("currency", cell.at, f"'{cell.text}' is in {number.unit}, but the cells of a table meet in "
                           f"{own} alone", f"write the amount in {own}")  # fmt: skip
            found = True
    return found


def _numbers(test: object) -> Iterator[Number]:
    """The numbers that a test of a cell compares with."""
    match test:
        case Number():
            yield test
        case Comparison():
            yield from _numbers(test.right)
        case Interval():
            yield from (*_numbers(test.low), *_numbers(test.high))
        case Membership() | Block():
            for one in test.items:
                yield from _numbers(one)


def _is_whole(inference: Inference, subject: Expr) -> bool:
    """Whether a subject is a fact that comes in whole units; a figure, such as an average, may lie between two."""
    referent = inference.meanings.referents.get(subject)
    return referent is not None and referent.scope == "fact" and referent.sort.kind in (*WHOLE, "money")


def _plain_value(inference: Inference, expr: Expr) -> Value | None:
    if isinstance(expr, DateLiteral):
        return expr.day
    referent = inference.meanings.referents.get(expr)
    return referent.value if referent is not None and referent.scope == "token" else constant(inference, expr)


def _example(value: Value, sort: Sort | None, inference: Inference) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | tuple) or sort is None:
        return f"'{value}'"
    if sort.kind == "rating":
        return f"'{sort.choices[int(value) - 1]}'"
    digits = inference.names.vocabulary.currencies.get(inference.names.policy.currency.text, 0)
    scale = {"percent": Fraction(100), "money": Fraction(1, 10**digits)}.get(sort.kind, Fraction(1))
    return float_free(Fraction(value) * scale) + ("%" if sort.kind == "percent" else "")


def constant(inference: Inference, expr: Expr) -> Fraction | None:
    """The value of a written number, or of a setting that has one value for all days."""
    if isinstance(expr, Number):
        value = inference.meanings.numbers.get(expr)
        return None if value is None or isinstance(value, (str, tuple)) else Fraction(value)
    referent = inference.meanings.referents.get(expr)
    if referent is not None and referent.scope == "setting":
        setting = next(one for one in inference.names.policy.settings if one.name.text == referent.name)
        if len(setting.values) == 1 and setting.values[0].since is None:
            return constant(inference, setting.values[0].value)
    return None
