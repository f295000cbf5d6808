"""Who may do what: one table from operation to the roles that may call it.

An operation is the unit of naming: the same word is the file, the operationId, the command and the permission. A route
that declares no operation, or one that is not in this table, cannot be called at all.
"""

from __future__ import annotations

from collections.abc import Mapping

ROLES = ("risk_officer", "approver", "order_system", "compliance", "collector", "admin")
PERSON_ROLES = tuple(role for role in ROLES if role != "order_system")  # no person is an order system

# What a client may be given beyond its role, key by key: `aval key create --permission`.
PERMISSIONS: Mapping[str, str] = {
    "counter_offers": "is told what would be approved instead; this lets a client find out limits",
}

_READERS = frozenset(ROLES)
_OFFICERS = frozenset({"risk_officer"})
_BOTH = frozenset({"risk_officer", "approver"})
_REVIEWERS = frozenset({"risk_officer", "approver", "compliance"})

ROLES_BY_OPERATION: Mapping[str, frozenset[str]] = {
    "decide": frozenset({"order_system"}),
    "decide_batch": frozenset({"order_system"}),
    "preview_decision": frozenset({"order_system", "risk_officer", "approver", "compliance"}),
    "recommend_terms": frozenset({"order_system", "risk_officer", "approver"}),
    "list_decisions": frozenset({"risk_officer", "approver", "order_system", "compliance"}),
    "show_decision": frozenset({"risk_officer", "approver", "order_system", "compliance"}),
    "show_reservation": frozenset({"risk_officer", "approver", "order_system", "compliance"}),
    "list_referrals": frozenset({"risk_officer", "approver", "order_system", "compliance"}),
    "show_referral": frozenset({"risk_officer", "approver", "order_system", "compliance"}),
    "approve_referral": frozenset({"risk_officer", "approver"}),
    "approve_referral_with_terms": frozenset({"risk_officer", "approver"}),
    "reject_referral": frozenset({"risk_officer", "approver"}),
    "convert_reservation": frozenset({"order_system"}),
    "void_reservation": frozenset({"order_system", "risk_officer", "approver"}),
    "confirm_conditions": frozenset({"risk_officer", "approver"}),
    "set_customer": frozenset({"risk_officer", "admin"}),
    "add_rate": frozenset({"risk_officer", "admin"}),
    "show_rate": _READERS,
    "list_rates": _READERS,
    "record_act": frozenset({"risk_officer", "approver", "collector"}),
    "show_states": _READERS - {"admin"},
    "show_customer": _READERS - {"admin"},
    "list_customers": _READERS - {"admin"},
    "list_events": frozenset({"compliance", "admin"}),
    "show_checkpoint": _READERS,
    "show_proof": _READERS,
    "list_log_entries": frozenset({"compliance", "admin"}),
    "replay_decision": frozenset({"risk_officer", "approver", "compliance"}),
    "collect_evidence": frozenset({"compliance"}),
    "erase_decision": frozenset({"compliance", "admin"}),
    "erase_customer": frozenset({"compliance", "admin"}),
    "show_receipt": frozenset({"risk_officer", "approver", "order_system", "compliance"}),
    "show_session": _READERS,
    "sign_out": _READERS,
    "give_grant": frozenset({"risk_officer", "approver"}),
    "withdraw_grant": frozenset({"risk_officer", "approver"}),
    "show_grant": frozenset({"risk_officer", "approver", "compliance"}),
    "list_grants": frozenset({"risk_officer", "approver", "compliance"}),
    "list_group_grants": frozenset({"risk_officer", "approver", "compliance"}),
    "place_hold": frozenset({"risk_officer", "approver", "collector"}),
    "end_hold": frozenset({"risk_officer", "approver"}),
    "list_holds": _READERS - {"admin"},
    "block_invoice": frozenset({"risk_officer", "approver", "collector"}),
    "end_block": frozenset({"risk_officer", "approver", "collector"}),
    "list_blocks": _READERS - {"admin"},
    "enter_payment": frozenset({"order_system", "risk_officer", "collector"}),
    "show_payment": _READERS - {"admin"},
    "allocate_payment": frozenset({"risk_officer", "collector"}),
    "take_back_allocation": frozenset({"risk_officer", "collector"}),
    "reverse_payment": frozenset({"order_system", "risk_officer", "collector"}),
    "enter_credit_note": frozenset({"order_system", "risk_officer", "approver"}),
    "reverse_credit_note": frozenset({"order_system", "risk_officer", "approver"}),
    "write_off_invoice": frozenset({"risk_officer", "approver"}),
    "reverse_write_off": frozenset({"risk_officer", "approver"}),
    "list_settlements": _READERS - {"admin"},
    "list_invoices": _READERS - {"admin"},
    "show_statement": _READERS - {"admin"},
    "show_ageing": _READERS - {"admin"},
    "show_late_charges": _READERS - {"admin"},
    "bill_late_charges": frozenset({"order_system", "risk_officer", "collector"}),
    "show_book_ageing": frozenset({"risk_officer", "approver", "compliance", "collector"}),
    "tell_facts": frozenset({"risk_officer", "admin"}),
    "list_facts": _READERS - {"admin"},
    "file_document": frozenset({"risk_officer", "approver", "collector"}),
    "withdraw_document": frozenset({"risk_officer", "approver"}),
    "show_dossier": _READERS - {"admin"},
    "set_contact": frozenset({"risk_officer", "collector", "admin"}),
    "show_contact": frozenset({"risk_officer", "collector", "compliance", "admin"}),
    "list_messages": _READERS - {"order_system"},
    "show_message": _READERS - {"order_system"},
    "show_letter": _READERS - {"order_system"},
    "show_proof_file": _READERS - {"order_system"},
    "finish_message": frozenset({"risk_officer", "approver", "collector"}),
    "add_proof": frozenset({"risk_officer", "approver", "collector"}),
    "retry_message": frozenset({"risk_officer", "approver", "collector"}),
    "write_letter": frozenset({"risk_officer", "approver", "collector"}),
    "tell_invoice_day": frozenset({"order_system", "risk_officer", "collector"}),
    "list_legal_cases": _READERS - {"admin", "order_system"},
    "show_legal_case": _READERS - {"admin", "order_system"},
    "collect_legal_bundle": _REVIEWERS,
    "hand_over_legal_case": _BOTH,
    "close_legal_case": _BOTH,
    "review_customer": frozenset({"risk_officer", "approver"}),
    "list_reviews": _READERS - {"admin"},
    "list_due_reviews": _REVIEWERS,
    "list_alerts": _REVIEWERS,
    "see_alert": _BOTH,
    "tell_limit": frozenset({"risk_officer", "admin"}),
    "tell_group_limit": frozenset({"risk_officer", "admin"}),
    "list_limits": _READERS - {"admin"},
    "list_group_limits": _READERS - {"admin"},
    "place_customer": frozenset({"risk_officer", "admin"}),
    "set_group": frozenset({"risk_officer", "admin"}),
    "show_group": _READERS - {"admin"},
    "list_groups": _READERS - {"admin"},
    "create_draft": _OFFICERS,
    "edit_draft": _OFFICERS,
    "check_draft": _OFFICERS,
    "simulate_draft": _OFFICERS,
    "submit_draft": _OFFICERS,
    "submit_version": _BOTH,
    "approve_policy": frozenset({"approver"}),
    "withdraw_policy": _BOTH,
    "publish_policy": _BOTH,
    "comment_policy": _REVIEWERS,
    "list_drafts": _REVIEWERS,
    "show_draft": _REVIEWERS,
    "list_submissions": _REVIEWERS,
    "show_submission": _REVIEWERS,
    "list_versions": _REVIEWERS,
    "show_version": _REVIEWERS,
    "show_version_source": _REVIEWERS,
    "export_policy": _REVIEWERS,
    "diff_policies": _REVIEWERS,
    "policy_history": _REVIEWERS,
    "effective_policies": _REVIEWERS,
    "list_challengers": _REVIEWERS,
}

# What only a person may do, with a session: a key of the right role is refused.
PERSON_OPERATIONS = frozenset({
    "approve_referral", "approve_referral_with_terms", "reject_referral", "sign_out", "give_grant", "withdraw_grant",
    "see_alert",
    "create_draft", "edit_draft", "check_draft", "simulate_draft", "submit_draft", "submit_version", "approve_policy",
    "withdraw_policy", "publish_policy", "comment_policy", "erase_decision", "erase_customer",
})  # fmt: skip

# What says nothing about any customer and so needs no key.
PUBLIC_OPERATIONS = frozenset({
    "show_health", "show_readiness", "show_openapi", "show_docs", "show_problem_type", "sign_in",
    "begin_sign_on", "finish_sign_on",
    "show_metrics",  # answered at an address of its own alone (api/metrics.py)
})  # fmt: skip


def may(role: str, operation: str) -> bool:
    """Whether a role may call an operation; unknown words may not."""
    return role in ROLES_BY_OPERATION.get(operation, frozenset())
