"""`switchboard organizations`: the tenants."""

from typing import Annotated

import typer

from . import output
from .options import opened

# Each command imports its use case when it runs: boto3 is slow to load, and help needs none of it.
app = typer.Typer(help="Make organizations: everything else belongs to one.", no_args_is_help=True)


@app.callback()
def organizations() -> None:
    """Keep `create` a command of its own: a lone command would take the group's place."""


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What people call it.", metavar="NAME")],
) -> None:
    """Make an organization."""
    from switchboard import directory

    made = directory.create_organization(opened(ctx), name)
    output.say(f"Organization {made.id} made: {made.name}")
    output.result(output.organization(made))
