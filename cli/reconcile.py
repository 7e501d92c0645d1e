"""`switchboard reconcile`: what the table and the carriers do not agree on, and settling it."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from switchboard.errors import InvalidRequest

from . import output
from .options import LAST_ID, opened

if TYPE_CHECKING:
    from switchboard.reconciling.findings import Finding
    from switchboard.reconciling.mending import Mended


_Plan = Annotated[bool, typer.Option("--plan", help="Show every difference, and change nothing.")]
_Apply = Annotated[bool, typer.Option("--apply", help="Settle and mend every difference.")]
_Organization = Annotated[
    int | None,
    typer.Option(
        "--organization", metavar="ID", min=1, max=LAST_ID, help="This one only, not all."
    ),
]


def reconcile(
    ctx: typer.Context,
    plan: _Plan = False,
    apply: _Apply = False,
    organization: _Organization = None,
) -> None:
    """Hold the table against what the carriers have.

    Ends with 1 when something could not be looked at or mended. Numbers that do not carry our
    mark are listed with their monthly price, and never touched.
    """
    from switchboard.reconciling import running

    if plan == apply:
        raise InvalidRequest("Say --plan to look, or --apply to mend: one of the two.")
    deployment = opened(ctx)
    if plan:
        found = [_planned(it) for it in running.plan(deployment, organization)]
    else:
        found = [_applied(it) for it in running.apply(deployment, organization)]
    output.say(_summary(found))
    output.result(found)
    if any(it.get("problem") or it["kind"] == "unreadable" for it in found):
        raise typer.Exit(1)


def _planned(finding: "Finding") -> dict[str, Any]:
    shown = _shown(finding)
    _say(finding, finding.does or "nothing is done about it")
    return shown


def _applied(mended: "Mended") -> dict[str, Any]:
    finding = mended.finding
    _say(finding, mended.problem or mended.outcome or "nothing is done about it")
    return _shown(finding) | {"outcome": mended.outcome, "problem": mended.problem}


def _say(finding: "Finding", then: str) -> None:
    price = f" ({finding.monthly_price} a month)" if finding.monthly_price else ""
    where = f"{finding.organization_id} {finding.carrier}"
    output.say(f"{where} {finding.kind.value} {finding.target}: {finding.says}{price}: {then}")


def _shown(finding: "Finding") -> dict[str, Any]:
    return {
        "kind": finding.kind.value,
        "organization_id": finding.organization_id,
        "carrier": finding.carrier,
        "target": finding.target,
        "says": finding.says,
        "does": finding.does,
        "monthly_price": finding.monthly_price,
    }


def _summary(found: list[dict[str, Any]]) -> str:
    if not found:
        return "The table and the carriers agree."
    counted = Counter(it["kind"] for it in found)
    return "Found: " + ", ".join(f"{count} {kind}" for kind, count in sorted(counted.items()))
