"""Text messages through the API, their queue and the carriers' webhooks: the files in events/."""

import json
from dataclasses import replace
from typing import Any

import pytest
from burki.models import sms as clients

from functions.events.app import lambda_handler as ask_events
from functions.send_message.app import lambda_handler as work
from functions.sms.app import lambda_handler
from switchboard.app import App
from switchboard.carriers import CARRIERS
from switchboard.errors import InsufficientBalance, OutcomeUnknown
from switchboard.events import receivers
from switchboard.model import BYO, SMS_RECEIVED, Text, TextStatus
from tests.builders import CALLER, NUMBER, ORGANIZATION, a_number, a_text, an_assistant
from tests.clock import Clock
from tests.fakes import Books, carriers
from tests.functions.carriers import TELNYX_NUMBER, VONAGE_NUMBER
from tests.functions.events import Context, load, with_body

Answer = tuple[int, dict[str, Any]]


@pytest.fixture
def phone(app: App, books: Books) -> App:
    """The deployment, with the fake carrier in Twilio's place and a number there."""
    app.secrets.store_carrier(ORGANIZATION, "twilio", {})
    number = a_number(carrier="twilio")
    app.store.transact(app.store._put_number(number, "attribute_not_exists(pk)"))
    fake = carriers(books)
    return replace(app, carrier_class=lambda name: fake("fake"), carrier_names=("twilio",))


def ask(app: App, event: dict[str, Any]) -> Answer:
    reply = lambda_handler(event, Context(), lambda: app)  # type: ignore[arg-type]
    return reply["statusCode"], json.loads(reply["body"])


def about(name: str, text_id: str) -> dict[str, Any]:
    return load(f"sms/{name}") | {
        "path": load(f"sms/{name}")["path"].replace(a_text().id, text_id),
        "pathParameters": {"message_id": text_id},
    }


def brought(text_id: str) -> dict[str, Any]:
    event = load("send_message/messages")
    event["Records"][0]["body"] = json.dumps({"text": text_id, "organization": ORGANIZATION})
    return event


def test_a_message_is_queued_sent_and_shown(phone: App, books: Books) -> None:
    status, queued = ask(phone, load("sms/send"))
    done = work(brought(queued["message_id"]), None, lambda: phone)
    _, shown = ask(phone, about("status", queued["message_id"]))

    assert (status, done) == (200, {"batchItemFailures": []})
    assert queued == {
        "success": True,
        "message_id": queued["message_id"],
        "message": "SMS queued successfully via twilio",
        "provider": "twilio",
        "status": "queued",
        "queued": True,
        "segments": 1,
        "encoding": "GSM-7",
    }
    assert (shown["status"], shown["provider_message_id"]) == ("sent", "SM1")
    assert shown["error"] is None
    assert [text.media_urls for text in books.texts] == [("https://example.com/menu.png",)]


def test_the_clients_paths_do_the_same(phone: App) -> None:
    _, queued = ask(phone, load("sms/send"))

    _, shown = ask(phone, about("status-of-clients", queued["message_id"]))
    _, cancelled = ask(phone, about("cancel-of-clients", queued["message_id"]))
    again = ask(phone, about("cancel", queued["message_id"]))

    assert shown["status"] == "queued"
    assert cancelled == {
        "success": True,
        "message_id": queued["message_id"],
        "message": "Message cancelled",
        "status": "cancelled",
        "previous_status": "queued",
        "new_status": "cancelled",
    }
    assert (again[0], again[1]["success"]) == (200, False)


def test_a_message_that_shall_go_at_once_has_the_carriers_id(phone: App) -> None:
    status, sent = ask(phone, load("sms/send-now"))
    _, shown = ask(phone, about("status", sent["message_id"]))

    assert (status, sent["status"], sent["message_id"]) == (200, "sent", "SM1")
    assert sent["message"] == "SMS sent successfully via twilio"
    assert shown["state"] == "sent"


def test_the_header_wins_over_the_bodys_key(phone: App, books: Books) -> None:
    header = load("sms/send")
    other = with_body("sms/send", idempotency_key="another")

    first, second = ask(phone, header)[1], lambda_handler(other, Context(), lambda: phone)  # type: ignore[arg-type]

    assert json.loads(second["body"])["message_id"] == first["message_id"]
    assert second["multiValueHeaders"]["Idempotent-Replayed"] == ["true"]


