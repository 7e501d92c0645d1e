"""Tests of the functions open no sockets; their carriers are real adapters without a network."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pytest_socket import disable_socket

from functions.carrier_webhook.app import lambda_handler
from switchboard.app import App
from switchboard.carriers import carrier_class, voice_class
from tests.builders import ORGANIZATION, a_number
from tests.functions import record
from tests.functions.carriers import TELNYX_NUMBER, VONAGE_NUMBER, Http
from tests.functions.events import Context


@pytest.fixture(autouse=True)
def _no_sockets() -> None:
    disable_socket()


@pytest.fixture
def http() -> Http:
    """The carriers' command API."""
    return Http()


@pytest.fixture
def live(app: App, http: Http) -> App:
    """The deployment with the real adapters, connected to all, with a number at each."""
    app.secrets.store_carrier(
        ORGANIZATION,
        "twilio",
        {"account_sid": "AC" + "0" * 31 + "1", "auth_token": "0123456789abcdef0123456789abcdef"},
    )
    app.secrets.store_carrier(
        ORGANIZATION,
        "telnyx",
        {
            "api_key": "KEY0123",
            "public_key": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",
            "connection_id": "1684641123236054244",
            "messaging_profile_id": "abc85f64-5717-4562-b3fc-2c9600000000",
        },
    )
    app.secrets.store_carrier(
        ORGANIZATION,
        "vonage",
        {
            "api_key": "a1b2c3d4",
            "api_secret": "0123456789abcdef",
            "signature_secret": "vonage-signature-secret-0123456789abcdef",
            "application_id": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        },
    )
    for number in (
        a_number(),
        a_number(phone_number=TELNYX_NUMBER, carrier="telnyx"),
        a_number(phone_number=VONAGE_NUMBER, carrier="vonage"),
    ):
        app.store.transact(app.store._put_number(number, "attribute_not_exists(pk)"))
    real = replace(app, carrier_class=carrier_class, voice_class=voice_class)
    return replace(real, http=http)  # type: ignore[arg-type]


@pytest.fixture
def send(live: App, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sends an event to its carrier's copy of the function."""

    def to_function(event: dict[str, Any], carrier: str) -> dict[str, Any]:
        monkeypatch.setenv("CARRIER", carrier)
        return lambda_handler(event, Context(), lambda: live)

    return to_function


@pytest.fixture(autouse=True)
def _record_is_sound(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does: the record is only added to, and holds no secret."""
    if "app" not in request.fixturenames:
        yield
        return
    app, broken = request.getfixturevalue("app"), []
    record.watch(app, broken)
    yield
    assert broken == []
    assert record.secrets_in(app, repr(record.rows(app))) == []
