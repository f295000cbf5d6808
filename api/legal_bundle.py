"""The file for a lawyer: everything of one legal case in a zip, with a printable page that sums it up in two languages.

A zip with a fixed order and fixed times, so that the same case on the same day gives the same bytes. What it holds is
as it is stored; the pages and the tables alone are put together here.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from typing import Any

from api.evidence_pack import LONG_AGO, told
from credit.decision import instant_text
from credit.holds import Hold
from credit.letter import day_text
from credit.money import Money
from credit.receivables import Invoice
from rules.letter_page import FONTS, HTML_LANGUAGE, STYLE
from storage.decisions import StoredDecision
from storage.holds import StoredHold
from storage.legal_cases import LegalCase
from storage.letters import Letter
from storage.origins import Origin
from storage.outbox import Delivery, Message
from storage.policies import PolicyVersion
from storage.proofs import Proof
from storage.settlement_rows import StoredSettlement

LANGUAGES = ("en", "zh")
ENDINGS = {"message/rfc822": ".eml", "text/html": ".html", "application/json": ".json", "application/pdf": ".pdf",
           "image/png": ".png", "image/jpeg": ".jpg", "text/plain": ".txt"}  # fmt: skip
MOST_LINES = 8  # of a table, so that all fit on one page
WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Legal case", "of": "Debtor", "on": "As of", "opened": "Opened", "state": "State", "claim": "Claimed",
        "invoices": "Invoices of the case", "invoice": "Invoice", "issued": "Issued", "due": "Due",
        "late": "Days overdue",
        "amount": "Amount", "open": "Open", "letters": "Letters and tasks", "letter": "What", "by": "By",
        "written": "Written",
        "sent": "Delivered", "proof": "Proof", "holds": "Holds", "credit": "How the credit was granted",
        "decision": "Decision", "verdict": "Verdict", "order": "Order", "policy": "Policy", "approved": "Approved by",
        "more": "and {count} more, in the tables", "none": "none", "all": "All the customer owes",
        "waits": "not yet", "until": "until", "opened_state": "opened", "handed_over": "handed over",
        "closed": "closed",
    },
    "zh": {
        "title": "法律案件", "of": "债务人", "on": "截至", "opened": "立案日", "state": "状态", "claim": "请求金额",
        "invoices": "案件发票", "invoice": "发票号", "issued": "开票日", "due": "到期日", "late": "逾期天数",
        "amount": "金额", "open": "未付金额", "letters": "函件与任务", "letter": "内容", "by": "方式",
        "written": "写成日",
        "sent": "送达日", "proof": "凭证", "holds": "停单记录", "credit": "授信依据", "decision": "决策",
        "verdict": "结论",
        "order": "订单", "policy": "政策", "approved": "批准人", "more": "另有{count}项，见表", "none": "无",
        "all": "客户全部欠款", "waits": "尚未", "until": "至", "opened_state": "已立案", "handed_over": "已移交",
        "closed": "已结案",
    },
}  # fmt: skip
README = """What lies in this file.

summary.en.html, summary.zh.html  one page to read and print
case.json                         the case: its invoices, which step of which ladder brought each, and what became of it
invoices.csv                      the invoices of the case, and which decisions on which orders they come from
statement.csv                     all invoices of the customer and what was taken off them, by the day of this file
payments.json                     payments, credit notes and write-offs, and which invoices each went to
letters.json, letters/            every letter, task and proposal about this customer, with each attempt and its proofs;
                                  letters as they left, and the files that prove that they came
holds.json                        when new orders were stopped, why, and until when
decisions.json, decisions/        the decisions that granted the credit, each with an evidence pack of its own
policies.json, policies/          each policy version that a step or a decision names: its bytes, and who approved it

Amounts are in the currency that is named beside them, with its own decimals. Each evidence pack says how it is checked
without us.
"""


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter, task or proposal with what became of each attempt, the letter as it left, and what proves it came.

    `files` are those of the proofs, by their places; a proof without a file has none.
    """

    message: Message
    deliveries: Sequence[Delivery]
    letter: Letter | None = None
    proofs: Sequence[Proof] = ()
    files: Mapping[int, bytes] = field(default_factory=dict)

    @property
    def final(self) -> Delivery | None:
        """The attempt that ended it, None while it waits."""
        return next((one for one in self.deliveries if one.outcome != "tried"), None)

    @property
    def shown_proof(self) -> str:
        """What shows that it came: the receipts of its proofs, else the words of the attempt."""
        receipts = ", ".join(one.receipt for one in self.proofs if one.receipt)
        return receipts or ("" if self.final is None else self.final.proof)


