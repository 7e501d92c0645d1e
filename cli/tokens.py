"""`switchboard tokens`: API tokens, each shown once."""

from datetime import timedelta
from typing import Annotated

import typer

from . import output
from .options import OrganizationId, opened

app = typer.Typer(help="Make, list and revoke API tokens.", no_args_is_help=True)


@app.command()
def create(
    ctx: typer.Context,
    organization: OrganizationId,
    name: Annotated[str, typer.Option(help="What the token is for.", metavar="NAME")],
    scope: Annotated[
        list[str],
        typer.Option(
            metavar="SCOPE",
            help="What it may do; repeat for more. "
            "numbers:read, numbers:write, calls:read, calls:write, assistants:read, "
            "assistants:write, sms:read, sms:write, admin.",
        ),
    ],
    expires_in_days: Annotated[
        int | None,
        typer.Option(min=1, max=36500, metavar="DAYS", help="Without it, it never expires."),
    ] = None,
) -> None:
    """Make a token and show its key, once."""
    from switchboard import tokens

    lifetime = timedelta(days=expires_in_days) if expires_in_days else None
    made, key = tokens.create(opened(ctx), organization, name, scope, lifetime)
    output.say(f"Token {made.id} made. Keep the key now: it is never shown again.")
    output.result(output.token(made) | {"key": key})


@app.command("list")
def list_all(ctx: typer.Context, organization: OrganizationId) -> None:
    """List an organization's tokens, oldest first."""
    from switchboard import tokens

    deployment = opened(ctx)
    found = tokens.list_all(deployment, organization)
    now = deployment.clock()
    output.table(
        ("id", "name", "key", "scopes", "valid"),
        (
            (
                str(it.id),
                it.name,
                it.prefix,
                " ".join(it.scopes),
                output.yes_no(it.is_valid_at(now)),
            )
            for it in found
        ),
    )
    output.result([output.token(it) | {"is_valid": it.is_valid_at(now)} for it in found])


@app.command()
def revoke(
    ctx: typer.Context,
    organization: OrganizationId,
    token_id: Annotated[int, typer.Argument(metavar="TOKEN_ID", help="As `tokens list` shows it.")],
) -> None:
    """Make a token worthless, at once and for good."""
    from switchboard import tokens

    revoked = tokens.revoke(opened(ctx), organization, token_id)
    output.say(f"Token {revoked.id} revoked: {revoked.name}")
    output.result(output.token(revoked))
