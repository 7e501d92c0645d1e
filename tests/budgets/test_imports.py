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
# All of our own that a ringing phone loads, its carrier's parts aside. Whoever adds one pays with
# the time of every cold call: `make bench` says how much.
OURS = {
    *(
        "announcements",
        "app",
        "boot",
        "calls",
        "claims",
        "connections",
        "destinations",
        "errors",
        "event_items",
        "ids",
        "lambda_events",
        "logs",
    ),
    *(
        "items",
        "limits",
        "rates",
        "records",
        "restoring",
        "rotation",
        "secrets",
        "sessions",
        "settings",
        "webhook_edge",
    ),
    *("webhook_edge", "webhooks", "wiring", "carriers", "carriers.base", "carriers.features"),
    *("carriers.problems", "carriers.sip", "carriers.stock", "model", "model.assistants"),
    *("model.audit", "model.calls", "model.dialing", "model.directory", "model.e164"),
    *("model.events", "model.instructions", "model.messages", "model.numbers"),
    *("model.recordings", "model.refusal", "model.trunks", "store", "store.assistants"),
    *(
        "store.audit",
        "store.backups",
        "store.caches",
        "store.call_lists",
        "store.calls",
        "store.copies",
    ),
    *(
        "store.dialing",
        "store.directory",
        "store.endpoints",
        "store.events",
        "store.flows",
        "store.fuses",
    ),
    *("store.leases", "store.limits", "store.messages", "store.number_changes"),
    *("store.number_lists", "store.number_rows", "store.numbers", "store.outbox"),
    *(
        "store.pages",
        "store.passes",
        "store.recordings",
        "store.releases",
        "store.reports",
        "store.table",
    ),
    *("store.texts", "store.tokens", "store.totals", "store.trunks", "store.upgrades"),
}
# An own bridge is anybody's server: its address is looked at before it is asked.
MORE = {"byo-sip-trunk": {"addresses"}}


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


def test_nothing_new_of_ours_is_loaded_while_a_phone_rings(
    imported: set[str], carrier: str
) -> None:
    parts = f"carriers.{folder(carrier)}"
    loaded = {name.removeprefix("switchboard.") for name in imported if "switchboard." in name}
    theirs = {name for name in loaded if name.startswith(parts)}

    assert loaded - theirs - OURS == MORE.get(carrier, set())
