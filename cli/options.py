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
    """Return the deployment that the command was told to work on."""
    open_app: Callable[[], App] = ctx.obj
    return open_app()
