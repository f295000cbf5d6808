"""What names stand for: the nearest known one is offered, circles and upward reads are told with their path."""

from __future__ import annotations

import pytest

from tests.policy.written import codes, kind, line, program, told

TIERS = "tiers:\n  - {tier: prime, when: customer.score >= 80}\n  - {tier: standard, otherwise: true}\n"
LIMITS = "limits:\n  - {otherwise: true, limit: 5_000, largest_order: 1_000, review_every: 3 months}\n"


def body(section: str, name: str) -> str:
    """A policy in which one section reads one name."""
    text = TIERS + LIMITS
    if section == "tiers":
        return text.replace("customer.score >= 80", f"{name} is known")
    if section == "limits":
        return text.replace(
            "limits:\n", f"limits:\n  - {{when: {name} is known, limit: 0, largest_order: 0, review_every: 1 month}}\n"
        )
    rows = {
        "terms": f"terms:\n  - {{when: {name} is known, offer: [net 30]}}\n  - {{otherwise: true, offer: [prepaid]}}\n",
        "security": f"security:\n  - {{when: {name} is known, require: none}}\n  "
                    "- {otherwise: true, require: none}\n",
        "checks": f"checks:\n  - {{check: one, when: {name} is missing, verdict: deny}}\n",
        "authority": f"roles: {{rising: [boss]}}\nauthority:\n  - {{when: {name} is known, release: boss}}\n"
                     "  - {otherwise: true, release: boss}\n",
        "tables": f"tables:\n  it: {{by: {name}, rows: {{\"-\": 5}}}}\n",
        "let": f"let:\n  it: {name}\n",
    }  # fmt: skip
    return text + rows[section]


@pytest.mark.parametrize("name", ["tier", "limit.policy", "limit.effective", "limit.largest_order"])
@pytest.mark.parametrize("section", ["terms", "security", "checks", "authority", "let"])
def test_a_section_reads_what_stands_above_it(section: str, name: str) -> None:
    assert codes(body(section, name)) == []


@pytest.mark.parametrize(
    ("section", "name", "message"),
    [
        ("tiers", "tier", "'tiers' reads 'tier', known only after 'tiers'; "
         "it may read only what stands above it: facts"),
        ("tiers", "limit.effective",
         "'tiers' reads 'limit.effective', known only after 'limits'; "
         "it may read only what stands above it: facts"),
        ("tiers", "limit.largest_order",
         "'tiers' reads 'limit.largest_order', known only after 'limits'; "
         "it may read only what stands above it: facts"),
        ("limits", "limit.policy",
         "'limits' reads 'limit.policy', known only after 'limits'; "
         "it may read only what stands above it: facts, tiers"),
        ("limits", "limit.effective",
         "'limits' reads 'limit.effective', known only after 'limits'; "
         "it may read only what stands above it: facts, tiers"),
        ("tables", "tier",
         "the table 'it' reads 'tier', known only after 'tiers'; "
         "it may read only what stands above it: facts"),
    ],
)  # fmt: skip
def test_a_forbidden_arrow_is_told(section: str, name: str, message: str) -> None:
    assert [one.split(": ", 1)[1] for one in told(body(section, name))] == [f"section-order: {message}"]


@pytest.mark.parametrize("section", ["tiers", "limits", "tables"])
def test_limit_granted_is_a_fact_that_every_section_may_read(section: str) -> None:
    assert "section-order" not in codes(body(section, "limit.granted"))


@pytest.mark.parametrize("section", ["tiers", "limits", "terms", "security", "checks"])
@pytest.mark.parametrize("name", ["terms.offer", "verdict", "security.required"])
def test_what_comes_later_or_never_cannot_be_read(section: str, name: str) -> None:
    assert codes(body(section, name)) in (["unknown-fact"], ["not-yet-supported"])


