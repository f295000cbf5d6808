"""The comma that ends a value inside { } or [ ]: `{limit: min(a, b)}` and `{a: 5,000}` load silently as something else.

The reader of the file asks here about each text that a comma may have cut off; the answer joins the two again, so that
the slip is told once and the rest of the policy is still read as it was meant.
"""

from __future__ import annotations

import re

from policy.nodes import Scalar
from policy.problems import Problem, Where

_THOUSANDS = re.compile(r"(.*?)(-?\d{1,3}(?:[,_]\d{3})*,\d{3}(?:\.\d+)?)(.*)", re.DOTALL)
_DISCOUNT = re.compile(r"\d+(?:\.\d+)?/\d+\s*,\s*net\b[^,]*")


def cut_off(whole: str, before: Scalar, mapping: bool) -> tuple[Scalar, Problem] | None:
    """The value as it was meant and the finding, if the last comma of `whole` lies inside one value.

    `whole` is the text from the value `before` to the end of what follows it; `mapping` says that what follows has no
    colon, so that it cannot be a value of its own.
    """
    after = whole[len(before.text) :]
    at = Where(before.at.file, before.at.line, before.at.column + whole.rfind(","))
    number = _THOUSANDS.fullmatch(whole)
    if number and not number.group(1) and not number.group(3) and (mapping or _one_number(after)):
        right = number.group(2).replace(",", "_")
        halves = " and ".join(number.group(2).rsplit(",", 1))
        two = "" if mapping else f", or '{whole.replace(',', ', ')}' for two numbers"
        return _joined(before, right), Problem("comma", at, f"'{whole}' reads as {halves}", f"write {right}{two}")
    if _DISCOUNT.fullmatch(whole):
        right = re.sub(r"\s*,\s*", " ", whole, count=1)
        return _joined(before, right), Problem("comma", at, f"'{whole}' reads as two offers", f"write '{right}'")
    if _unclosed(before.text):
        return _joined(before, whole), Problem("comma", at, f"the comma inside '{whole}' ended the value",
                                               "put this row's values on lines of their own, without { }")  # fmt: skip
    if mapping:
        return _joined(before, whole), Problem("comma", at, f"the comma before '{after.strip(', ')}' ended the value",
                                               "put the value on a line of its own, or in quotes")  # fmt: skip
    return None


def _one_number(after: str) -> bool:
    """`5,000` in [ ] is one number; `5, 100` is two; `100,200` is nobody knows, so it is asked."""
    return re.match(r",\d{3}\b|,\s+0\d\d\b", after) is not None


def _unclosed(text: str) -> bool:
    return text.count("(") > text.count(")")


def _joined(before: Scalar, text: str) -> Scalar:
    return Scalar(text, False, before.at, False)
