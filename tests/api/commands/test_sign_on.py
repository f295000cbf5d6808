"""What `aval serve` is told of a provider of identities, and what it refuses to be told."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from api.commands.sign_on import read_sign_on, sign_on_options
from api.sign_on import SignOn

RIGHT = {
    "AVAL_SIGN_ON_ISSUER": "https://id.example", "AVAL_SIGN_ON_CLIENT": "aval", "AVAL_SIGN_ON_SECRET": "hidden",
    "AVAL_SIGN_ON_ADDRESS": "https://aval.example/v1/sign-on/answer",
    "AVAL_SIGN_ON_ROLES": "officers=risk_officer board=approver",
}  # fmt: skip


def told(environment: dict[str, str], *arguments: str) -> tuple[int, str, SignOn | None]:
    """What a command with these options makes of its environment and arguments."""
    found: list[SignOn | None] = []

    @click.command()
    @sign_on_options
    def command(**given: Any) -> None:
        found.append(read_sign_on(given))

    done = CliRunner().invoke(command, arguments, env=dict.fromkeys(RIGHT, "") | environment)
    return done.exit_code, done.output, found[0] if found else None


def test_all_of_it_comes_from_the_environment() -> None:
    code, _, found = told(RIGHT)
    assert code == 0 and found is not None
    assert (found.issuer, found.client_id, found.secret) == ("https://id.example", "aval", "hidden")
    assert found.roles == {"officers": "risk_officer", "board": "approver"}
    assert (found.claim, found.name_claim, found.make_people, found.same_names) == (
        "groups", "preferred_username", False, False)  # fmt: skip


def test_without_an_issuer_there_is_none() -> None:
    assert told({}) == (0, "", None)


def test_a_word_with_a_space_is_an_option() -> None:
    _, _, found = told(RIGHT, "--sign-on-role", "Credit Officers=risk_officer", "--sign-on-same-names")
    assert found is not None and found.roles == {"Credit Officers": "risk_officer"} and found.same_names


def test_the_secret_is_no_argument() -> None:
    code, output, _ = told(RIGHT, "--sign-on-secret", "seen")
    assert code == 2 and "comes from AVAL_SIGN_ON_SECRET alone" in output


@pytest.mark.parametrize("missing", sorted(RIGHT.keys() - {"AVAL_SIGN_ON_ISSUER"}))
def test_what_is_missing_is_told(missing: str) -> None:
    code, output, _ = told(RIGHT | {missing: ""})
    assert code == 2 and "signing on by https://id.example" in output and "hidden" not in output
