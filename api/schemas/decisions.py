"""An order to decide, and the decision as it is answered; the answer's bytes are written by `credit/decision.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, missing, validate

from api.schemas.customers import PageAsked
from api.schemas.fields import Body, Facts, Whole, currency, day, identifier, money, token, words
from credit.decision import ENGINES, STATUSES, VERDICTS
from policy.documents import STATUSES as DOCUMENT_STATUSES
from policy.effects import EFFECTS
from policy.subjects import SUBJECTS

DIGEST = r"^sha256:[0-9a-f]{64}$"


class OrderSent(Body):
    """One order as the order system sends it; what it adds to the risk is computed, never stated."""

    id = identifier("the order's number in the order system", required=True)
    amount = money("what the order is worth", required=True)
    currency = currency("of the amounts; another than the account's is converted at the rate of the day",
                        required=True)  # fmt: skip
    requested_terms = words("payment terms, such as net 60; left out: the policy's first offer", 80)
    prepaid = money("what is already paid", load_default="0")
    placed_on = day("when the order was placed; left out: not known")
    deliver_by = day("when it is to be delivered, which is when it will be invoiced")


class LimitRequestSent(Body):
    """The limit that a customer asks for."""

    amount = money("the limit asked for", required=True)
    currency = currency("the account's currency", required=True)
    valid_until = day("the last day it is asked for")


class OfSubject(fields.Nested):
    """A part of the body that some subjects need and others must not have."""

    def __init__(self, nested: Body, *subjects: str) -> None:
        super().__init__(nested, metadata={"description": f"for the subject {' or '.join(subjects)} alone"})
        self.subjects = subjects

    def deserialize(self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None,
                    **options: Any) -> Any:  # fmt: skip
        subject = data.get("subject", "order") if isinstance(data, Mapping) else "order"
        wanted = subject in self.subjects or (subject not in SUBJECTS and "order" in self.subjects)
        if value is missing:
            if wanted:
                raise ValidationError("is missing; send it")
            return missing
        if not wanted:
            raise ValidationError(f"is no part of the subject '{subject}'; leave it out")
        return super().deserialize(value, attr, data, **options)


class OrderToDecide(Body):
    """A request for a decision."""

    subject = token("what is decided on; left out: an order", SUBJECTS, load_default="order")
    order = OfSubject(OrderSent(), "order", "shipment")
    limit_request = OfSubject(LimitRequestSent(), "limit_request")
    customer_id = identifier("the customer, as set before", required=True)
    facts = Facts("facts that the policy reads from the request, and no others")
    amends = identifier("the reservation of this order as it was approved before; an approval replaces it",
                        load_default=None, allow_none=False)  # fmt: skip


class OrderToPreview(OrderToDecide):
    """A request for a preview: any day, any stored policy, nothing is held or stored."""

    as_of = day("the day to decide on; left out: today in the policy's timezone")
    policy_digest = fields.String(
        load_default=None, validate=Whole(DIGEST, error="is no digest; write sha256:..."),
        metadata={"description": "a stored version; left out: the effective one"},
    )  # fmt: skip


class DecisionsAsked(PageAsked):
    """Which decisions to list."""

    customer_id = identifier("of this customer only", load_default=None)
    verdict = token("with this verdict only", VERDICTS, load_default=None)


class EvidenceShown(Body):
    """One figure that a check looked at."""

    fact = fields.String(required=True)
    value = fields.String(required=True, allow_none=True)
    wanted = fields.String(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)
    distance = fields.String(required=True, allow_none=True)


class RuleShown(Body):
    """Where a check stands in the policy."""

    row = fields.Integer(required=True)
    line = fields.Integer(required=True)


class CheckShown(Body):
    """One check, passed or not."""

    check = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    evidence = fields.List(fields.Nested(EvidenceShown), required=True)
    message = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    rule = fields.Nested(RuleShown, required=True, allow_none=True)
    lifted_by = fields.String()
    effect = fields.List(fields.String(validate=validate.OneOf(EFFECTS)))
    items = fields.List(fields.Dict(keys=fields.String(), values=fields.String()))


class DocumentShown(Body):
    """A document that is wanted, and what is on file."""

    document = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(DOCUMENT_STATUSES))
    wanted = fields.Dict(keys=fields.String(), required=True)
    on_file = fields.Dict(keys=fields.String(), required=True, allow_none=True)


class DocumentMayBeShown(Body):
    """A document that a person may ask for."""

    document = fields.String(required=True)
    set_by = fields.String(required=True, allow_none=True)
    wanted = fields.Dict(keys=fields.String(), required=True)


class DiscountShown(Body):
    """A discount for paying early."""

    share = fields.String(required=True)
    days = fields.Integer(required=True)


class TermsShown(Body):
    """The payment terms of the order."""

    offer = fields.String(required=True)
    net_days = fields.Integer(required=True)
    discount = fields.Nested(DiscountShown, required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)
    pay_by = fields.String()
    ship_when = fields.String()


class WantedShown(Body):
    """How a security must be, as far as the policy says it."""

    issuer_rating = fields.String()
    expires_after = fields.Date(allow_none=True)
    confirmed = fields.Boolean()


class ConditionShown(Body):
    """One security to bring; those of one alternative go together, any one alternative is enough."""

    alternative = fields.Integer(required=True)
    security = fields.String(required=True)
    share = fields.String(required=True)
    amount = fields.String(required=True, allow_none=True, metadata={"format": "decimal"})
    wanted = fields.Nested(WantedShown)


class ExposureShown(Body):
    """The limit and what is owed before and after this order."""

    limit = fields.String(required=True, allow_none=True)
    before = fields.String(required=True, allow_none=True, metadata={"format": "decimal"})
    after = fields.String(required=True, allow_none=True, metadata={"format": "decimal"})
    headroom = fields.String(required=True, allow_none=True)


class BecomesShown(Body):
    """What a check that failed becomes by the change: its figure before and after."""

    check = fields.String(required=True)
    was = fields.String(required=True, validate=validate.OneOf(STATUSES))
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    fact = fields.String(required=True, allow_none=True)
    before = fields.String(required=True, allow_none=True)
    value = fields.String(required=True, allow_none=True)
    wanted = fields.String(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)


class BeyondShown(Body):
    """The next change that is not approved, by one minor unit."""

    change = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))


class CounterOfferShown(Body):
    """A change of the order that the policy decided better, and why."""

    change = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    terms = fields.String(required=True, allow_none=True)
    conditions = fields.List(fields.Nested(ConditionShown), required=True)
    evidence = fields.List(fields.Nested(BecomesShown), required=True)
    exposure = fields.Nested(ExposureShown, required=True)
    beyond = fields.Nested(BeyondShown, metadata={"description": "the next step back towards what was asked"})


class StateShown(Body):
    """A state that the customer is in; lines as the policy writes them."""

    state = fields.String(required=True)
    since = fields.Date(required=True, allow_none=True)
    entered = fields.Boolean(required=True)
    why = fields.List(fields.String(), required=True)
    to_leave = fields.List(fields.String(), required=True)


class ReservationShown(Body):
    """The exposure that an approval holds."""

    id = fields.String(required=True)
    amount = fields.String(required=True, metadata={"format": "decimal"})
    expires_at = fields.DateTime(required=True)


class PolicyShown(Body):
    """Exactly which policy decided."""

    name = fields.String(required=True)
    version = fields.Integer(required=True, allow_none=True)
    digest = fields.String(required=True)
    program_digest = fields.String(required=True)


class AgainstShown(Body):
    """Why a release was not enough: a check or a part of the answer."""

    what = fields.String(required=True)
    why = fields.String(required=True)


class RateUsed(Body):
    """The rate of the day of the decision."""

    id = fields.String(required=True)
    value = fields.String(required=True, metadata={"format": "decimal"})
    per = fields.Integer(required=True)
    day = fields.Date(required=True)
    age_days = fields.Integer(required=True)
    source = fields.String(required=True)


class AmountsConverted(Body):
    """An order's amounts in the account's currency, which is that of every other amount of the answer."""

    currency = fields.String(required=True)
    amount = fields.String(required=True, metadata={"format": "decimal"})
    prepaid = fields.String(required=True, metadata={"format": "decimal"})


class ConversionShown(AmountsConverted):
    """An order's amounts as they were sent, and what they are; both null where no rate could be used."""

    rate = fields.Nested(RateUsed, required=True, allow_none=True)
    converted = fields.Nested(AmountsConverted, required=True, allow_none=True)


