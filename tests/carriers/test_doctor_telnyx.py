"""What the doctor says of a Telnyx account in which something was broken."""

import pytest

from switchboard.app import App
from switchboard.carriers.base import Verdict
from tests.carriers.doctoring import (
    APPLICATION,
    ELSEWHERE,
    FAILED,
    MESSAGING,
    PROFILE,
    WARNING,
    Break,
    secret,
    seen,
    telnyx,
    unwell,
)
from tests.carriers.lab import Lab

WRONG_KEY = "AAAA"


@pytest.mark.parametrize(
    ("broken", "name", "verdict", "said", "advice"),
    [
        (
            lambda app, lab: telnyx(app, lab, "PATCH", APPLICATION, webhook_event_url=ELSEWHERE),
            "call control application",
            FAILED,
            f"webhook_event_url is {ELSEWHERE}, not https://hooks.example.com/v1/telnyx-webhook",
            "carriers connect telnyx --organization 1001",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", APPLICATION, active=False),
            "call control application",
            FAILED,
            "active is False, not True",
            "carriers connect",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", APPLICATION, webhook_api_version="1"),
            "call control application",
            FAILED,
            "webhook_api_version is 1, not 2",
            "carriers connect",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", APPLICATION, webhook_timeout_secs=None),
            "call control application",
            WARNING,
            "webhook_timeout_secs is Telnyx's own 2 s",
            "carriers connect",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", APPLICATION, outbound={}),
            "call control application",
            FAILED,
            "no outbound voice profile is attached, so that every dial fails (D38)",
            "carriers connect",
        ),
        (
            lambda app, lab: telnyx(app, lab, "DELETE", APPLICATION),
            "call control application",
            FAILED,
            "could not be found (error 10005)",
            "carriers connect",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", PROFILE, enabled=False),
            "outbound voice profile",
            FAILED,
            "enabled is False",
            "Enable it in the Telnyx portal",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", PROFILE, whitelisted_destinations=["US"]),
            "outbound voice profile",
            WARNING,
            "our limits allow CA, the profile does not",
            "Allow the same destinations",
        ),
        (
            lambda app, lab: telnyx(app, lab, "PATCH", MESSAGING, webhook_url=ELSEWHERE),
            "messaging profile",
            FAILED,
            f"webhook_url is {ELSEWHERE}",
            "carriers connect",
        ),
        (
            lambda app, lab: secret(app, "telnyx", messaging_profile_id=""),
            "messaging profile",
            FAILED,
            "no messaging_profile_id is stored",
            "carriers connect",
        ),
        (
            lambda app, lab: lab.change_account("telnyx-default", balance=0),
            "balance",
            FAILED,
            "0.00 USD",
            "Add funds",
        ),
        (
            lambda app, lab: secret(app, "telnyx", public_key=WRONG_KEY),
            "signing key",
            FAILED,
            "must be the base64 text of 32 bytes",
            "carriers connect",
        ),
        (
            lambda app, lab: lab.fault("telnyx", "get_balance", "server_error"),
            "balance",
            FAILED,
            "Telnyx did not read the balance",
            "try again in a minute",
        ),
        (
            lambda app, lab: _release_at_telnyx(app, lab),
            "+14155550101",
            FAILED,
            "is not in the account",
            "released at Telnyx",
        ),
        (
            lambda app, lab: _disconnect_at_telnyx(app, lab),
            "+14155550101",
            FAILED,
            "connection_id is empty, not",
            "choose the application switchboard-test-1001",
        ),
    ],
)  # fmt: skip
def test_what_is_broken_at_telnyx_is_named(
    healthy: App, lab: Lab, broken: Break, name: str, verdict: Verdict, said: str, advice: str
) -> None:
    broken(healthy, lab)

    found = seen(healthy, "telnyx")

    assert (found[name].verdict, said in found[name].result) == (verdict, True), found[name]
    assert advice in found[name].advice
    assert list(unwell(healthy, "telnyx")) in ([name], [])


def _telnyx_number(lab: Lab) -> str:
    [number] = lab.books("telnyx")["numbers"]
    return str(number["id"])


def _release_at_telnyx(app: App, lab: Lab) -> None:
    telnyx(app, lab, "DELETE", f"phone_numbers/{_telnyx_number(lab)}")


def _disconnect_at_telnyx(app: App, lab: Lab) -> None:
    telnyx(app, lab, "PATCH", f"phone_numbers/{_telnyx_number(lab)}", connection_id="")
