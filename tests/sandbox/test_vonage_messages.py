"""Text messages and files of recordings at the sandbox's Vonage, asked for without our adapter."""

from typing import Any

import httpx
import pytest
from starlette.responses import Response

from sandbox.recordings import SOUND
from tests.sandbox.clients import VonageApplication, VonageClient
from tests.sandbox.servers import Customer, wait_until
from tests.sandbox.test_vonage_calls import NUMBER, call

PHONE = "+12125550199"


@pytest.fixture
def application(vonage: VonageClient, customer: Customer) -> VonageApplication:
    """Make an application whose calls and messages come to the customer, with a number."""
    made = vonage.application(customer.url, messages=f"{customer.url}/message")
    vonage.buy(NUMBER).raise_for_status()
    vonage.link(NUMBER, made.id).raise_for_status()
    return made


def send(application: VonageApplication, **changes: Any) -> httpx.Response:
    wanted = {"channel": "sms", "message_type": "text", "text": "Hello"}
    wanted |= {"to": PHONE[1:], "from": NUMBER[1:]}
    return application.message(wanted | changes)


def told(customer: Customer, path: str, *words: str) -> list[dict[str, Any]]:
    """Return the receipts at a path, once those came."""
    wait_until(lambda: len(customer.at(path)) == len(words))
    found = [got.json for got in customer.at(path)]
    assert [it["status"] for it in found] == list(words)
    return found


def write(sandbox: httpx.Client, text: str, **more: Any) -> dict[str, Any]:
    wanted = {"carrier": "vonage", "from": PHONE, "to": NUMBER, "text": text, **more}
    answer: dict[str, Any] = sandbox.post("/_/messages", json=wanted).raise_for_status().json()
    return answer


def test_a_message_reports_its_way_to_its_own_url_or_the_applications(
    application: VonageApplication, customer: Customer
) -> None:
    own = send(application, webhook_url=f"{customer.url}/status?message=7")
    usual = send(application)

    assert (own.status_code, usual.status_code) == (202, 202)
    found = told(customer, "/status", "submitted", "delivered")
    assert {it["message_uuid"] for it in found} == {own.json()["message_uuid"]}
    assert found[0]["to"] == PHONE[1:]
    [first, _] = told(customer, "/message", "submitted", "delivered")
    assert first["message_uuid"] == usual.json()["message_uuid"]


def test_who_says_stop_is_written_to_in_vain_until_start(
    application: VonageApplication, sandbox: httpx.Client, customer: Customer
) -> None:
    url = f"{customer.url}/status"
    write(sandbox, "Stop")
    # It is taken all the same: https://developer.vonage.com/en/opt-out-assist
    assert send(application, webhook_url=url).status_code == 202
    [refused] = told(customer, "/status", "rejected")
    write(sandbox, "START")
    send(application, webhook_url=f"{customer.url}/later")

    assert refused["error"]["title"] == "1240"
    told(customer, "/later", "submitted", "delivered")


def test_a_picture_that_somebody_sends_comes_with_its_caption(
    application: VonageApplication, sandbox: httpx.Client, customer: Customer
) -> None:
    url = "https://example.com/cat.png"

    assert write(sandbox, "A cat", media_urls=[url])["delivered"]

    [got] = customer.at("/message")
    assert (got.json["channel"], got.json["message_type"]) == ("mms", "image")
    assert got.json["image"] == {"url": url, "caption": "A cat"}
    assert got.headers["authorization"].startswith("Bearer ")


@pytest.mark.parametrize(("status", "times"), [(503, 2), (429, 2), (400, 1)])
def test_a_receipt_that_was_not_taken_comes_again_after_a_5xx_or_429(
    application: VonageApplication, customer: Customer, status: int, times: int
) -> None:
    statuses = [status, 204]
    customer.answers["/status"] = lambda _: Response(
        status_code=statuses.pop(0) if len(statuses) > 1 else statuses[0]
    )

    send(application, webhook_url=f"{customer.url}/status")

    told(customer, "/status", *["submitted"] * times, "delivered")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel": "pigeon"}, "1400"),
        ({"to": PHONE}, "1430"),
        ({"from": "14155550177"}, "1420"),
        ({"from": "Acme"}, "1420"),
        ({"text": ""}, "1020"),
        ({"text": "x" * 3201}, "1020"),
        ({"message_type": "image", "image": {"url": "https://example.com/x.png"}}, "1020"),
        ({"channel": "mms", "message_type": "image", "image": {"url": "ftp://x"}}, "1020"),
        ({"channel": "mms", "message_type": "content", "content": [{"url": "https://x"}]}, "1020"),
    ],
)
def test_vonage_refuses_what_it_refuses(
    application: VonageApplication, sandbox: httpx.Client, changes: dict[str, Any], code: str
) -> None:
    refused = send(application, **changes)

    assert refused.status_code == 422
    assert refused.json()["type"].endswith(f"/messages#{code}")
    assert sandbox.get("/_/messages").json()["messages"] == []


def test_a_file_is_sent_to_its_application_and_to_nobody_else(
    application: VonageApplication,
    vonage: VonageClient,
    sandbox: httpx.Client,
    customer: Customer,
) -> None:
    sandbox.patch("/_/settings", json={"recording_late_s": 1000}).raise_for_status()
    customer.says_ncco(
        "/answer",
        {"action": "talk", "text": "This call is recorded."},
        {"action": "record", "eventUrl": [f"{customer.url}/recording"]},
        {"action": "talk", "text": "Hello"},
    )
    call(sandbox)
    [recording] = customer.at("/recording")
    url = recording.json["recording_url"]
    stranger = vonage.application(customer.url)

    assert application.file(url).status_code == 404
    sandbox.patch("/_/settings", json={"recording_late_s": 0}).raise_for_status()
    answer = application.file(url)
    assert (answer.content, answer.headers["content-type"]) == (SOUND, "audio/mpeg")
    assert stranger.file(url).status_code == 404
    assert sandbox.get(url).status_code == 401
