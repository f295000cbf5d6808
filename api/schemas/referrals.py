"""Referrals over HTTP: the queue, what a person says to one, and what became of it."""

from __future__ import annotations

from marshmallow import fields, validate

from api.schemas.customers import PageAsked
from api.schemas.decisions import DecisionShown
from api.schemas.fields import Body, identifier, token, words
from credit.decision import STATUSES, VERDICTS
from storage.referrals import APPROVED, DECIDED_ANEW, OPEN, REJECTED, STATES

LONGEST_REASON = 500


class ReferralRejected(Body):
    """Why a referral is rejected; who does it is the person of the session."""

    reason = words("why", LONGEST_REASON, required=True)


class ReferralApproved(ReferralRejected):
    """Why a referral is approved; who does it is the person of the session."""


class ReferralApprovedWithTerms(ReferralApproved):
    """The same, on payment terms that the person names."""

    requested_terms = words("the terms in place of those asked for; the policy has to allow them", 80, required=True)


class ReferralsAsked(PageAsked):
    """Which referrals to list."""

    state = token("in this state only", STATES, load_default=OPEN)
    customer_id = identifier("of this customer only", load_default=None)


class FailedCheck(Body):
    """A check for which the order was referred."""

    check = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))


class ReferralDecided(Body):
    """What a person made of a referral; `up_to` and `until` say how far an approval reaches."""

    outcome = fields.String(required=True, validate=validate.OneOf((APPROVED, REJECTED, DECIDED_ANEW)))
    person = fields.String(required=True)
    role = fields.String(required=True)
    client = fields.String(required=True)
    reason = fields.String(required=True)
    at = fields.DateTime(required=True)
    decision_id = fields.String(required=True, allow_none=True)
    up_to = fields.String(required=True, allow_none=True, metadata={"format": "decimal"})
    until = fields.DateTime(required=True, allow_none=True)
    grant_id = fields.String(required=True, allow_none=True)


class ReferralShown(Body):
    """One referred order, how long it waits, and whom it needs."""

    id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    customer_id = fields.String(required=True)
    order_id = fields.String(required=True)
    currency = fields.String(required=True)
    amount = fields.String(required=True, metadata={"format": "decimal"})
    unsecured_amount = fields.String(required=True, metadata={"format": "decimal"})
    verdict = fields.String(required=True, validate=validate.OneOf(VERDICTS))
    authority = fields.String(required=True, allow_none=True)
    checks = fields.List(fields.Nested(FailedCheck), required=True)
    missing = fields.List(fields.String(), required=True)
    client = fields.String(required=True)
    referred_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True)
    age_hours = fields.Integer(required=True)
    decided = fields.Nested(ReferralDecided, required=True, allow_none=True)


class ReferralAnswer(Body):
    """A referral as it stands."""

    referral = fields.Nested(ReferralShown, required=True)


class ReferralDecidedAnswer(ReferralAnswer):
    """A referral that was decided, and the decision that followed; null for a rejection."""

    decision = fields.Nested(DecisionShown, required=True, allow_none=True)


class ReferralPage(Body):
    """Referrals, the longest waiting first; `next` is null on the last page."""

    items = fields.List(fields.Nested(ReferralShown), required=True)
    next = fields.String(required=True, allow_none=True)
