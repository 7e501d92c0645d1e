"""What the doctor says of a Twilio account in which something was broken."""

import pytest

from switchboard.app import App
from switchboard.carriers.base import Verdict
from tests.carriers.doctoring import ELSEWHERE, FAILED, WARNING, Break, seen, twilio_number
from tests.carriers.lab import Lab


@pytest.mark.parametrize(
    ("broken", "name", "verdict", "said", "advice"),
    [
        (
            lambda app, lab: twilio_number(app, lab, "POST", VoiceUrl=ELSEWHERE),
            "+14155550100",
            FAILED,
            f"voice_url is {ELSEWHERE}, not https://hooks.example.com/v1/twiml?org=1001",
            "Set this at +14155550100 in the Twilio Console",
        ),
        (
            lambda app, lab: twilio_number(app, lab, "POST", VoiceApplicationSid="AP" + "1" * 32),
            "+14155550100",
            FAILED,
            "voice_application_sid is AP",
            "Set this",
        ),
        (
            lambda app, lab: twilio_number(app, lab, "POST", StatusCallback="", SmsUrl=ELSEWHERE),
            "+14155550100",
            WARNING,
            "status_callback is empty, not https://hooks.example.com/v1/call-status?org=1001; "
            f"sms_url is {ELSEWHERE}",
            "Set this",
        ),
        (
            lambda app, lab: twilio_number(app, lab, "DELETE"),
            "+14155550100",
            FAILED,
            "is not in the account",
            "released at Twilio",
        ),
        (
            lambda app, lab: lab.change_account(
                lab.default_account("twilio")["id"], balance=-1
            ),
            "balance",
            FAILED,
            "-1.00 USD",
            "Add funds",
        ),
        (
            lambda app, lab: lab.answer_instead(
                200, '{"friendly_name": "Acme", "status": "suspended", "type": "Full"}'
            ),
            "account",
            FAILED,
            "Acme is suspended",
            "The Twilio Console says why",
        ),
        (
            lambda app, lab: lab.answer_instead(
                200, '{"friendly_name": "Acme", "status": "active", "type": "Trial"}'
            ),
            "account",
            WARNING,
            "Acme is active, a trial: it calls only numbers that are verified at Twilio",
            "Upgrade",
        ),
    ],
)  # fmt: skip
def test_what_is_broken_at_twilio_is_named(
    healthy: App, lab: Lab, broken: Break, name: str, verdict: Verdict, said: str, advice: str
) -> None:
    broken(healthy, lab)

    found = seen(healthy, "twilio")

    assert (found[name].verdict, said in found[name].result) == (verdict, True), found[name]
    assert advice in found[name].advice
