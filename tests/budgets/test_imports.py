"""What is loaded while a phone rings: nothing that is not needed to answer it."""

import json
import subprocess

import pytest

from bench import ringing
from bench.runtime import ENVIRONMENT, ROOT, bare_interpreter, installed

BENCH, FUNCTIONS, LAYER = ROOT / "bench", ROOT / "functions", ROOT / "layers" / "shared"

# boto3 and what it brings, and the logger: beside them there is only what a carrier needs.
ALLOWED = (
    *("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3"),
    *("aws_lambda_powertools", "typing_extensions"),
)
CARRIERS = {
    "twilio": ("twilio",),
    "telnyx": ("cryptography", "_cffi_backend"),
    "vonage": (),
    "byo-sip-trunk": (),
}
# Parts of what is allowed that nobody answering a call needs.
FORBIDDEN = {
    "aws_lambda_powertools.event_handler",
    "cryptography.x509",
    "switchboard.edge",
    "switchboard.events",
    "standardwebhooks",
    "twilio.rest",
    "twilio.http",
}


def folder(carrier: str) -> str:
    """Return the name of a carrier's package."""
    return carrier.replace("-", "_")


@pytest.fixture(params=list(CARRIERS), scope="module")
def carrier(request: pytest.FixtureRequest) -> str:
    """Each carrier in turn."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def imported(carrier: str, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What a process has imported that has answered one call, and could import nothing else."""
    site = tmp_path_factory.mktemp("site")
    for package in map(installed, (*ALLOWED, *CARRIERS[carrier])):
        (site / package.name).symlink_to(package)
    given = {
        "replies": ringing.replies(carrier),
        "events": ringing.webhooks(carrier, ENVIRONMENT["PUBLIC_BASE_URL"], 1),
    }
    program = (BENCH / "cpu_probe.py", FUNCTIONS / "carrier_webhook", LAYER, site)
    done = subprocess.run(
        [*bare_interpreter(), *map(str, program)],
        input=json.dumps(given),
        env=ENVIRONMENT | {"CARRIER": carrier},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["statuses"] == [200], done.stdout
    return set(found["modules"])


def test_answering_a_call_imports_only_what_it_needs(imported: set[str]) -> None:
    assert not imported & FORBIDDEN


def test_answering_a_call_loads_no_other_carrier(imported: set[str], carrier: str) -> None:
    loaded = {name for name in CARRIERS if f"switchboard.carriers.{folder(name)}" in imported}

    assert loaded == {carrier}


def test_answering_a_call_loads_nothing_of_its_carrier_but_calls_and_webhooks(
    imported: set[str], carrier: str
) -> None:
    package = f"switchboard.carriers.{folder(carrier)}."
    parts = {name.removeprefix(package) for name in imported if name.startswith(package)}

    # Telnyx's client state, and what a bridge of the organization's own is made of.
    own = {"state", "bridge", "body"} if carrier != "twilio" else set()
    assert parts - own - {"api"} == {"calls", "voice", "webhooks"}
    assert "switchboard.carriers.checks" not in imported
