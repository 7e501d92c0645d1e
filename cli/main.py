"""The `switchboard` command: its options, its parts, and how it reports errors."""

import functools
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from switchboard.errors import ConfigError, SwitchboardError

from . import assistants, caller_ids, carriers, doctor, organizations, output, tokens, webhooks

if TYPE_CHECKING:
    from switchboard.app import App


class OneLineErrors(TyperGroup):
    """Runs a command; what goes wrong becomes one line on stderr and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except (SwitchboardError, ConfigError) as error:
            output.say(f"Error: {error}{_cause(error)}")
        except Exception as error:
            if type(error).__module__.partition(".")[0] in ("click", "typer"):
                raise
            output.say(f"Error: {_unforeseen(error)}")
        raise typer.Exit(1)


def _cause(error: Exception) -> str:
    # AWS's own words beside ours: which table, which permission, which endpoint.
    cause = error.__cause__
    is_aws = type(cause).__module__.startswith("botocore")
    return f" ({cause})" if is_aws and str(cause) not in str(error) else ""


def _unforeseen(error: Exception) -> str:
    if type(error).__module__.startswith("botocore"):
        # Mostly no region or no credentials; botocore says which and what to set.
        return f"AWS cannot be used: {error}"
    # The text of an unknown error may hold anything, credentials too: only its place is shown.
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    return f"Unexpected {type(error).__name__} at {where}. Please report this as a defect."


app = typer.Typer(
    cls=OneLineErrors,
    help="Set up a Switchboard deployment: organizations, tokens, assistants, carrier accounts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(organizations.app, name="organizations")
app.add_typer(tokens.app, name="tokens")
app.add_typer(assistants.app, name="assistants")
app.add_typer(carriers.app, name="carriers")
app.add_typer(caller_ids.app, name="caller-ids")
app.add_typer(webhooks.app, name="webhooks")
app.command()(doctor.doctor)


@app.callback()
def deployment(
    ctx: typer.Context,
    stack: Annotated[
        str | None,
        typer.Option(
            envvar="SWITCHBOARD_STACK",
            metavar="NAME",
            help="Read the deployment's settings from the outputs of this CloudFormation stack. "
            "Without it they come from the same environment variables as the functions'.",
        ),
    ] = None,
) -> None:
    """Choose the deployment; it is opened by the first command that needs it."""
    # Tests bring an App of their own.
    ctx.obj = ctx.obj or functools.partial(_open, stack or None)


def _open(stack: str | None) -> "App":
    # Imported here: boto3 is slow to load, and help needs none of it.
    from .deployment import open_app

    return open_app(stack)
