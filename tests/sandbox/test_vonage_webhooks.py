"""How the sandbox's Vonage signs what it sends, and how the faults spoil that."""

import hashlib
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from starlette.responses import Response

from sandbox.signing import vonage_token
from tests.sandbox.clients import VonageApplication, VonageClient, program_fault
from tests.sandbox.servers import Customer, Received

NUMBER = "+14155550100"
SPECS = os.environ.get("CARRIER_SPECS_DIR", "")


@pytest.fixture
def application(vonage: VonageClient, customer: Customer) -> VonageApplication:
    """Make an application that says Hello, with a number."""
    made = vonage.application(customer.url)
    vonage.buy(NUMBER).raise_for_status()
    vonage.link(NUMBER, made.id).raise_for_status()
    customer.says_ncco("/answer", {"action": "talk", "text": "Hello"})
    return made


def ring(sandbox: httpx.Client) -> dict[str, Any]:
    wanted = {"carrier": "vonage", "from": "+14155550111", "to": NUMBER}
    report: dict[str, Any] = sandbox.post("/_/calls", json=wanted).raise_for_status().json()
    return report


def claims(got: Received, secret: str) -> dict[str, Any]:
    token = got.headers["authorization"].removeprefix("Bearer ")
    found: dict[str, Any] = jwt.decode(token, secret, algorithms=["HS256"])
    return found


@pytest.mark.skipif(not SPECS, reason="set CARRIER_SPECS_DIR to the folder of the vectors")
def test_a_token_is_made_as_in_the_known_vectors() -> None:
    known = json.loads((Path(SPECS) / "signature_vectors.json").read_text())["vonage"]
    for vector in known["vectors"]:
        wanted = vector["claims"]
        token = vonage_token(
            known["signature_secret"],
            known["api_key"],
            wanted["application_id"],
            (vector["body"] or vector["hashed_json"]).encode(),
            issued_at=wanted["iat"],
            jti=wanted["jti"],
        )
        assert vector["headers"]["Authorization"] == f"Bearer {token}"


def test_everything_is_signed_over_its_body(
    sandbox: httpx.Client, customer: Customer, vonage: VonageClient, application: VonageApplication
) -> None:
    ring(sandbox)

    assert len(customer.received) == 5
    for got in customer.received:
        found = claims(got, vonage.signature_secret)
        assert found["payload_hash"] == hashlib.sha256(got.raw).hexdigest()
        assert (found["api_key"], found["application_id"]) == (vonage.key, application.id)
        assert (found["iss"], "exp" in found) == ("Vonage", False)
    assert len({claims(got, vonage.signature_secret)["jti"] for got in customer.received}) == 5


def test_a_get_is_signed_over_its_query(
    sandbox: httpx.Client, customer: Customer, vonage: VonageClient
) -> None:
    webhooks = {"answer_url": {"address": f"{customer.url}/answer?org=1"}}
    made = vonage.application(customer.url, webhooks=webhooks)
    vonage.buy(NUMBER).raise_for_status()
    vonage.link(NUMBER, made.id).raise_for_status()
    customer.says_ncco("/answer")

    ring(sandbox)

    [asked] = customer.at("/answer")
    query = dict(httpx.URL(asked.url).params)
    signed = json.dumps(query, separators=(",", ":")).encode()
    found = claims(asked, vonage.signature_secret)
    assert found["payload_hash"] == hashlib.sha256(signed).hexdigest()


def test_an_application_may_want_no_signatures(
    sandbox: httpx.Client, customer: Customer, vonage: VonageClient
) -> None:
    made = vonage.application(customer.url, signed_callbacks=False)
    vonage.buy(NUMBER).raise_for_status()
    vonage.link(NUMBER, made.id).raise_for_status()

    ring(sandbox)

    assert not [got for got in customer.received if "authorization" in got.headers]


@pytest.mark.parametrize("fault", ["bad_signature", "stale", "tampered"])
def test_a_fault_spoils_the_signature(
    sandbox: httpx.Client,
    customer: Customer,
    vonage: VonageClient,
    application: VonageApplication,
    fault: str,
) -> None:
    program_fault(sandbox, "vonage", "webhook", fault, event="answer")

    ring(sandbox)

    [asked] = customer.at("/answer")
    if fault == "bad_signature":
        with pytest.raises(jwt.InvalidSignatureError):
            claims(asked, vonage.signature_secret)
        return
    found = claims(asked, vonage.signature_secret)
    is_hashed = found["payload_hash"] == hashlib.sha256(asked.raw).hexdigest()
    is_fresh = found["iat"] > time.time() - 60
    assert (is_fresh, is_hashed) == ((False, True) if fault == "stale" else (True, False))


@pytest.mark.parametrize(("event", "path"), [("answer", "/answer"), ("ringing", "/event")])
def test_an_unsigned_webhook_that_is_refused_comes_again_signed(
    sandbox: httpx.Client,
    customer: Customer,
    vonage: VonageClient,
    application: VonageApplication,
    event: str,
    path: str,
) -> None:
    program_fault(sandbox, "vonage", "webhook", "unsigned", event=event)
    usual = customer.answers.get(path, lambda _: Response(status_code=204))

    def refusing(got: Received) -> Response:
        return usual(got) if "authorization" in got.headers else Response(status_code=503)

    customer.answers[path] = refusing

    report = ring(sandbox)

    first, second = customer.at(path)[:2]
    assert "authorization" not in first.headers
    assert claims(second, vonage.signature_secret)
    assert first.raw == second.raw
    assert report["said"] == ["Hello"]


def test_an_event_is_told_once_whatever_the_answer(
    sandbox: httpx.Client, customer: Customer, application: VonageApplication
) -> None:
    customer.answers["/event"] = lambda _: Response(status_code=503)

    ring(sandbox)

    told = [got.json["status"] for got in customer.at("/event")]
    assert told == ["ringing", "started", "answered", "completed"]


@pytest.mark.parametrize(
    ("patience", "times_asked", "outcome"), [(1, 2, "application_error"), (100, 1, "rejected")]
)
def test_an_answer_that_comes_too_late_is_asked_for_once_more(
    sandbox: httpx.Client,
    customer: Customer,
    vonage: VonageClient,
    patience: int,
    times_asked: int,
    outcome: str,
) -> None:
    limits = {"vonage_answer_limit_s": 0.05, "patience": patience}
    sandbox.patch("/_/settings", json=limits).raise_for_status()
    made = vonage.application(customer.url)
    vonage.buy(NUMBER).raise_for_status()
    vonage.link(NUMBER, made.id).raise_for_status()

    def slow(got: Received) -> Response:
        threading.Event().wait(0.2)
        return Response("[]", media_type="application/json")

    customer.answers["/answer"] = slow

    report = ring(sandbox)

    assert report["outcome"] == outcome
    assert len(customer.at("/answer")) == times_asked


def test_vonage_alone_can_be_tampered_with(sandbox: httpx.Client) -> None:
    wanted = {"carrier": "twilio", "operation": "webhook", "fault": "tampered"}

    assert sandbox.post("/_/faults", json=wanted).status_code == 422
