"""Run `python -m local up | down | demo | build | relay`."""

import argparse
import os
import sys

from rich.console import Console

from . import cloud, demo, relay, stack
from .problem import Problem
from .progress import Progress
from .workspace import ROOT, Workspace


def main() -> int:
    """Do what was asked, and return the exit status; a problem is one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("what", choices=["up", "down", "demo", "build", "relay"])
    wanted = parser.parse_args().what
    console = Console()
    try:
        workspace = Workspace.from_env(os.environ)
        return _do(wanted, workspace, Progress(console))
    except Problem as problem:
        Console(stderr=True).print(f"[red]✗[/] {problem}", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        Console(stderr=True).print("Interrupted: `make down` stops what still runs.")
        return 130


def _do(wanted: str, workspace: Workspace, progress: Progress) -> int:
    if wanted == "down":
        stack.down(workspace, progress)
        return 0
    if wanted == "build":
        with progress.step("sam build"):
            cloud.build(workspace)
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
