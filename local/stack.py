"""Bring the local stack up and take it down."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from . import cloud, servers, stackenv
from .progress import Progress
from .seed import CARRIERS, Seed
from .workspace import SECRETS_PREFIX, STAGE, Workspace


def up(workspace: Workspace, progress: Progress) -> dict[str, str]:
    """Bring everything up, or bring it up to date, and return what `stack.env` holds."""
    workspace.home.mkdir(parents=True, exist_ok=True)
    _start_servers(workspace, progress)
    with progress.step("sam build"):
        cloud.build(workspace)
    with progress.step("sam deploy onto the emulator"):
        cloud.deploy(workspace)
    return _seed(workspace, progress)


def down(workspace: Workspace, progress: Progress) -> None:
    """Stop what `up` started; the state stays."""
    for server in (servers.sandbox(workspace), servers.emulator(workspace)):
        with progress.step(f"stopping the {server.name}"):
            server.stop()
    # A function that was ended with its server leaves the layer's unpacked copy behind.
    shutil.rmtree(workspace.home / "tmp", ignore_errors=True)


def is_up(workspace: Workspace) -> bool:
    """Tell whether one of our servers runs."""
    return any(s.pid() for s in (servers.sandbox(workspace), servers.emulator(workspace)))


@contextmanager
def running(workspace: Workspace, progress: Progress) -> Iterator[dict[str, str]]:
    """Have the stack up for a while, and leave this machine as it was found."""
    was_up = is_up(workspace)
    try:
        yield up(workspace, progress)
    finally:
        if not was_up:
            down(workspace, progress)


def _start_servers(workspace: Workspace, progress: Progress) -> None:
    with progress.step("installing the AWS emulator"):
        servers.install_emulator(workspace)
    wanted = (servers.emulator(workspace), servers.sandbox(workspace))
    missing = [server for server in wanted if server.pid() is None]
    for server in missing:
        server.check_port()  # of all, before the first of them starts
    servers.rewind_streams(workspace)
    for server in missing:
        server.start()
    for server in wanted:
        with progress.step(f"{server.name} on 127.0.0.1:{server.port}"):
            server.wait_until_ready()


def _seed(workspace: Workspace, progress: Progress) -> dict[str, str]:
    known = stackenv.read(workspace.env_file)
    values = _addresses(workspace)
    seed = Seed(workspace, values)
    with progress.step("organization, API token and assistant"):
        values |= seed.people(known)
    with (
        progress.step("connecting Twilio, Telnyx and Vonage to the sandbox's accounts"),
        ThreadPoolExecutor() as pool,
    ):
        list(pool.map(lambda carrier: seed.connect(carrier, values["ORGANIZATION_ID"]), CARRIERS))
    stackenv.write(workspace.env_file, values)
    stackenv.write_for_containers(workspace.home / "env.json", values)
    return values


def _addresses(workspace: Workspace) -> dict[str, str]:
    held = cloud.outputs(workspace)
    url = cloud.base_url(workspace, held["ApiId"])
    return {
        "SWITCHBOARD_URL": url,
        "SANDBOX_URL": workspace.sandbox_url,
        **workspace.aws_env(),
        "STAGE": STAGE,
        "TABLE_NAME": held["TableName"],
        "PUBLIC_BASE_URL": url,
        "SECRETS_PREFIX": SECRETS_PREFIX,
        "SESSION_KEY_SECRET": held["SessionKeySecret"],
        "TWILIO_API_URL": held["TwilioApiUrl"],
        "TELNYX_API_URL": held["TelnyxApiUrl"],
        "VONAGE_API_URL": held["VonageApiUrl"],
        "EVENT_URLS_ALLOWED": held["EventUrlsAllowed"],
    }
