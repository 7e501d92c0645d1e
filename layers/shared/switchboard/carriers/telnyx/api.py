"""Telnyx's API: where requests are made, and its refusals become our errors."""

import base64
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

import urllib3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ...errors import (
    AddressRequired,
    CallNotActive,
    CarrierError,
    CarrierMisconfigured,
    CarrierPermissionDenied,
    CarrierUnavailable,
    InsufficientBalance,
    InvalidCredentials,
    InvalidNumber,
    NothingThere,
    NumberUnavailable,
    RateLimited,
    RecipientOptedOut,
)
from ..base import CarrierContext, Credentials
from ..problems import Problem, problem, unanswered

if TYPE_CHECKING:
    from telnyx import Telnyx as Client

WEBHOOK_PATH = "/telnyx-webhook"
SMS_PATH = "/webhooks/sms/telnyx"

_TIMEOUT_S = 12
# The largest that Telnyx allows; it gives 20 unless asked.
PAGE_SIZE = 250
# "If there is no reply in 500 ms or a 5xx, send the same command again": the command_id
# makes the second a no-op. https://developers.telnyx.com/docs/voice/programmable-voice
_COMMAND_RETRY = urllib3.Retry(
    total=1,
    allowed_methods=None,
    status_forcelist=(500, 502, 503, 504),
    raise_on_status=False,
    # Somebody hears it ring: Telnyx sends its event again, and sooner than it asks us to wait.
    respect_retry_after_header=False,
)
_COMMAND_TIMEOUT = urllib3.Timeout(connect=0.5, read=1.0)
# The call is over, or is already past what the command asks for.
_TOO_LATE = {"90018", "90034"}

OPTED_OUT = "40300"
"""Blocked due to STOP message."""
_PROBLEMS: dict[str, Problem] = {
    **dict.fromkeys(["85000", "85001", "85006"], NumberUnavailable),
    **dict.fromkeys(["10016", "10002"], InvalidNumber),
    **dict.fromkeys(["20100", "20012"], InsufficientBalance),
    **dict.fromkeys(["10009", "20001", "20002", "20003", "20006", "20008"], InvalidCredentials),
    **dict.fromkeys(
        ["10010", "10038", "10039", "20013", "20014", "20015", "20016", "20017"],
        CarrierPermissionDenied,
    ),
    **dict.fromkeys(["10015", "85004", "85005"], CarrierMisconfigured),
    **dict.fromkeys([str(code) for code in range(20200, 20210)], AddressRequired),
    # Of text messages: https://developers.telnyx.com/docs/messaging/messages/error-codes
    OPTED_OUT: RecipientOptedOut,
    **dict.fromkeys(["40310", "40012"], InvalidNumber),
    **dict.fromkeys(["40305", "40100", "40312", "40013"], CarrierMisconfigured),
    **dict.fromkeys(["40309", "40314", "40010", "40329"], CarrierPermissionDenied),
    **dict.fromkeys(["40011", "40318"], RateLimited),
    **dict.fromkeys(["85007", "85008", "90041", "90042", "90043"], RateLimited),
    **dict.fromkeys(["10021", "10035", "10036"], CarrierUnavailable),
    "10005": NothingThere,
}
# For codes that are not listed. 10011 must not be: it comes with 429 and, meaning something
# else, with 422.
_STATUS_PROBLEMS: dict[int, Problem] = {
    401: InvalidCredentials,
    402: InsufficientBalance,
    403: CarrierPermissionDenied,
    404: NothingThere,
    429: RateLimited,
}
# Of a number that the account's own search has not returned lately.
SEARCH_FIRST = "85000"
# What the SDK, or we, stumble over in an answer that is not what Telnyx documents. The
# request may have taken effect all the same.
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)


