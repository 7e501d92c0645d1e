"""One request to every path that the sandbox has, in an order that makes sense."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt

from tests.carriers.lab import Lab

type Ask = Callable[..., httpx.Response]

NUMBER = "+14155550100"
CALLEE = "+14155550122"
URL = "https://hooks.example.com/x"


def twilio(lab: Lab) -> None:
    """Search, buy, look, change, call and release at Twilio."""
    credentials = lab.default_account("twilio")["credentials"]
    sid = credentials["account_sid"]
    auth = (sid, credentials["auth_token"])

    def ask(method: str, path: str, **options: Any) -> httpx.Response:
        url = f"/twilio/2010-04-01/Accounts/{sid}{path}"
        return lab.control.request(method, url, auth=auth, **options)

    ask("GET", ".json")
    ask("GET", "/Balance.json")
    ask("GET", "/AvailablePhoneNumbers.json")
    ask("GET", "/AvailablePhoneNumbers/GB.json")
    for kind in ("Local", "Mobile", "TollFree"):
        ask("GET", f"/AvailablePhoneNumbers/GB/{kind}.json", params={"PageSize": 3})
    ask("GET", "/AvailablePhoneNumbers/US/Local.json", params={"AreaCode": 415, "Contains": "55*1"})
    bought = ask("POST", "/IncomingPhoneNumbers.json", data={"PhoneNumber": NUMBER, "SmsUrl": URL})
    ask("GET", "/IncomingPhoneNumbers.json", params={"PhoneNumber": NUMBER, "PageSize": 1})
    number = f"/IncomingPhoneNumbers/{bought.json()['sid']}.json"
    ask("GET", number)
    ask("POST", number, data={"FriendlyName": "x", "VoiceUrl": "", "VoiceMethod": "GET"})
    call = lab.ring("twilio", NUMBER, wait=False)["carrier_call_id"]
    ask("GET", f"/Calls/{call}.json")
    ask("POST", f"/Calls/{call}.json", data={"Status": "completed"})
    ask("GET", f"/Calls/{call}.json")
    _twilio_outbound(lab, ask)
    sent = ask("POST", "/Messages.json", data={"To": CALLEE, "From": NUMBER, "Body": "Hello"})
    ask("GET", f"/Messages/{sent.json()['sid']}.json")
    ask("DELETE", number)


def _twilio_outbound(lab: Lab, ask: Ask) -> None:
    ask("POST", "/OutgoingCallerIds.json", data={"PhoneNumber": CALLEE})
    lab.confirm_caller_id("twilio", CALLEE)
    verified = ask("GET", "/OutgoingCallerIds.json", params={"PhoneNumber": CALLEE})
    caller_id = f"/OutgoingCallerIds/{verified.json()['outgoing_caller_ids'][0]['sid']}.json"
    ask("GET", caller_id)
    ask("DELETE", caller_id)
    lab.control.post("/_/far-ends", json={"number": "*", "behaviour": "busy", "after_s": 0})
    dialled = ask("POST", "/Calls.json", data={"To": CALLEE, "From": NUMBER, "Url": URL})
    call = dialled.json()["sid"]
    lab.control.get(f"/_/calls/{call}", params={"wait": "true"})
    ask("GET", "/Calls.json", params={"To": CALLEE, "PageSize": 1})
    ask("DELETE", f"/Calls/{call}.json")


def telnyx(lab: Lab) -> None:
    """Search, set up, order, look, change, call and release at Telnyx."""
    key = lab.default_account("telnyx")["credentials"]["api_key"]

    def ask(method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        return lab.control.request(method, f"/telnyx{path}", headers=headers, **options)

    ask("GET", "/balance")
    ask("GET", "/country_coverage")
    ask("GET", "/country_coverage/countries/GB")
    connection, profile = _telnyx_setup(ask)
    wanted = {"filter[country_code]": "US", "filter[phone_number][contains]": NUMBER[1:]}
    ask("GET", "/available_phone_numbers", params=wanted)
    wanted = {"filter[country_code]": "US", "filter[locality]": "Chicago", "filter[limit]": 3}
    wanted |= {"filter[features]": ["sms", "voice"], "filter[best_effort]": "true"}
    ask("GET", "/available_phone_numbers", params=wanted)
    order = {"connection_id": connection, "messaging_profile_id": profile}
    order |= {"customer_reference": "tour"}
    ordered = ask(
        "POST", "/number_orders", json={"phone_numbers": [{"phone_number": NUMBER}], **order}
    )
    ask("GET", f"/number_orders/{ordered.json()['data']['id']}")
    ask("GET", "/number_orders", params={"filter[customer_reference]": "tour", "page[size]": 5})
    found = ask("GET", "/phone_numbers", params={"filter[phone_number]": NUMBER[1:]})
    number = f"/phone_numbers/{found.json()['data'][0]['id']}"
    ask("GET", number)
    ask("PATCH", number, json={"tags": ["a"], "connection_id": connection})
    ask("GET", f"{number}/messaging")
    ask("PATCH", f"{number}/messaging", json={"messaging_profile_id": profile})
    ask("GET", f"{number}/voice")
    ask("PATCH", f"{number}/voice", json={"cnam_listing": {"cnam_listing_enabled": True}})
    _telnyx_call(lab, ask)
    _telnyx_outbound(lab, ask, connection)
    sent = ask("POST", "/messages", json={"to": CALLEE, "from": NUMBER, "text": "Hello"})
    ask("GET", f"/messages/{sent.json()['data']['id']}")
    ask("DELETE", number)
    ask("GET", number)


def _telnyx_setup(ask: Ask) -> tuple[str, str]:
    made = {}
    for kind, wanted in {
        "outbound_voice_profiles": {"name": "tour"},
        "call_control_applications": {"application_name": "tour", "webhook_event_url": URL},
        "messaging_profiles": {"name": "tour", "whitelisted_destinations": ["US"]},
    }.items():
        made[kind] = ask("POST", f"/{kind}", json=wanted).json()["data"]["id"]
        doomed = ask("POST", f"/{kind}", json=wanted).json()["data"]["id"]
        ask("GET", f"/{kind}", params={"page[size]": 1})
        ask("GET", f"/{kind}/{doomed}")
        ask("PATCH", f"/{kind}/{doomed}", json=wanted)
        ask("DELETE", f"/{kind}/{doomed}")
    return made["call_control_applications"], made["messaging_profiles"]


def _telnyx_call(lab: Lab, ask: Ask) -> None:
    for ending, body in (("reject", {"cause": "USER_BUSY"}), ("hangup", {})):
        call = f"/calls/{lab.ring('telnyx', NUMBER, wait=False)['carrier_call_id']}"
        ask("GET", call)
        ask("PUT", f"{call}/actions/client_state_update", json={"client_state": "e30="})
        if ending == "hangup":
            _telnyx_commands(ask, call)
        ask("POST", f"{call}/actions/{ending}", json=body)
        ask("GET", call)


def _telnyx_commands(ask: Ask, call: str) -> None:
    for action, body in {
        "answer": {"client_state": "e30=", "command_id": "1"},
        "speak": {"payload": "Hello", "voice": "female"},
        "playback_start": {"audio_url": URL},
        "playback_stop": {},
        "record_start": {"format": "wav", "channels": "dual"},
        "record_stop": {},
        "send_dtmf": {"digits": "1w2"},
        "streaming_start": {"stream_url": "ws://127.0.0.1:9/"},
        "streaming_stop": {},
        "transfer": {"to": "+14155550177"},
    }.items():
        ask("POST", f"{call}/actions/{action}", json=body)


def _telnyx_outbound(lab: Lab, ask: Ask, connection: str) -> None:
    ask(
        "POST",
        "/verified_numbers",
        json={"phone_number": CALLEE, "verification_method": "sms"},
    )
    verified = f"/verified_numbers/{CALLEE}"
    ask("POST", f"{verified}/actions/verify", json={"verification_code": "123456"})
    ask("GET", "/verified_numbers")
    ask("GET", verified)
    ask("DELETE", verified)
    lab.control.post("/_/far-ends", json={"number": "*", "behaviour": "busy", "after_s": 0})
    ask("POST", "/calls", json={"connection_id": connection, "to": CALLEE, "from": NUMBER})


def vonage(lab: Lab) -> None:
    """Search, set up, buy, look, change, call and release at Vonage."""
    credentials = lab.default_account("vonage")["credentials"]
    auth = (credentials["api_key"], credentials["api_secret"])

    def ask(method: str, path: str, **options: Any) -> httpx.Response:
        return lab.control.request(method, f"/vonage{path}", auth=auth, **options)

    ask("GET", "/account/get-balance")
    ask("GET", "/number/search", params={"country": "AQ"})
    wanted = {"country": "US", "pattern": "1415", "search_pattern": 0, "features": "SMS,VOICE"}
    ask("GET", "/number/search", params=wanted | {"size": 3, "index": 2, "type": "mobile-lvn"})
    application, key = _vonage_application(ask)
    named = {"country": "US", "msisdn": NUMBER[1:]}
    ask("POST", "/number/buy", data=named)
    ask("POST", "/number/update", data=named | {"app_id": application})
    ask("GET", "/account/numbers", params={"application_id": application, "size": 1})
    ask("GET", "/account/numbers", params={"pattern": NUMBER[1:], "has_application": "true"})
    _vonage_calls(lab, application, key)
    ask("POST", "/number/cancel", data=named)
    ask("GET", "/account/numbers")


def _vonage_application(ask: Ask) -> tuple[str, str]:
    hook = {"address": URL, "http_method": "POST"}
    voice = {"webhooks": {"answer_url": hook, "event_url": hook}}
    wanted = {"name": "tour", "capabilities": {"voice": voice}}
    made = ask("POST", "/v2/applications", json=wanted).json()
    doomed = ask("POST", "/v2/applications", json=wanted).json()["id"]
    ask("GET", "/v2/applications", params={"page_size": 1})
    ask("GET", f"/v2/applications/{doomed}")
    ask("PUT", f"/v2/applications/{doomed}", json=wanted)
    ask("DELETE", f"/v2/applications/{doomed}")
    return made["id"], made["keys"]["private_key"]


def _vonage_calls(lab: Lab, application: str, key: str) -> None:
    now = int(time.time())
    claims = {"application_id": application, "iat": now, "exp": now + 60, "jti": "tour"}
    headers = {"Authorization": f"Bearer {jwt.encode(claims, key, 'RS256')}"}

    def ask(method: str, path: str, **options: Any) -> httpx.Response:
        return lab.control.request(method, f"/vonage/v1/calls{path}", headers=headers, **options)

    lab.control.post("/_/far-ends", json={"number": "*", "behaviour": "answer", "after_s": 0})
    wait = {"action": "wait", "timeout": 5}
    wanted = {"to": [{"type": "phone", "number": CALLEE[1:]}], "ncco": [wait, wait]}
    wanted |= {"from": {"type": "phone", "number": NUMBER[1:]}, "event_url": [URL]}
    dialled = ask("POST", "", json=wanted | {"ringing_timer": 30, "length_timer": 60})
    call = f"/{dialled.json()['uuid']}"
    while ask("GET", call).json()["status"] != "answered":
        time.sleep(0.01)
    ask("PUT", call, json={"action": "mute"})
    moved = {"type": "ncco", "ncco": [wait]}
    ask("PUT", call, json={"action": "transfer", "destination": moved})
    ask("PUT", call, json={"action": "hangup"})
    ask("GET", "", params={"page_size": 1, "order": "desc"})
    sent = {"channel": "sms", "message_type": "text", "text": "Hello"}
    sent |= {"to": CALLEE[1:], "from": NUMBER[1:], "webhook_url": URL}
    lab.control.post("/vonage/v1/messages", headers=headers, json=sent)


TOURS = {"twilio": twilio, "telnyx": telnyx, "vonage": vonage}
