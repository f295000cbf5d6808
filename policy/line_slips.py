"""What people write in a line instead of the language, and what they probably meant.

The line is looked through before it is parsed, for signs that would parse as something else (`5,000`, `010`) or not at
all (`≥`, `&&`); what still does not fit the grammar is explained from the word where reading stopped.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from policy.meant_words import said_otherwise
from policy.problems import Where
from policy.signs import WRONG_SIGN, wrong_sign

LINE_MAX = 2_000
FIGURE_WORDS = "count|sum|largest|smallest|average|share|any|every|every one"
EVERY_ITEM = r"\b(?:any|every)(?:\s+of)?\s+[a-z_]\w*$"
UNITS = "units are days, months, hours, years, %, or a currency such as USD"


class Slip(Exception):
    """What is wrong with a line and at which character, counted from 0; it becomes a finding at the line's place."""

    def __init__(self, code: str, offset: int, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.offset, self.message, self.help = code, offset, message, help


_OPERATORS = {
    "==": "is", "=": "is", "!=": "is not", "<>": "is not", "=>": ">=", "=<": "<=", "===": "is", "!==": "is not",
    "**": "*", "^": "*", "!": "is not", ";": ",", "{": "(", "}": ")", "&": "", "|": "", "&&": "", "||": "", "~": "",
    "`": '"', "@": "", "#": "", "?": "", "\\": "/", ":": "is", "$": "",
}  # fmt: skip
_LATER = (
    r"by\s+[a-z_]\w*\s*$",
    r"business\s+days?\b",
    r"month\s+end\s+of\b",
)
# One pass over the line; the first alternative that fits at a character wins.
_LOOK = re.compile(
    r"""(?P<quoted>"[^"]*"|'[^']*')
    | (?P<open_quote>["'])
    | (?P<sign>[^\x00-\x7f]+)
    | (?P<good_name>[A-Za-z_][\w]*(?:\.\w+)*)
    | (?P<date>\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d|\.(?!\.)))
    | (?P<good_operator>[<>]=(?!=))
    | (?P<spaces>\d{1,3}(?:[ ]\d{3})+(?![\w.]))
    | (?P<commas>\d{1,3}(?:,\d{3})+(?![\d_])(?:\.\d+)?)
    | (?P<decimal_comma>(?:\d{1,3}(?:\.\d{3})+,\d+|\d[\d_]*,0\d)(?![\d_.,]))
    | (?P<minutes>\d+(?::\d+)+)
    | (?P<glued>\d[\d_]*(?:\.\d[\d_]*)*[A-Za-z]\w*(?:[+-]\d+)?)
    | (?P<digits>\d[\d_]*(?:\.\d[\d_]*)*(?:\.(?!\.))?)
    | (?P<point>(?<!\.)\.\d+)
    | (?P<operator>={2,3}|=[<>]|!==?|<>|&&|\|\||\*\*|[=!;{}&|^~`@\#?\\:$])
    """,
    re.VERBOSE | re.ASCII,
)
_GOOD_DIGITS = re.compile(r"(?:0|[1-9]\d*|[1-9]\d{0,2}(?:_\d{3})+)(?:\.\d+)?", re.ASCII)
_SPAN = re.compile(r"([1-9][\d_]*|0) ?- ?([1-9][\d_]*)", re.ASCII)
_GOOD_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LATER_WORDS = re.compile(r"\b(?:" + "|".join(_LATER) + ")", re.ASCII)
_NOT_LATER = re.compile(r"\"[^\"]*\"|'[^']*'|\bsince(?:\s+[\w.]+){1,9}?\s+by\s+\w+", re.ASCII)
_LAST_ITEMS = re.compile(r"\b(?:last|first)\s+\d+\s+(?!days?\b|months?\b|years?\b|full\b)[a-z_]\w*", re.ASCII)
_ITEMS_IN_A_ROW = re.compile(r"\b(?!months?\b|quarters?\b)[a-z_]\w*\s+in\s+a\s+row\b", re.ASCII)
_OF_LIST = re.compile(r"(?:sum|largest|smallest|average|share)\s+of\s+[\w.]+$", re.ASCII)
_LATER_HINT = re.compile(r"\b(?:of|by|business)\b")


def look_through(text: str) -> None:
    """Find the first slip that the parser would not see, or would not see as what it is; raises Slip."""
    span = _SPAN.fullmatch(text.strip())
    if span is not None and int(span[1].replace("_", "")) < int(span[2].replace("_", "")):
        raise Slip("expression", 0, f"'{text.strip()}' takes {span[2]} from {span[1]}",
                   f"write '[{span[1]}..{span[2]}]' for all from {span[1]} to {span[2]}")  # fmt: skip
    for match in _LOOK.finditer(text):
        check = _CHECK.get(match.lastgroup or "")
        if check is not None:
            check(text, match.group(), match.start())
    if _LATER_HINT.search(text):
        _look_for_later(text)
    _look_for_items(text)


def _look_for_items(text: str) -> None:
    """Figures over so many items, and streaks of items: of both the language has only those by days and months."""
    blank = _NOT_LATER.sub(lambda quoted: "_" * len(quoted.group()), text)
    for pattern, help in (
        (_LAST_ITEMS, "a figure looks at days: write 'in last 90 days' behind the list, or a streak of months"),
        (_ITEMS_IN_A_ROW, "streaks go by months: write 'months in a row with every payment where ...', or 'with any'"),
    ):
        match = pattern.search(blank)
        if match:
            word = " ".join(match.group().split())
            raise Slip("not-yet-supported", match.start(), f"'{word}' is not run by this version", help)


def _look_for_later(text: str) -> None:
    blank = _NOT_LATER.sub(lambda quoted: "_" * len(quoted.group()), text)
    match = _LATER_WORDS.search(blank)
    if match:
        word = " ".join(match.group().split())
        raise Slip("not-yet-supported", match.start(), f"'{word}' is not run by this version",
                   "send the value as a fact of its own")  # fmt: skip


def _open_quote(text: str, word: str, offset: int) -> None:
    if word == "'" and text[offset - 1 : offset].isalpha():
        raise Slip("expression", offset, "an apostrophe stands inside a word", "write the words in full: 'is not'")
    raise Slip("expression", offset, "the quote that begins here is never closed", f"close it with {word}")


def _sign(text: str, word: str, offset: int) -> None:
    wrong = WRONG_SIGN.search(word)
    if wrong is not None:
        problem = wrong_sign(wrong.group(), Where("", 1, 1))
        raise Slip(problem.code, offset + wrong.start(), problem.message, problem.help)
    if word[0] in "€£":
        raise Slip("number", offset, f"'{word[0]}' found", "write the currency behind the amount: 5_000 EUR")
    if word.strip():
        offset -= len(re.search(r"[\w.]*$", text[:offset]).group())  # type: ignore[union-attr]
        word = re.match(r"[\w.]*", text[offset:]).group() or word  # type: ignore[union-attr]
        raise Slip("bad-name", offset, f"'{word}' is not a name of the language",
                   "names have a-z, 0-9, _ and a point; a text goes in quotes")  # fmt: skip


def _date(text: str, word: str, offset: int) -> None:
    if _GOOD_DATE.fullmatch(word):
        return
    year, month, day = re.split(r"[-/.]", word)
    raise Slip("date", offset, f"'{word}' is not written as a date", f"write {year}-{month:0>2}-{day:0>2}")


def _commas(text: str, word: str, offset: int) -> None:
    right = re.sub("[, ]", "_", word)
    listed = text.rfind("[", 0, offset) > text.rfind("]", 0, offset)
    two = ", or a space behind the comma for two numbers" if listed else ""
    raise Slip("number", offset, f"'{word}' is not one number", f"write {right}{two}")


def _decimal_comma(text: str, word: str, offset: int) -> None:
    whole, _, decimals = word.partition(",")
    raise Slip("number", offset, f"'{word}' is not one number",
               f"write {int(whole.replace('.', '').replace('_', '')):_}.{decimals}")  # fmt: skip


def _minutes(text: str, word: str, offset: int) -> None:
    raise Slip("number", offset, f"'{word}' is not a number", "write the number of hours, such as 12 hours")


def _glued(text: str, word: str, offset: int) -> None:
    number, letters = re.match(r"([\d_.]+)(.*)", word).groups()  # type: ignore[union-attr]
    if re.fullmatch(r"[eE][+-]?\d+", letters):
        raise Slip("number", offset, f"'{word}' has an exponent", f"write {_all_digits(number, letters[1:])}")
    if re.fullmatch(r"[xXbBoO][0-9a-fA-F]*", letters):
        raise Slip("number", offset, f"'{word}' is not a decimal number", "write it with the digits 0 to 9")
    if letters in ("k", "K", "m", "M", "w", "mn", "bn"):
        raise Slip("number", offset, f"'{word}' is not a number", "write all its digits, such as 5_000")
    raise Slip("number", offset, f"'{word}' is not a number", f"write {number} {letters}")


def _all_digits(number: str, exponent: str) -> str:
    """The number that an exponent stands for, where an amount can be that large; else words."""
    if number.count(".") > 1 or abs(int(exponent[:4])) > 12:
        return "all its digits"
    value = Decimal(number.replace("_", "")).scaleb(int(exponent))
    return f"{int(value):_}" if value == int(value) else "all its digits"


def _digits(text: str, word: str, offset: int) -> None:
    if _GOOD_DIGITS.fullmatch(word):
        return
    if word.endswith("."):
        raise Slip("number", offset, f"'{word}' ends in a point", f"write {word[:-1]}")
    if word.count(".") > 1:
        raise Slip("number", offset, f"'{word}' is not one number", f"write {word.replace('.', '_')}")
    whole, point, decimals = word.partition(".")
    digits = whole.replace("_", "").lstrip("0") or "0"
    if "_" in whole and not whole.startswith("0") or "_" in decimals:
        right = f"{int(digits):_}" if len(digits) < 40 else digits
        raise Slip("number", offset, f"'{word}' has '_' in the wrong place",
                   f"write {right}{point}{decimals.replace('_', '')}")  # fmt: skip
    raise Slip("number", offset, f"'{word}' begins with 0", f"write {digits}{point}{decimals}")


def _point(text: str, word: str, offset: int) -> None:
    raise Slip("number", offset, f"'{word}' begins with a point", f"write 0{word}")


def _operator(text: str, word: str, offset: int) -> None:
    if word in ("&&", "&"):
        raise Slip("one-test-per-line", offset, f"'{word}' joins two tests in one line", "write each test as a line")
    if word in ("||", "|"):
        raise Slip("one-test-per-line", offset, f"'{word}' joins two tests in one line", _ANY)
    if word == "$":
        raise Slip("number", offset, "'$' found", "write the currency behind the amount: 5_000 USD")
    meant = _OPERATORS[word]
    help = f"write '{meant}'" if meant else "delete it"
    raise Slip("expression", offset, f"'{word}' is not part of the language", help)


_ANY = "write each test as a line under any:"
_CHECK: dict[str, Any] = {
    "open_quote": _open_quote, "sign": _sign, "date": _date, "commas": _commas, "spaces": _commas,
    "decimal_comma": _decimal_comma, "minutes": _minutes,
    "glued": _glued, "digits": _digits, "point": _point, "operator": _operator,
}  # fmt: skip
_PHRASES = {
    "equals": "is", "equal": "is", "greater": ">", "more": ">", "above": ">", "over": ">", "less": "<", "below": "<",
    "under": "<", "between": "in [1..5]", "minimum": ">=", "maximum": "<=", "least": ">=", "most": "<=",
    "isnt": "is not", "contains": "in", "within": "in", "exceeds": ">",
}  # fmt: skip
_COMPARATORS = re.compile(r"<=|>=|<|>|\bis\b|\bin\b")


def explain(error: Any, text: str, start: str) -> Slip:
    """What is wrong where the parser stopped."""
    if said := said_otherwise(text):
        return Slip("expression", *said)
    token = getattr(error, "token", None)
    kind = getattr(token, "type", "")
    offset = getattr(error, "pos_in_stream", None)
    if kind == "$END" or offset is None or offset < 0 or offset >= len(text.rstrip()):
        return _ended(text, start)
    word = str(token) if token is not None else text[offset]
    before = text[:offset].rstrip()
    streak = re.search(r"\b(?:months|quarters)\s+in\s+a\s+row\b", text)
    if streak and streak.start() < offset < streak.end():
        told = "a streak stands alone in its line and says what each month must have"
        help = "write it under let as months in a row with any LIST where ..."
        return Slip("expression", streak.start(), told, help)
    if kind in ("COMPARE", "IS", "IN") and before.count("(") > before.count(")"):
        return Slip("expression", offset, f"'{word}' compares inside ( )", "write the comparison without brackets")
    earlier = _COMPARATORS.search(before)
    if kind in ("COMPARE", "IS", "IN") and earlier and not _COMPARATORS.fullmatch(before.split()[-1]):
        return Slip("chained-comparison", offset, f"'{word}' is the second comparison in one line",
                    "write two lines, or one with 'in (5..9)'")  # fmt: skip
    if kind in ("COMPARE", "IS", "IN") and start == "formula_line":
        return Slip("expression", offset, f"'{word}' compares, but a value is wanted here", "tests stand under when")
    return _joined(kind, word, text, offset) or _misplaced(kind, word, text, offset)


def _joined(kind: str, word: str, text: str, offset: int) -> Slip | None:
    if kind == "AND" or word.lower() == "and":
        return Slip("one-test-per-line", offset, "'and' joins two tests in one line", "write each test as a line")
    if kind == "OR" or word.lower() == "or":
        return Slip("one-test-per-line", offset, "'or' joins two tests in one line", _ANY)
    return None


def _misplaced(kind: str, word: str, text: str, offset: int) -> Slip:
    before = text[:offset].rstrip()
    last = re.search(r"[\w.]+$", before)
    common = _common(kind, word, before, text[offset:], offset)
    if common is not None:
        return common
    if word.lower() in _PHRASES:
        return Slip("expression", offset, f"'{word}' is not a comparison of the language",
                    f"write '{_PHRASES[word.lower()]}'")  # fmt: skip
    if kind == "COMMA" and last and last.group().isdigit() and text[offset + 1 : offset + 2].isdigit():
        return Slip("number", offset, "',' stands inside a number", "decimals follow a point, thousands a _")
    if last and re.fullmatch(r"[\d_]+", last.group()) and kind == "NUMBER":
        return Slip("number", offset, f"'{last.group()} {word}' is not one number", "write thousands as in 5_000")
    if last and re.fullmatch(r"[\d_.]+", last.group()) and word in ("points", "point", "percentage", "bp", "bps"):
        return Slip("unit", offset, f"'{word}' is not a unit", "write points of a rate as a rate: + 8% per year")
    if last and re.fullmatch(r"[\d_.]+", last.group()) and kind == "NAME":
        return Slip("unit", offset, f"'{word}' is not a unit", UNITS)
    if kind in ("NAME", "TEXT", "NUMBER") and last:
        return Slip("expression", offset, f"'{word}' cannot follow '{last.group()}'",
                    "put several words in quotes, or write a sign between them")  # fmt: skip
    if kind in ("RPAR", "RSQB") and before.count("([["[kind == "RSQB"]) <= before.count(word):
        return Slip("expression", offset, f"'{word}' closes nothing", "delete it, or open the bracket before it")
    if word == "of" and before.endswith("%"):
        share = re.search(r"[\d_.]+%$", before)
        of = re.match(r"of\s+([\w.]+)", text[offset:])
        if share and of and of.group(1) == "open":
            return Slip("expression", offset, "a rate of the open principal says per what time",
                        f"write '{share.group()} per year'")  # fmt: skip
        return Slip("expression", offset, "'of' cannot stand after '%'",
                    f"write '{share.group() if share else '10%'} * {of.group(1) if of else 'amount'}'")  # fmt: skip
    if word in ("*", "/", "+", "-") and _OF_LIST.match(before):
        return Slip("not-yet-supported", offset, f"'{before} {word}' is not run by this version",
                    "a figure adds up one field: weigh items by several sums, each with its own where")  # fmt: skip
    after = f" after '{last.group()}'" if last else (f" after '{before[-1]}'" if before else " at the beginning")
    return Slip("expression", offset, f"'{word}' cannot stand{after}", "a name or a number is wanted, or nothing more")


def _common(kind: str, word: str, before: str, rest: str, offset: int) -> Slip | None:
    """The slips of word order that many people make."""
    if before.endswith(" at") and word in ("least", "most"):
        before, rest, offset = before[:-3], f"at {rest}", len(before) - 2
    bound = re.match(r"at\s+(least|most)\b", rest)
    if bound:
        sign = ">=" if bound.group(1) == "least" else "<="
        return Slip("expression", offset, f"'{bound.group()}' is not a comparison of the language", f"write '{sign}'")
    figure = rf"\b(?:{FIGURE_WORDS})$"
    if kind == "FIGURE" or word in ("of", "where") and re.search(figure if word == "of" else EVERY_ITEM, before):
        return Slip("expression", offset, "a figure over a list stands alone in its line",
                    "give it a name of its own under let, and use the name here")  # fmt: skip
    if window := re.search(r"\bin(?:\s+the)?\s+last$", before):
        return Slip("expression", window.start(), "a window such as 'in last 30 days' stands behind a figure's list",
                    "write count of LIST in last 30 days, or in last full calendar year")  # fmt: skip
    if kind == "COMMA" and re.search(r"\bin\s*\(?[^()\[\]]*$", before):
        return Slip("expression", offset, "a list after 'in' stands in [ ]", "write in [a, b]")
    if re.search(r"\bis(?:\s+not)?$", before) and word == "in" or re.search(r"\bis\s+(?:not\s+)?in$", before):
        return Slip("expression", offset, "'is' and 'in' stand together", "write 'in' or 'not in'")
    if before == "not":
        return Slip("expression", 0, "'not' cannot begin a line", "write the opposite test, or put the line under not:")
    return None


def _ended(text: str, start: str) -> Slip:
    end = len(text.rstrip())
    if not text.strip():
        wanted = "condition" if start == "condition" else "value"
        return Slip("expression", 0, "there is nothing here", f"write a {wanted}")
    if text.count("(") > text.count(")"):
        return Slip("expression", text.rfind("("), "'(' is never closed", "add ')'")
    if text.count("[") > text.count("]") and ".." not in text:
        return Slip("expression", text.rfind("["), "'[' is never closed", "add ']'")
    if start == "condition" and not _COMPARATORS.search(text):
        name = text.strip()
        return Slip("expression", len(text) - len(text.lstrip()), f"'{name[:40]}' does not compare anything",
                    f"write what it must be, such as '{name[:40]} is true'")  # fmt: skip
    last = text.split()[-1]
    return Slip("expression", end, f"something is missing after '{last[:40]}'", "write the value")
