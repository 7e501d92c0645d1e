"""An organization in which all is well, and hands to break it with: for the doctor's tests."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from switchboard import accounts, doctor
from switchboard.app import App
from switchboard.carriers import CARRIERS, carrier_class, voice_class
from switchboard.carriers.base import Check, Verdict
from switchboard.model import E164, CallStatus, CallStep, NumberOrder
from tests.builders import ORGANIZATION, a_call, a_number, an_order
from tests.carriers.lab import Lab

Json = dict[str, Any]
Break = Callable[[App, Lab], object]

ELSEWHERE = "https://elsewhere.example/x"
OK, WARNING, FAILED = Verdict.OK, Verdict.WARNING, Verdict.FAILED

APPLICATION = "call_control_applications/{connection_id}"
PROFILE = "outbound_voice_profiles/{outbound_voice_profile_id}"
MESSAGING = "messaging_profiles/{messaging_profile_id}"


def all_well(app: App, lab: Lab, order: NumberOrder) -> App:
    """Return a deployment with a number and a call at each carrier, in which all is well."""
    urls = {name: f"{lab.url}/{name}" for name in CARRIERS}
    settings = replace(app.settings, carrier_api_urls=urls)
    deployment = replace(
        app, settings=settings, carrier_class=carrier_class, voice_class=voice_class
    )
    for place, name in enumerate(CARRIERS):
        account = lab.default_account(name)
        lab.change_account(account["id"], require_search=False)
        accounts.connect(deployment, ORGANIZATION, name, account["credentials"])
        number = E164(f"+1415555010{place}")
        deployment.carrier(name, ORGANIZATION).buy(replace(order, phone_number=number))
        hold(deployment, name, number)
        heard = CallStep("e", "ringing", app.clock(), CallStatus.RINGING)
        sid, call_id = f"SID{place}", 5001 + place
        call = a_call(id=call_id, carrier=name, call_sid=sid, history=(heard,))
        deployment.store.add_call(replace(call, created_at=app.clock()))
    return deployment


def hold(app: App, carrier: str, number: E164) -> None:
    """Write a number into our table."""
    order = an_order(key=number, carrier=carrier, phone_number=number)
    app.store.claim(order, a_number(phone_number=number, carrier=carrier, order_key=number))


def seen(app: App, carrier: str) -> dict[str, Check]:
    """Return what the doctor says about a carrier, by what it looked at."""
    [diagnosis] = doctor.examine(app, ORGANIZATION, carrier)
    found = {}
    for check in diagnosis.checks:
        # Of several things that are wrong in one place, the worst.
        if found.setdefault(check.name, check).verdict is not FAILED:
            found[check.name] = check
    return found


def unwell(app: App, carrier: str) -> dict[str, Verdict]:
    """Return what is not as it should be."""
    found = seen(app, carrier)
    return {name: it.verdict for name, it in found.items() if it.verdict is not OK}


def secret(app: App, carrier: str, **changes: Any) -> None:
    """Change what is stored of an account."""
    stored = app.secrets.carrier(ORGANIZATION, carrier)
    app.secrets.store_carrier(ORGANIZATION, carrier, stored | changes)


def telnyx(app: App, lab: Lab, method: str, path: str, **body: Any) -> None:
    """Do something in Telnyx's portal; a name in braces is one of ours."""
    stored = app.secrets.carrier(ORGANIZATION, "telnyx")
    headers = {"Authorization": f"Bearer {stored['api_key']}"}
    url = "/telnyx/" + path.format(**stored)
    lab.control.request(method, url, headers=headers, json=body or None).raise_for_status()


def twilio(app: App, lab: Lab, method: str, path: str, **form: str) -> Json:
    """Do something in Twilio's console."""
    stored = app.secrets.carrier(ORGANIZATION, "twilio")
    base = f"/twilio/2010-04-01/Accounts/{stored['account_sid']}"
    auth = (stored["account_sid"], stored["auth_token"])
    answer = lab.control.request(method, base + path, auth=auth, data=form or None)
    found: Json = answer.raise_for_status().json() if answer.content else {}
    return found


def vonage(app: App, lab: Lab, method: str, path: str, **options: Any) -> Json:
    """Do something in Vonage's dashboard; a name in braces is one of ours."""
    stored = app.secrets.carrier(ORGANIZATION, "vonage")
    auth = (stored["api_key"], stored["api_secret"])
    url = "/vonage" + path.format(**stored)
    answer = lab.control.request(method, url, auth=auth, **options).raise_for_status()
    found: Json = answer.json() if answer.content else {}
    return found


def twilio_number(app: App, lab: Lab, method: str, **form: str) -> None:
    """Do something to our number in Twilio's console."""
    [number] = twilio(app, lab, "GET", "/IncomingPhoneNumbers.json")["incoming_phone_numbers"]
    twilio(app, lab, method, f"/IncomingPhoneNumbers/{number['sid']}.json", **form)
