"""Nothing waits for ever: every client that the code makes has time-outs, and a whole budget."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.config import Config
from samtranslator.yaml_helper import yaml_parse

from functions.authorizer.app import PATIENCE
from local.workspace import ROOT
from switchboard import post_office, recording_room, wiring
from switchboard.carriers.byo_sip_trunk import bridge as byo_sip_trunk
from switchboard.carriers.telnyx import api as telnyx
from switchboard.carriers.twilio import api as twilio
from switchboard.carriers.vonage import api as vonage

OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
FOLDERS = ("layers/shared/switchboard", "functions", "cli")
# What opens connections, and so must say how long it waits.
MAKERS = {
    "HTTPConnection",
    "HTTPSConnection",
    "HTTPConnectionPool",
    "HTTPSConnectionPool",
    "PoolManager",
    "TwilioHttpClient",
    "create_connection",
    "urlopen",
}
# Standard mode waits up to 1, 2, 4… s before it tries again.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_LONGEST_BACKOFF_S = 20


def calls(folder: str) -> Iterator[tuple[Path, ast.Call, str]]:
    """Yield every call in a folder with the name, or the last part of it, of what is called."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield path.relative_to(ROOT), node, _name(node.func).rpartition(".")[2]


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_name(value)}.{name}"
    return ""


def made(wanted: set[str]) -> list[tuple[Path, ast.Call]]:
    return [
        (path, node) for folder in FOLDERS for path, node, name in calls(folder) if name in wanted
    ]


def options(node: ast.Call) -> set[str]:
    return {keyword.arg for keyword in node.keywords if keyword.arg}


def worst_case_s(config: Config) -> float:
    """Return how long one request can take at most, with all that is tried again."""
    settings = vars(config)
    attempts = settings["retries"]["total_max_attempts"]
    each = settings["connect_timeout"] + settings["read_timeout"]
    waits = sum(min(2**n, _LONGEST_BACKOFF_S) for n in range(attempts - 1))
    return float(attempts * each + waits)


def test_every_client_of_aws_has_time_outs_of_our_own() -> None:
    clients = [
        (path, node)
        for path, node in made({"client", "resource"})
        if _name(node.func).startswith("boto3.")
    ]

    assert len(clients) >= 7
    without = [f"{path}:{node.lineno}" for path, node in clients if "config" not in options(node)]
    assert without == []
    named = {_name(k.value) for _, node in clients for k in node.keywords if k.arg == "config"}
    # `patience` is what the wiring is given: AWS or DOOR.
    assert named == {"AWS", "patience", "wiring.AWS", "_AWS", "_S3"}


@pytest.mark.parametrize(
    ("config", "budget_s"),
    # A function that answers requests has 15 s at least, one that delivers 45 s, one that fetches
    # recordings ten minutes.
    [(wiring.AWS, 15), (post_office._AWS, 15), (recording_room._S3, 120)],
)
def test_a_request_to_aws_ends_within_its_functions_time(config: Config, budget_s: float) -> None:
    assert worst_case_s(config) <= budget_s


def test_the_door_has_answered_before_api_gateway_gives_it_up() -> None:
    resources = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
    gives_up_s = resources["Authorizer"]["Properties"]["Timeout"]

    # It begins nothing after PATIENCE: one request may still be on its way then.
    assert PATIENCE.total_seconds() + worst_case_s(wiring.DOOR) <= gives_up_s - 0.25


@pytest.mark.parametrize("config", [wiring.AWS, wiring.DOOR, post_office._AWS, recording_room._S3])
def test_the_page_for_operators_says_what_clients_of_aws_have(config: Config) -> None:
    settings = vars(config)
    attempts = settings["retries"]["total_max_attempts"]
    each = f"{settings['connect_timeout']:g} s, {settings['read_timeout']:g} s"

    assert f"| {each} | {attempts} | {worst_case_s(config):g} s |" in OPERATIONS


def test_the_page_for_operators_says_how_long_carriers_are_waited_for() -> None:
    bridge, buys_s = byo_sip_trunk._TIMEOUT, vonage._TIMEOUT_S
    for row in (
        f"| Twilio's REST API | {twilio._TIMEOUT_S} s, {twilio._TIMEOUT_S} s | 1 | "
        f"{2 * twilio._TIMEOUT_S} s |",
        f"| Telnyx's REST API | {telnyx._TIMEOUT_S} s in all | 1 | {telnyx._TIMEOUT_S} s |",
        f"| Vonage's REST API | {buys_s} s in all to buy, else {vonage._LOOK_TIMEOUT_S} s | 1 | "
        f"{buys_s} s |",
        f"| your own bridge | {bridge.connect_timeout} s, {bridge._read} s | 1 | "
        f"{bridge.connect_timeout + bridge._read} s |",  # type: ignore[operator]
    ):
        assert row in OPERATIONS


def test_every_other_connection_has_a_time_out() -> None:
    clients = made(MAKERS)

    assert {_name(node.func).rpartition(".")[2] for _, node in clients} >= {
        "PoolManager",
        "TwilioHttpClient",
        "HTTPSConnection",
    }
    without = [
        f"{path}:{node.lineno}"
        for path, node in clients
        # What a class of ours passes on to the one above it says what its caller said.
        if "timeout" not in options(node) and not ast.unparse(node.func).startswith("super().")
    ]
    assert without == []


def test_every_request_over_a_pool_says_how_long_it_may_take() -> None:
    requests = [
        (path, node)
        for path, node in made({"request", "urlopen"})
        if _name(node.func).endswith((".http.request", ".http.urlopen", "pool.request"))
    ]

    assert len(requests) >= 4
    without = [f"{path}:{node.lineno}" for path, node in requests if "timeout" not in options(node)]
    assert without == []


def test_nobody_speaks_http_past_these_clients() -> None:
    past = ("requests.", "httpx.", "aiohttp.", "urllib.request.")

    found = [
        f"{path}:{node.lineno}"
        for folder in FOLDERS
        for path, node, _ in calls(folder)
        if _name(node.func).startswith(past)
    ]

    assert found == []
