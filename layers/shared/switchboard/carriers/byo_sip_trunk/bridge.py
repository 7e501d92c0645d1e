"""The organization's own bridge: what we and it sign, and where it takes commands.

Credentials: `trunk_id` and `signing_secret`; `bridge_url` where the bridge is to be told something.
The protocol is in docs/sip-bridge.md; see decision 29.
"""

import hmac
import json
import ssl
from collections.abc import Mapping
from typing import Any, ClassVar

import urllib3

from ... import addresses
from ...addresses import Unreachable, Way
from ...errors import (
    CallNotActive,
    CarrierError,
    CarrierMisconfigured,
    CarrierPermissionDenied,
    CarrierUnavailable,
    InsufficientBalance,
    InvalidCredentials,
    InvalidNumber,
    OutcomeUnknown,
    RateLimited,
    SwitchboardError,
)
from ..base import CarrierContext, Credentials, speakable
from ..problems import Problem

CALL_PATH = "/sip-webhook"
STATUS_PATH = "/sip-status"
PREWARM_PATH = "/sip-prewarm"

SIGNATURE_HEADER = "X-Switchboard-Signature"
TIMESTAMP_HEADER = "X-Switchboard-Timestamp"

# Below the 29 s of the API: what the bridge says later, nobody would hear.
_TIMEOUT = urllib3.Timeout(connect=3, read=12)
# A bridge answers with a line; whatever sends more is none.
_ANSWER_LIMIT = 64 * 1024
_QUOTED = 300

# What the status of a refusal means, as the protocol has it.
_PROBLEMS: Mapping[int, Problem] = {
    400: CarrierError,
    401: InvalidCredentials,
    402: InsufficientBalance,
    403: CarrierPermissionDenied,
    404: CarrierMisconfigured,
    422: InvalidNumber,
    429: RateLimited,
    # Not over this trunk: another one may be tried.
    408: CarrierUnavailable,
    503: CarrierUnavailable,
}
_LOOK = "The bridge's own log says more."
_ADVICE: Mapping[Problem, str] = {
    InvalidCredentials: "Give the bridge this trunk's signing secret.",
    CarrierMisconfigured: "Check the trunk's bridge_url.",
    CarrierUnavailable: "Nothing was dialled or changed; see whether the bridge and its trunk run.",
    RateLimited: "Nothing was dialled or changed; try again in a few seconds.",
    InvalidNumber: "Check the number.",
    CallNotActive: "Look at the call's state: GET /api/v1/calls/sid/….",
}
_BEFORE_ANYTHING_IS_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.LocationValueError,
)
# Where the call is gone already.
_OVER = (404, 409, 410)


def signature(secret: str, stamp: str, body: bytes) -> str:
    """Return what X-Switchboard-Signature holds: HMAC-SHA256 over `<timestamp>.<body>`."""
    signed = hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256")
    return f"v1={signed.hex()}"


class BridgeApi:
    """One trunk's own bridge."""

    name: ClassVar[str] = "byo-sip-trunk"

    def __init__(self, credentials: Credentials, context: CarrierContext) -> None:
        self._credentials = credentials
        self._context = context

    def _originate(self, what: str, command: dict[str, Any]) -> dict[str, Any]:
        """Send a command once; raise OutcomeUnknown when nobody knows what became of it."""
        status, data = self._send(what, command)
        if status >= 500 and status not in _PROBLEMS:
            raise _unknown(what, f"error {status}")
        _check(status, data, what, _PROBLEMS)
        found = _fields(data)
        if found is None:
            raise unreadable(what)
        return found

    def _command(self, what: str, command: dict[str, Any], *, over_is_well: bool = False) -> None:
        """Send a command that may be repeated; `over_is_well` when the call may be gone."""
        status, data = self._send(what, command)
        if not (over_is_well and status in _OVER):
            _check(status, data, what, {**_PROBLEMS, **dict.fromkeys(_OVER, CallNotActive)})

    def _send(self, what: str, command: dict[str, Any]) -> tuple[int, bytes]:
        way = self._way(what)
        body = json.dumps(command, separators=(",", ":")).encode()
        stamp = str(int(self._context.clock().timestamp()))
        headers = {
            "Host": way.netloc,
            "Content-Type": "application/json",
            TIMESTAMP_HEADER: stamp,
            SIGNATURE_HEADER: signature(self._credentials["signing_secret"], stamp, body),
        }
        pool = self._context.http.connection_from_host(way.host, way.port, way.scheme, way.tls)
        try:
            answer = pool.urlopen(
                "POST",
                way.target,
                body=body,
                headers=headers,
                # Not repeated, and not carried on to wherever a redirect leads.
                retries=False,
                redirect=False,
                timeout=_TIMEOUT,
                preload_content=False,
            )
            try:
                return answer.status, answer.read(_ANSWER_LIMIT)
            finally:
                answer.close()
        except urllib3.exceptions.HTTPError as error:
            if _was_never_sent(error):
                raise _refused(CarrierUnavailable, what, "it cannot be reached") from error
            raise _unknown(what) from error

    def _way(self, what: str) -> Way:
        """Look up where the bridge is; nobody was rung when it may not be asked."""
        url = self._bridge_url(what)
        try:
            return addresses.way_to(url, self._context.urls_allowed)
        except Unreachable as error:
            raise _refused(CarrierUnavailable, what, str(error)) from error

    def _bridge_url(self, what: str) -> str:
        url = str(self._credentials.get("bridge_url") or "")
        if not (url and self._credentials.get("signing_secret")):
            said = "the trunk has no bridge_url or no signing secret"
            raise _refused(CarrierMisconfigured, what, said)
        if wrong := addresses.problem_of(url, self._context.urls_allowed):
            raise _refused(CarrierMisconfigured, what, f"its URL {wrong}")
        return url


def unreadable(what: str) -> SwitchboardError:
    """Return what is raised when the bridge said yes, and nobody can tell to what."""
    return _unknown(what, "its answer could not be read")


def _check(status: int, data: bytes, what: str, problems: Mapping[int, Problem]) -> None:
    if 200 <= status < 300:
        return
    kind = problems.get(status, CarrierMisconfigured if 300 <= status < 400 else CarrierError)
    said = str((_fields(data) or {}).get("error") or "")[:_QUOTED]
    raise _refused(kind, what, speakable(said), f" (status {status})")


def _fields(data: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _was_never_sent(error: Exception) -> bool:
    # The certificate is looked at before anything is said.
    return isinstance(error, _BEFORE_ANYTHING_IS_SENT) or any(
        isinstance(cause, ssl.SSLCertVerificationError) for cause in error.args
    )


def _refused(kind: Problem, what: str, said: str, reference: str = "") -> SwitchboardError:
    quoted = f": {said.strip().rstrip('.')}" if said else ""
    return kind(f"Your bridge did not {what}{quoted}{reference}. {_ADVICE.get(kind, _LOOK)}")


def _unknown(what: str, said: str = "") -> SwitchboardError:
    quoted = f" ({said})" if said else ""
    return OutcomeUnknown(
        f"Your bridge did not answer whether it could {what}{quoted}. It may or may not have "
        "taken effect: do not repeat it under a new key."
    )
