"""`switchboard caller-ids`: numbers of other companies that may be shown when calling."""

from typing import Annotated

import typer

from . import output
from .options import OrganizationId, opened

app = typer.Typer(
    help="Say which verified numbers of other companies calls may come from.",
    no_args_is_help=True,
)

_Number = Annotated[str, typer.Argument(metavar="E164", help="The number, such as +14155550100.")]


@app.command()
def add(
    ctx: typer.Context,
    organization: OrganizationId,
    number: _Number,
    carrier: Annotated[
        str, typer.Option(metavar="CARRIER", help="Who verified it: twilio or telnyx.")
    ] = "twilio",
) -> None:
    """Take a number that the carrier has verified to be the account's own."""
    from switchboard import caller_ids

    added = caller_ids.add(opened(ctx), organization, carrier, number)
    output.say(f"Calls may come from {added.phone_number}, through {added.carrier}.")
    output.result(output.caller_id(added))


@app.command("list")
def list_all(ctx: typer.Context, organization: OrganizationId) -> None:
    """List an organization's caller ids."""
    from switchboard import caller_ids

    found = caller_ids.list_all(opened(ctx), organization)
    output.table(("number", "carrier"), ((it.phone_number, it.carrier) for it in found))
    output.result([output.caller_id(it) for it in found])


@app.command()
def remove(ctx: typer.Context, organization: OrganizationId, number: _Number) -> None:
    """Let no more calls come from a number."""
    from switchboard import caller_ids

    caller_ids.remove(opened(ctx), organization, number)
    output.say(f"No more calls come from {number}.")
    output.result({"phone_number": number, "removed": True})