def test_a_refusal_is_an_error_and_no_answer_is_202(phone: App, books: Books, clock: Clock) -> None:
    books.text_errors = [InsufficientBalance("Twilio: no money.")]
    refused = ask(phone, load("sms/send-now"))
    clock.advance(seconds=5)
    books.lost_answers = [OutcomeUnknown("Twilio did not answer.")]
    unknown = ask(phone, with_body("sms/send-now", idempotency_key="message-2026-0003"))

    assert (refused[0], refused[1]["code"]) == (402, "insufficient_balance")
    assert (unknown[0], unknown[1]["success"], unknown[1]["status"]) == (202, False, "unknown")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"message": None, "media_urls": None}, 400),
        ({"message": "x" * 1601}, 422),
        ({"message": 7}, 422),
        ({"media_urls": ["ftp://example.com/x"]}, 422),
        ({"media_urls": ["https://example.com/x"] * 11}, 422),
        ({"queue": "yes"}, 422),
        ({"to_phone_number": "12125550199"}, 400),
        ({"from_phone_number": "+14155550111"}, 403),
    ],
)
def test_nonsense_is_refused_and_nothing_is_sent(
    phone: App, fields: dict[str, Any], status: int
) -> None:
    assert ask(phone, with_body("sms/send", **fields))[0] == status
    assert ask(phone, load("sms/queue-stats"))[1]["queues"]["twilio"]["pending"] == 0


def test_the_queue_is_counted(phone: App) -> None:
    ask(phone, load("sms/send"))

    assert ask(phone, load("sms/queue-stats"))[1]["queues"] == {
        "twilio": {"pending": 1, "active": 0, "failed": 0}
    }


def test_the_published_client_reads_every_answer(phone: App) -> None:
    _, queued = ask(phone, load("sms/send"))
    _, shown = ask(phone, about("status-of-clients", queued["message_id"]))
    _, counted = ask(phone, load("sms/queue-stats"))
    _, cancelled = ask(phone, about("cancel-of-clients", queued["message_id"]))

    assert clients.SendSMSResponse.model_validate(queued).queued
    assert clients.SMSStatusResponse.model_validate(shown).status == "queued"
    assert clients.SMSQueueStats.model_validate(counted).pending == 1
    assert clients.SMSCancelResponse.model_validate(cancelled).status == "cancelled"


def test_a_key_without_the_scope_reads_but_does_not_send(phone: App) -> None:
    event = load("sms/send")
    event["requestContext"]["authorizer"]["scopes"] = "sms:read"

    assert ask(phone, event)[0] == 403


def test_of_a_batch_only_what_failed_comes_again(phone: App) -> None:
    event = brought("0b3e6a52-6f0e-5c64-9d0c-2b1f4a3d7e11")
    event["Records"].append({"messageId": "m2", "body": "no json"})

    assert work(event, None, lambda: phone) == {"batchItemFailures": [{"itemIdentifier": "m2"}]}


def test_once_a_minute_it_looks_for_what_was_forgotten(phone: App, clock: Clock) -> None:
    text = stored(phone, status=TextStatus.SENDING, due=clock())
    clock.advance(minutes=1)

    assert work(load("send_message/sweep"), None, lambda: phone) == {}

    assert now(phone, text).status is TextStatus.UNKNOWN


def stored(app: App, **changes: Any) -> Text:
    text = a_text(**changes)
    app.store.add_text(text, None, "", None, text.created_at)
    return text


def now(app: App, text: Text) -> Text:
    found = app.store.text(text.id)
    assert found is not None
    return found


def shown_as_event(app: App, event_id: str) -> dict[str, Any]:
    """Return what whoever asks for an event gets."""
    event = load("events/get", path=f"/api/v1/events/{event_id}")
    event["pathParameters"] = {"event_id": event_id}
    reply = ask_events(event, Context(), lambda: app)  # type: ignore[arg-type]
    payload: dict[str, Any] = json.loads(reply["body"])["payload"]
    return payload


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_receipt_settles_its_message(live: App, send: Any, carrier: str) -> None:
    text = stored(live, carrier=carrier, status=TextStatus.SENDING)

    reply = send(load(f"carrier_webhook/{carrier}-message-delivered"), carrier)

    assert reply["statusCode"] == 204
    assert now(live, text).status is TextStatus.DELIVERED
    [told] = live.store.events_after(ORGANIZATION, "0", 10)
    assert shown_as_event(live, told.id)["data"]["status"] == "delivered"


