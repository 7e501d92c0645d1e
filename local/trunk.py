"""Show a number of your own: a bridge of yours carries its calls, and nothing is bought."""

import random
from dataclasses import dataclass
from typing import Any

import httpx

from . import outbound
from .evidence import bearer, call_shown, fetch_session, last_answers
from .outbound import OutboundEvidence
from .progress import Progress

Json = dict[str, Any]

CARRIER = "bridge"
"""What the sandbox calls a bridge among the carriers that it plays."""
_PROVIDER = "byo-sip-trunk"
_NAME = "Demo bridge"
_CALLER = "+14155550199"
_PBX = "pbx.example.com"


@dataclass(frozen=True)
class TrunkEvidence:
    """What the API and the sandbox's bridge say of a number on a SIP trunk, and of its call."""

    number: str
    purchase_status: int
    purchase: Json
    times_bought: int
    transcript: Json
    call: Json
    session_status: int

    def missing(self) -> list[str]:
        """Return, in words, what should be there and is not."""
        stream: Json = next(iter(self.transcript.get("streams", [])), {})
        claims = {
            "the number was registered": self.purchase_status == 200,
            "nothing was bought for it": self.times_bought == 0,
            "the diverted call was answered": self.transcript.get("answered") is True,
            "its media stream opened and the assistant was heard": bool(stream.get("echoed")),
            "the runtime fetched its session": self.session_status == 200,
            "GET /api/v1/calls shows it as completed, to the number that was called": (
                self.call.get("status") == "completed"
                and self.call.get("to_phone_number") == self.number
            ),
            "every webhook of the bridge was answered 2xx, at the last attempt": all(
                200 <= (status or 0) < 300 for status in last_answers(self.transcript).values()
            ),
        }
        return [claim for claim, seen in claims.items() if not seen]


def ring(
    http: httpx.Client, env: dict[str, str], progress: Progress
) -> tuple[TrunkEvidence, OutboundEvidence]:
    """Register a number on a trunk with a bridge, have it called, and call from it."""
    with progress.step("making a SIP trunk whose calls your own bridge carries"):
        trunk_id, bridge_id = _connected(http, env)
    number = f"+1312{random.randint(2_200_000, 9_899_999)}"
    with progress.step(f"registering {number}, which you hold already"):
        purchase = _registered(http, env, number, trunk_id)
    with progress.step(f"a caller is diverted to {number} by your exchange"):
        transcript = _rung(http, env, bridge_id, number)
    rung = _gather(http, env, number, purchase, transcript)
    with progress.step(f"{number} calls {outbound.CALLEE}, as the API was asked to"):
        placed = outbound.place(http, env, number)
        told = outbound.transcript_of(http, env, placed)
    return rung, outbound.gather(http, env, CARRIER, number, placed, told)


def _connected(http: httpx.Client, env: dict[str, str]) -> tuple[str, str]:
    """Return the ids of the demo's trunk and of the sandbox's bridge, which knows its secret."""
    trunk = _known(http, env) or _api(
        http,
        env,
        "POST",
        "",
        {
            "name": _NAME,
            "gateway": _PBX,
            "bridge": "own",
            "bridge_url": f"{env['SANDBOX_URL']}/bridge/none",
        },
    )
    path = f"/{trunk['id']}"
    if "signing_secret" not in trunk:
        trunk = _api(http, env, "PUT", path, {"rotate_signing_secret": True})
    wanted = {
        "trunk": f"{env['ORGANIZATION_ID']}-{trunk['id']}",
        "secret": trunk["signing_secret"],
        "base_url": env["PUBLIC_BASE_URL"],
    }
    made = http.post(f"{env['SANDBOX_URL']}/_/bridges", json=wanted).raise_for_status().json()
    _api(http, env, "PUT", path, {"bridge_url": f"{env['SANDBOX_URL']}/bridge/{made['id']}"})
    return str(trunk["id"]), str(made["id"])


def _known(http: httpx.Client, env: dict[str, str]) -> Json | None:
    trunks: list[Json] = _api(http, env, "GET", "", None)
    return next((trunk for trunk in trunks if trunk["name"] == _NAME), None)


def _api(http: httpx.Client, env: dict[str, str], method: str, path: str, body: Any) -> Any:
    reply = http.request(
        method,
        f"{env['SWITCHBOARD_URL']}/api/v1/sip-trunks{path}",
        headers=bearer(env),
        json=body,
    )
    return reply.raise_for_status().json()


def _registered(
    http: httpx.Client, env: dict[str, str], number: str, trunk_id: str
) -> httpx.Response:
    return http.post(
        f"{env['SWITCHBOARD_URL']}/api/v1/phone-numbers/purchase",
        headers=bearer(env) | {"Idempotency-Key": f"demo-{number}"},
        json={
            "phone_number": number,
            "provider": _PROVIDER,
            "assistant_id": int(env["ASSISTANT_ID"]),
            "friendly_name": "Demo line",
            "sip_trunk_id": trunk_id,
        },
    )


def _rung(http: httpx.Client, env: dict[str, str], bridge_id: str, number: str) -> Json:
    reply = http.post(
        f"{env['SANDBOX_URL']}/_/bridges/{bridge_id}/calls",
        json={
            "from": f"sip:{_CALLER}@{_PBX}",
            "to": f"sip:8000@{_PBX}",
            "headers": {"Diversion": f"<sip:{number}@{_PBX}>;reason=unconditional"},
            "say": ["Hello, who is there?"],
        },
    )
    transcript: Json = reply.json()
    return transcript


def _gather(
    http: httpx.Client,
    env: dict[str, str],
    number: str,
    purchase: httpx.Response,
    transcript: Json,
) -> TrunkEvidence:
    books = http.get(f"{env['SANDBOX_URL']}/_/numbers").json()
    session = fetch_session(http, env, transcript)
    return TrunkEvidence(
        number=number,
        purchase_status=purchase.status_code,
        purchase=purchase.json(),
        times_bought=sum(1 for entry in books["purchases"] if entry["number"] == number),
        transcript=transcript,
        call=call_shown(http, env, f"sid/{transcript.get('carrier_call_id')}"),
        session_status=session.status_code if session else 0,
    )
