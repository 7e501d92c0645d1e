"""Place a call through the API, with variables, and say what of it is missing."""

from dataclasses import dataclass
from typing import Any

import httpx

from .evidence import bearer, call_shown, fetch_session, last_answers, stream_parameters

Json = dict[str, Any]

CALLEE = "+14155550198"
WORDS: Json = {
    "welcome_message": 'Hello {{customer.name}}, this is {{company | default: "Acme"}}.',
    "agenda": "Confirm order {{ order.id }} with {{ customer.name }}.",
    "variables": {"customer": {"name": "Ann"}, "order": {"id": 7}},
}
RENDERED = {
    "welcome_message": "Hello Ann, this is Acme.",
    "agenda": "Confirm order 7 with Ann.",
}


@dataclass(frozen=True)
class OutboundEvidence:
    """What the API, the sandbox's books and the media stream say of one call that we placed."""

    carrier: str
    number: str
    reply_status: int
    reply: Json
    reply_ms: int
    carrier_requests: list[Json]
    times_dialled: int
    transcript: Json
    call: Json
    session_status: int
    session: Json

    def missing(self) -> list[str]:
        """Return, in words, what should be there and is not."""
        stream: Json = next(iter(self.transcript.get("streams", [])), {})
        claims = {
            "the request to place a call was answered 200": self.reply_status == 200,
            "the carrier dialled once": self.times_dialled == 1,
            "the called person answered": self.transcript.get("answered") is True,
            "the placed call ended as completed": self.transcript.get("status") == "completed",
            "the placed call's media stream opened and the assistant was heard": bool(
                stream.get("echoed")
            ),
            "the runtime was given the rendered texts": (
                self.session_status == 200
                and self.told().items() >= RENDERED.items()
                and self.session.items() >= RENDERED.items()
            ),
            "GET /api/v1/calls/{id} shows the placed call as completed": (
                self.call.get("status") == "completed"
                and self.call.get("customer_phone_number") == CALLEE
            ),
            "every webhook of the placed call was answered 2xx, at the last attempt": all(
                200 <= (status or 0) < 300 for status in last_answers(self.transcript).values()
            ),
        }
        return [claim for claim, seen in claims.items() if not seen]

    def told(self) -> dict[str, str]:
        """Return the texts that the stream itself brought; at Telnyx the session is their way."""
        parameters = stream_parameters(self.transcript)
        told = {name: parameters[name] for name in RENDERED if name in parameters}
        return told or {name: str(self.session.get(name)) for name in RENDERED}


def place(
    http: httpx.Client, env: dict[str, str], number: str, to: str = CALLEE, **more: Any
) -> httpx.Response:
    """Ask for a call, as a customer's application would."""
    return http.post(
        f"{env['SWITCHBOARD_URL']}/api/v1/calls/initiate",
        headers=bearer(env) | {"Idempotency-Key": f"demo-call-{number}-{to}"},
        json={"from_phone_number": number, "to_phone_number": to} | WORDS | more,
    )


def transcript_of(http: httpx.Client, env: dict[str, str], reply: httpx.Response) -> Json:
    """Wait until a call that was placed is over and told; nothing when it was not placed."""
    call_sid = reply.json().get("call_sid")
    if not call_sid:
        return {}
    found = http.get(f"{env['SANDBOX_URL']}/_/calls/{call_sid}", params={"wait": "true"})
    transcript: Json = found.raise_for_status().json()
    return transcript


def gather(
    http: httpx.Client,
    env: dict[str, str],
    carrier: str,
    number: str,
    placed: httpx.Response,
    transcript: Json,
) -> OutboundEvidence:
    """Ask everybody concerned: our API, the sandbox, and the session that the stream points at."""
    sandbox, query = env["SANDBOX_URL"], {"carrier": carrier, "operation": "dial"}
    requests = http.get(f"{sandbox}/_/requests", params=query).json()["requests"]
    session = fetch_session(http, env, transcript)
    return OutboundEvidence(
        carrier=carrier,
        number=number,
        reply_status=placed.status_code,
        reply=placed.json(),
        reply_ms=round(placed.elapsed.total_seconds() * 1000),
        carrier_requests=[r for r in requests if number[1:] in str(r)],
        times_dialled=times_dialled(http, env, number),
        transcript=transcript,
        call=call_shown(http, env, str(placed.json().get("call_id"))),
        session_status=session.status_code if session else 0,
        session=session.json() if session else {},
    )


def times_dialled(http: httpx.Client, env: dict[str, str], number: str) -> int:
    """Return how often the carriers dialled anybody from `number`."""
    dials = http.get(f"{env['SANDBOX_URL']}/_/dials").raise_for_status().json()["dials"]
    return sum(dial["count"] for dial in dials if dial["from"] == number)
