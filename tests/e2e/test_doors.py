"""What the gateway lets in, and what it answers to everybody else."""

from xml.etree import ElementTree

import httpx
import pytest

from local import demo
from tests.e2e.calling import fresh_number
from tests.e2e.conftest import LocalStack

UNKNOWN_KEY = "burki_" + "0" * 32


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {UNKNOWN_KEY}"},
        {"Authorization": f"Basic {UNKNOWN_KEY}"},
        {"Authorization": UNKNOWN_KEY},
    ],
)
def test_no_valid_key_is_401_in_the_contracts_words(
    local_stack: LocalStack, headers: dict[str, str]
) -> None:
    reply = local_stack.http.get(f"{local_stack.url}/api/v1/calls", headers=headers)

    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    body = reply.json()
    assert body["detail"] == ("Authentication required. Provide a valid API key or login session.")
    assert body["code"] == "unauthorized"
    assert body["request_id"]


def test_a_revoked_key_stops_working_at_once(local_stack: LocalStack) -> None:
    token = _token(local_stack, "calls:read")
    headers = {"Authorization": f"Bearer {token['key']}"}
    url = f"{local_stack.url}/api/v1/calls"

    before = local_stack.http.get(url, headers=headers)
    organization = local_stack.env["ORGANIZATION_ID"]
    local_stack.tool.tool("tokens", "revoke", "--organization", organization, str(token["id"]))
    after = local_stack.http.get(url, headers=headers)

    assert [before.status_code, after.status_code] == [200, 401]


def test_a_key_of_another_scope_is_403_and_buys_nothing(local_stack: LocalStack) -> None:
    number = fresh_number()
    token = str(_token(local_stack, "calls:read")["key"])

    reply = local_stack.purchase(number, token=token)

    assert reply.status_code == 403
    assert reply.json()["code"] == "insufficient_scope"
    assert "numbers:write" in reply.json()["detail"]
    assert local_stack.times_bought(number) == 0


def test_both_forms_of_the_calls_path_are_served(local_stack: LocalStack) -> None:
    headers = demo.bearer(local_stack.env)

    for path in ("/api/v1/calls", "/api/v1/calls/"):
        reply = local_stack.http.get(local_stack.url + path, headers=headers)
        assert reply.status_code == 200, path


def test_the_older_purchase_path_is_served(local_stack: LocalStack) -> None:
    reply = local_stack.http.post(
        f"{local_stack.url}/phone-numbers/purchase",
        headers=demo.bearer(local_stack.env),
        json={"phone_number": "12125550123", "provider": "twilio"},
    )

    assert reply.status_code == 400
    assert "E.164" in reply.json()["detail"]


def test_an_unknown_path_is_404(local_stack: LocalStack) -> None:
    reply = local_stack.http.get(f"{local_stack.url}/nothing/here")

    assert reply.status_code == 404
    assert reply.json()["code"] == "not_found"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"x" * 1_000_000])
def test_a_body_that_is_no_object_is_refused(local_stack: LocalStack, body: bytes) -> None:
    reply = local_stack.http.post(
        f"{local_stack.url}/api/v1/phone-numbers/purchase",
        headers=demo.bearer(local_stack.env) | {"Content-Type": "application/json"},
        content=body,
    )

    assert reply.status_code in (400, 413, 422)
    assert reply.json()["detail"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_fallback_is_served_without_our_code(local_stack: LocalStack, method: str) -> None:
    reply = local_stack.http.request(
        method,
        f"{local_stack.url}/fallback/twilio.xml",
        data={"CallSid": "CA1"} if method == "POST" else None,
    )

    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith("application/xml")
    assert [verb.tag for verb in ElementTree.fromstring(reply.text)] == ["Say", "Hangup"]


@pytest.mark.parametrize("path", ["/twiml", "/call-status", "/webhooks/sms/twilio"])
def test_a_forged_twilio_webhook_is_refused(local_stack: LocalStack, path: str) -> None:
    reply = _webhook(
        local_stack, path, {"X-Twilio-Signature": "Zm9yZ2Vk"}, b"CallSid=CA1&To=%2B12125550100"
    )

    assert reply.status_code == 403


def test_a_forged_telnyx_webhook_is_refused(local_stack: LocalStack) -> None:
    headers = {"telnyx-signature-ed25519": "Zm9yZ2Vk", "telnyx-timestamp": "1700000000"}

    reply = _webhook(local_stack, "/telnyx-webhook", headers, b'{"data": {}}')

    assert reply.status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_telnyx_may_ask_whether_we_are_there(local_stack: LocalStack, method: str) -> None:
    reply = local_stack.http.request(method, f"{local_stack.url}/telnyx-webhook")

    assert reply.status_code == 200


def _token(local_stack: LocalStack, scope: str) -> dict[str, object]:
    organization = local_stack.env["ORGANIZATION_ID"]
    return local_stack.tool.tool(
        "tokens", "create", "--organization", organization, "--name", "e2e", "--scope", scope
    )


def _webhook(
    local_stack: LocalStack, path: str, headers: dict[str, str], body: bytes
) -> httpx.Response:
    organization = local_stack.env["ORGANIZATION_ID"]
    return local_stack.http.post(
        f"{local_stack.url}{path}", params={"org": organization}, headers=headers, content=body
    )