@dataclass(frozen=True, slots=True)
class Granted:
    """A decision that granted credit, with its evidence pack."""

    decision: StoredDecision
    pack: bytes


@dataclass(frozen=True, slots=True)
class NamedPolicy:
    """A policy version with its approvals."""

    version: PolicyVersion
    approvals: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that a case is made of, as of a day; `invoices` are all of the customer's, `origins` what those are for."""

    case: LegalCase
    name: str
    currency: str
    as_of: date
    invoices: Sequence[Invoice]
    letters: Sequence[SentLetter]
    holds: Sequence[StoredHold]
    settlements: Sequence[StoredSettlement]
    granted: Sequence[Granted]
    policies: Sequence[NamedPolicy]
    origins: Mapping[str, Sequence[Origin]]

    @property
    def of_case(self) -> Sequence[Invoice]:
        """The invoices of the case, the one due first first."""
        named = {one.invoice_id for one in self.case.invoices}
        return sorted((one for one in self.invoices if one.invoice_id in named),
                      key=lambda one: (one.due_on, one.invoice_id))  # fmt: skip

    def owed(self, invoices: Sequence[Invoice]) -> Money:
        """What is open of these."""
        return sum((one.open_amount(self.as_of) for one in invoices), Money.zero(self.currency))


def pack_bundle(bundle: Bundle) -> bytes:
    """The file; the same case on the same day gives the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, held in members(bundle).items():
            file.writestr(zipfile.ZipInfo(name, LONG_AGO), held, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def members(bundle: Bundle) -> Mapping[str, bytes]:
    """The files inside, by their names."""
    found = {f"summary.{language}.html": summary_page(bundle, language).encode() for language in LANGUAGES}
    found |= {
        "README.txt": README.encode(), "case.json": told(case_dict(bundle.case)),
        "invoices.csv": table(INVOICE_COLUMNS, [invoice_row(one, bundle) for one in bundle.of_case]),
        "statement.csv": table(STATEMENT_COLUMNS, statement_rows(bundle)),
        "letters.json": told([letter_dict(one) for one in bundle.letters]),
        "payments.json": told([settlement_dict(one) for one in bundle.settlements]),
        "holds.json": told([stopped_dict(one) for one in bundle.holds]),
        "decisions.json": told([decision_dict(one.decision) for one in bundle.granted]),
        "policies.json": told([policy_dict(one) for one in bundle.policies]),
    }  # fmt: skip
    for one in bundle.granted:
        found[f"decisions/{one.decision.decision_id}.zip"] = one.pack
    for sent in bundle.letters:
        found |= letter_files(sent)
    for kept in bundle.policies:
        found[f"policies/{kept.version.name}-{kept.version.version}.yaml"] = kept.version.source
    return found


def case_dict(case: LegalCase) -> dict[str, object]:
    """A case as it is shown."""
    return {
        "id": case.case_id, "customer_id": case.customer_id, "state": case.state,
        "opened_on": case.opened_on.isoformat(),
        "invoices": [{"invoice_id": one.invoice_id, "joined_on": one.joined_on.isoformat(), "ladder": one.ladder,
                      "step": one.step, "policy_digest": one.policy_digest} for one in case.invoices],
        "changes": [{"state": one.state, "day": one.day.isoformat(), "result": one.result, "note": one.note,
                     "by": one.by, "at": None if one.at is None else instant_text(one.at)} for one in case.changes],
    }  # fmt: skip


INVOICE_COLUMNS = ("invoice_id", "invoiced_on", "due_on", "days_overdue", "currency", "amount", "open", "disputed",
                   "orders", "decisions", "charge_of", "charged_until")  # fmt: skip
STATEMENT_COLUMNS = ("day", "document", "what", "currency", "debit", "credit", "balance")


def invoice_row(one: Invoice, bundle: Bundle) -> Sequence[object]:
    """An invoice as a line of its table; several orders, and their decisions, have spaces between them."""
    as_of, origins = bundle.as_of, bundle.origins.get(one.invoice_id, ())
    orders, decisions = " ".join(one.order_id for one in origins), " ".join(one.decision_id for one in origins)
    said = one.is_disputed(as_of)
    disputed = "" if said is None else "yes" if said else "no"
    return (one.invoice_id, one.invoiced_on, one.due_on, one.days_overdue(as_of), one.amount.currency,
            one.amount.amount, one.open_amount(as_of).amount, disputed, orders, decisions,
            one.charge_of or "", one.charged_until or "")  # fmt: skip


def statement_rows(bundle: Bundle) -> Iterator[Sequence[object]]:
    """Every invoice and what was taken off it, each on its day, with the balance after each line."""
    lines = [line for one in bundle.invoices for line in invoice_lines(one, bundle.as_of)]
    balance = 0
    for day, document, what, minor in sorted(lines):
        balance += minor
        amounts = (max(minor, 0), max(-minor, 0), balance)
        debit, credit, after = (Money(value, bundle.currency).amount for value in amounts)
        yield (day, document, what, bundle.currency, debit, credit, after)


def invoice_lines(one: Invoice, as_of: date) -> Iterator[tuple[date, str, str, int]]:
    """An invoice and what settlements took off it; what was paid without one is told as paid."""
    if one.invoiced_on > as_of:
        return
    what = "invoice" if one.charge_of is None else "late_charge"
    yield one.invoiced_on, one.invoice_id, what, one.amount.minor
    left = one.amount.minor
    for taken in one.reductions:
        if taken.on <= as_of:
            left -= taken.minor
            yield taken.on, one.invoice_id, taken.kind, -taken.minor
    rest = left - one.open_amount(as_of).minor
    if rest:
        yield one.settled_on or as_of, one.invoice_id, "paid", -rest


def settlement_dict(one: StoredSettlement) -> dict[str, object]:
    """A payment, credit note or write-off, and which invoices it went to."""
    currency = one.amount.currency
    return {
        "kind": one.kind, "id": one.settlement_id, "day": one.day.isoformat(), "amount": one.amount.amount,
        "currency": currency, "by": one.by,
        "invoices": {name: Money(minor, currency).amount for name, minor in one.by_invoice.items()},
        "reversed_on": None if one.reversal is None else one.reversal.reversed_on.isoformat(),
    }  # fmt: skip


def table(columns: Sequence[str], rows: Iterator[Sequence[object]] | Sequence[Sequence[object]]) -> bytes:
    """A table as CSV in UTF-8, with its head."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return made.getvalue().encode()