@pytest.mark.parametrize(
    ("name", "carrier"),
    [
        ("message-opted-out", "twilio"),
        ("message-failed", "telnyx"),
        ("message-opted-out", "vonage"),
    ],
)
def test_a_receipt_tells_of_an_opt_out(live: App, send: Any, name: str, carrier: str) -> None:
    text = stored(live, carrier=carrier, status=TextStatus.SENT, message_sid="SM9")

    send(load(f"carrier_webhook/{carrier}-{name}"), carrier)

    failed = now(live, text)
    consent = live.store.consent(ORGANIZATION, NUMBER, CALLER)
    assert failed.status is TextStatus.UNDELIVERED
    assert failed.refusal is not None
    assert failed.refusal.code == "recipient_opted_out"
    assert consent is not None
    assert (consent.is_opted_out, consent.said) == (True, "carrier")


@pytest.mark.parametrize(
    ("carrier", "number"),
    [("twilio", NUMBER), ("telnyx", TELNYX_NUMBER), ("vonage", VONAGE_NUMBER)],
)
def test_stop_is_heeded_at_the_older_paths_too(
    live: App, send: Any, carrier: str, number: str
) -> None:
    assert send(load(f"carrier_webhook/{carrier}-message-stop"), carrier)["statusCode"] == 204

    consent = live.store.consent(ORGANIZATION, number, CALLER)
    assert consent is not None
    assert consent.is_opted_out


def test_a_receipt_of_another_message_is_refused(live: App, send: Any) -> None:
    event = load("carrier_webhook/twilio-message-delivered")
    other = "1001-0b3e6a52-6f0e-5c64-9d0c-2b1f4a3d7e12"

    reply = send(event | {"multiValueQueryStringParameters": {"message": [other]}}, "twilio")

    assert reply["statusCode"] == 403


@pytest.mark.parametrize(
    ("name", "carrier"),
    [
        ("twilio-message", "twilio"),
        ("telnyx-message-received", "telnyx"),
        ("vonage-message-received", "vonage"),
    ],
)
def test_a_message_that_came_is_told_once_in_the_contracts_form(
    live: App, send: Any, name: str, carrier: str
) -> None:
    live.store.put_assistant(an_assistant(sms_webhook_url="https://customer.example.com/sms"))

    for _ in range(2):
        send(load(f"carrier_webhook/{name}"), carrier)

    events = live.store.events_after(ORGANIZATION, "0", 10)
    [body] = [json.loads(event.payload) for event in events if event.type == SMS_RECEIVED]
    assert shown_as_event(live, body["id"]) == body
    assert body["data"]["body"] == "Grüße & more = 1"
    assert body["data"]["from"] == CALLER
    assert body["data"]["provider"] == carrier
    assert body["data"].keys() >= {"message_id", "to", "media_urls"}


def test_a_picture_comes_with_its_caption(live: App, send: Any) -> None:
    live.store.put_assistant(an_assistant(sms_webhook_url="https://customer.example.com/sms"))

    assert send(load("carrier_webhook/vonage-message-picture"), "vonage")["statusCode"] == 204

    [event] = live.store.events_after(ORGANIZATION, "0", 10)
    told = json.loads(event.payload)["data"]
    assert told["body"] == "A cat"
    assert told["media_urls"] == [
        "https://api.nexmo.com/v3/media/1b456509-974c-458b-aafa-45fc48a4d976"
    ]


def test_a_number_on_a_sip_trunk_sends_no_texts_and_says_what_to_do_instead(live: App) -> None:
    number = a_number(phone_number="+14155550177", carrier=BYO)
    live.store.transact(live.store._put_number(number, "attribute_not_exists(pk)"))

    status, refused = ask(live, with_body("sms/send", from_phone_number="+14155550177"))

    assert (status, refused["code"]) == (400, "invalid_request")
    assert "SIP trunk of your own" in refused["detail"]


@pytest.mark.parametrize("url", ["https://customer.example.com/sms", None])
def test_a_message_goes_to_the_assistants_own_url_for_messages(
    live: App, send: Any, url: str | None
) -> None:
    calls = "https://customer.example.com/calls"
    live.store.put_assistant(an_assistant(webhook_url=calls, sms_webhook_url=url))
    send(load("carrier_webhook/twilio-message"), "twilio")

    [event] = live.store.events_after(ORGANIZATION, "0", 10)

    assert [it.url for it in receivers.of_event(live, event)] == ([url] if url else [])
