"""A checked document to the Program that engines run; nothing else makes a Program.

Equal formulas become one node, so a figure used in ten rows is computed once. Sections are laid down in the order in
which they may read each other.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from policy import lower_limits, lower_security
from policy.asked_documents import DocumentAsked
from policy.bounds import too_wide
from policy.check_documents import quality_words
from policy.compile_receivables import with_receivables
from policy.digest import program_digest
from policy.document import ROW_SECTIONS, CheckWritten, RowWritten, Word
from policy.documents import SCALE
from policy.lower import Lowering
from policy.lower_documents import lower_documents
from policy.lower_scopes import applies, lifts, scope_tests, together
from policy.lower_states import add_states
from policy.meaning import SAID_WITH_TERMS, Checked, figure_of
from policy.problems import Problem, Where
from policy.program import (
    Calc,
    Check,
    Collect,
    Compare,
    Const,
    First,
    Fold,
    In,
    Logic,
    Program,
    Round,
    Row,
    Wording,
    message_keys,
)  # fmt: skip
from policy.subjects import ORDER
from policy.syntax import Expr, Membership
from policy.vocabulary import TermsLiteral

FOLDED = {  # the amount that securities are shares of, what is prepaid of it, and the terms asked for
    "order": ("order.amount", "order.prepaid", "order.requested_terms"),
    "shipment": ("order.amount", "order.prepaid", "order.requested_terms"),
    "limit_request": ("limit_request.amount", "", ""), "customer": ("", "", ""),
}  # fmt: skip
FAILS = {"at_most": ">", "at_least": "<", "below": ">=", "above": "<=", "is": "!="}


def compile_policy(
    checked: Checked, source: bytes, built_in: frozenset[str] = frozenset(), subject: str = ORDER
) -> tuple[Program, tuple[Problem, ...]]:
    """The Program of a document without errors, and the formulas that can grow beyond what engines hold.

    `built_in` names the checks that came with the vocabulary; `subject` is what the document, which holds its parts
    alone, decides on.
    """
    low = Lowering(checked)
    policy = checked.policy
    if subject == ORDER:  # for another subject only what is read, for the rest may be of orders
        for table in policy.tables:
            low.value_table(table)
        for let in policy.lets:
            if figure_of(let) is not None:
                low.figure(let.name.text)
        add_states(low)
    sections = {name: _section(low, name, policy.rows[name]) for name in ("tiers", "limits") if name in policy.rows}
    effective = lower_limits.effective(low) if "limit.effective" in checked.names.known else -1
    for name in ("terms", "security"):
        if name in policy.rows:
            sections[name] = _section(low, name, policy.rows[name])
    of_documents, documents = lower_documents(low)
    checks = low.add(Collect((*(_check(low, check) for check in policy.checks), *of_documents)))
    if "authority" in policy.rows:
        sections["authority"] = _section(low, "authority", policy.rows["authority"])
    tiers, limits, terms, security, authority = (sections.get(name, -1) for name in ROW_SECTIONS)
    fields = _message_fields(low)  # they may need nodes of their own, and the fold is the last node
    read = [low.fact_if_known(name) if name else -1 for name in FOLDED[subject]]
    fold = low.add(Fold(checks, tiers, limits, terms, security, authority, effective, *read))
    program = _program(low, (fold, subject, documents), source, _wording(low, fields, built_in))
    return program, tuple(_wide(low))


def _wide(low: Lowering) -> list[Problem]:
    told = {
        "number": ("this formula can grow beyond the largest number that is calculated exactly",
                   "multiply fewer values, or round the amounts between them: round(a * b) * c"),
        "limit": ("this amount meets a limit and can grow beyond any limit", "end it with: , at most 5_000_000"),
    }  # fmt: skip
    return [Problem("too-wide", _place(low, index), *told[what]) for index, what in too_wide(low.nodes).items()]


def _place(low: Lowering, index: int) -> Where:
    """Where a node was written, or the formula it was made around."""
    if index in low.places:
        return low.places[index]
    node = low.nodes[index]
    inner = node.args if isinstance(node, Calc) else (node.arg,) if isinstance(node, Round) else ()
    return next((_place(low, arg) for arg in inner if not isinstance(low.nodes[arg], Const)),
                Where(low.checked.policy.file, 1, 1))  # fmt: skip


def _program(
    low: Lowering, end: tuple[int, str, tuple[DocumentAsked, ...]], source: bytes, wording: Wording
) -> Program:
    policy, vocabulary = low.checked.policy, low.checked.vocabulary
    for let in policy.lets:
        if let.name.text in low.lets:
            low.labels.setdefault(low.lets[let.name.text], let.name.text)
    tiers = low.checked.names.known["tier"].sort.choices if "tier" in low.checked.names.known else ()
    program = Program(
        name=policy.name.text, currency=policy.currency.text,
        minor_digits=vocabulary.currencies.get(policy.currency.text, 0), timezone=policy.timezone.text,
        vocabulary=vocabulary.name, nodes=tuple(low.nodes), facts=low.facts, figures=tuple(low.figures),
        tables=low.tables, lets=low.lets, terms=low.terms, tiers=tiers,
        roles_rising=tuple(role.text for role in policy.roles_rising),
        roles_beside=tuple(role.text for role in policy.roles_beside), fold=end[0], wording=wording,
        source_digest="sha256:" + hashlib.sha256(source).hexdigest(), subject=end[1],
        states=tuple(low.states.values()) if end[1] == ORDER else (),
        documents=end[2],
    )  # fmt: skip
    program = with_receivables(program, low, _section)
    object.__setattr__(program, "digest", program_digest(program))
    return program


def _message_fields(low: Lowering) -> dict[str, int]:
    """What messages show besides the check's own figures, each with its node."""
    checks = low.checked.policy.checks
    texts = (word.text for check in checks for say in (check.say, check.say_customer) for word in say.values())
    return {name: index for text in texts for name, index in low.named_fields(text)}