class ReleaseShown(Body):
    """How a person's release bears on a decision: the checks it lifted, or what stood against it."""

    referral = fields.String(required=True)
    role = fields.String(required=True)
    lifted = fields.List(fields.String(), required=True)
    against = fields.List(fields.Nested(AgainstShown), required=True)
    up_to = fields.String(required=True, allow_none=True, metadata={"format": "decimal"})
    until = fields.Date(required=True, allow_none=True)
    released_on = fields.Date(allow_none=True)
    amount = fields.String(metadata={"format": "decimal", "description": "of this decision, what the release is about"})


class DecisionShown(Body):
    """The whole answer to one order."""

    decision_id = fields.String(required=True)
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    hard_stop = fields.Boolean(required=True)
    checks = fields.List(fields.Nested(CheckShown), required=True)
    tier = fields.String(required=True, allow_none=True)
    terms = fields.Nested(TermsShown, required=True, allow_none=True)
    conditions = fields.List(fields.Nested(ConditionShown), required=True)
    exposure = fields.Nested(ExposureShown, required=True)
    counter_offers = fields.List(fields.Nested(CounterOfferShown), required=True)
    reservation = fields.Nested(ReservationShown, required=True, allow_none=True)
    policy = fields.Nested(PolicyShown, required=True)
    authority = fields.String(required=True, allow_none=True)
    missing = fields.List(fields.String(), required=True)
    decided_at = fields.DateTime(required=True)
    as_of = fields.Date(required=True)
    engines = fields.String(required=True, validate=validate.OneOf(ENGINES))
    states = fields.List(fields.Nested(StateShown()))
    subject = fields.String(validate=validate.OneOf(SUBJECTS), metadata={"description": "left out for an order"})
    documents = fields.List(fields.Nested(DocumentShown))
    may_be_required = fields.List(fields.Nested(DocumentMayBeShown))
    release = fields.Nested(ReleaseShown, metadata={"description": "only where a person approved a referral"})
    conversion = fields.Nested(ConversionShown, metadata={"description": "only of an order in another currency"})
    preview = fields.Boolean()