def letter_dict(one: SentLetter) -> dict[str, object]:
    """A letter with what became of it."""
    kept = one.message
    return {
        "message_id": kept.message_id, "kind": kept.kind, "what": kept.what, "by": kept.who, "step": kept.step,
        "invoices": list(kept.invoices), "as_of": kept.as_of.isoformat(), "policy_digest": kept.policy_digest,
        "attempts": [{"outcome": done.outcome, "day": done.day.isoformat(), "by": done.by, "proof": done.proof}
                     for done in one.deliveries],
        "letter": None if one.letter is None else
        {"subject": one.letter.subject, "address": one.letter.address, "template": one.letter.template},
        "proofs": [{"place": proof.place, "receipt": proof.receipt, "note": proof.note, "by": proof.by,
                    "sha256": proof.digest, "file": proof.file_name,
                    "received_at": None if proof.received_at is None else instant_text(proof.received_at)}
                   for proof in one.proofs],
    }  # fmt: skip


def letter_files(one: SentLetter) -> Mapping[str, bytes]:
    """The letter as it left, and the files that prove that it came; each under the name of its message."""
    place, found = f"letters/{one.message.message_id}", {}
    if one.letter is not None and one.letter.content:
        found[f"{place}{ENDINGS.get(one.letter.media_type, '.bin')}"] = one.letter.content
    for number, content in one.files.items():
        media_type = next(proof.media_type for proof in one.proofs if proof.place == number)
        found[f"{place}-proof-{number}{ENDINGS.get(media_type, '.bin')}"] = content
    return found


def stopped_dict(one: StoredHold) -> dict[str, object]:
    """A hold with its end."""
    ended = one.release
    return {
        "scope": one.hold.scope, "from": one.hold.placed_on.isoformat(), "reason": one.reason, "by": one.by,
        "invoice_id": one.invoice_id, "step": one.step,
        "released": None if ended is None else {"on": ended.released_on.isoformat(), "by": ended.by,
                                                "reason": ended.reason},
    }  # fmt: skip


