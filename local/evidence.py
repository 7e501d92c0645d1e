"""Collect what a purchase and a call left behind, and say what of it is missing."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

Json = dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What the API, the sandbox's books and the media stream say of one number and one call."""

    carrier: str
    search: Json
    search_ms: int
    number: str
    purchase_status: int
    purchase: Json
    purchase_ms: int
    carrier_requests: list[Json]
    times_bought: int
    """And not given back since."""
    transcript: Json
    call: Json
    session_status: int
    session: Json

    def missing(self) -> list[str]:
        """Return, in words, what should be there and is not."""
        transcript = self.transcript
        stream: Json = next(iter(transcript.get("streams", [])), {})
        claims = {
            "the search names what the number can do": self.search["numbers"][0]["capabilities"][
                "voice"
            ]
            is True,
            "the purchase was answered 200": self.purchase_status == 200,
            "the carrier's books hold the number once": self.times_bought == 1,
            "the call was answered": transcript.get("answered") is True,
            "the call ended as completed": transcript.get("status") == "completed",
            "the media stream opened and the assistant was heard": bool(stream.get("echoed")),
            "the runtime fetched the call's session with the stream's token": (
                self.session_status == 200 and self.session.get("To") == self.number
            ),
            "GET /api/v1/calls shows the call as completed": (
                self.call.get("status") == "completed"
                and self.call.get("to_phone_number") == self.number
            ),
            "every webhook was answered 2xx, at the last attempt": all(
                200 <= (status or 0) < 300 for status in last_answers(transcript).values()
            ),
        }
        return [claim for claim, seen in claims.items() if not seen]


def last_answers(transcript: Json) -> dict[str, int | None]:
    """Return how each webhook of a call was answered in the end."""
    # A carrier tries again after a time-out, which a first start on a busy machine may cause.
    webhooks = (step for step in transcript.get("steps", []) if step["what"] == "webhook")
    return {step["event"]: step["status"] for step in webhooks}


def gather(
    http: httpx.Client,
    env: dict[str, str],
    carrier: str,
    search: httpx.Response,
    number: str,
    purchase: httpx.Response,
    transcript: Json,
) -> Evidence:
    """Ask everybody concerned: our API, the sandbox, and the session that the stream points at."""
    sandbox = env["SANDBOX_URL"]
    books = http.get(f"{sandbox}/_/numbers", params={"carrier": carrier}).json()
    requests = http.get(f"{sandbox}/_/requests", params={"carrier": carrier}).json()["requests"]
    session = fetch_session(http, env, transcript)
    return Evidence(
        carrier=carrier,
        search=search.json(),
        search_ms=_ms(search),
        number=number,
        purchase_status=purchase.status_code,
        purchase=purchase.json(),
        purchase_ms=_ms(purchase),
        carrier_requests=[r for r in requests if number[1:] in str(r)],
        times_bought=_entries(books["purchases"], number) - _entries(books["releases"], number),
        transcript=transcript,
        call=call_shown(http, env, f"sid/{transcript.get('carrier_call_id')}"),
        session_status=session.status_code if session else 0,
        session=session.json() if session else {},
    )


def _entries(entries: list[Json], number: str) -> int:
    return sum(1 for entry in entries if entry["number"] == number)


def _ms(reply: httpx.Response) -> int:
    return round(reply.elapsed.total_seconds() * 1000)


def stream_parameters(transcript: Json) -> dict[str, str]:
    """Return what the first media stream told the runtime, wherever the carrier lets it ride."""
    stream = next(iter(transcript.get("streams", [])), None)
    if stream is None:
        return {}
    query = parse_qs(urlsplit(stream["url"]).query)
    custom = stream["start"].get("start", {}).get("customParameters") or {}
    return {name: values[0] for name, values in query.items()} | custom


def fetch_session(
    http: httpx.Client, env: dict[str, str], transcript: Json
) -> httpx.Response | None:
    """Fetch the call's context as the assistant's media server would; None without a stream."""
    parameters = stream_parameters(transcript)
    if "session_token" not in parameters:
        return None
    url = parameters.get("session_url") or (
        f"{env['SWITCHBOARD_URL']}/api/v1/calls/{parameters['call_id']}/session"
    )
    return http.get(url, headers={"Authorization": f"Bearer {parameters['session_token']}"})


def call_shown(http: httpx.Client, env: dict[str, str], which: str) -> Json:
    """Return a call as the API shows it; `which` is its id, or `sid/` and the carrier's."""
    url = f"{env['SWITCHBOARD_URL']}/api/v1/calls/{which}"
    found: Json = http.get(url, headers=bearer(env)).json()
    return found


def bearer(env: dict[str, str]) -> dict[str, str]:
    """Return the header that carries the stack's API token."""
    return {"Authorization": f"Bearer {env['SWITCHBOARD_TOKEN']}"}
