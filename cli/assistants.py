"""`switchboard assistants`: who answers the calls."""

from typing import Annotated

import typer

from . import output
from .options import OrganizationId, opened

app = typer.Typer(help="Make assistants, and switch them on and off.", no_args_is_help=True)

_AssistantId = Annotated[int, typer.Argument(metavar="ASSISTANT_ID", help="The assistant's id.")]


@app.command()
def create(
    ctx: typer.Context,
    organization: OrganizationId,
    name: Annotated[str, typer.Option(metavar="NAME", help="What people call it.")],
    stream_url: Annotated[
        str, typer.Option(metavar="URL", help="wss:// address of its media runtime.")
    ],
    welcome_message: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Its first words.")
    ] = None,
    fallback_message: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Spoken when it cannot take the call.")
    ] = None,
    fallback_number: Annotated[
        str | None,
        typer.Option(metavar="E164", help="A person, rung instead of speaking the message."),
    ] = None,
) -> None:
    """Make an assistant, ready to take calls."""
    from switchboard import directory

    wanted = directory.NewAssistant(
        name, stream_url, welcome_message, fallback_message, fallback_number
    )
    made = directory.create_assistant(opened(ctx), organization, wanted)
    output.say(f"Assistant {made.id} made: {made.name}")
    output.result(output.assistant(made))


@app.command()
def activate(ctx: typer.Context, organization: OrganizationId, assistant_id: _AssistantId) -> None:
    """Let an assistant take calls."""
    _switch(ctx, organization, assistant_id, is_active=True)


@app.command()
def deactivate(
    ctx: typer.Context, organization: OrganizationId, assistant_id: _AssistantId
) -> None:
    """Send an assistant's callers to its fallback."""
    _switch(ctx, organization, assistant_id, is_active=False)


def _switch(ctx: typer.Context, organization: int, assistant_id: int, *, is_active: bool) -> None:
    from switchboard import directory

    changed = directory.set_active(opened(ctx), organization, assistant_id, is_active)
    state = "takes calls" if is_active else "sends its callers to the fallback"
    output.say(f"Assistant {changed.id} {state}.")
    output.result(output.assistant(changed))
