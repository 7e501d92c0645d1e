"""What the contract tests must know of each carrier beside its adapter: one entry per carrier.

A carrier without an entry here fails every contract test.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from switchboard.carriers.base import CarrierContext
from tests.carriers.lab import Lab

Json = dict[str, Any]


@dataclass(frozen=True)
class CarrierFacts:
    """One carrier, as a contract test sees it."""

    webhook_path: str
    """Where a ringing phone is announced."""
    details: str
    """The fields of the contract's `purchase_details`, separated by spaces."""
    buying: tuple[str, ...]
    """The requests that buying a configured number takes: its round-trip budget."""
    event_path: str
    """Where it is told how a call went on."""
    stream_told: Callable[[Json], Json]
    """What the media runtime is told, from the transcript of the stream."""
    is_configured: Callable[[Lab, Json, Json, CarrierContext], None]
    """Assert that the number in the books is tied to us, for an account's credentials."""


def _twilio_is_configured(lab: Lab, number: Json, credentials: Json, us: CarrierContext) -> None:
    wanted = {
        "voice_url": us.webhook_url("/twiml"),
        "voice_method": "POST",
        "voice_fallback_url": f"{us.public_base_url}/fallback/twilio.xml",
        "voice_fallback_method": "GET",
        "status_callback": us.webhook_url("/call-status"),
        "status_callback_method": "POST",
        "sms_url": us.webhook_url("/webhooks/sms/twilio"),
        "sms_method": "POST",
        "friendly_name": "Front desk",
    }
    assert number["config"] | wanted == number["config"]


def _telnyx_is_configured(lab: Lab, number: Json, credentials: Json, us: CarrierContext) -> None:
    assert number["config"]["connection_id"] == credentials["connection_id"]
    assert number["config"]["messaging_profile_id"] == credentials["messaging_profile_id"]
    url = us.webhook_url("/telnyx-webhook")
    application = _telnyx(lab, credentials, "call_control_applications", "connection_id")
    assert application["webhook_event_url"] == url
    assert application["webhook_event_failover_url"] == url
    assert application["webhook_api_version"] == "2"
    messaging = _telnyx(lab, credentials, "messaging_profiles", "messaging_profile_id")
    assert messaging["webhook_url"] == url


def _telnyx(lab: Lab, credentials: Json, kind: str, field: str) -> Json:
    headers = {"Authorization": f"Bearer {credentials['api_key']}"}
    answer = lab.control.get(f"/telnyx/{kind}/{credentials[field]}", headers=headers)
    found: Json = answer.raise_for_status().json()["data"]
    return found


def _vonage_is_configured(lab: Lab, number: Json, credentials: Json, us: CarrierContext) -> None:
    assert number["config"]["app_id"] == credentials["application_id"]
    url = f"/vonage/v2/applications/{credentials['application_id']}"
    auth = (credentials["api_key"], credentials["api_secret"])
    able = lab.control.get(url, auth=auth).raise_for_status().json()["capabilities"]
    hooks = able["voice"]["webhooks"]
    assert able["voice"]["signed_callbacks"] is True
    for name in ("answer_url", "event_url"):
        assert hooks[name]["address"] == us.webhook_url("/vonage-webhook")
        assert hooks[name]["http_method"] == "POST"
    assert hooks["fallback_answer_url"]["address"] == f"{us.public_base_url}/fallback/vonage.json"
    inbound = able["messages"]["webhooks"]["inbound_url"]
    assert inbound["address"] == us.webhook_url("/webhooks/sms/vonage")


FACTS = {
    "twilio": CarrierFacts(
        webhook_path="/twiml",
        details="sid phone_number friendly_name voice_url sms_url capabilities "
        "date_created provider",
        buying=("POST /IncomingPhoneNumbers.json",),
        event_path="/call-status",
        stream_told=lambda stream: stream["start"]["start"]["customParameters"],
        is_configured=_twilio_is_configured,
    ),
    "telnyx": CarrierFacts(
        webhook_path="/telnyx-webhook",
        details="id phone_number status connection_id messaging_profile_id date_created provider "
        "phone_numbers_count customer_reference",
        buying=("POST /number_orders",),
        event_path="/telnyx-webhook",
        # Telnyx has no stream parameters: the runtime fetches the rest with these two.
        stream_told=lambda stream: dict(parse_qsl(urlsplit(stream["url"]).query)),
        is_configured=_telnyx_is_configured,
    ),
    "vonage": CarrierFacts(
        webhook_path="/vonage-webhook",
        details="phone_number country msisdn application_id provider",
        buying=("POST /number/buy", "POST /number/update"),
        event_path="/vonage-webhook",
        # The headers of the endpoint lie flat in the first frame.
        stream_told=lambda stream: {
            name: value
            for name, value in stream["start"].items()
            if name not in ("event", "content-type")
        },
        is_configured=_vonage_is_configured,
    ),
}