class DecisionAnswer(Body):
    """A decision and, in time, its receipt."""

    decision = fields.Nested(DecisionShown, required=True)
    receipt = fields.Raw(required=True, metadata={"type": "null"})


class DecisionListed(Body):
    """One decision in a list."""

    decision_id = fields.String(required=True)
    customer_id = fields.String(required=True)
    order_id = fields.String(required=True, allow_none=True)
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    decided_at = fields.DateTime(required=True)
    as_of = fields.Date(required=True)
    policy_digest = fields.String(required=True)
    subject = fields.String(validate=validate.OneOf(SUBJECTS), metadata={"description": "left out for an order"})


class DecisionPage(Body):
    """Decisions, newest first; `next` is null on the last page."""

    items = fields.List(fields.Nested(DecisionListed), required=True)
    next = fields.String(required=True, allow_none=True)


class DifferenceShown(Body):
    """One part of an answer that came out otherwise."""

    where = fields.String(required=True)
    recorded = fields.Raw(required=True, allow_none=True)
    replayed = fields.Raw(required=True, allow_none=True)


class ReplayShown(Body):
    """A decision decided again: equal, or what the difference belongs to."""

    decision_id = fields.String(required=True)
    result = fields.String(required=True)
    told = fields.String(required=True)
    verdict = fields.String(required=True)
    differences = fields.List(fields.Nested(DifferenceShown()), required=True)
