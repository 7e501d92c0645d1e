"""What the doctor says of a Vonage account in which something was broken."""

from typing import Any

import pytest

from switchboard import accounts
from switchboard.app import App
from switchboard.carriers.base import Verdict
from tests.builders import ORGANIZATION
from tests.carriers.doctoring import (
    ELSEWHERE,
    FAILED,
    WARNING,
    Break,
    secret,
    seen,
    unwell,
    vonage,
)
from tests.carriers.lab import Lab

NUMBER = "+14155550102"
APPLICATION = "/v2/applications/{application_id}"
HERE = "https://hooks.example.com/v1/vonage-webhook?org=1001"


def hooks(app: App, lab: Lab, **changes: Any) -> None:
    """Change webhooks of our application; None takes one away."""
    found = vonage(app, lab, "GET", APPLICATION)
    voice = found["capabilities"]["voice"]
    for name, change in changes.items():
        if name == "signed_callbacks":
            voice[name] = change
        elif change is None:
            del voice["webhooks"][name]
        else:
            voice["webhooks"][name] |= change
    wanted = {"name": found["name"], "capabilities": found["capabilities"]}
    vonage(app, lab, "PUT", APPLICATION, json=wanted)


def number(app: App, lab: Lab, path: str, **fields: str) -> None:
    """Do something to our number."""
    named = {"country": "US", "msisdn": NUMBER[1:]}
    vonage(app, lab, "POST", f"/number/{path}", data=named | fields)


@pytest.mark.parametrize(
    ("broken", "name", "verdict", "said", "advice"),
    [
        (
            lambda app, lab: hooks(app, lab, answer_url={"address": ELSEWHERE}),
            "application",
            FAILED,
            f"answer_url is {ELSEWHERE}, not {HERE}",
            "carriers connect vonage",
        ),
        (
            lambda app, lab: hooks(app, lab, event_url={"http_method": "GET"}),
            "application",
            FAILED,
            "event_method is GET, not POST",
            "carriers connect vonage",
        ),
        (
            lambda app, lab: hooks(app, lab, signed_callbacks=False),
            "application",
            FAILED,
            "signed_callbacks is False, not True",
            "carriers connect vonage",
        ),
        (
            lambda app, lab: hooks(app, lab, fallback_answer_url=None),
            "application",
            WARNING,
            "fallback_answer_url is empty",
            "carriers connect vonage",
        ),
        (
            lambda app, lab: vonage(app, lab, "DELETE", APPLICATION),
            "application",
            FAILED,
            "could not be found",
            "carriers connect vonage",
        ),
        (
            lambda app, lab: secret(app, "vonage", application_id=""),
            "application",
            FAILED,
            "none is stored",
            "carriers connect vonage",
        ),
        (
            lambda app, lab: secret(app, "vonage", private_key=""),
            "application",
            FAILED,
            "no call can be placed",
            "carriers connect vonage",
        ),
        (
            lambda app, lab: secret(app, "vonage", signature_secret=""),
            "signature secret",
            FAILED,
            "none is stored",
            "carriers connect vonage",
        ),
        (
            lambda app, lab: number(app, lab, "update", app_id=""),
            NUMBER,
            FAILED,
            "application_id is empty",
            "Choose the application switchboard-test-1001",
        ),
        (
            lambda app, lab: number(
                app, lab, "update", voiceCallbackType="tel", voiceCallbackValue="14155550177"
            ),
            NUMBER,
            FAILED,
            "forwarded_to is tel:14155550177, not empty",
            "Choose the application",
        ),
        (
            lambda app, lab: lab.configure("vonage", NUMBER, moHttpUrl=ELSEWHERE),
            NUMBER,
            WARNING,
            f"moHttpUrl is {ELSEWHERE}, not empty",
            "Choose the application",
        ),
        (
            lambda app, lab: number(app, lab, "cancel"),
            NUMBER,
            FAILED,
            "is not in the account",
            "released at Vonage",
        ),
        (
            lambda app, lab: lab.change_account(lab.default_account("vonage")["id"], balance=-1),
            "balance",
            FAILED,
            "-1.0 EUR",
            "Add funds",
        ),
        (
            lambda app, lab: lab.fault("vonage", "list_calls", "invalid_credentials"),
            "credentials",
            FAILED,
            "Unauthorized",
            "carriers connect vonage",
        ),
    ],
)
def test_what_is_broken_at_vonage_is_named(
    healthy: App, lab: Lab, broken: Break, name: str, verdict: Verdict, said: str, advice: str
) -> None:
    broken(healthy, lab)

    found = seen(healthy, "vonage")

    assert (found[name].verdict, said in found[name].result) == (verdict, True), found[name]
    assert advice in found[name].advice


def test_connecting_again_mends_the_application(healthy: App, lab: Lab) -> None:
    hooks(healthy, lab, answer_url={"address": ELSEWHERE}, fallback_answer_url=None)
    given = lab.default_account("vonage")["credentials"]

    accounts.connect(healthy, ORGANIZATION, "vonage", given)

    assert unwell(healthy, "vonage") == {}


def test_a_key_of_another_application_is_told(healthy: App, lab: Lab) -> None:
    made = vonage(healthy, lab, "POST", "/v2/applications", json={"name": "other"})
    secret(healthy, "vonage", private_key=made["keys"]["private_key"])

    found = seen(healthy, "vonage")

    assert found["application"].verdict is FAILED
    assert "not that of the stored private key" in found["application"].result
