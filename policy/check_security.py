"""What rows of `security` ask for: instruments that exist, shares that fit in one order, attributes that can be met."""

from __future__ import annotations

from fractions import Fraction

from policy.check_values import constant
from policy.document import Alternative, ScaleWritten, Wanted, Word
from policy.infer import Inference
from policy.meaning import Sort
from policy.numbers import float_free
from policy.security import ATTRIBUTES
from policy.suggest import did_you_mean, listed


def check_alternative(inference: Inference, alternative: Alternative) -> None:
    """One alternative of a row."""
    shares: list[Fraction] = []
    for word, share in alternative.shares:
        if not _is_instrument(inference, word):
            continue
        sort = inference.formula(share, Sort("percent"))
        value = constant(inference, share)
        if sort is not None and (sort.kind not in ("percent", "ratio") or value is None):
            inference.note("percent", share.at, f"the share of '{word.text}' is not a percentage", "write it as in 30%")
        elif value is not None:
            shares.append(value)
            if not 0 < value <= 1:
                inference.note("range", share.at, f"the share of '{word.text}' must be more than 0% and at most 100%")
    total = sum(shares)
    if total > 1 and max(shares) <= 1:
        inference.note("share-sum", alternative.at, f"the securities add up to {float_free(Fraction(total * 100))}% "
                       "of the order", "let them be 100% together, or less")  # fmt: skip
    if alternative.wanted is not None:
        _wanted(inference, alternative, alternative.wanted)


def _is_instrument(inference: Inference, word: Word) -> bool:
    known = inference.names.vocabulary.instruments
    if word.text not in known:
        inference.note("unknown-instrument", word.at, f"'{word.text}' is not a security",
                       did_you_mean(word.text, (*known, *ATTRIBUTES), f"one of: {listed(known)}"))  # fmt: skip
    return word.text in known


def _wanted(inference: Inference, alternative: Alternative, wanted: Wanted) -> None:
    vocabulary = inference.names.vocabulary
    names = [word.text for word, _ in alternative.shares]
    if all(name in vocabulary.instruments and name not in vocabulary.issued for name in names):
        inference.note("unknown-instrument", alternative.at, f"'{names[0]}' has no issuer, and no day on which it ends",
                       f"write this beside one of: {listed(vocabulary.issued)}")  # fmt: skip
    scales = inference.names.policy.scales
    if wanted.issuer_rating is not None and scales:
        rating, known = wanted.issuer_rating.text.removesuffix(" or better"), _ratings(scales)
        if rating not in known:
            inference.note("unknown-word", wanted.issuer_rating.at, f"'{rating}' is not a rating of this file",
                           did_you_mean(rating, known, f"one of: {listed(known)}"))  # fmt: skip


def _ratings(scales: tuple[ScaleWritten, ...]) -> list[str]:
    """The words of every scale, and those of agencies for them."""
    words = [word.text for scale in scales for word in scale.words]
    words += [word.text for scale in scales for pairs in scale.agencies.values() for word, _ in pairs]
    return list(dict.fromkeys(words))