def test_the_path_through_figures_is_listed() -> None:
    text = TIERS.replace("customer.score >= 80", "a > 5") + LIMITS + (
        "let:\n  a: min(b, 5)\n  b: min(c, order.amount)\n  c: limit.effective - order.amount\n")  # fmt: skip
    assert [one.split(": ", 1)[1] for one in told(text)] == [
        "section-order: 'tiers' reads 'a', which reads 'b', which reads 'c', which reads 'limit.effective', "
        "known only after 'limits'; it may read only what stands above it: facts"
    ]


def test_figures_stand_in_any_order() -> None:
    lets = program("let:\n  a: b * 2\n  b: c + 5\n  c: customer.score\nchecks:\n"
                   "  - {check: one, when: a > 5, verdict: deny}\n").lets  # fmt: skip
    assert set(lets) - {"days_from_order"} == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("lets", "message"),
    [
        ("  a: a + 1\n", "2:3: cycle: figures need each other: a -> a"),
        ("  a: b + 1\n  b: a * 2\n", "2:3: cycle: figures need each other: a -> b -> a"),
        ("  z: a\n  a: b + 1\n  b: c * 2\n  c: min(a, 5)\n", "3:3: cycle: figures need each other: a -> b -> c -> a"),
    ],
)
def test_a_circle_of_figures_is_one_finding_with_its_path(lets: str, message: str) -> None:
    assert told("let:\n" + lets) == [f"{message}; one of them must not read the others"]


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("customer.scor", "; did you mean 'customer.score' (a count)?"),
        ("custmer.insolvent", "; did you mean 'customer.insolvent' (true or false)?"),
        ("account.overdue_amout", "; did you mean 'account.overdue_amount' (an amount)?"),
        ("ordred", "; did you mean 'ordered'?"),
        ("settings.mosst", "; did you mean 'settings.most' (an amount)?"),
        ("weather", ""),
    ],
)
def test_an_unknown_name_offers_the_nearest_known_one(name: str, help: str) -> None:
    text = f"let:\n  it: {name}\n  ordered: order.amount\nsettings: {{most: 5 CNY}}\n"
    wanted = f"2:7: unknown-fact: no fact, figure or setting is named '{name}'{help}"
    assert told(text) == [wanted] or told(text) == [wanted.replace("'ordered'?", "'ordered' (an amount)?")]


def test_what_the_file_does_not_give_is_told_once_with_the_section_that_would() -> None:
    assert line("tier is prime") == [
        "1: unknown-fact: 'tier' is not known, for the file has no section 'tiers'; add 'tiers:', or take the line out"
    ]
    found = told("limits:\n  - {otherwise: true, limit: 5}\nlet:\n  a: limit.largest_order\n  b: limit.largest_order\n")
    assert found == [
        "4:6: unknown-fact: 'limit.largest_order' is not known, for the file has no 'largest_order' in its limits; "
        "add 'largest_order: ...' to each row of limits"
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("invoices.days_overdue", "scope"), ("invoice.days_overdue", "scope"), ("state.on_hold", "unknown-fact"),
        ("group.turnover", "not-yet-supported"), ("cover.covered", "not-yet-supported"),
    ],
)  # fmt: skip
def test_names_out_of_reach_say_so(name: str, code: str) -> None:
    assert kind(name) == code


def test_a_word_that_is_also_a_name_is_read_by_the_left_side() -> None:
    text = "let:\n  school: order.amount\nchecks:\n  - {check: one, when: customer.type is school, verdict: deny}\n"
    assert codes(text) == []


@pytest.mark.parametrize("word", ["NO", "on", "Y", "no"])
def test_a_word_that_other_programs_take_for_false_is_kept_with_a_note(word: str) -> None:
    found = line(f"customer.country is {word}")
    assert [text for text in found if "yaml-word" in text] == [
        f"21: yaml-word: '{word}' is kept as text; other programs may read it as true, false or nothing; "
        f"write '{word}' in quotes"
    ]
    assert not any("yaml-word" in text for text in line(f"customer.country is '{word}'"))
