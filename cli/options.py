"""The options that several commands share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from switchboard.app import App

LAST_ID = 2**53 - 1

OrganizationId = Annotated[
    int,
    typer.Option("--organization", metavar="ID", min=1, max=LAST_ID, help="The organization's id."),
]


def opened(ctx: typer.Context) -> "App":
    """Return the deployment that the command was told to work on; its changes are on record."""
    # Imported here: boto3 is slow to load, and help needs none of it.
    from switchboard.model import Actor

    open_app: Callable[[], App] = ctx.obj
    return open_app().acting_for(Actor("switchboard command"))
