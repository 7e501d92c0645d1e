"""`switchboard assistants`: who speaks on the calls."""

from typing import Annotated

import typer

from switchboard.model import MachinePolicy

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
    ring_timeout: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="How long its own calls ring: 5 to 120.")
    ] = None,
    max_duration: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="How long they may last: 30 to 14400.")
    ] = None,
    machine_detection: Annotated[
        MachinePolicy | None, typer.Option(help="What to do when a machine answers.")
    ] = None,
    voicemail_message: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Spoken after a machine's beep.")
    ] = None,
    record: Annotated[
        bool | None, typer.Option("--record/--no-record", help="Record its own calls.")
    ] = None,
) -> None:
    """Make an assistant, ready to take and to place calls."""
    from switchboard.directory import assistants

    given = {
        "name": name,
        "stream_url": stream_url,
        "welcome_message": welcome_message,
        "fallback_message": fallback_message,
        "fallback_number": fallback_number,
        "dial_options": {
            "ring_timeout": ring_timeout,
            "max_duration": max_duration,
            "machine_detection": machine_detection,
            "voicemail_message": voicemail_message,
            "record": record,
        },
    }
    made = assistants.create(opened(ctx), organization, given)
    output.say(f"Assistant {made.id} made: {made.name}")
    output.result(output.assistant(made))


@app.command("list")
def list_all(ctx: typer.Context, organization: OrganizationId) -> None:
    """List an organization's assistants, oldest first."""
    from switchboard.directory import assistants

    found = list(assistants.list_all(opened(ctx), organization))
    output.table(
        ("id", "name", "stream URL", "active"),
        ((str(it.id), it.name, it.stream_url, output.yes_no(it.is_active)) for it in found),
    )
    output.result([output.assistant(it) for it in found])


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
    from switchboard.directory import assistants

    changed = assistants.set_active(opened(ctx), organization, assistant_id, is_active)
    state = "takes calls" if is_active else "sends its callers to the fallback"
    output.say(f"Assistant {changed.id} {state}.")
    output.result(output.assistant(changed))
