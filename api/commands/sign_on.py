"""How an operator sets single sign-on: by options and their environment, the secret by the environment alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from api.sign_on import SignOn

Command = TypeVar("Command", bound=Callable[..., Any])
SECRET = "AVAL_SIGN_ON_SECRET"


def _from_environment(context: click.Context, option: click.Parameter, given: str | None) -> str | None:
    if given is not None and context.get_parameter_source(str(option.name)) is not ParameterSource.ENVIRONMENT:
        raise click.UsageError(f"the secret comes from {SECRET} alone: others on this machine can read arguments")
    return given


def sign_on_options(command: Command) -> Command:
    """The options of a command that lets people sign on by a provider."""
    for option in (
        click.option("--sign-on-secret", envvar=SECRET, hidden=True, callback=_from_environment),
        click.option("--sign-on-same-names", is_flag=True, envvar="AVAL_SIGN_ON_SAME_NAMES", show_envvar=True,
                     help="Take whoever has the name of a local person there for that person."),
        click.option("--sign-on-make-people", is_flag=True, envvar="AVAL_SIGN_ON_MAKE_PEOPLE", show_envvar=True,
                     help="Make people who sign on and are not known."),
        click.option("--sign-on-name", metavar="CLAIM", envvar="AVAL_SIGN_ON_NAME", show_envvar=True,
                     default="preferred_username", show_default=True, help="The claim with a person's name."),
        click.option("--sign-on-role", metavar="WORD=ROLE", multiple=True, envvar="AVAL_SIGN_ON_ROLES",
                     show_envvar=True, help="The role that a word of the claim gives; may be given again."),
        click.option("--sign-on-claim", metavar="CLAIM", envvar="AVAL_SIGN_ON_CLAIM", show_envvar=True,
                     default="groups", show_default=True, help="The claim whose words give roles."),
        click.option("--sign-on-address", metavar="URL", envvar="AVAL_SIGN_ON_ADDRESS", show_envvar=True,
                     help="Our address of /v1/sign-on/answer, as the provider knows it."),
        click.option("--sign-on-client", metavar="ID", envvar="AVAL_SIGN_ON_CLIENT", show_envvar=True,
                     help="Our client at the provider; its secret is AVAL_SIGN_ON_SECRET."),
        click.option("--sign-on-issuer", metavar="URL", envvar="AVAL_SIGN_ON_ISSUER", show_envvar=True,
                     help="Let people sign on by this provider of OpenID Connect."),
    ):  # fmt: skip
        command = option(command)
    return command


def read_sign_on(given: dict[str, Any]) -> SignOn | None:
    """What the options set; None where no provider is named. Raises: UsageError."""
    from api.sign_on import SignOn, read_roles

    if given["sign_on_issuer"] is None:
        return None
    try:
        import api.identity_provider  # noqa: F401  (whether it is installed)
    except ImportError:
        raise click.UsageError("signing on by a provider needs more packages: pip install 'aval[sso]'") from None
    try:
        return SignOn(
            issuer=given["sign_on_issuer"], client_id=given["sign_on_client"] or "",
            secret=given["sign_on_secret"] or "", address=given["sign_on_address"] or "",
            roles=read_roles(given["sign_on_role"]), claim=given["sign_on_claim"], name_claim=given["sign_on_name"],
            make_people=given["sign_on_make_people"], same_names=given["sign_on_same_names"],
        )  # fmt: skip
    except ValueError as wrong:
        raise click.UsageError(f"signing on by {given['sign_on_issuer']}: {wrong}") from None
