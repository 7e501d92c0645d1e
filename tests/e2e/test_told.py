"""What customers are told, over the whole stack: events, text messages, recordings."""

from typing import Any
from uuid import uuid4

import pytest

from local import demo, receiving, texting
from local.seed import CARRIERS
from tests.e2e.calling import bought, eventually, fresh_number
from tests.e2e.conftest import LocalStack

Json = dict[str, Any]

_WRITER = "+14155550177"


def asked(local_stack: LocalStack, method: str, path: str, **options: Any) -> Json:
    headers = demo.bearer(local_stack.env)
    reply = local_stack.http.request(method, f"{local_stack.url}{path}", headers=headers, **options)
    found: Json = reply.json() | {"status_code": reply.status_code}
    return found


@pytest.fixture(scope="module")
def told(local_stack: LocalStack) -> LocalStack:
    """Have the sandbox's receiver get every event of the stack's organization."""
    receiving.listen(local_stack.http, local_stack.env)
    return local_stack


def seen_by_receiver(told: LocalStack) -> list[Json]:
    found = told.http.get(f"{told.env['SANDBOX_URL']}/_/receivers/demo").raise_for_status().json()
    events: list[Json] = found["events"]
    return events


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_text_message_goes_each_way_and_is_told(told: LocalStack, carrier: str) -> None:
    number = bought(told, carrier)

    texts = texting.write(told.http, told.env, carrier, number)
    received = receiving.gather(told.http, told.env, [], texts.message_ids())

    assert texts.missing() == []
    of_texts = {event["type"] for event in received.events}
    assert of_texts == {"sms_received", "sms-status"}
    assert all(event["verified"] for event in received.events)


def test_who_says_stop_gets_no_more_messages_until_start(told: LocalStack) -> None:
    number = bought(told, "twilio")

    def writes(text: str) -> None:
        told.http.post(
            f"{told.env['SANDBOX_URL']}/_/messages",
            json={"carrier": "twilio", "from": _WRITER, "to": number, "text": text},
        ).raise_for_status()

    def send() -> Json:
        wanted = {"from_phone_number": number, "to_phone_number": _WRITER, "message": "Hello"}
        return asked(told, "POST", "/sms/send", json=wanted | {"idempotency_key": str(uuid4())})

    writes("STOP")
    refused = send()
    writes("START")
    taken = send()

    assert (refused["status_code"], refused["code"]) == (403, "recipient_opted_out")
    assert taken["status_code"] == 200


def test_what_a_receiver_refused_is_sent_again_under_the_same_id(told: LocalStack) -> None:
    number = bought(told, "twilio")
    receiver = f"{told.env['SANDBOX_URL']}/_/receivers/demo"
    told.http.put(receiver, json={"answers": [503]}).raise_for_status()

    transcript = demo.ring(told.http, told.env, "twilio", number)
    call = asked(told, "GET", f"/api/v1/calls/sid/{transcript['carrier_call_id']}")

    def sent_again() -> bool:
        tries: dict[str, list[int]] = {}
        for event in seen_by_receiver(told):
            tries.setdefault(event["id"], []).append(event["answered"])
        return [503, 200] in tries.values()

    assert receiving.gather(told.http, told.env, [call["id"]]).is_complete()
    assert eventually(sent_again)


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_recorded_call_can_be_heard(told: LocalStack, carrier: str) -> None:
    wanted = {
        "name": f"Recorded {carrier}",
        "stream_url": told.workspace.stream_url,
        "recording_settings": {"enabled": True, "disclosure_enabled": True},
    }
    assistant = asked(told, "POST", "/api/v1/assistants", json=wanted)
    number = fresh_number()
    buying = {"phone_number": number, "provider": carrier, "assistant_id": assistant["id"]}
    asked(told, "POST", "/api/v1/phone-numbers/purchase", json=buying)

    transcript = demo.ring(told.http, told.env, carrier, number)
    call = asked(told, "GET", f"/api/v1/calls/sid/{transcript['carrier_call_id']}")
    path = f"/api/v1/calls/{call['id']}/recordings"

    def ready() -> list[Json]:
        reply = told.http.get(f"{told.url}{path}", headers=demo.bearer(told.env))
        listed: list[Json] = reply.raise_for_status().json()
        return [it for it in listed if it["status"] == "completed"]

    [recording] = eventually(ready)
    heard = told.http.get(recording["recording_url"])

    assert heard.status_code == 200
    assert heard.headers["content-type"] == "audio/mpeg"
    assert len(heard.content) > 0
    assert "This call is recorded." in str(transcript["steps"])
