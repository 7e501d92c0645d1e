"""A trimmed layer still has what our code uses of its packages."""

import shutil
import subprocess
from pathlib import Path

import pytest

from bench.runtime import bare_interpreter, installed
from local.trimming import trim_layer

PACKAGES = ("twilio", "aiohttp", "requests", "urllib3", "certifi", "idna", "charset_normalizer")

# What the adapter asks of Twilio's client. It is looked up when it is asked for.
USES = """
import sys
sys.path[:0] = sys.argv[1:]
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse
client = Client("AC0", "token", http_client=TwilioHttpClient())
client.api.accounts("AC0"), client.api.account.balance
client.available_phone_numbers("US").local, client.available_phone_numbers.list
client.calls("CA0").update, client.calls.create, client.calls("CA0").recordings
client.incoming_phone_numbers("PN0").delete, client.incoming_phone_numbers.page
client.messages.create, client.messages("SM0").media
client.outgoing_caller_ids.list, client.validation_requests.create
print("used")
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A layer's packages, trimmed."""
    folder = tmp_path_factory.mktemp("layer")
    for name in PACKAGES:
        shutil.copytree(installed(name), folder / name)
    trim_layer(folder)
    return folder


def test_what_the_adapter_uses_of_twilio_is_there(packages: Path) -> None:
    done = subprocess.run(
        [*bare_interpreter(), "-c", USES, str(packages)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "used\n", done.stderr


def test_what_nobody_uses_is_not(packages: Path) -> None:
    assert not (packages / "aiohttp").exists()
    assert {it.name for it in (packages / "twilio" / "rest").iterdir()} == {"api", "__init__.py"}
    assert not list(packages.rglob("*.pyi"))
