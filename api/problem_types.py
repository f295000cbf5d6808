"""The closed list of failures a client can meet: a name, a status, what it is and what to do about it.

Each has its page at `/problems/<name>`, and no problem leaves the service that does not stand here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of failure; its page is `/problems/<name>`."""

    name: str
    status: int
    title: str
    advice: str


PROBLEM_TYPES: Mapping[str, ProblemType] = {
    name: ProblemType(name, status, title, advice)
    for name, status, title, advice in (
        # the body as text
        ("malformed-json", 400, "the body is not JSON", "Send one JSON object, and nothing after it."),
        ("not-utf8", 400, "the body is not UTF-8 text", "Send UTF-8 without a byte order mark."),
        ("not-an-object", 400, "the body is not a JSON object", "Send the fields inside one pair of braces."),
        ("too-deep", 400, "the body is nested too deeply", "At most 32 brackets may be open at once."),
        ("duplicate-key", 400, "a key is written twice", "Write each key once in an object."),
        ("not-a-number", 400, "a number is not one", "NaN and Infinity are no amounts; send a figure or leave it out."),
        ("inexact-number", 400, "a number cannot be read exactly",
         "Write amounts and every number with a point or an exponent as plain decimal text in quotes: \"120000.00\"."),
        ("number-too-long", 400, "a number has too many digits", "A whole number has at most 15 digits."),
        ("unprintable-text", 400, "a text holds a character that is none", "NUL and lone surrogates are refused."),
        ("unsupported-media-type", 415, "the body is not sent as JSON", "Send Content-Type: application/json."),
        ("too-large", 413, "the body is too large", "A body has at most 256 KiB, that of a batch 2 MiB."),
        ("malformed-request", 400, "the request cannot be read", "See the detail."),
        # the idempotency key
        ("idempotency-key-missing", 400, "the Idempotency-Key header is missing",
         "Send a new key with every new order or change, and the same key when you retry it."),
        ("idempotency-key-malformed", 400, "the Idempotency-Key header cannot be used",
         "A key has 1 to 255 visible ASCII characters, without spaces."),
        ("idempotency-key-reused", 422, "this key was used for another request",
         "The same key belongs to the same body; send a new key with a new request."),
        ("in-progress", 409, "the first request with this key is still in work", "Wait a moment and send it again."),
        # a reservation
        ("reservation-over", 409, "nothing of the reservation is held any more",
         "It was converted, secured, voided, replaced or has expired. Ask for a new decision on the order."),
        ("nothing-to-confirm", 409, "there are no conditions to confirm",
         "The approval has none, or they were confirmed before."),
        ("conditions-not-met", 422, "no alternative of the conditions is met",
         "Send every entry of one alternative of the decision, each with at least its amount, and no others."),
        # a referral
        ("referral-decided", 409, "a person decided the referral already",
         "See what became of it: GET /v1/referrals/{id}."),
        ("referral-expired", 409, "the referral waited for too long", "Ask for a new decision on the order."),
        ("order-held", 409, "the order holds exposure by now",
         "It was approved in the meantime; nothing is to be done."),
        ("alert-seen", 409, "the alert was seen before", "See it: GET /v1/alerts?all=yes."),
        ("document-withdrawn", 409, "the document was withdrawn before", "See it: GET /v1/customers/{id}/dossier."),
        ("case-ended", 409, "the legal case was handed over or closed before", "See it: GET /v1/legal-cases/{id}."),
        ("hold-ended", 409, "the hold was ended before", "See it: GET /v1/customers/{id}/holds."),
        ("block-ended", 409, "the block is over", "See it: GET /v1/customers/{id}/blocks."),
        ("settlement-known", 409, "it is known with another content",
         "What was entered is never changed: reverse it, and send the other under an id of its own."),
        ("settlement-reversed", 409, "it was reversed before", "See it: GET /v1/customers/{id}/settlements."),
        ("settlement-refused", 422, "the ledger cannot take this", "The detail says why; nothing was written."),
        ("grant-withdrawn", 409, "the grant was taken back before", "See it: GET /v1/grants/{id}."),
        ("not-releasable", 409, "nobody may release this order",
         "It is denied by a check that names no role under release_by."),
        ("terms-not-allowed", 422, "the policy does not allow these terms", "Name terms that it offers or allows."),
        ("authority-too-low", 403, "the person's role is not high enough",
         "A person of the role that the detail names has to decide."),
        ("own-submission", 403, "nobody decides an order of their own", "Another person decides."),
        # a policy
        ("own-policy", 403, "nobody approves a policy of their own",
         "Whoever wrote, edited or submitted it cannot approve it; another person does."),
        ("policy-edited", 409, "the draft was edited since", "An edit voids what was submitted; submit it again."),
        ("not-checked", 409, "these bytes are not checked", "Check the draft, then submit it: POST ...:check."),
        ("not-publishable", 422, "the policy cannot be published", "Mend what its check found, and check it again."),
        ("approved-already", 409, "another person approved it already", "See what became of it: GET the submission."),
        ("not-approved", 409, "nobody has approved it", "Another person has to approve it first."),
        ("submission-withdrawn", 409, "the submission was withdrawn", "Submit it again."),
        ("published-already", 409, "it is published already", "To take it back, submit another version."),
        ("effective-in-past", 422, "the instant has passed", "A policy begins now or later, as decisions name theirs."),
        ("effective-overlap", 409, "another policy begins at the same instant for the same customers",
         "Choose another instant, or withdraw the other one."),
        ("unknown-assignment", 422, "there is nobody of this name",
         "Write default, customer:ID, group:ID, country:CN or challenger."),
        ("never-effective", 422, "the version never decided",
         "An emergency goes back to a version that decided before; submit any other one as usual."),
        ("nothing-to-end", 422, "there is nothing to end", "Only an assignment with a policy of its own can end."),
        ("if-match-missing", 428, "the If-Match header is missing", "Send the ETag of the draft as you saw it."),
        ("if-match-stale", 412, "somebody edited the draft since", "Read it again, and put your changes on top."),
        # who asks
        ("unauthorized", 401, "no valid key or session", "Send Authorization: Bearer <key>, or sign in."),
        ("sign-in-failed", 401, "name or password is wrong", "Try again, or ask an administrator for a new password."),
        ("sign-on-failed", 401, "the provider's answer signs nobody on",
         "Begin again at /v1/sign-on, or ask an administrator to link your account."),
        ("sign-on-unavailable", 503, "the provider of identities cannot be reached",
         "Nobody was signed on. Try again later, or sign in with a password where you have one."),
        ("forbidden", 403, "this caller may not do that", "Ask an administrator for the right role."),
        ("person-only", 403, "only a person may do that", "Sign in: a key stands for a system, not for a person."),
        ("cross-site", 403, "the request came from another site",
         "With a session, changes are sent from the service's own pages; a program uses a key."),
        ("too-many-requests", 429, "too many requests", "Wait as long as Retry-After says, then send it again."),
        # what was sent
        ("invalid-field", 422, "a field cannot be used as sent", "`errors` names each field and what is wrong."),
        ("unknown-field", 422, "a field is not known", "`errors` names each field that this request does not have."),
        ("unknown-customer", 422, "the customer is not known", "Create it first: PUT /v1/customers/{id}."),
        ("unknown-currency", 422, "the currency is not known", "Send an active ISO 4217 code in capitals."),
        ("currency-mismatch", 422, "the currency is not the account's", "Send the amount in the account's currency."),
        ("currency-fixed", 422, "a customer's currency cannot be changed", "Its account holds money of the first one."),
        ("unknown-fact", 422, "a fact is not known to the policy", "Send only facts that the effective policy reads."),
        ("fact-not-yours", 422, "a fact is not the sender's to state",
         "An order system states facts from the request only; master and bureau facts go to the customer, the rest is "
         "computed."),
        ("subject-not-decided", 422, "the policy says nothing for this subject",
         "An officer has to write rows for it, such as 'for: shipment'; nothing was decided."),
        ("unknown-policy", 422, "the policy is not known", "Name the digest of a stored policy version."),
        ("invalid-cursor", 422, "the cursor is none of ours", "Send `next` of the page before, unchanged."),
        ("not-found", 404, "there is nothing here", "Check the address and the identifier."),
        ("record-erased", 410, "the record was erased on request",
         "Its verdict stands, and its receipt still proves it; compliance knows by whom and why it was erased."),
        ("record-kept", 409, "the record is still needed",
         "`errors` names each decision and why; what is open has to be closed first, or a term to end."),
        ("message-ended", 409, "the message stands otherwise",
         "Its state says what became of it: GET /v1/messages/{id}."),
        ("letter-not-written", 409, "the letter cannot be written",
         "The detail says what is missing: a file, a field's value, or who writes. Nothing was kept."),
        ("method-not-allowed", 405, "the address does not take this method", "The Allow header names those it takes."),
        ("refused", 400, "the request is refused", "See the status."),
        # our side
        ("no-policy", 503, "no policy is in effect", "Nothing was decided. An officer has to publish a policy."),
        ("engine-fault", 503, "the engines gave no answer", "Nothing was decided or held. We were told; try later."),
        ("busy", 503, "the ledger is busy", "Nothing was decided or held. Send it again with the same key."),
        ("unavailable", 503, "the ledger cannot be reached",
         "Nothing was decided or held. Send it again with the same key."),
        ("in-doubt", 503, "it is not known whether this was stored",
         "Send it again with the same key: you get the stored answer, or it is decided now. It is not a denial."),
        ("internal", 500, "something failed on our side", "Send it again with the same key; tell us the instance."),
    )
}  # fmt: skip
