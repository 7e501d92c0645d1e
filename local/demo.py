"""Show that it works: find and buy a number at each carrier, ring it, call and write from it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

from . import evidence, outbound, receiving, texting, timeline, trunk
from .evidence import Evidence, bearer
from .outbound import OutboundEvidence
from .problem import Problem
from .progress import Progress
from .seed import CARRIERS
from .texting import TextEvidence
from .trunk import TrunkEvidence

_CALLER = "+14155550199"
_LIMIT_S = 60


@dataclass(frozen=True)
class _Tried:
    """A number's two calls, the one that it took and the one that it placed, and its messages."""

    provider: str
    rung: Evidence | TrunkEvidence
    called: OutboundEvidence
    texts: TextEvidence | None = None

    def missing(self) -> list[str]:
        shown = (self.rung, self.called, self.texts)
        claims = [claim for evidence in shown if evidence for claim in evidence.missing()]
        return [f"{self.provider}: {claim}" for claim in claims]

    def call_ids(self) -> list[int]:
        return [int(call["id"]) for call in (self.rung.call, self.called.call) if "id" in call]

    def message_ids(self) -> list[str]:
        return self.texts.message_ids() if self.texts else []


def run(env: dict[str, str], progress: Progress) -> int:
    """Have each carrier sell us a number, ring it, call and write from it; return 0 if all went."""
    with httpx.Client(timeout=_LIMIT_S, trust_env=False) as http:
        with progress.step("registering a receiver of events"):
            receiving.listen(http, env)
        tried = [_try_carrier(http, env, carrier, progress) for carrier in CARRIERS]
        tried.append(_try_trunk(http, env, progress))
        failed = [claim for it in tried for claim in it.missing()]
        failed += _told(http, env, tried, progress)
        timeline.show_calls(progress.console, _calls(http, env))
    if failed:
        for claim in failed:
            progress.note(f"[red]✗ not seen: {claim}[/]")
        return 1
    progress.note("[bold green]Everything that should have happened was seen.[/]")
    return 0


def _try_carrier(
    http: httpx.Client, env: dict[str, str], carrier: str, progress: Progress
) -> _Tried:
    rung = _find_and_ring(http, env, carrier, progress)
    timeline.show(progress.console, rung)
    called = _call_from_it(http, env, carrier, rung.number, progress)
    timeline.show_outbound(progress.console, called)
    with progress.step(f"{rung.number} sends a text message, and gets one"):
        texts = texting.write(http, env, carrier, rung.number)
    timeline.show_texts(progress.console, texts)
    return _reported(http, env, _Tried(carrier, rung, called, texts))


def _try_trunk(http: httpx.Client, env: dict[str, str], progress: Progress) -> _Tried:
    rung, called = trunk.ring(http, env, progress)
    timeline.show_trunk(progress.console, rung)
    timeline.show_outbound(progress.console, called)
    return _reported(http, env, _Tried("SIP trunk", rung, called))


def _reported(http: httpx.Client, env: dict[str, str], tried: _Tried) -> _Tried:
    for it in (tried.rung, tried.called):
        receiving.report(http, env, it.transcript)
    return tried


def _told(
    http: httpx.Client, env: dict[str, str], tried: list[_Tried], progress: Progress
) -> list[str]:
    calls = [call_id for it in tried for call_id in it.call_ids()]
    messages = [message_id for it in tried for message_id in it.message_ids()]
    with progress.step("waiting until the customer's server was told everything"):
        received = receiving.gather(http, env, calls, messages)
    receiving.show(progress.console, received)
    return received.missing()


def _find_and_ring(
    http: httpx.Client, env: dict[str, str], carrier: str, progress: Progress
) -> Evidence:
    with progress.step(f"searching for a number at {carrier} through the API"):
        search = find(http, env, carrier)
        number = first_of(search)
    with progress.step(f"buying {number} from {carrier} through the API"):
        purchase = buy(http, env, carrier, number)
    with progress.step(f"a caller rings {number}"):
        call = ring(http, env, carrier, number)
    return evidence.gather(http, env, carrier, search, number, purchase, call)


def _call_from_it(
    http: httpx.Client, env: dict[str, str], carrier: str, number: str, progress: Progress
) -> OutboundEvidence:
    with progress.step(f"{number} calls {outbound.CALLEE}, as the API was asked to"):
        placed = outbound.place(http, env, number)
        transcript = outbound.transcript_of(http, env, placed)
    return outbound.gather(http, env, carrier, number, placed, transcript)


def find(http: httpx.Client, env: dict[str, str], carrier: str) -> httpx.Response:
    """Search for numbers in New York, as a customer's application would."""
    return http.post(
        f"{env['SWITCHBOARD_URL']}/api/v1/phone-numbers/search",
        headers=bearer(env),
        json={"provider": carrier, "country_code": "US", "area_code": "212", "limit": 5},
    )


def first_of(search: httpx.Response) -> str:
    """Return the first number that a search found; raise Problem when it found none."""
    found = search.json().get("numbers") or []
    if search.status_code != HTTPStatus.OK or not found:
        raise Problem(f"The search found no number ({search.status_code}): {search.text}")
    # Not every number takes text messages.
    best = max(found, key=lambda number: bool(number["capabilities"]["sms"]))
    return str(best["phone_number"])


def buy(http: httpx.Client, env: dict[str, str], carrier: str, number: str) -> httpx.Response:
    """Buy a number for the demo assistant, as a customer's application would."""
    return http.post(
        f"{env['SWITCHBOARD_URL']}/api/v1/phone-numbers/purchase",
        headers=bearer(env) | {"Idempotency-Key": f"demo-{number}"},
        json={
            "phone_number": number,
            "provider": carrier,
            "assistant_id": int(env["ASSISTANT_ID"]),
            "friendly_name": "Demo line",
        },
    )


def ring(http: httpx.Client, env: dict[str, str], carrier: str, number: str) -> dict[str, Any]:
    """Have the sandbox place an inbound call, and return its transcript when the call is over."""
    wanted = {"carrier": carrier, "from": _CALLER, "to": number, "say": ["Hello, who is there?"]}
    reply = http.post(f"{env['SANDBOX_URL']}/_/calls", json=wanted)
    transcript: dict[str, Any] = reply.json()
    return transcript


def _calls(http: httpx.Client, env: dict[str, str]) -> list[dict[str, Any]]:
    reply = http.get(
        f"{env['SWITCHBOARD_URL']}/api/v1/calls", params={"limit": 5}, headers=bearer(env)
    )
    items: list[dict[str, Any]] = reply.json().get("items", [])
    return items
