"""`switchboard doctor`: what is wrong at the carriers, and how to mend it."""

from typing import TYPE_CHECKING, Annotated

import typer

from . import output
from .options import OrganizationId, opened

if TYPE_CHECKING:
    from switchboard.doctor import Diagnosis

_SIGNS = {"ok": "✓", "warning": "!", "failed": "✗"}


def doctor(
    ctx: typer.Context,
    organization: OrganizationId,
    carrier: Annotated[
        str | None,
        typer.Option(metavar="CARRIER", help="Look at this one only: twilio, telnyx or vonage."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for programs; the words go to stderr.")
    ] = False,
) -> None:
    """Look at an organization's carrier accounts; end with 1 when something has failed.

    Nothing is changed, bought or called.
    """
    from switchboard import doctor

    seen = []
    for diagnosis in doctor.examine(opened(ctx), organization, carrier):
        _show(diagnosis, is_result=not as_json)
        seen.append(diagnosis)
    failed = any(diagnosis.has_failed for diagnosis in seen)
    if as_json:
        output.result(
            {
                "organization_id": organization,
                "has_failed": failed,
                "carriers": {it.carrier: [output.check(c) for c in it.checks] for it in seen},
            }
        )
    if failed:
        raise typer.Exit(1)


def _show(diagnosis: "Diagnosis", *, is_result: bool) -> None:
    width = max(len(check.name) for check in diagnosis.checks)
    output.report("", diagnosis.carrier, is_result=is_result)
    for check in diagnosis.checks:
        sign = _SIGNS[check.verdict.value]
        lead = f"  {sign} {check.name.ljust(width)}  "
        output.report(lead, check.result, is_result=is_result)
        if check.advice:
            output.report(" " * len(lead), check.advice, is_result=is_result)
