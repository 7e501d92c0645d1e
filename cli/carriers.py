"""`switchboard carriers`: the accounts at carriers. Credentials never come as arguments."""

import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from switchboard.errors import InvalidRequest

from . import output
from .options import OrganizationId, opened

if TYPE_CHECKING:
    from switchboard.app import App

app = typer.Typer(help="Connect carrier accounts.", no_args_is_help=True)


@app.callback()
def carriers() -> None:
    """Keep `connect` a command of its own: a lone command would take the group's place."""


@app.command()
def connect(
    ctx: typer.Context,
    carrier: Annotated[str, typer.Argument(metavar="CARRIER", help="twilio, telnyx or vonage.")],
    organization: OrganizationId,
    overlap_hours: Annotated[
        int,
        typer.Option(
            min=0,
            max=168,
            metavar="HOURS",
            help="So long webhooks signed with the former credentials are still believed; "
            "0 when somebody else knows them.",
        ),
    ] = 24,
    replace_account: Annotated[
        bool,
        typer.Option(
            "--replace-account",
            help="Connect another account although the one before still holds numbers: "
            "their calls are not answered any more.",
        ),
    ] = False,
) -> None:
    """Probe an account, set it up at the carrier once, and store its credentials.

    The credentials are asked for without showing them, or read from standard input as JSON.
    Done again with new ones, it replaces them without an interruption.
    """
    from switchboard import accounts

    deployment = opened(ctx)
    credentials = _credentials(deployment, carrier)
    overlap = timedelta(hours=overlap_hours)
    checks = accounts.connect(
        deployment, organization, carrier, credentials, overlap, replaces=replace_account
    )
    output.say(f"{carrier} is connected to organization {organization}.")
    output.table(
        ("checked", "result"),
        ((check.name, check.result) for check in checks),
    )
    output.result(
        {
            "organization_id": organization,
            "carrier": carrier,
            "checks": {check.name: check.result for check in checks},
        }
    )


def is_terminal() -> bool:
    """Whether a person is typing, who can be asked."""
    return sys.stdin.isatty()


def _credentials(deployment: "App", carrier: str) -> dict[str, Any]:
    adapter = deployment.carrier_class(carrier)
    fields = adapter.credential_fields
    if is_terminal():
        asked = {name: typer.prompt(name, hide_input=True, err=True) for name in fields}
        return asked | {
            name: typer.prompt(f"{name} (may be left empty)", "", show_default=False, err=True)
            for name in adapter.credential_options
        }
    wanted = json.dumps(dict.fromkeys(fields, "…"), ensure_ascii=False)
    try:
        given = json.load(sys.stdin)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        # Not chained: the decoder's message and its object hold what was typed.
        raise InvalidRequest(f"Give the credentials as JSON on standard input: {wanted}") from None
    return given
