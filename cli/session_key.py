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
) -> None:
    """Replace the key. What the former one has signed counts for another day.

    Receivers of events need their new secrets within that day: see `webhooks secret`.
    """
    if not yes:
        typer.confirm("Every receiver of events gets a new secret. Rotate the key?", abort=True)
    until = opened(ctx).secrets.rotate_session_key(random.token_urlsafe(48))
    output.say(f"The key is rotated. The former one counts until {until.isoformat()}.")
    output.result({"former_until": until.isoformat()})
