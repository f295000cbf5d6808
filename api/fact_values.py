"""Facts as clients write them, read into the exact values of the policy's kinds, and written back as text.

Counts and days are whole JSON numbers, flags are true or false, everything else is text: amounts "120000.00", shares
"30%", days "2026-11-23". Whatever does not fit is refused; no value is ever guessed or rounded.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction

from api.schemas.fields import EARLIEST, LATEST
from api.strict_json import quoted
from credit.exposure import Limit
from credit.money import Money
from credit.percent import parse_percent
from policy.kinds import COUNT_MAX, NO_LIMIT, UNLIMITED, Value, plain
from policy.vocabulary import FactDeclaration, ListDeclaration, Vocabulary

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST_TEXT = 256


def read_fact(declared: FactDeclaration, given: object, currency: str, vocabulary: Vocabulary) -> Value:
    """A client's value as the exact value of the fact's kind.

    Raises: ValueError with a sentence on how the value is written.
    """
    if declared.listing is not None:
        return _items(declared.listing, given, currency, vocabulary)
    if declared.kind == "rating":
        return _rank(declared, given)
    if declared.kind == "choice":
        return _choice(declared, given)
    if declared.kind == "terms":
        literal = vocabulary.read_terms(_text(given))
        if literal is None:
            raise ValueError("is no payment terms; write them as \"net 30\", \"2/10 net 30\" or \"prepaid\"")
        return literal.text
    return _READ[declared.kind](given, currency)


def _items(listing: ListDeclaration, given: object, currency: str, vocabulary: Vocabulary) -> Value:
    """The items of a list; a field that is left out, or null, is missing."""
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise ValueError("is not a list of objects; write [{...}, {...}], and [] for none")
    if len(given) > listing.at_most:
        raise ValueError(f"has more than {listing.at_most} items; the policy reads no more")
    return tuple(_item(listing, number, item, currency, vocabulary) for number, item in enumerate(given, 1))


def _item(
    listing: ListDeclaration, number: int, item: Mapping[str, object], currency: str, vocabulary: Vocabulary
) -> Mapping[str, Value]:
    values: dict[str, Value] = {}
    for name, value in item.items():
        field = listing.fields.get(name)
        if field is None:
            raise ValueError(f"has {quoted(name)} in item {number}; its fields are {', '.join(listing.fields)}")
        try:
            if value is not None:
                values[name] = read_fact(field, value, currency, vocabulary)
        except ValueError as error:
            raise ValueError(f"has '{name}' in item {number}, which {error}") from None
    return values


def _whole(given: object, currency: str) -> int:
    if type(given) is not int or abs(given) > COUNT_MAX:
        raise ValueError(f"is not a whole number up to {COUNT_MAX}; write it without quotes or a point")
    return given


def _counted(given: object, currency: str) -> int:
    if _whole(given, currency) < 0:
        raise ValueError("is below zero; nothing is counted below zero")
    return _whole(given, currency)


def _flag(given: object, currency: str) -> bool:
    if type(given) is not bool:
        raise ValueError("is neither true nor false; write one of them without quotes")
    return given


def _money(given: object, currency: str) -> int:
    return Money.parse(_text(given), currency, signed=True).minor


def _percent(given: object, currency: str) -> Value:
    return plain(parse_percent(_text(given)))


def _decimal(given: object, currency: str) -> Value:
    if type(given) is int:
        return _whole(given, currency)
    if _DECIMAL.fullmatch(_text(given)) is None:
        raise ValueError("is not a number; write plain decimal text, such as \"1.25\"")
    return plain(Fraction(_text(given)))


def _day(given: object, currency: str) -> int:
    text = _text(given)
    if _DAY.fullmatch(text) is None or not text.isascii():
        raise ValueError("is not a day; write it as \"2026-11-23\"")
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a day of the calendar; write it as \"2026-11-23\"") from None
    if not EARLIEST <= found <= LATEST:
        raise ValueError(f"is not between {EARLIEST} and {LATEST}; mend the year")
    return found.toordinal()


def _limit(given: object, currency: str) -> int:
    found = Limit.parse(_text(given), currency)
    if found.money is None:
        return NO_LIMIT if found.is_none else UNLIMITED
    return found.money.minor


def _line(given: object, currency: str) -> str:
    text = unicodedata.normalize("NFC", _text(given))
    if not text.isprintable():
        raise ValueError("holds characters that cannot be printed; take them out")
    return text


def _text(given: object) -> str:
    if not isinstance(given, str):
        raise ValueError("is not text; write it in quotes")
    if not 1 <= len(given) <= LONGEST_TEXT:
        raise ValueError(f"has no characters, or more than {LONGEST_TEXT}")
    return given


def _choice(declared: FactDeclaration, given: object) -> str:
    text = _text(given)
    if text not in declared.choices:
        raise ValueError(f"is not one of {', '.join(declared.choices)}")
    return text


def _rank(declared: FactDeclaration, given: object) -> int:
    ranks = dict(declared.ranks)
    text = _text(given)
    if text not in ranks:
        raise ValueError(f"is not one of {', '.join(ranks)}")
    return ranks[text]


_READ: Mapping[str, Callable[[object, str], Value]] = {
    "money": _money, "percent": _percent, "ratio": _decimal, "number": _decimal, "rate": _percent, "count": _counted,
    "days": _whole, "hours": _counted, "months": _counted, "date": _day, "flag": _flag, "text": _line, "limit": _limit,
}  # fmt: skip
