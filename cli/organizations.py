"""`switchboard organizations`: the tenants."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from . import output
from .options import LAST_ID, opened

# Each command imports its use case when it runs: boto3 is slow to load, and help needs none of it.
app = typer.Typer(
    help="Make organizations, to one of which everything belongs, and limit their calls.",
    no_args_is_help=True,
)


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What people call it.", metavar="NAME")],
) -> None:
    """Make an organization."""
    from switchboard.directory import organizations

    made = organizations.create(opened(ctx), name)
    output.say(f"Organization {made.id} made: {made.name}")
    output.result(output.organization(made))


@app.command("list")
def list_all(ctx: typer.Context) -> None:
    """List all organizations, oldest first."""
    from switchboard.directory import organizations

    found = list(organizations.list_all(opened(ctx)))
    output.table(("id", "name"), ((str(it.id), it.name) for it in found))
    output.result([output.organization(it) for it in found])


_Number = typer.Option(metavar="N")


@app.command()
def limits(
    ctx: typer.Context,
    organization_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=LAST_ID, help="The organization's id.")
    ],
    allow_country: Annotated[
        list[str] | None,
        typer.Option(metavar="CC", help="Let it call this country, too; repeat for more."),
    ] = None,
    forbid_country: Annotated[
        list[str] | None, typer.Option(metavar="CC", help="Do not let it call this country.")
    ] = None,
    premium_rate: Annotated[
        bool | None,
        typer.Option("--premium-rate/--no-premium-rate", help="Numbers that cost what they like."),
    ] = None,
    satellite: Annotated[
        bool | None, typer.Option("--satellite/--no-satellite", help="Ships, satellites.")
    ] = None,
    concurrent_calls: Annotated[int | None, _Number] = None,
    calls_per_second: Annotated[int | None, _Number] = None,
    calls_per_day: Annotated[int | None, _Number] = None,
    daily_spend_cents: Annotated[
        int | None, typer.Option(metavar="N", help="US cents, by estimate.")
    ] = None,
    number_concurrent_calls: Annotated[
        int | None, typer.Option(metavar="N", help="For each number; 0 lifts the limit.")
    ] = None,
    number_calls_per_day: Annotated[
        int | None, typer.Option(metavar="N", help="For each number; 0 lifts the limit.")
    ] = None,
    fuse_calls: Annotated[
        int | None, typer.Option(metavar="N", help="In ten minutes: more stops all calls.")
    ] = None,
    fuse_calls_abroad: Annotated[int | None, _Number] = None,
    fuse_spend_cents: Annotated[int | None, _Number] = None,
) -> None:
    """Show how much an organization may call and where to, after changing what is given."""
    from switchboard.directory import limits as directory_limits
    from switchboard.directory import organizations

    changes = directory_limits.LimitChanges(
        tuple(allow_country or ()),
        tuple(forbid_country or ()),
        _given(
            premium_rate=premium_rate,
            satellite=satellite,
            concurrent_calls=concurrent_calls,
            calls_per_second=calls_per_second,
            calls_per_day=calls_per_day,
            daily_spend_cents=daily_spend_cents,
            fuse_calls=fuse_calls,
            fuse_calls_abroad=fuse_calls_abroad,
            fuse_spend_cents=fuse_spend_cents,
        )
        | _liftable(
            number_concurrent_calls=number_concurrent_calls,
            number_calls_per_day=number_calls_per_day,
        ),
    )
    deployment = opened(ctx)
    if changes.is_nothing:
        found = organizations.find(deployment, organization_id)
    else:
        found = directory_limits.change(deployment, organization_id, changes)
        output.say(f"Limits of organization {found.id} changed: they hold from the next call on.")
    shown = output.limits(found.limits)
    output.table(("limit", "value"), ((name, output.plainly(it)) for name, it in shown.items()))
    output.result({"organization_id": found.id, "limits": shown})


@app.command("export")
def export_(
    ctx: typer.Context,
    organization_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=LAST_ID, help="The organization's id.")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file: JSON lines.")],
) -> None:
    """Copy all that the table holds of an organization into a file, without any secret."""
    from switchboard import backup
    from switchboard.errors import InvalidRequest

    lines = backup.lines(opened(ctx), organization_id)
    first, rows = next(lines), -1  # the last line is no row
    try:
        copy = file.open("x", encoding="utf-8")
    except FileExistsError as error:
        raise InvalidRequest(f"{file} is there already: name a new file.") from error
    with copy:
        file.chmod(0o600)  # it says who called whom
        copy.write(first)
        for line in lines:
            copy.write(line)
            rows += 1
    output.say(f"Organization {organization_id} copied: {rows} rows in {file}")
    output.result({"organization_id": organization_id, "rows": rows, "file": str(file)})


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)],
) -> None:
    """Make an organization of a file. Again changes nothing; nothing is ever written over."""
    from switchboard import backup

    def lines() -> Iterator[str]:
        with file.open(encoding="utf-8") as copy:
            yield from copy

    done = backup.restore(opened(ctx), lines)
    output.say(f"Organization {done.organization_id} is there: {done.name}, {done.rows} rows.")
    for secret in done.give_again:
        output.say(f"Give again: {secret}")
    output.result(asdict(done))


@app.command()
def fuse(
    ctx: typer.Context,
    organization_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=LAST_ID, help="The organization's id.")
    ],
    reset: Annotated[
        bool, typer.Option("--reset", help="Let it place calls again, once you know who did.")
    ] = False,
    trip: Annotated[
        bool, typer.Option("--trip", help="Stop its calls now, and end those in progress.")
    ] = False,
) -> None:
    """Show whether an organization's calls are stopped; stop them, or let them go on."""
    from switchboard import fuses
    from switchboard.directory import organizations
    from switchboard.errors import InvalidRequest
    from switchboard.replies.organizations import fuse_reply

    if reset and trip:
        raise InvalidRequest("--reset and --trip at once: which one?")
    deployment = opened(ctx)
    found = organizations.find(deployment, organization_id)
    if reset:
        state = fuses.reset(deployment, organization_id)
    elif trip:
        state = fuses.trip(deployment, organization_id, fuses.BY_HAND)
    else:
        state = deployment.store.fuse(organization_id)
    stopped = f"Its calls are stopped ({state.reason})." if state.tripped_at else "It may call."
    output.say(f"Organization {found.id}: {stopped}")
    output.result({"organization_id": found.id, "fuse": fuse_reply(state, found)})


def _given(**options: int | bool | None) -> dict[str, int | bool | None]:
    return {name: value for name, value in options.items() if value is not None}


def _liftable(**options: int | None) -> dict[str, int | bool | None]:
    # A command line has no word for "none": 0 would forbid every call, which nobody wants here.
    return {name: value or None for name, value in options.items() if value is not None}
