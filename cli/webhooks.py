"""`switchboard webhooks`: who is told what happens, and how they verify it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output
from .options import OrganizationId, opened

if TYPE_CHECKING:
    from switchboard.app import App
    from switchboard.model import Endpoint

# Each command imports its use case when it runs: boto3 is slow to load, and help needs none of it.
app = typer.Typer(
    help="Say where an organization's events go, and see what has not arrived.",
    no_args_is_help=True,
)

_Url = Annotated[
    str, typer.Argument(metavar="URL", help="https://…, or the ARN of a queue or bus.")
]
_Id = Annotated[str, typer.Argument(metavar="WEBHOOK_ID", help="As `webhooks list` shows it.")]


@app.command()
def add(
    ctx: typer.Context,
    organization: OrganizationId,
    url: _Url,
    only: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Send this type only; repeat for more."),
    ] = None,
    ed25519: Annotated[bool, typer.Option(help="Sign with Ed25519, too.")] = False,
) -> None:
    """Send all of an organization's events somewhere; doing so again changes its settings."""
    from switchboard.events import registering

    deployment = opened(ctx)
    made = registering.register(deployment, organization, url, tuple(only or ()), ed25519=ed25519)
    output.say(f"Webhook {made.id} gets the organization's events. Verify them with its secret.")
    _show(deployment, made)


@app.command("list")
def list_all(ctx: typer.Context, organization: OrganizationId) -> None:
    """List an organization's receivers, oldest first, and whether they answer."""
    from switchboard.events import registering
    from switchboard.replies.events import webhook_reply

    shown = [webhook_reply(it) for it in registering.list_all(opened(ctx), organization)]
    output.table(
        ("id", "url", "gets", "state"),
        ((it["id"], it["url"], _gets(dict(it)), _state(dict(it))) for it in shown),
    )
    output.result(shown)


@app.command()
def secret(ctx: typer.Context, organization: OrganizationId, url: _Url) -> None:
    """Show what a receiver verifies its events with; it need not have got any yet."""
    from switchboard.events import testing

    deployment = opened(ctx)
    _show(deployment, testing.receiver_at(deployment, organization, url))


@app.command()
def rotate(ctx: typer.Context, organization: OrganizationId, webhook_id: _Id) -> None:
    """Give a receiver a new secret; for 24 hours its events are signed with both."""
    from switchboard.events import registering

    deployment = opened(ctx)
    rotated = registering.rotate(deployment, organization, webhook_id)
    output.say(f"Webhook {rotated.id} has a new secret; the old one verifies for 24 hours more.")
    _show(deployment, rotated)


@app.command()
def enable(ctx: typer.Context, organization: OrganizationId, webhook_id: _Id) -> None:
    """Send to a receiver again that was switched off, or that answered 410 Gone."""
    from switchboard.events import registering

    changed = registering.change(opened(ctx), organization, webhook_id, enabled=True)
    output.say(f"Webhook {changed.id} is on. `webhooks redeliver` sends what it has missed.")
    output.result({"id": changed.id, "enabled": True})


@app.command()
def disable(ctx: typer.Context, organization: OrganizationId, webhook_id: _Id) -> None:
    """Send a receiver nothing until it is enabled: its events become dead letters."""
    from switchboard.events import registering

    changed = registering.change(opened(ctx), organization, webhook_id, enabled=False)
    output.say(f"Webhook {changed.id} is off: its events become dead letters.")
    output.result({"id": changed.id, "enabled": False})


@app.command()
def remove(ctx: typer.Context, organization: OrganizationId, webhook_id: _Id) -> None:
    """Send a receiver nothing any more but what its assistants' calls do."""
    from switchboard.events import registering

    removed = registering.remove(opened(ctx), organization, webhook_id)
    output.say(f"Webhook {removed.id} gets the organization's events no more.")
    output.result({"id": removed.id, "registered": False})


@app.command()
def test(ctx: typer.Context, organization: OrganizationId, url: _Url) -> None:
    """Send a signed sample to a URL, and say what it answered."""
    from switchboard.errors import InvalidRequest
    from switchboard.events import sending, testing

    if url.startswith("arn:"):
        raise InvalidRequest("Only a URL can be tested from here: a queue lets in the stack's role")
    deployment = opened(ctx)
    sender = sending.Https(deployment.settings.event_urls_allowed)
    event, answer = testing.send(deployment, sender, organization, url)
    said = f"answered {answer.status}" if answer.status else f"got nothing: {answer.error}"
    output.say(f"{url} {said}")
    found = {"event_id": event.id, "status": answer.status, "error": answer.error}
    output.result(found | {"delivered": answer.is_success, "response": answer.body})
    if not answer.is_success:
        raise typer.Exit(1)


@app.command()
def dead(ctx: typer.Context, organization: OrganizationId) -> None:
    """List the deliveries that were given up, oldest first: 500 at most."""
    from switchboard.events import catching_up
    from switchboard.replies.events import delivery_reply

    found, _ = catching_up.dead_letters(opened(ctx), organization, 500, None)
    output.table(
        ("event", "type", "url", "attempts", "why"),
        ((it.event_id, it.type, it.url, str(it.attempts), it.last_error or "") for it in found),
    )
    output.result([delivery_reply(it) for it in found])


@app.command()
def redeliver(
    ctx: typer.Context,
    organization: OrganizationId,
    event_id: Annotated[
        str | None, typer.Argument(metavar="EVENT_ID", help="Without it, all dead letters.")
    ] = None,
    webhook_id: Annotated[
        str | None, typer.Option("--webhook", metavar="ID", help="Only what was for this one.")
    ] = None,
) -> None:
    """Send an event, or everything that was given up, again."""
    from switchboard.events import catching_up

    deployment = opened(ctx)
    if event_id is not None:
        count = catching_up.redeliver(deployment, organization, event_id)
    else:
        count = _all_dead(deployment, organization, webhook_id)
    output.say(f"Deliveries that are made again: {count}")
    output.result({"redelivered": count})


def _all_dead(deployment: "App", organization: int, webhook_id: str | None) -> int:
    from switchboard.events import catching_up

    wanted = catching_up.Wanted(endpoint_id=webhook_id)
    count, cursor = catching_up.redeliver_dead(deployment, organization, wanted)
    while cursor is not None:
        more, cursor = catching_up.redeliver_dead(deployment, organization, wanted, cursor)
        count += more
    return count


def _show(deployment: "App", endpoint: "Endpoint") -> None:
    from switchboard.events import registering
    from switchboard.replies.events import secrets_reply

    secrets = secrets_reply(endpoint, *registering.secrets_of(deployment, endpoint))
    output.result({"id": endpoint.id, "url": endpoint.url, **secrets})


def _gets(shown: dict[str, Any]) -> str:
    if not shown["registered"]:
        return "its assistants' calls"
    return " ".join(shown["types"]) or "everything"


def _state(shown: dict[str, Any]) -> str:
    if not shown["enabled"]:
        return f"off: {shown['disabled_reason']}"
    return "does not answer" if shown["failing"] else "on"
