"""`switchboard migrate`: rows that an earlier version wrote, in the shape of this one."""

from typing import Annotated

import typer

from . import output
from .options import opened


def migrate(
    ctx: typer.Context,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write them. Without it they are only counted.")
    ] = False,
) -> None:
    """Count the table's rows by their shape; with --apply, bring earlier ones to the present."""
    from switchboard import migrating

    found = migrating.migrate(opened(ctx), apply=apply)
    shapes = {str(shape): found.shapes[shape] for shape in sorted(found.shapes)}
    output.table(("shape", "rows"), ((shape, str(rows)) for shape, rows in shapes.items()))
    if apply and not found.is_done:
        output.say(f"{found.left} rows were being changed by others: run it again.")
    output.result(
        {"rows": shapes, "written": found.written, "left": found.left, "done": found.is_done}
    )
