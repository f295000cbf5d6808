"""The section `facts`: single facts, and lists that the request brings."""

from __future__ import annotations

import pytest

from tests.policy.written import checked, codes, told


def test_a_list_has_fields_a_bound_and_the_date_that_windows_look_at() -> None:
    body = """
    facts:
      references:
        list: {amount: money, date: date, from: {kind: choice, of: [bank, supplier]}}
        from: request
        missing: deny
        at_most: 1_000
    """
    found = checked(body).vocabulary
    listing = found.lists["references"]
    assert [(name, field.kind) for name, field in listing.fields.items()] == [
        ("amount", "money"), ("date", "date"), ("from", "choice")]  # fmt: skip
    assert (listing.at_most, listing.dated_by, listing.fields["from"].choices) == (1_000, "date", ("bank", "supplier"))
    assert (found.facts["references"].missing, found.facts["references"].source) == ("deny", "request")


@pytest.mark.parametrize(("declared", "message"), [
    ("{list: {amount: money}}", "2:3: missing-key: fact 'references' has no 'from'; add 'from: ...'"),
    ("{list: {amount: money}, from: ledger}", "2:45: not-yet-supported: a list from 'ledger' does not run in this "
                                              "version; write from: request"),
    ("{list: {}, from: request}", "2:22: wrong-shape: the list 'references' has no fields; write them as "
                                  "{amount: money}"),
    ("{list: {amount: limit}, from: request}", "2:31: unknown-word: 'limit' is not a kind of field; one of: money, "
     "percent, ratio, count, days, hours, months, date, flag, choice, text"),
    ("{list: {Amount: money}, from: request}", "2:23: bad-name: 'Amount' is not a name; names have small letters a-z, "
                                               "digits and _, and begin with a letter"),
    ("{list: {bank: choice}, from: request}", "2:23: missing-key: the choice 'bank' does not say its words; "
                                              "add 'of: [one, two]'"),
    ("{list: {amount: money}, from: request, at_most: 1_001}", "2:63: range: '1_001' is no number of items; "
                                                               "write 1 to 1_000"),
    ("{list: {amount: money}, from: request, dated_by: amount}", "2:64: unknown-word: 'amount' is not a date field of "
                                                                 "this list; one of: "),
])  # fmt: skip
def test_a_list_that_cannot_be_read_is_a_finding(declared: str, message: str) -> None:
    assert told(f"facts:\n  references: {declared}\n") == [message]


def test_a_list_has_no_value_of_its_own() -> None:
    body = """
    facts:
      references: {list: {amount: money}, from: request}
    checks:
      - {check: one, when: references is missing, verdict: refer}
    """
    assert told(body) == ["4:24: scope: 'references' is a list and has no value of its own; "
                          "use a figure under 'let': count of references"]  # fmt: skip


def test_a_name_that_is_taken_is_told_once() -> None:
    body = """
    facts:
      invoices: {list: {amount: money}, from: request}
    """
    assert codes(body) == ["duplicate-name"]


def test_a_test_gives_no_more_items_than_the_list_holds() -> None:
    body = """
    facts:
      references: {list: {amount: money}, from: request, at_most: 1}
    let:
      many: count of references
    tests:
      - name: two are one too many
        given: {references: [{amount: 1}, {amount: 2}]}
        expect: {verdict: approve}
    """
    assert told(body) == ["7:25: range: 'references' holds at most 1 items, here are 2; give fewer, or raise at_most"]
