"""Payment terms to recommend, and how they are shown with their arithmetic."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from api.schemas.decisions import ConditionShown, OrderSent, PolicyShown
from api.schemas.fields import Body, Facts, Printable, identifier, money, words
from credit.decision import VERDICTS
from credit.expected_margin import MEANINGS

MOST_RISKS = 40


class Risks(fields.Dict):
    """A probability for each of several payment terms, as shares by the terms' text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > MOST_RISKS:
            raise ValidationError(f"is not at most {MOST_RISKS} shares by payment terms in braces")
        for text in value:
            Printable(80)(text)
        return dict(value)


class MarginInputs(Body):
    """The figures that a recommendation needs; those left out are read from the policy, or named as missing."""

    margin = money(MEANINGS["margin"])
    discount_taken = words(MEANINGS["discount_taken"], 20)
    cost_of_capital = words(MEANINGS["cost_of_capital"], 20)
    loss_given_default = words(MEANINGS["loss_given_default"], 20)
    insured_share = words(MEANINGS["insured_share"], 20)
    default_risk = Risks(
        load_default=dict, error_messages={"null": "is null; leave it out or send a value"},
        metadata={"description": MEANINGS["default_risk"], "additionalProperties": {"type": "string"}},
    )  # fmt: skip


class TermsWish(Body):
    """An order for which payment terms are to be recommended."""

    order = fields.Nested(OrderSent(), required=True, error_messages={"required": "is missing; send it"})
    customer_id = identifier("the customer, as set before", required=True)
    facts = Facts("facts that the policy reads from the request, and no others")
    inputs = fields.Nested(MarginInputs(), load_default=lambda: {"default_risk": {}})


class StepOfMargin(Body):
    """One amount and how it came about; null where an input is missing."""

    amount = fields.String(required=True, allow_none=True, metadata={"format": "decimal"})
    formula = fields.String(required=True)


class ArithmeticShown(Body):
    """The steps of one line."""

    credit = fields.Nested(StepOfMargin, required=True)
    exposed = fields.Nested(StepOfMargin, required=True)
    discount_cost = fields.Nested(StepOfMargin, required=True)
    capital_cost = fields.Nested(StepOfMargin, required=True)
    expected_loss = fields.Nested(StepOfMargin, required=True)


class TermsRecommended(Body):
    """One set of terms that the policy allows; `alternative` says which of its conditions the arithmetic counts."""

    rank = fields.Integer(required=True, allow_none=True)
    terms = fields.String(required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    due_on = fields.Date(required=True, allow_none=True)
    conditions = fields.List(fields.Nested(ConditionShown), required=True)
    alternative = fields.Integer(required=True, allow_none=True)
    expected_margin = fields.String(required=True, allow_none=True, metadata={"format": "decimal"})
    expected_cost = fields.String(required=True, allow_none=True, metadata={"format": "decimal"})
    arithmetic = fields.Nested(ArithmeticShown, required=True)
    missing = fields.List(fields.String(), required=True)


class TermsNotAllowed(Body):
    """One set of terms that the policy does not allow, the checks that failed, and what it offers instead."""

    terms = fields.String(required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    checks = fields.List(fields.String(), required=True)
    offered_instead = fields.String(required=True, allow_none=True)


class RecommendationAnswer(Body):
    """Payment terms, the best first."""

    order_id = fields.String(required=True)
    currency = fields.String(required=True)
    amount = fields.String(required=True, metadata={"format": "decimal"})
    recommendations = fields.List(fields.Nested(TermsRecommended), required=True)
    not_allowed = fields.List(fields.Nested(TermsNotAllowed), required=True)
    missing = fields.List(fields.String(), required=True)
    policy = fields.Nested(PolicyShown, required=True)
    as_of = fields.Date(required=True)