def _wording(low: Lowering, fields: dict[str, int], built_in: frozenset[str]) -> Wording:
    checks = low.checked.policy.checks
    keys = message_keys([check.name.text for check in checks])
    pairs = list(zip(keys, checks, strict=True))
    say = {key: {language: word.text for language, word in check.say.items()} for key, check in pairs}
    scales = {scale.name.text: tuple(word.text for word in scale.words) for scale in low.checked.policy.scales}
    if low.checked.policy.documents:
        scales[SCALE] = quality_words(low.checked.policy)
    customer = {key: {language: word.text for language, word in check.say_customer.items()} for key, check in pairs}
    cells = frozenset(table.name.text for table in low.checked.policy.tables if table.down is not None)
    return Wording(low.checked.policy.title, low.labels, low.kinds, say, customer, fields, built_in, scales, cells)


def _section(low: Lowering, name: str, rows: tuple[RowWritten, ...]) -> int:
    written = tuple(dict.fromkeys(column for row in rows for column in row.cells))
    outputs = _OUTPUTS.get(name) or tuple(column for column in written if column != "effective")
    outputs += ("effective",) if name == "limits" and lower_limits.chooses(rows) else ()
    outputs += tuple(column for column in SAID_WITH_TERMS if column in written and name == "terms")
    outputs += lower_security.columns(rows) if name == "security" else ()
    built = [Row(_when(low, row), tuple(_cell(low, name, column, row) for column in outputs), row.at.line)
             for row in rows]  # fmt: skip
    return low.table(First(name, outputs, tuple(built)))


_OUTPUTS = {"tiers": ("tier",), "terms": ("offer", "longest"), "security": ("security",), "authority": ("release",)}


def _when(low: Lowering, row: RowWritten) -> int:
    """The condition of a row: its lines, for the customers of its scope."""
    whom = scope_tests(low, row.scope)
    if row.when is None:
        return together(low, whom) if whom else low.add(Logic("and", ()))
    return together(low, [*whom, low.condition(row.when)])


def _cell(low: Lowering, section: str, column: str, row: RowWritten) -> int:
    cell = row.cells.get(column)
    if section == "terms" and column in SAID_WITH_TERMS:
        return low.add(Const("choice", cell.text if isinstance(cell, Word) else None))
    if section == "terms":
        return low.add(_terms(low, column, cell))
    if section == "security":
        return lower_security.cell(low, column, row)
    if section == "limits" and column == "effective":
        return lower_limits.chosen(low, row, _cell(low, section, "limit", row))
    if isinstance(cell, Word):
        return low.add(Const("choice", cell.text))
    assert isinstance(cell, Expr)
    found = low.formula(cell)
    return low.whole_units(low.not_below_zero(found, cell) if column == "limit" else found)


def _terms(low: Lowering, column: str, cell: object) -> Const:
    words = cell if isinstance(cell, tuple) else (cell,) if isinstance(cell, Word) else ()
    found = [_literal(low, word) for word in words]
    if column == "offer":
        return Const("offers", tuple(terms.text for terms in found))
    return Const("terms", found[0].text if found else None)


def _literal(low: Lowering, word: Word) -> TermsLiteral:
    terms = low.checked.vocabulary.read_terms(word.text)
    assert terms is not None
    low.terms[terms.text] = terms
    return terms


def _check(low: Lowering, check: CheckWritten) -> Check:
    scope = "" if check.scope is None else check.scope.text
    asked = applies(low, check)
    return replace(_test(low, check), applies=asked, lifts=lifts(low, check), scope=scope,
                   effect=tuple(word.text for word in check.effect))  # fmt: skip


def _test(low: Lowering, check: CheckWritten) -> Check:
    """What a check tests, and what follows."""
    release_by = check.release_by.text if check.release_by else ""
    if check.when is not None:
        return Check(check.name.text, low.condition(check.when), check.verdict.text, release_by=release_by,
                     line=check.at.line)  # fmt: skip
    assert check.measure is not None
    measure = low.formula(check.measure)
    low.labels.setdefault(measure, check.measure_text)
    allowed = -1
    if check.op == "in":
        assert isinstance(check.allowed, Membership)
        fails = low.add(Logic("not", (low.membership(check.allowed, measure),)))
        inner = low.nodes[low.membership(check.allowed, measure)]
        if isinstance(inner, In):
            fails = low.add(In(inner.arg, inner.points, inner.spans, not inner.negated))
    else:
        assert isinstance(check.allowed, Expr)
        allowed = low.formula(check.allowed)
        fails = low.add(Compare(FAILS[check.op], measure, allowed))
    return Check(
        check.name.text, fails, check.verdict.text, -1, measure, check.op, allowed, release_by, check.at.line
    )