def decision_dict(one: StoredDecision) -> dict[str, object]:
    """A decision as a line of its list."""
    return {"decision_id": one.decision_id, "order_id": one.order.order_id, "verdict": one.verdict,
            "decided_at": instant_text(one.decided_at), "policy_digest": one.policy_digest}  # fmt: skip


def policy_dict(one: NamedPolicy) -> dict[str, object]:
    """A policy version with who approved it."""
    kept = one.version
    return {"name": kept.name, "version": kept.version, "digest": kept.digest, "stored_by": kept.stored_by,
            "approvals": [dict(approval) for approval in one.approvals]}  # fmt: skip


def summary_page(bundle: Bundle, language: str) -> str:
    """The case on one page that prints on A4."""
    words, case = WORDS[language], bundle.case
    state = words["opened_state" if case.state == "opened" else case.state]
    head = [(words["of"], f"{bundle.name} ({case.customer_id})"), (words["on"], day_text(bundle.as_of, language)),
            (words["opened"], day_text(case.opened_on, language)), (words["state"], state),
            (words["claim"], bundle.owed(bundle.of_case).display()),
            (words["all"], bundle.owed(bundle.invoices).display())]  # fmt: skip
    parts = "\n".join(f"<h2>{escape(words[name])}</h2>\n{html_table(columns, rows, words)}"
                      for name, columns, rows in _tables(bundle, language))  # fmt: skip
    lines = "\n".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in head)
    title = escape(f"{words['title']} {case.case_id[:12]}")
    return f"""<!DOCTYPE html>
<html lang="{HTML_LANGUAGE[language]}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{STYLE.replace("FONTS", FONTS[language])}
h2 {{ font-size: 11pt; margin: 1.2em 0 .4em }}
</style>
</head>
<body>
<h1>{title}</h1>
<table>
{lines}
</table>
{parts}
</body>
</html>
"""


def _tables(bundle: Bundle, language: str) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[str]]]]:
    """The tables of the page: the name of each, its columns and its rows."""
    as_of, words = bundle.as_of, WORDS[language]
    yield "invoices", ("invoice", "issued", "due", "late", "amount", "open"), [
        (one.invoice_id, day_text(one.invoiced_on, language), day_text(one.due_on, language),
         str(one.days_overdue(as_of)), one.amount.display(), one.open_amount(as_of).display()) for one in bundle.of_case
    ]  # fmt: skip
    yield "letters", ("letter", "by", "written", "sent", "proof"), [
        (f"{one.message.kind} {one.message.what}", one.message.who, day_text(one.message.as_of, language),
         words["waits"] if one.final is None else f"{day_text(one.final.day, language)} {one.final.outcome}",
         one.shown_proof) for one in bundle.letters
    ]  # fmt: skip
    yield "holds", ("letter", "issued", "until"), [
        (one.reason, day_text(one.hold.placed_on, language), _end(one.hold, language)) for one in bundle.holds
    ]  # fmt: skip
    names = {one.version.digest: one for one in bundle.policies}
    yield "credit", ("decision", "order", "verdict", "policy", "approved"), [
        (one.decision.decision_id[:12], one.decision.order.order_id, one.decision.verdict,
         _named(names.get(one.decision.policy_digest)), _approved(names.get(one.decision.policy_digest)))
        for one in bundle.granted
    ]  # fmt: skip


def _end(hold: Hold, language: str) -> str:
    return "" if hold.released_on is None else day_text(hold.released_on, language)


def _named(one: NamedPolicy | None) -> str:
    return "" if one is None else f"{one.version.name} {one.version.version}"


def _approved(one: NamedPolicy | None) -> str:
    return "" if one is None else ", ".join(dict.fromkeys(str(each["approved_by"]) for each in one.approvals))


def html_table(columns: Sequence[str], rows: Sequence[Sequence[str]], words: Mapping[str, str]) -> str:
    """A table of the page; what does not fit is counted."""
    if not rows:
        return f"<p>{escape(words['none'])}</p>"
    head = "".join(f"<th>{escape(words[name])}</th>" for name in columns)
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows[:MOST_LINES])
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    more = len(rows) - MOST_LINES
    rest = f"\n<p>{escape(words['more'].format(count=more))}</p>" if more > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>{rest}"