class TelnyxApi:
    """One Telnyx account. Credentials: `api_key`, `public_key`, and what connect() finds."""

    name: ClassVar[str] = "telnyx"

    def __init__(self, credentials: Credentials, context: CarrierContext) -> None:
        self._credentials = credentials
        self._context = context

    def _command(
        self, call_sid: str, action: str, body: dict[str, Any], *, strict: bool = False
    ) -> None:
        # Plain HTTP: the SDK's import costs more than everything else on this path together.
        url = f"{self._context.api_url}/calls/{quote(call_sid, safe='')}/actions/{action}"
        # Repeats of one command within 60 s are ignored.
        body = {"command_id": f"{action}-{call_sid[-40:]}"} | body
        what = f"{action} the call"
        try:
            answer = self._context.http.request(
                "POST",
                url,
                json=body,
                headers={"Authorization": f"Bearer {self._credentials['api_key']}"},
                retries=_COMMAND_RETRY,
                timeout=_COMMAND_TIMEOUT,
            )
        except urllib3.exceptions.HTTPError as error:
            raise unanswered("Telnyx", what) from error
        if answer.status >= 400:
            self._refuse_command(answer, what, strict)

    def _refuse_command(self, answer: urllib3.BaseHTTPResponse, what: str, strict: bool) -> None:
        try:
            body = answer.json()
        except ValueError:
            body = None
        code, said = _first_error(body)
        if code in _TOO_LATE and strict:
            raise problem(CallNotActive, "Telnyx", what, said=said, code=code)
        if code not in _TOO_LATE:
            raise problem(_kind(answer.status, code), "Telnyx", what, said=said, code=code)

    def _ask[T](
        self,
        what: str,
        request: Callable[["Client"], T],
        *,
        buys: bool = False,
        changes: bool = False,
    ) -> T:
        """Make requests; `buys` is for what must not be repeated, `changes` for what may be."""
        # Imported here: answering a call must not pay for it.
        import telnyx

        try:
            return request(self._client)
        except telnyx.APIStatusError as error:
            code, said = _first_error(error.body)
            if code == SEARCH_FIRST:
                raise SearchFirst(said) from error
            if error.status_code >= 500 and (buys or changes):
                said = f"error {error.status_code}"
                raise unanswered("Telnyx", what, said, repeatable=changes) from error
            kind = _kind(error.status_code, code)
            raise problem(kind, "Telnyx", what, said=said, code=code) from error
        except telnyx.APIConnectionError as error:
            if (buys or changes) and not _was_never_sent(error):
                raise unanswered("Telnyx", what, repeatable=changes) from error
            said = "it cannot be reached"
            raise problem(CarrierUnavailable, "Telnyx", what, said=said) from error
        except _UNREADABLE as error:
            said = "its answer could not be read"
            if buys or changes:
                raise unanswered("Telnyx", what, said, repeatable=changes) from error
            raise problem(CarrierUnavailable, "Telnyx", what, said=said) from error

    @cached_property
    def _client(self) -> "Client":
        # One for all requests of a purchase or a connection: one TLS handshake, not several.
        import telnyx

        return telnyx.Telnyx(
            api_key=self._credentials["api_key"],
            base_url=self._context.api_url,
            timeout=_TIMEOUT_S,
            # The SDK would repeat a POST twice, orders included.
            max_retries=0,
        )


class SearchFirst(CarrierError):
    """Telnyx has not shown this number to the account lately."""


def public_key(text: str) -> Ed25519PublicKey:
    """Read the key that webhooks are signed with; raise InvalidCredentials if it is none."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise InvalidCredentials(
            "The Telnyx public_key must be the base64 text of 32 bytes that the Telnyx portal "
            "shows under Keys & Credentials, Public Key."
        ) from error


def _kind(status: int, code: str) -> Problem:
    # The statuses that come with a code are documented for few of them: the code decides.
    listed = _PROBLEMS.get(code) or _STATUS_PROBLEMS.get(status)
    return listed or (CarrierUnavailable if status >= 500 else CarrierError)


def _first_error(body: object) -> tuple[str, str]:
    match body:
        case {"errors": [{**error}, *_]}:
            return str(error.get("code", "")), str(error.get("detail") or error.get("title") or "")
    return "", ""


def _was_never_sent(error: Exception) -> bool:
    import httpx

    return isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout)
