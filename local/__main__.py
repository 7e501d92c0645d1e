"""Run `python -m local up | down | demo | build | relay | openapi`."""

import argparse
import os
import sys

import httpx
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from . import cloud, demo, openapi, relay, stack
from .problem import Problem
from .progress import Progress
from .workspace import ROOT, Workspace


def main() -> int:
    """Do what was asked, and return the exit status; a problem is one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("what", choices=["up", "down", "demo", "build", "relay", "openapi"])
    wanted = parser.parse_args().what
    console = Console()
    try:
        workspace = Workspace.from_env(os.environ)
        return _do(wanted, workspace, Progress(console))
    except Problem as problem:
        _complain(str(problem))
        return 1
    except (httpx.HTTPError, BotoCoreError, ClientError) as error:
        _complain(f"The local stack did not answer ({error}): read .local/emulator.log, try again.")
        return 1
    except KeyboardInterrupt:
        _complain("Interrupted: `make down` stops what still runs.")
        return 130


def _do(wanted: str, workspace: Workspace, progress: Progress) -> int:
    if wanted == "down":
        stack.down(workspace, progress)
        return 0
    if wanted == "build":
        with progress.step("sam build"):
            cloud.build(workspace)
        return 0
    if wanted == "openapi":
        openapi.write()
        return 0
    if wanted == "relay":
        return relay.run(workspace, progress)
    if wanted == "demo":
        with stack.running(workspace, progress) as env:
            return demo.run(env, progress)
    env = stack.up(workspace, progress)
    progress.note("[bold]The stack is up.[/]")
    progress.console.print(_how_to_use(workspace, env), highlight=False, soft_wrap=True)
    return 0


def _complain(text: str) -> None:
    # A file's or library's words may hold square brackets, which rich would take for markup.
    console = Console(stderr=True)
    console.print(f"[red]✗[/] {escape(text)}", highlight=False, soft_wrap=True)


def _how_to_use(workspace: Workspace, env: dict[str, str]) -> str:
    file = workspace.env_file
    shown = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
    return (
        f"\n  API      {env['SWITCHBOARD_URL']}\n  Sandbox  {env['SANDBOX_URL']}\n\n"
        f"  source {shown}\n"
        '  curl -H "Authorization: Bearer $SWITCHBOARD_TOKEN" $SWITCHBOARD_URL/api/v1/calls\n\n'
        "  make down stops it; numbers and calls are still there after the next make up."
    )


if __name__ == "__main__":
    sys.exit(main())
