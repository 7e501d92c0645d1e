"""`switchboard session-key`: the deployment's own key."""

import secrets as random
from typing import Annotated

import typer

from . import output
from .options import opened

app = typer.Typer(
    help="The key that signs session tokens, links to recordings and events.",
    no_args_is_help=True,
)


@app.callback()
def session_key() -> None:
    """Keep `rotate` a command of its own: a lone command would take the group's place."""


@app.command()
def rotate(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    at_once: Annotated[
        bool,
        typer.Option(
            "--at-once",
            help="Somebody else knows the key: what it has signed counts no more. Calls that "
            "ring at this moment lose their sessions.",
        ),
    ] = False,
) -> None:
    """Replace the key. What the former one has signed counts for another day.

    Receivers of events need their new secrets within that day: see `webhooks secret`.
    """
    if not yes:
        typer.confirm("Every receiver of events gets a new secret. Rotate the key?", abort=True)
    instead = random.token_urlsafe(48) if at_once else None
    until = opened(ctx).secrets.rotate_session_key(random.token_urlsafe(48), instead)
    output.say(f"The key is rotated. The former one counts until {until.isoformat()}.")
    output.result({"former_until": until.isoformat()})
