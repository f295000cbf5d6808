"""A letter as a page: HTML that prints on A4 and that a mail program shows, everything of others escaped.

It loads nothing and runs nothing. A long list of invoices goes on over pages with its head repeated, and no line of it
is torn between two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from credit.letter import (
    LIST,
    LetterFacts,
    LetterItem,
    charges_of,
    day_text,
    days_overdue,
    early_text,
    field_text,
    plain,
    totals,
)
from credit.money import Money
from rules.letter_template import PIECE, Template, fill, filled_in

WORDS = {
    "en": {"invoice": "Invoice", "issued": "Issued", "due": "Due", "late": "Days overdue", "amount": "Amount",
           "open": "Open", "charges": "Late charges", "total": "Total", "reference": "Reference"},
    "zh": {"invoice": "发票号", "issued": "开票日", "due": "到期日", "late": "逾期天数", "amount": "金额",
           "open": "未付金额", "charges": "逾期费用", "total": "合计", "reference": "编号"},
}  # fmt: skip
LATIN = '"Source Sans 3", "Noto Sans", "Liberation Sans", Arial, '
FONTS = {
    "en": f'{LATIN}"Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif',
    "zh": '"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", SimHei, sans-serif',
}
HTML_LANGUAGE = {"en": "en", "zh": "zh-CN"}
STYLE = """@page { size: A4; margin: 22mm 20mm 20mm 25mm }
body { font: 11pt/1.5 FONTS; color: #111; max-width: 165mm; margin: 2em auto; padding: 0 1em;
       overflow-wrap: break-word }
header { display: flex; justify-content: space-between; gap: 2em; margin-bottom: 2.5em }
header p { margin: 0 } .about { text-align: right } .to { margin-bottom: 2.5em }
h1 { font-size: 13pt; margin: 0 0 1.2em } p { margin: 0 0 1em; orphans: 3; widows: 3 }
table { border-collapse: collapse; width: 100%; margin: 0 0 1em; font-size: 8.5pt }
th, td { padding: .3em .4em; text-align: left; border-bottom: .5pt solid #999; vertical-align: top }
thead { display: table-header-group } tfoot { display: table-row-group; font-weight: bold }
thead th { border-bottom: 1pt solid #111 } tr { break-inside: avoid }
.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.d { white-space: nowrap } .i { min-width: 8em } .e { break-after: avoid } .e td { border-bottom: 0 }
@media print { body { margin: 0; padding: 0; max-width: none } }"""


def page(template: Template, facts: LetterFacts) -> str:
    """The letter as one HTML document, the same for the same template and facts.

    Raises: NotFilled for a field without a value.
    """
    language = template.language
    filled = fill(template, facts)
    paragraphs = "\n".join(_paragraphs(template, facts))
    words = WORDS[language]
    return f"""<!DOCTYPE html>
<html lang="{HTML_LANGUAGE[language]}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(filled.subject)}</title>
<style>
{STYLE.replace("FONTS", FONTS[language])}
</style>
</head>
<body>
<header>
<p>{escape(plain(facts.sender))}</p>
<p class="about">{day_text(facts.written_on, language)}<br>{words["reference"]}: {escape(plain(facts.reference))}</p>
</header>
<p class="to">{escape(plain(facts.customer))}<br>{escape(plain(facts.customer_id))}</p>
<h1>{escape(filled.subject)}</h1>
{paragraphs}
</body>
</html>
"""


def _paragraphs(template: Template, facts: LetterFacts) -> Iterator[str]:
    """The body's paragraphs; a paragraph goes on below the list of invoices as one of its own."""
    values = {name: field_text(name, facts, template.language) or "" for name in template.fields if name != LIST}
    lines: list[str] = []
    for line in [*template.body.split("\n"), ""]:
        is_list = (found := PIECE.fullmatch(line.strip())) is not None and found[1] == LIST
        if line.strip() and not is_list:
            lines.append(escape(filled_in(line.strip(), values)))
            continue
        if lines:
            yield f"<p>{'<br>'.join(lines)}</p>"
            lines = []
        if is_list:
            yield _table(facts, template.language)


def _table(facts: LetterFacts, language: str) -> str:
    """The list of invoices with its totals; columns that hold nothing are left out."""
    words = WORDS[language]
    issued = any(item.issued_on is not None for item in facts.items)
    charged = charges_of(facts) is not None and any(item.charges and item.charges.minor for item in facts.items)
    names = ["invoice", *(["issued"] if issued else []), "due", "late", "amount", "open"]
    names += ["charges"] if charged else []
    head = "".join(f"<th{_class(name)}>{words[name]}</th>" for name in names)
    rows = "\n".join(_row(item, facts, language, names) for item in facts.items)
    return (f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n"
            f"<tfoot>{_foot(facts, names, words['total'])}</tfoot>\n</table>")  # fmt: skip


def _row(item: LetterItem, facts: LetterFacts, language: str, names: Sequence[str]) -> str:
    late = days_overdue(item, facts.written_on)
    cells = {
        "invoice": escape(plain(item.invoice_id)),
        "issued": "" if item.issued_on is None else day_text(item.issued_on, language),
        "due": day_text(item.due_on, language),
        "late": str(late) if late else "",
        "amount": item.amount.display(),
        "open": item.open.display(),
        "charges": "" if item.charges is None else item.charges.display(),
    }
    row = "".join(f"<td{_class(name)}>{cells[name]}</td>" for name in names)
    early = early_text(item, language)
    if not early:
        return f"<tr>{row}</tr>"
    return f'<tr class="e">{row}</tr>\n<tr><td></td><td colspan="{len(names) - 1}">{early}</td></tr>'


def _foot(facts: LetterFacts, names: Sequence[str], total: str) -> str:
    """The sums below the columns of money, each currency in a line of its own."""
    sums: dict[str, Sequence[Money]] = {
        "amount": [item.amount for item in facts.items],
        "open": [item.open for item in facts.items],
        "charges": charges_of(facts) or (),
    }
    before = names.index("amount")
    cells = (f'<td class="n">{"<br>".join(m.display() for m in totals(sums[name]))}</td>' for name in names[before:])
    return f'<tr><td colspan="{before}">{total}</td>{"".join(cells)}</tr>'


def _class(name: str) -> str:
    if name in ("late", "amount", "open", "charges"):
        return ' class="n"'
    return ' class="i"' if name == "invoice" else ' class="d"'
