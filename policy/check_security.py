"""What rows of `security` ask for: instruments that exist, shares that fit in one order, attributes that can be met."""

from __future__ import annotations

from fractions import Fraction

from policy.check_roles import check_role
from policy.check_values import constant
from policy.discretion import SET, decided_by
from policy.document import Alternative, ScaleWritten, ShareOf, Wanted, Word
from policy.infer import Inference
from policy.meaning import Names, Sort, fact_referent
from policy.numbers import float_free
from policy.problems import Problem
from policy.resolve import shown
from policy.security import ATTRIBUTES
from policy.suggest import did_you_mean, listed
from policy.syntax import Expr
from policy.vocabulary import FactDeclaration


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
    for one in alternative.of:
        _share_of(inference, one)
    total = sum(shares)
    if total > 1 and max(shares) <= 1:
        inference.note("share-sum", alternative.at, f"the securities add up to {float_free(Fraction(total * 100))}% "
                       "of the order", "let them be 100% together, or less")  # fmt: skip
    if alternative.wanted is not None:
        _wanted(inference, alternative, alternative.wanted)


def _share_of(inference: Inference, one: ShareOf) -> None:
    """A share of another amount, which may be more than all of it; where a person decides, a range of shares."""
    _is_instrument(inference, one.instrument)
    sort = inference.formula(one.of)
    if sort is not None and sort.kind != "money":
        inference.note("kind", one.of.at, f"'{one.instrument.text}' is a share of {shown(sort)}, and must be one of an "
                       "amount", "name an amount of money after 'of'")  # fmt: skip
        return
    ends = (one.share,) if one.low is None or one.high is None else (one.low, one.high)
    found = [_percentage(inference, one.instrument, end) for end in ends]
    if found[0] is not None and found[-1] is not None and found[-1] < found[0]:
        inference.note("range", ends[-1].at, f"'to' of '{one.instrument.text}' lies below 'from'", "turn them round")
    if all(end is not None for end in found):
        inference.formula(one.amount)


def _percentage(inference: Inference, instrument: Word, share: Expr) -> Fraction | None:
    sort, value = inference.formula(share, Sort("percent")), constant(inference, share)
    if sort is not None and (sort.kind not in ("percent", "ratio") or value is None):
        inference.note("percent", share.at, f"the share of '{instrument.text}' is not a percentage",
                       "write it as in 30%")  # fmt: skip
        return None
    if value is not None and value <= 0:
        inference.note("range", share.at, f"the share of '{instrument.text}' must be more than 0%")
        return None
    return value


def name_set(names: Names, problems: list[Problem]) -> None:
    """Fill in the facts that people set, and find declared facts of their names."""
    roles: dict[str, list[str]] = {}
    for _, fact, role in decided_by(names.policy):
        roles.setdefault(fact, []).append(role.text)
    for written in names.policy.facts:
        if written.name.text in roles:
            problems.append(Problem("duplicate-name", written.name.at, f"'{written.name.text}' is what a person sets "
                                    "for a security", "choose another name"))  # fmt: skip
    for fact, by in roles.items():
        people = listed(tuple(dict.fromkeys(by)))
        what = fact.removeprefix(SET)
        meaning = {"en": f"the share of {what} set by {people}", "zh": f"{people} 所定的 {what} 份额"}
        if what == "security":
            meaning = {"en": f"the security chosen by {people}", "zh": f"{people} 所选的担保"}
        kind = "text" if what == "security" else "percent"
        names.facts[fact] = FactDeclaration(fact, kind, "master", meaning)
        names.known[fact] = fact_referent(names.facts[fact])


def check_set(inference: Inference) -> None:
    """Who sets it is a role of the file, and what may be chosen are securities."""
    for _, _, role in decided_by(inference.names.policy):
        check_role(inference, role)


def _is_instrument(inference: Inference, word: Word) -> bool:
    known = inference.names.vocabulary.instruments
    if word.text not in known:
        inference.note("unknown-instrument", word.at, f"'{word.text}' is not a security",
                       did_you_mean(word.text, (*known, *ATTRIBUTES), f"one of: {listed(known)}"))  # fmt: skip
    return word.text in known


def _wanted(inference: Inference, alternative: Alternative, wanted: Wanted) -> None:
    vocabulary = inference.names.vocabulary
    names = [word.text for word, _ in alternative.shares] + [one.instrument.text for one in alternative.of]
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
